//! Moods: recorded, changed and deleted by whoever has them, and seen by others only if they are named.
//!
//! What a team sees of all of them is made when a day or week is closed (`mood/close.rs`) and answered out of what was
//! made (`mood/team.rs`); `docs/adr/0012-team-mood.md` has the rule.

mod close;
mod list;
mod purge;
mod strip;
mod team;
#[cfg(test)]
mod tests;

pub use strip::{MoodStrip, StripStep};
pub use team::{Bucket, TeamMood, TeamMoodQuery};

use crate::{
    Ctx, Done, Error, Result, Service, Stored,
    authorize::must,
    comment::Person,
    commit::{check_revision, decide_again},
};
use model::{
    CheckpointId, MoodId, ProjectId, VersionId,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    limits,
    mood::{Feeling, Intensity, Mood, Openness, Period, Span},
    principal::Principal,
    project::Project,
    text::Note,
};
use store::{
    Batch, TableId,
    tables::{
        counters::MoodsOfDay,
        mood::{MoodDueRow, MoodTask, Moods, MoodsDue},
    },
};

/// How somebody feels.
#[derive(Clone, Debug)]
pub struct NewMood {
    /// In one word.
    pub feeling: Feeling,
    /// How strong.
    pub intensity: Intensity,
    /// A few words.
    pub note: Option<Note>,
    /// Who may know.
    pub openness: Openness,
    /// The version it is about.
    pub version_id: Option<VersionId>,
    /// The checkpoint it is about.
    pub checkpoint_id: Option<CheckpointId>,
}

/// What changes of a mood; an absent field stays.
#[derive(Clone, Debug, Default)]
pub struct MoodPatch {
    /// The word.
    pub feeling: Option<Feeling>,
    /// How strong.
    pub intensity: Option<Intensity>,
    /// The words; none clears them.
    pub note: Option<Option<Note>>,
    /// Who may know. Once its day is over a mood can only be made private.
    pub openness: Option<Openness>,
}

/// A mood with whose it is.
#[derive(Clone, Debug)]
pub struct MoodView {
    /// The mood.
    pub mood: Stored<Mood>,
    /// Whose it is.
    pub person: Person,
}

impl Service {
    /// Records how the caller feels about a project.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Forbidden` for administrators who are no members; `NotFound` for a version or checkpoint that is
    /// none of the project; `Conflict` after [`limits::MOODS_PER_DAY_MAX`] of a day.
    pub async fn record_mood(&self, cx: &Ctx, project: ProjectId, new: &NewMood) -> Result<Done<MoodView>> {
        Ok(match decide_again!(None, self.try_record_mood(cx, project, new).await)? {
            Done::Now(id) => Done::Now(self.get_mood(cx, id).await?),
            Done::Before(id) => Done::Before(self.get_mood(cx, id).await?),
        })
    }

    async fn try_record_mood(&self, cx: &Ctx, project: ProjectId, new: &NewMood) -> Result<Done<MoodId>> {
        let auth = self.authorize::<Project>(cx, project, Action::RecordMood).await?;
        if auth.member().is_none() {
            return Err(Error::Forbidden("only members of a project say how they feel about it"));
        }
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(id.into()));
        }
        if let Some(version) = new.version_id {
            self.version_in(project, version).await?;
        }
        if let Some(checkpoint) = new.checkpoint_id {
            self.checkpoint_in(project, checkpoint).await?;
        }
        let mood = Mood {
            id: self.id(cx),
            project_id: project,
            user_id: cx.user_id()?,
            feeling: new.feeling,
            intensity: new.intensity,
            note: new.note.clone(),
            openness: new.openness,
            version_id: new.version_id,
            checkpoint_id: new.checkpoint_id,
            created_at: cx.now,
            updated_at: cx.now,
        };
        let mut batch = Batch::new();
        batch.insert::<Moods>(&mood.id, &mood).add::<MoodsOfDay>(
            &counted(&mood),
            1,
            ..=limits::MOODS_PER_DAY_MAX,
        );
        close_later(&mut batch, project, mood.day());
        batch.emit(self.mood_event(cx, &mood, 1, Event::MoodRecorded));
        self.remember(cx, &mut batch, mood.id)?;
        match self.commit(&auth, batch).await {
            Err(error) if error.conflicts_on(TableId::MoodsOfDay) => {
                Err(Error::Conflict("a person records so many moods a day; change one of them"))
            }
            outcome => outcome.map(|_| Done::Now(mood.id)),
        }
    }

    /// Changes a mood of the caller.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden` for somebody else's, `RevisionConflict`; `Conflict` when it is to be shown otherwise after its day.
    pub async fn update_mood(
        &self,
        cx: &Ctx,
        id: MoodId,
        expect: Option<u64>,
        patch: &MoodPatch,
    ) -> Result<MoodView> {
        decide_again!(expect, self.try_update_mood(cx, id, expect, patch).await)?;
        self.get_mood(cx, id).await
    }

    async fn try_update_mood(
        &self,
        cx: &Ctx,
        id: MoodId,
        expect: Option<u64>,
        patch: &MoodPatch,
    ) -> Result<()> {
        let before = self.own_mood(cx, id).await?;
        let auth = self.authorize::<Project>(cx, before.row.project_id, Action::RecordMood).await?;
        check_revision(expect, &before)?;
        let row = &before.row;
        let mut after = Mood {
            feeling: patch.feeling.unwrap_or(row.feeling),
            intensity: patch.intensity.unwrap_or(row.intensity),
            note: patch.note.clone().unwrap_or_else(|| row.note.clone()),
            openness: patch.openness.unwrap_or(row.openness),
            ..row.clone()
        };
        if after == *row {
            return Ok(());
        }
        let over = row.day().is_over(cx.now);
        if over && after.openness != row.openness && after.openness != Openness::Private {
            return Err(Error::Conflict("its day is over: it can be changed, made private or deleted"));
        }
        after.updated_at = cx.now;
        let mut batch = Batch::new();
        batch.replace::<Moods>(&id, &before, &after);
        look_again_later(cx, &mut batch, row);
        let revision = before.rev + 1;
        match (row.openness, after.openness) {
            (Openness::Anonymous | Openness::Private, Openness::Named) => {
                batch.emit(self.mood_event(cx, &after, revision, Event::MoodRecorded));
            }
            (Openness::Named, Openness::Anonymous | Openness::Private) => {
                // Everybody else hears that it is gone.
                batch.emit(self.mood_event(cx, row, revision, Event::MoodDeleted));
                batch.emit(self.mood_event(cx, &after, revision, Event::MoodUpdated));
            }
            (Openness::Named, Openness::Named)
            | (Openness::Anonymous | Openness::Private, Openness::Anonymous | Openness::Private) => {
                batch.emit(self.mood_event(cx, &after, revision, Event::MoodUpdated));
            }
        }
        self.commit(&auth, batch).await?;
        Ok(())
    }

    /// Deletes a mood of the caller, who need not be a member any more. What a team was shown of it stays until enough
    /// people changed something.
    ///
    /// # Errors
    /// As [`Service::update_mood`].
    pub async fn delete_mood(&self, cx: &Ctx, id: MoodId, expect: Option<u64>) -> Result<()> {
        decide_again!(expect, self.try_delete_mood(cx, id, expect).await)
    }

    async fn try_delete_mood(&self, cx: &Ctx, id: MoodId, expect: Option<u64>) -> Result<()> {
        let mood = self.own_mood(cx, id).await?;
        check_revision(expect, &mood)?;
        let mut batch = Batch::new();
        batch.priority().delete::<Moods>(&id, &mood).add::<MoodsOfDay>(&counted(&mood.row), -1, 0..);
        look_again_later(cx, &mut batch, &mood.row);
        batch.emit(self.mood_event(cx, &mood.row, mood.rev, Event::MoodDeleted));
        self.rely_on(&cx.caller, &mut batch).await?;
        self.store().commit(batch).await?;
        Ok(())
    }

    /// A mood as the caller sees it: their own, or a named one.
    pub(crate) async fn get_mood(&self, cx: &Ctx, id: MoodId) -> Result<MoodView> {
        let mood = must::<Moods>(self.store(), &id, "mood").await?;
        if cx.user_id().ok() != Some(mood.row.user_id) {
            if mood.row.openness != Openness::Named {
                return Err(Error::NotFound("mood"));
            }
            self.authorize::<Project>(cx, mood.row.project_id, Action::View).await?;
        }
        let mut views = self.mood_views(vec![mood]).await?;
        views.pop().ok_or(Error::NotFound("mood"))
    }

    /// A mood of the caller. Of somebody else's they hear only if they may know of it.
    async fn own_mood(&self, cx: &Ctx, id: MoodId) -> Result<Stored<Mood>> {
        let me = cx.user_id()?;
        let mood = must::<Moods>(self.store(), &id, "mood").await?;
        if mood.row.user_id == me && self.reaches(cx, mood.row.project_id) {
            return Ok(mood);
        }
        let known = mood.row.openness == Openness::Named
            && self.authorize::<Project>(cx, mood.row.project_id, Action::View).await.is_ok();
        match known {
            true => Err(Error::Forbidden("this is somebody else's mood")),
            false => Err(Error::NotFound("mood")),
        }
    }

    pub(super) async fn mood_views(&self, moods: Vec<Stored<Mood>>) -> Result<Vec<MoodView>> {
        let whose = |mood: &Stored<Mood>| Principal::User(mood.row.user_id);
        let people = self.people(moods.iter().map(whose).collect()).await?;
        let views = moods.into_iter().map(|mood| MoodView { person: people.person(whose(&mood)), mood });
        Ok(views.collect())
    }

    /// What happened to a mood: the project hears of named ones, of others nobody but whose they are.
    fn mood_event(&self, cx: &Ctx, mood: &Mood, revision: u64, body: Event) -> NewEvent {
        let resource = ResourceRef::new("mood", mood.id, revision);
        match mood.openness {
            Openness::Named => self.event_in(cx, mood.project_id, resource, None, body),
            Openness::Anonymous | Openness::Private => self.event(cx, mood.user_id, resource, body),
        }
    }
}

fn counted(mood: &Mood) -> (ProjectId, model::UserId, i64) {
    (mood.project_id, mood.user_id, mood.day().first_day())
}

/// The day and its week are to be closed when they are over.
pub(crate) fn close_later(batch: &mut Batch, project_id: ProjectId, day: Period) {
    for period in [day, day.week()] {
        let due = MoodDueRow { task: MoodTask::Close, project_id, period };
        batch.put::<MoodsDue>(&due.key(period.closes_at()), &due);
    }
}

/// Once its day is over, what holds a mood is to be looked at again, at the next closing: nobody is to learn from the moment who
/// it was.
fn look_again_later(cx: &Ctx, batch: &mut Batch, mood: &Mood) {
    let day = mood.day();
    if !day.is_over(cx.now) {
        return;
    }
    let next = Period::of(Span::Day, cx.now).closes_at();
    for period in [day, day.week()] {
        let due = MoodDueRow { task: MoodTask::Review, project_id: mood.project_id, period };
        batch.put::<MoodsDue>(&due.key(next), &due);
    }
}
