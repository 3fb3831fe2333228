//! Profiles: one's own, and those of people one may know of: whoever shares a project, and everybody for administrators.

use crate::{
    Ctx, Error, Result, Service,
    account::user_ref,
    commit::{check_revision, decide_again},
};
use model::{
    Timestamp, UserId,
    account::{InstanceRole, User, UserPreferences, UserStatus},
    event::Event,
    limits,
    text::{Handle, Locale, PersonName, Prose, TimeZone},
};
use store::{
    Batch, Scan, Stored, TableId,
    tables::{
        counters::UsedBytes,
        member::{Members, MembersByUser},
        user::Users,
    },
};

/// An account with what stands beside its row.
#[derive(Clone, Debug)]
pub struct UserView {
    /// The account.
    pub user: Stored<User>,
    /// When they last asked for anything, to the minute.
    pub last_seen_at: Option<Timestamp>,
    /// Bytes they store or have reserved.
    pub used_bytes: u64,
}

/// What a person sees of themselves.
#[derive(Clone, Debug)]
pub struct Me {
    /// The account.
    pub account: UserView,
    /// What they prefer.
    pub preferences: UserPreferences,
}

/// What changes about a profile; absent = stays.
#[derive(Clone, Debug, Default)]
pub struct ProfilePatch {
    /// The name others see.
    pub name: Option<PersonName>,
    /// The name for mentions.
    pub handle: Option<Handle>,
    /// About them; `Some(None)` removes it.
    pub bio: Option<Option<Prose>>,
    /// Language.
    pub locale: Option<Locale>,
    /// Time zone.
    pub timezone: Option<TimeZone>,
}

impl Service {
    /// The caller's own account.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn get_me(&self, cx: &Ctx) -> Result<Me> {
        let user = self.myself(cx).await?;
        self.with_details(cx, user).await
    }

    /// Changes the caller's profile.
    ///
    /// # Errors
    /// `RevisionConflict`, `Conflict` if somebody has the handle.
    pub async fn update_me(&self, cx: &Ctx, expect: Option<u64>, patch: &ProfilePatch) -> Result<Me> {
        let user = decide_again!(expect, self.try_update_me(cx, expect, patch).await)?;
        self.with_details(cx, user).await
    }

    async fn try_update_me(
        &self,
        cx: &Ctx,
        expect: Option<u64>,
        patch: &ProfilePatch,
    ) -> Result<Stored<User>> {
        let me = self.myself(cx).await?;
        check_revision(expect, &me)?;
        let mut row = me.row.clone();
        row.name = patch.name.clone().unwrap_or(row.name);
        row.handle = patch.handle.clone().unwrap_or(row.handle);
        row.bio = patch.bio.clone().unwrap_or(row.bio);
        row.locale = patch.locale.clone().unwrap_or(row.locale);
        row.timezone = patch.timezone.clone().unwrap_or(row.timezone);
        if row == me.row {
            return Ok(me);
        }
        match self.replace_me(cx, Batch::new(), me, row).await {
            Err(error) if error.conflicts_on(TableId::UserByHandle) => {
                Err(Error::Conflict("somebody has this handle already"))
            }
            outcome => outcome,
        }
    }

    /// Commits a new state of the caller's own account.
    pub(crate) async fn replace_me(
        &self,
        cx: &Ctx,
        mut batch: Batch,
        me: Stored<User>,
        mut row: User,
    ) -> Result<Stored<User>> {
        row.updated_at = cx.now;
        batch.replace::<Users>(&row.id, &me, &row);
        batch.emit(self.event(cx, row.id, user_ref(row.id, me.rev + 1), Event::UserUpdated));
        let done = self.store().commit(batch).await?;
        Ok(Stored { row, rev: me.rev + 1, stamp: done.stamp })
    }

    pub(crate) async fn with_details(&self, cx: &Ctx, user: Stored<User>) -> Result<Me> {
        let preferences = self.get_my_preferences(cx).await?.row;
        let account = self.user_views(vec![user]).await?.pop();
        Ok(Me { account: account.ok_or(Error::Unauthenticated)?, preferences })
    }

    /// These accounts with what stands beside their rows.
    pub(crate) async fn user_views(&self, users: Vec<Stored<User>>) -> Result<Vec<UserView>> {
        let ids: Vec<_> = users.iter().map(|user| user.row.id).collect();
        let seen = self.last_seen(&ids.iter().map(|id| id.uuid()).collect::<Vec<_>>()).await?;
        let used = self.store().count_many::<UsedBytes>(&ids).await?;
        let views = users.into_iter().zip(seen).zip(used).map(|((user, last_seen_at), used)| UserView {
            user,
            last_seen_at,
            used_bytes: u64::try_from(used).unwrap_or(0),
        });
        Ok(views.collect())
    }

    /// Somebody's public profile.
    ///
    /// # Errors
    /// `NotFound` for an account that is not there, and for strangers alike.
    pub async fn get_user(&self, cx: &Ctx, id: UserId) -> Result<Stored<User>> {
        let missing = Error::NotFound("user");
        let knows = self.knows(cx, id).await?;
        let user = self.store().get::<Users>(&id).await?;
        match user.filter(|user| knows && user.row.status != UserStatus::Deleted) {
            Some(user) => Ok(user),
            None => Err(missing),
        }
    }

    /// Whether the caller may know of this person.
    async fn knows(&self, cx: &Ctx, id: UserId) -> Result<bool> {
        let login = cx.login()?;
        if login.user_id == id || login.role == InstanceRole::Admin {
            return Ok(true);
        }
        let scan = Scan::prefix(&login.user_id).limit(limits::PROJECTS_PER_USER_MAX.unsigned_abs() as usize);
        let mine = self.store().scan_index::<MembersByUser>(scan).await?;
        let theirs: Vec<_> = mine.items.iter().map(|hit| (hit.stored.row.project_id, id)).collect();
        Ok(self.store().get_many::<Members>(&theirs).await?.iter().any(Option::is_some))
    }
}
