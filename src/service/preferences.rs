//! What people prefer. No row means the defaults, so most people have none.

use crate::{
    Ctx, Error, Result, Service,
    account::user_ref,
    commit::{check_revision, decide_again},
};
use model::{
    Violations,
    account::{Quality, Theme, UserPreferences},
    event::Event,
    violation::Fault,
};
use store::{
    Batch, Stored,
    tables::{preferences::Preferences, user::Users},
};

/// What changes; absent = stays.
#[derive(Clone, Debug, Default)]
pub struct PreferencesPatch {
    /// The look.
    pub theme: Option<Theme>,
    /// Play versions at the same loudness.
    pub loudness_match: Option<bool>,
    /// The loudness to match.
    pub target_lufs: Option<f64>,
    /// Which rendition to play.
    pub quality: Option<Quality>,
    /// Whether own comments may be analysed.
    pub emotion_analysis: Option<bool>,
    /// Whether others see when this person is online.
    pub show_presence: Option<bool>,
    /// 1 = Monday … 7 = Sunday.
    pub week_starts_on: Option<u8>,
}

impl PreferencesPatch {
    fn apply(&self, old: &UserPreferences) -> Result<UserPreferences, Violations> {
        let mut faults = Violations::default();
        let lufs = self.target_lufs.unwrap_or(old.target_lufs);
        let day = self.week_starts_on.unwrap_or(old.week_starts_on);
        faults.check("/playback/target_lufs", in_range(lufs, -40.0, 0.0));
        faults.check("/week_starts_on", in_range(f64::from(day), 1.0, 7.0));
        faults.finish(Some(UserPreferences {
            theme: self.theme.unwrap_or(old.theme),
            loudness_match: self.loudness_match.unwrap_or(old.loudness_match),
            target_lufs: lufs,
            quality: self.quality.unwrap_or(old.quality),
            emotion_analysis: self.emotion_analysis.unwrap_or(old.emotion_analysis),
            show_presence: self.show_presence.unwrap_or(old.show_presence),
            week_starts_on: day,
        }))
    }
}

fn in_range(value: f64, min: f64, max: f64) -> Result<(), Fault> {
    let detail = || format!("must be between {min} and {max}");
    (min..=max).contains(&value).then_some(()).ok_or_else(|| Fault::new("out_of_range", detail()))
}

impl Service {
    /// What the caller prefers.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn get_my_preferences(&self, cx: &Ctx) -> Result<Stored<UserPreferences>> {
        let row = self.store().get::<Preferences>(&cx.user_id()?).await?;
        Ok(row.unwrap_or(Stored { row: UserPreferences::default(), rev: 0, stamp: 0 }))
    }

    /// Changes what the caller prefers.
    ///
    /// # Errors
    /// `Invalid`, `RevisionConflict`.
    pub async fn update_my_preferences(
        &self,
        cx: &Ctx,
        expect: Option<u64>,
        patch: &PreferencesPatch,
    ) -> Result<Stored<UserPreferences>> {
        decide_again!(
            expect,
            async {
                let me = self.myself(cx).await?;
                let old = self.get_my_preferences(cx).await?;
                check_revision(expect, &old)?;
                let row = patch.apply(&old.row)?;
                let mut batch = Batch::new();
                match old.rev {
                    0 => batch.insert::<Preferences>(&me.row.id, &row),
                    _ => batch.replace::<Preferences>(&me.row.id, &old, &row),
                };
                batch.assert_unchanged::<Users>(&me.row.id, &me);
                batch.emit(self.event(cx, me.row.id, user_ref(me.row.id, me.rev), Event::UserUpdated));
                let done = self.store().commit(batch).await?;
                if !row.show_presence {
                    self.hide(me.row.id);
                }
                Ok::<_, Error>(Stored { row, rev: old.rev + 1, stamp: done.stamp })
            }
            .await
        )
    }
}
