//! Accounts: making them, and what every act on them shares: fresh rows, events, audit entries.
//!
//! An address and a handle are unique by index. An act on one's own account reads the account anew and relies on that row,
//! so that two acts of one person at the same time both succeed.

pub mod admin;
pub(crate) mod backoff;
mod delete;
pub mod recovery;
pub mod register;
#[cfg(test)]
mod tests;

use crate::{
    Caller, Ctx, Error, Result, Service, Via,
    audit_log::OfficeMemory,
    authenticate::{KnownLogin, SeenMemory},
    commit::decide_again,
    memo::Memo,
    password::PasswordPool,
};
use backoff::{Backoff, Throttle};
use model::{
    OneTimeTokenId, SessionId, UserId,
    account::{Credential, InstanceRole, TokenPurpose, User, UserStatus},
    event::{Event, MailKind, NewEvent, ResourceRef},
    ports::IdGen,
    text::{Email, Handle, Locale, PersonName, TimeZone},
};
use std::sync::atomic::AtomicBool;
use store::{
    Batch, Stored,
    tables::{
        audit::AuditDraft,
        counters::ActiveAdmins,
        credential::Credentials,
        one_time_token::OneTimeTokens,
        user::{UserByEmail, UserByHandle, Users},
    },
};

/// What the accounts keep in memory: nothing that a restart must remember.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) passwords: PasswordPool,
    pub(crate) backoff: Backoff,
    pub(crate) mails: Throttle,
    pub(crate) seen: SeenMemory,
    pub(crate) office: OfficeMemory,
    pub(crate) logins: Memo<[u8; 32], KnownLogin>,
    /// Set once an administrator was seen: there is always one from then on.
    pub(crate) set_up: AtomicBool,
}

/// A person to make an account for.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The address.
    pub email: Email,
    /// The name others see.
    pub name: PersonName,
    /// Their part in the instance.
    pub role: InstanceRole,
    /// The password; without one the account waits for a password link.
    pub password: Option<crate::Password>,
}

/// Whether the address of a new account is taken as proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Somebody who runs the instance vouches for it.
    Vouched,
    /// It was typed by whoever registers.
    Typed,
}

/// An account about to be made: the rows of its batch.
pub(crate) struct Draft {
    pub(crate) user: User,
    pub(crate) batch: Batch,
}

impl Service {
    /// Rows of a new account. `password` is a hash. The batch conflicts if the address or the handle was taken meanwhile.
    pub(crate) async fn draft_user(
        &self,
        cx: &Ctx,
        new: &NewUser,
        password: Option<&str>,
        proof: Proof,
    ) -> Result<Draft> {
        let user = User {
            id: self.id(cx),
            email: new.email.clone(),
            email_verified_at: match proof {
                Proof::Vouched => Some(cx.now),
                Proof::Typed => None,
            },
            name: new.name.clone(),
            handle: self.free_handle(cx, &new.name).await?,
            bio: None,
            avatar: None,
            role: new.role,
            status: UserStatus::Active,
            locale: Locale::parse("en").map_err(|fault| Error::Internal(fault.detail.into_owned()))?,
            timezone: TimeZone::parse("UTC").map_err(|fault| Error::Internal(fault.detail.into_owned()))?,
            quota_bytes: None,
            security_version: 1,
            created_at: cx.now,
            updated_at: cx.now,
        };
        let mut batch = Batch::new();
        batch.insert::<Users>(&user.id, &user);
        if let Some(hash) = password {
            let credential = Credential { password_hash: hash.to_owned(), changed_at: cx.now };
            batch.insert::<Credentials>(&user.id, &credential);
        }
        if user.role == InstanceRole::Admin {
            batch.add::<ActiveAdmins>(&(), 1, ..);
            self.void_setup_links(&mut batch).await?;
        }
        batch.emit(self.event(cx, user.id, user_ref(user.id, 1), Event::UserRegistered));
        batch.audit(audit(cx, "user.created", user_ref(user.id, 1), None, Some(role_word(user.role))));
        Ok(Draft { user, batch })
    }

    /// Makes an account and answers with it.
    pub(crate) async fn make_user(&self, cx: &Ctx, new: &NewUser, proof: Proof) -> Result<Stored<User>> {
        let hash = self.hash_of(new).await?;
        let hash = hash.as_deref();
        decide_again!(
            None,
            async {
                self.refuse_known_address(&new.email).await?;
                let Draft { user, batch } = self.draft_user(cx, new, hash, proof).await?;
                let done = self.store().commit(batch).await?;
                Ok::<_, Error>(Stored { row: user, rev: 1, stamp: done.stamp })
            }
            .await
        )
    }

    /// The hash of the password of a new account, if it has one.
    pub(crate) async fn hash_of(&self, new: &NewUser) -> Result<Option<String>> {
        match &new.password {
            Some(password) => Ok(Some(self.accounts.passwords.hash(&*self.parts.ids, password).await?)),
            None => Ok(None),
        }
    }

    pub(crate) async fn refuse_known_address(&self, email: &Email) -> Result<()> {
        match self.store().find::<UserByEmail>(&email.to_string()).await? {
            Some(_) => Err(Error::Conflict("an account with this e-mail address exists")),
            None => Ok(()),
        }
    }

    /// A handle made from a name that nobody has.
    async fn free_handle(&self, cx: &Ctx, name: &PersonName) -> Result<Handle> {
        for suffix in (0..10).chain([random_suffix(&*self.parts.ids), random_suffix(&*self.parts.ids)]) {
            let handle = Handle::propose(name, suffix);
            if self.store().find::<UserByHandle>(&handle.to_string()).await?.is_none() {
                return Ok(handle);
            }
        }
        // A name that everybody has: an id has no double.
        let tail = self.id::<UserId>(cx).uuid().simple().to_string();
        Handle::parse(&format!("musician-{}", &tail[12..]))
            .map_err(|fault| Error::Internal(fault.detail.into_owned()))
    }

    /// The caller's own account as it is now, for acts that a personal access token may do.
    pub(crate) async fn myself(&self, cx: &Ctx) -> Result<Stored<User>> {
        self.active_user(cx.user_id()?).await
    }

    /// The caller's own account, for acts on how they log in: those need a real login, since a token must not make itself
    /// stronger or outlive its revocation.
    pub(crate) async fn myself_in_person(&self, cx: &Ctx) -> Result<Stored<User>> {
        match &cx.login()?.via {
            Via::Session(_) | Via::ControlSocket => self.myself(cx).await,
            Via::Token { .. } => Err(Error::Forbidden("a personal access token may not do this; log in")),
        }
    }

    /// Whoever runs the instance: an administrator, or the command line.
    pub(crate) fn operator(cx: &Ctx) -> Result<()> {
        match &cx.caller {
            Caller::System => Ok(()),
            Caller::User(_) | Caller::Guest(_) | Caller::Anonymous => cx.admin().map(|_| ()),
        }
    }

    /// Ties a batch to what a caller was let in with: their account may still act, with the same part in the instance and
    /// the same security version. The account is read anew, so that a new name or picture stands in nobody's way.
    ///
    /// # Errors
    /// `Unauthenticated` if the account or the login is over, `Conflict` if the person's part changed.
    pub(crate) async fn rely_on(&self, caller: &Caller, batch: &mut Batch) -> Result<()> {
        let login = match caller {
            Caller::User(login) => login,
            Caller::Guest(visitor) => return self.rely_on_guest(*visitor, batch).await,
            Caller::Anonymous | Caller::System => return Ok(()),
        };
        let user = self.active_user(login.user_id).await?;
        if user.row.security_version != login.security_version {
            return Err(Error::Unauthenticated);
        }
        if user.row.role != login.role {
            return Err(Error::Conflict("your part in this instance changed at this moment; try again"));
        }
        batch.assert_unchanged::<Users>(&login.user_id, &user);
        Ok(())
    }

    /// An event of an account, on that person's own stream.
    pub(crate) fn event(&self, cx: &Ctx, user: UserId, resource: ResourceRef, body: Event) -> NewEvent {
        NewEvent {
            id: self.id(cx),
            project: None,
            users: vec![user],
            actor: cx.actor(),
            resource,
            track: None,
            body,
        }
    }

    /// The event that makes a job send a mail; on nobody's stream.
    pub(crate) fn mail_event(
        &self,
        cx: &Ctx,
        user: UserId,
        token: Option<OneTimeTokenId>,
        mail: MailKind,
    ) -> NewEvent {
        let body = Event::MailRequested { token, mail };
        NewEvent { users: Vec::new(), ..self.event(cx, user, user_ref(user, 0), body) }
    }

    /// Deletes the setup links there are.
    pub(crate) async fn void_setup_links(&self, batch: &mut Batch) -> Result<()> {
        for (id, token) in self.one_time_tokens(None).await? {
            if token.row.purpose == TokenPurpose::Setup {
                batch.delete::<OneTimeTokens>(&id, &token);
            }
        }
        Ok(())
    }
}

/// A reference to an account.
pub(crate) fn user_ref(user: UserId, revision: u64) -> ResourceRef {
    ResourceRef::new("user", user, revision)
}

/// A reference to a login.
pub(crate) fn session_ref(session: SessionId) -> ResourceRef {
    ResourceRef::new("session", session, 0)
}

/// An audit entry by the caller.
pub(crate) fn audit(
    cx: &Ctx,
    action: &str,
    target: ResourceRef,
    before: Option<&str>,
    after: Option<&str>,
) -> AuditDraft {
    AuditDraft {
        actor: cx.actor(),
        action: action.to_owned(),
        target,
        ip: cx.client.ip.clone(),
        user_agent: cx.client.user_agent.clone(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}

/// The role in the contract's word.
pub(crate) const fn role_word(role: InstanceRole) -> &'static str {
    match role {
        InstanceRole::Member => "member",
        InstanceRole::Admin => "admin",
    }
}

/// The status in the contract's word.
pub(crate) const fn status_word(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Active => "active",
        UserStatus::Disabled => "disabled",
        UserStatus::Deleted => "deleted",
    }
}

fn random_suffix(ids: &dyn IdGen) -> u32 {
    let mut bytes = [0; 4];
    ids.secret(&mut bytes);
    1_000 + u32::from_be_bytes(bytes) % 9_000
}
