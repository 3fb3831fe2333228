//! What administrators do with accounts. There is always at least one active administrator.

use super::{NewUser, Proof, audit, role_word, status_word, user_ref};
use crate::{
    Ctx, Done, Error, Result, Service,
    commit::{check_revision, decide_again},
    page::{PageRequest, Paged},
    profile::UserView,
    settings::Mail,
};
use model::{
    UserId,
    account::{InstanceRole, TokenPurpose, User, UserStatus},
    event::{Event, MailKind},
    limits,
};
use store::{
    Batch, Key, Scan, Stored, TableId,
    tables::{counters::ActiveAdmins, user::Users},
};

/// Whether a new account hears of itself by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invite {
    /// A mail with a link to set the password, where mail can be sent.
    Send,
    /// None; the administrator hands over a password link.
    Skip,
}

/// Which accounts to list.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Part of the name, handle or address, in any case.
    pub text: Option<String>,
    /// Only these.
    pub role: Option<InstanceRole>,
    /// Only these.
    pub status: Option<UserStatus>,
}

/// What an administrator changes about an account.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// Their part in the instance.
    pub role: Option<InstanceRole>,
    /// Whether they may log in.
    pub access: Option<UserAccess>,
    /// How many bytes they may store; `Some(None)` = as the instance says.
    pub quota_bytes: Option<Option<u64>>,
}

/// Whether somebody may log in, as far as an administrator chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAccess {
    /// They may.
    Active,
    /// They may not.
    Disabled,
}

impl From<UserAccess> for UserStatus {
    fn from(access: UserAccess) -> Self {
        match access {
            UserAccess::Active => Self::Active,
            UserAccess::Disabled => Self::Disabled,
        }
    }
}

impl Service {
    /// Makes an account. One that is given a password is not invited to set one.
    ///
    /// # Errors
    /// `Forbidden`, `Conflict` for a known address.
    pub async fn admin_create_user(
        &self,
        cx: &Ctx,
        new: &NewUser,
        invite: Invite,
    ) -> Result<Done<Stored<User>>> {
        Self::operator(cx)?;
        let hash = self.hash_of(new).await?;
        let (hash, invite) = (hash.as_deref(), if hash.is_some() { Invite::Skip } else { invite });
        let outcome = decide_again!(None, self.try_admin_create_user(cx, new, hash, invite).await);
        match outcome {
            Err(error) if error.conflicts_on(TableId::Idem) => {
                self.try_admin_create_user(cx, new, hash, invite).await
            }
            outcome => outcome,
        }
    }

    async fn try_admin_create_user(
        &self,
        cx: &Ctx,
        new: &NewUser,
        hash: Option<&str>,
        invite: Invite,
    ) -> Result<Done<Stored<User>>> {
        if let Some(id) = self.made_before(cx).await? {
            let user = self.store().get::<Users>(&UserId::new(id)).await?.ok_or(Error::NotFound("user"))?;
            return Ok(Done::Before(user));
        }
        self.refuse_known_address(&new.email).await?;
        let super::Draft { user, mut batch } = self.draft_user(cx, new, hash, Proof::Vouched).await?;
        self.rely_on(&cx.caller, &mut batch).await?;
        self.remember(cx, &mut batch, user.id)?;
        if (invite, self.settings().mail) == (Invite::Send, Mail::Configured) {
            let token = self.issue_first(cx, &mut batch, TokenPurpose::PasswordReset { user_id: user.id });
            batch.emit(self.mail_event(cx, user.id, Some(token.id), MailKind::PasswordReset));
        }
        let done = self.store().commit(batch).await?;
        Ok(Done::Now(Stored { row: user, rev: 1, stamp: done.stamp }))
    }

    /// Accounts, oldest first. At most [`limits::USERS_SCANNED_MAX`] are looked at for one page, so a page of a rare filter may
    /// be short and still have a next one.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn admin_list_users(
        &self,
        cx: &Ctx,
        filter: &UserFilter,
        page: &PageRequest,
    ) -> Result<Paged<UserView>> {
        Self::operator(cx)?;
        let Paged { items, next } = self.find_users(filter, page).await?;
        Ok(Paged { items: self.user_views(items).await?, next })
    }

    pub(crate) async fn find_users(
        &self,
        filter: &UserFilter,
        page: &PageRequest,
    ) -> Result<Paged<Stored<User>>> {
        let text = filter.text.as_ref().map(|text| text.to_lowercase());
        let mut place: Option<UserId> = page.place()?;
        let (mut items, mut scanned) = (Vec::new(), 0);
        while scanned < limits::USERS_SCANNED_MAX {
            let mut scan = Scan::all().limit(limits::PAGE_MAX);
            if let Some(place) = &place {
                scan = scan.after(place);
            }
            let found = self.store().scan::<Users>(scan).await?;
            let on_page = found.items.len();
            scanned += on_page;
            for (index, (id, user)) in found.items.into_iter().enumerate() {
                if matches(&user.row, filter, text.as_deref()) {
                    items.push(user);
                }
                if items.len() == page.limit {
                    let more = found.more || index + 1 < on_page;
                    return Ok(Paged { items, next: more.then(|| id.to_bytes()) });
                }
                place = Some(id);
            }
            if !found.more {
                return Ok(Paged { items, next: None });
            }
        }
        Ok(Paged { items, next: place.map(|id| id.to_bytes()) })
    }

    /// An account.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn admin_get_user(&self, cx: &Ctx, id: UserId) -> Result<UserView> {
        Self::operator(cx)?;
        let user = self.store().get::<Users>(&id).await?.ok_or(Error::NotFound("user"))?;
        self.user_views(vec![user]).await?.pop().ok_or(Error::NotFound("user"))
    }

    /// Changes role, access or quota. Whoever may no longer log in is logged out at once.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `RevisionConflict`, `Conflict` for the last active administrator.
    pub async fn admin_update_user(
        &self,
        cx: &Ctx,
        id: UserId,
        expect: Option<u64>,
        change: &UserChange,
    ) -> Result<Stored<User>> {
        Self::operator(cx)?;
        decide_again!(expect, self.try_admin_update_user(cx, id, expect, change).await)
    }

    async fn try_admin_update_user(
        &self,
        cx: &Ctx,
        id: UserId,
        expect: Option<u64>,
        change: &UserChange,
    ) -> Result<Stored<User>> {
        let user = self.store().get::<Users>(&id).await?.ok_or(Error::NotFound("user"))?;
        check_revision(expect, &user)?;
        if user.row.status == UserStatus::Deleted {
            return Err(Error::Conflict("the account was deleted"));
        }
        let mut row = user.row.clone();
        row.role = change.role.unwrap_or(row.role);
        row.status = change.access.map_or(row.status, UserStatus::from);
        row.quota_bytes = change.quota_bytes.unwrap_or(row.quota_bytes);
        if row == user.row {
            return Ok(user);
        }
        row.updated_at = cx.now;
        let mut batch = Batch::new();
        let locked_out = row.status != UserStatus::Active && user.row.status == UserStatus::Active;
        if locked_out {
            row.security_version += 1;
            self.end_sessions(cx, batch.priority(), id).await?;
        }
        match i64::from(is_active_admin(&row)) - i64::from(is_active_admin(&user.row)) {
            0 => {}
            delta => {
                batch.add::<ActiveAdmins>(&(), delta, 1..);
            }
        }
        self.rely_on(&cx.caller, &mut batch).await?;
        let resource = user_ref(id, user.rev + 1);
        batch.replace::<Users>(&id, &user, &row);
        batch.audit(audit(cx, "user.changed", resource.clone(), Some(&state(&user.row)), Some(&state(&row))));
        batch.emit(self.event(cx, id, resource, Event::UserUpdated));
        match self.store().commit(batch).await {
            Err(error) if error.conflicts_on(TableId::ActiveAdmins) => {
                Err(Error::Conflict("the instance needs at least one active administrator"))
            }
            Err(error) => Err(error.into()),
            Ok(done) => Ok(Stored { row, rev: user.rev + 1, stamp: done.stamp }),
        }
    }
}

fn is_active_admin(user: &User) -> bool {
    user.role == InstanceRole::Admin && user.status == UserStatus::Active
}

/// What the audit log says of an account.
pub(super) fn state(user: &User) -> String {
    let quota = user.quota_bytes.map_or_else(|| "default".to_owned(), |bytes| bytes.to_string());
    format!("{} {} quota {quota}", role_word(user.role), status_word(user.status))
}

fn matches(user: &User, filter: &UserFilter, text: Option<&str>) -> bool {
    let found = |text: &str| {
        [user.name.as_str(), user.handle.as_str(), user.email.as_str()]
            .iter()
            .any(|field| field.to_lowercase().contains(text))
    };
    filter.role.is_none_or(|role| role == user.role)
        && filter.status.is_none_or(|status| status == user.status)
        && text.is_none_or(found)
}
