//! Registration and proof of addresses.
//!
//! Where mail can be sent, a known and an unknown address get the same answer after the same time, and the difference goes by
//! mail. Where it cannot, a known address is a conflict: nobody could be told otherwise.

use super::{Draft, NewUser, Proof, audit, user_ref};
use crate::{
    Ctx, Error, LoginResult, Result, Service,
    commit::decide_again,
    settings::Mail,
    token::one_time::{Link, StoredToken},
};
use model::{
    account::{RegistrationPolicy, TokenPurpose, User},
    event::{Event, MailKind},
    limits,
    text::Email,
};
use std::time::Duration;
use store::{
    Batch, Stored,
    tables::{
        one_time_token::OneTimeTokens,
        user::{UserByEmail, Users},
    },
};
use tokio::time::Instant;

/// What registering gives.
#[derive(Clone, Debug)]
pub enum Registered {
    /// The person is logged in.
    LoggedIn(Box<LoginResult>),
    /// A mail says how to go on.
    VerificationRequired,
}

impl Service {
    /// Makes an account for whoever asks, as the policy allows.
    ///
    /// # Errors
    /// `Forbidden` by the policy, `Gone` for a bad invitation, `Conflict` for a known address where no mail can be sent.
    pub async fn register(&self, cx: &Ctx, new: &NewUser, invite: Option<&str>) -> Result<Registered> {
        self.find_invite(cx, &new.email, invite).await?;
        let password = new.password.as_ref().ok_or(Error::Forbidden("registering needs a password"))?;
        // Before anything that depends on whether the address is known, and for both.
        let hash = self.accounts.passwords.hash(&*self.parts.ids, password).await?;
        let started = Instant::now();
        let outcome = decide_again!(None, self.try_register(cx, new, &hash, invite).await);
        match self.settings().mail {
            Mail::Configured => even_out(started, outcome).await,
            Mail::Absent => outcome,
        }
    }

    async fn try_register(
        &self,
        cx: &Ctx,
        new: &NewUser,
        hash: &str,
        invite: Option<&str>,
    ) -> Result<Registered> {
        let invite = self.find_invite(cx, &new.email, invite).await?;
        if let Some((_, known)) = self.store().find::<UserByEmail>(&new.email.to_string()).await? {
            return self.register_known(cx, &known).await;
        }
        let Draft { user, mut batch } = self.draft_user(cx, new, Some(hash), Proof::Typed).await?;
        if let Some((id, token)) = &invite {
            batch.delete::<OneTimeTokens>(id, token);
        }
        match self.settings().mail {
            Mail::Configured => {
                let purpose = TokenPurpose::VerifyEmail { user_id: user.id, email: user.email.clone() };
                let token = self.issue_first(cx, &mut batch, purpose);
                batch.emit(self.mail_event(cx, user.id, Some(token.id), MailKind::VerifyEmail));
                self.store().commit(batch).await?;
                Ok(Registered::VerificationRequired)
            }
            Mail::Absent => {
                let (session, token) = self.draft_session(cx, &mut batch, &user, None);
                let done = self.store().commit(batch).await?;
                let user = Stored { row: user, rev: 1, stamp: done.stamp };
                let login = self.login_result(&session, &token, user, cx.now)?;
                Ok(Registered::LoggedIn(Box::new(login)))
            }
        }
    }

    /// Somebody registers with an address that has an account: its owner hears of it, whoever asks does not.
    async fn register_known(&self, cx: &Ctx, known: &Stored<User>) -> Result<Registered> {
        match self.settings().mail {
            Mail::Configured => {
                if self.accounts.mails.admits(&known.row.email, cx.now) {
                    let mut batch = Batch::new();
                    batch.emit(self.mail_event(cx, known.row.id, None, MailKind::AlreadyRegistered));
                    self.store().commit(batch).await?;
                }
                Ok(Registered::VerificationRequired)
            }
            Mail::Absent => Err(Error::Conflict("an account with this e-mail address exists; log in")),
        }
    }

    /// The invitation that the policy asks for; nothing where it asks for none.
    async fn find_invite(
        &self,
        cx: &Ctx,
        email: &Email,
        invite: Option<&str>,
    ) -> Result<Option<StoredToken>> {
        match (self.registration().await?, invite) {
            (RegistrationPolicy::Open, _) => Ok(None),
            (RegistrationPolicy::Closed, _) => {
                Err(Error::Forbidden("registration is closed; an administrator makes accounts"))
            }
            (RegistrationPolicy::Invite, None) => {
                Err(Error::Forbidden("registering needs an invitation from an administrator"))
            }
            (RegistrationPolicy::Invite, Some(secret)) => {
                // An invitation into a project lets the person it is for register, and stays for them to accept.
                if self.invites_to_register(cx, secret, email.as_str()).await? {
                    return Ok(None);
                }
                let (id, token) = self.find_one_time(secret, cx.now).await?;
                match &token.row.purpose {
                    TokenPurpose::Register { email: None } => Ok(Some((id, token))),
                    TokenPurpose::Register { email: Some(only) } if only == email => Ok(Some((id, token))),
                    TokenPurpose::Register { email: Some(_) } => {
                        Err(Error::Forbidden("this invitation is for another e-mail address"))
                    }
                    TokenPurpose::Setup
                    | TokenPurpose::PasswordReset { .. }
                    | TokenPurpose::VerifyEmail { .. } => Err(Self::wrong_purpose()),
                }
            }
        }
    }

    /// Takes the address of a verification token as proven; it becomes the account's.
    ///
    /// # Errors
    /// `Gone` for a token that was used or has lapsed, `Conflict` if the address got another account meanwhile.
    pub async fn verify_email(&self, cx: &Ctx, secret: &str) -> Result<()> {
        decide_again!(None, self.try_verify_email(cx, secret).await)
    }

    async fn try_verify_email(&self, cx: &Ctx, secret: &str) -> Result<()> {
        let (id, token) = self.find_one_time(secret, cx.now).await?;
        let TokenPurpose::VerifyEmail { user_id, email } = &token.row.purpose else {
            return Err(Self::wrong_purpose());
        };
        let user = self.active_user(*user_id).await.map_err(|_| Self::wrong_purpose())?;
        let other = self.store().find::<UserByEmail>(&email.to_string()).await?;
        if other.is_some_and(|(other, _)| other != *user_id) {
            return Err(Error::Conflict("this address belongs to another account by now"));
        }
        let row = User {
            email: email.clone(),
            email_verified_at: Some(cx.now),
            updated_at: cx.now,
            ..user.row.clone()
        };
        let resource = user_ref(*user_id, user.rev + 1);
        let (action, event) = match row.email == user.row.email {
            true => ("email.verified", Event::UserUpdated),
            false => ("email.changed", Event::EmailChanged),
        };
        let mut batch = Batch::new();
        batch.delete::<OneTimeTokens>(&id, &token).replace::<Users>(user_id, &user, &row);
        batch.audit(audit(cx, action, resource.clone(), None, None));
        batch.emit(self.event(cx, *user_id, resource, event));
        self.store().commit(batch).await?;
        Ok(())
    }

    /// Sends the verification mail again, if the address waits for one. The answer is the same if not.
    ///
    /// # Errors
    /// Only if the store fails.
    pub async fn resend_verification(&self, cx: &Ctx, email: &Email) -> Result<()> {
        let started = Instant::now();
        even_out(started, decide_again!(None, self.try_resend(cx, email).await)).await
    }

    async fn try_resend(&self, cx: &Ctx, email: &Email) -> Result<()> {
        let Some((id, user)) = self.store().find::<UserByEmail>(&email.to_string()).await? else {
            return Ok(());
        };
        let waits = user.row.email_verified_at.is_none() && self.settings().mail == Mail::Configured;
        if waits && self.accounts.mails.admits(email, cx.now) {
            let mut batch = Batch::new();
            let purpose = TokenPurpose::VerifyEmail { user_id: id, email: email.clone() };
            let token = self.issue(cx, &mut batch, purpose).await?;
            batch.assert_unchanged::<Users>(&id, &user);
            batch.emit(self.mail_event(cx, id, Some(token.id), MailKind::VerifyEmail));
            self.store().commit(batch).await?;
        }
        Ok(())
    }

    /// A link with which somebody can register while that needs an invitation.
    ///
    /// # Errors
    /// `Forbidden` for anybody but an administrator, `Conflict` if too many are open.
    pub async fn admin_create_registration_invite(&self, cx: &Ctx, email: Option<Email>) -> Result<Link> {
        Self::operator(cx)?;
        decide_again!(
            None,
            async {
                let open = self.one_time_tokens(None).await?;
                let alive = open.iter().filter(|(_, token)| token.row.expires_at > cx.now).count();
                if alive >= limits::REGISTRATION_INVITES_MAX {
                    return Err(Error::Conflict(
                        "too many invitations are open; wait until some were used or lapse",
                    ));
                }
                let mut batch = Batch::new();
                let purpose = TokenPurpose::Register { email: email.clone() };
                let token = self.issue(cx, &mut batch, purpose).await?;
                self.rely_on(&cx.caller, &mut batch).await?;
                let event = self.link_event(cx, token.id);
                batch
                    .audit(audit(cx, "registration.invited", event.resource.clone(), None, None))
                    .emit(event);
                self.store().commit(batch).await?;
                self.link(&token).await
            }
            .await
        )
    }
}

/// Answers no earlier than [`limits::ANONYMOUS_ANSWER_MS`] after the start: whether a row was written cannot be told from it.
pub(crate) async fn even_out<T>(started: Instant, outcome: T) -> T {
    tokio::time::sleep_until(started + Duration::from_millis(limits::ANONYMOUS_ANSWER_MS)).await;
    outcome
}
