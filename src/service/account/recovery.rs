//! New passwords and new addresses. Either ends what was opened with the old one: a new password every other session,
//! a reset every session and every access token.

use super::{audit, backoff::Try, register::even_out, user_ref};
use crate::{
    Ctx, Error, Password, Result, Service,
    commit::decide_again,
    password::Verified,
    settings::Mail,
    token::one_time::{Link, StoredToken},
};
use model::{
    UserId, Violation,
    account::{Credential, TokenPurpose, User, UserStatus},
    event::{Event, MailKind},
    text::Email,
};
use store::{
    Batch,
    tables::{
        credential::Credentials,
        one_time_token::OneTimeTokens,
        user::{UserByEmail, Users},
    },
};
use tokio::time::Instant;

impl Service {
    /// Sends a link for a new password, if the address has an account. The answer is the same if not.
    ///
    /// # Errors
    /// Only if the store fails.
    pub async fn request_password_reset(&self, cx: &Ctx, email: &Email) -> Result<()> {
        let started = Instant::now();
        even_out(started, decide_again!(None, self.try_request_reset(cx, email).await)).await
    }

    async fn try_request_reset(&self, cx: &Ctx, email: &Email) -> Result<()> {
        let Some((id, user)) = self.store().find::<UserByEmail>(&email.to_string()).await? else {
            return Ok(());
        };
        let sends = user.row.status == UserStatus::Active && self.settings().mail == Mail::Configured;
        if sends && self.accounts.mails.admits(email, cx.now) {
            let mut batch = Batch::new();
            let token = self.issue(cx, &mut batch, TokenPurpose::PasswordReset { user_id: id }).await?;
            batch.assert_unchanged::<Users>(&id, &user);
            batch.emit(self.mail_event(cx, id, Some(token.id), MailKind::PasswordReset));
            self.store().commit(batch).await?;
        }
        Ok(())
    }

    /// A link for a new password, to hand to its owner: for instances without mail.
    ///
    /// # Errors
    /// `Forbidden` for anybody but the operator, `NotFound`, `Conflict` if the account is not active.
    pub async fn admin_create_password_link(&self, cx: &Ctx, id: UserId) -> Result<Link> {
        Self::operator(cx)?;
        decide_again!(
            None,
            async {
                let user = self.store().get::<Users>(&id).await?.ok_or(Error::NotFound("user"))?;
                if user.row.status != UserStatus::Active {
                    return Err(Error::Conflict("the account is not active"));
                }
                let mut batch = Batch::new();
                let token = self.issue(cx, &mut batch, TokenPurpose::PasswordReset { user_id: id }).await?;
                batch.assert_unchanged::<Users>(&id, &user);
                self.rely_on(&cx.caller, &mut batch).await?;
                batch.audit(audit(cx, "password.link_created", user_ref(id, user.rev), None, None));
                batch.emit(self.link_event(cx, token.id));
                self.store().commit(batch).await?;
                self.link(&token).await
            }
            .await
        )
    }

    /// Sets a new password with a reset token. Every session and access token of the account ends. Holding the link proves the
    /// address as well: it came by mail, or an administrator vouches.
    ///
    /// # Errors
    /// `Gone` for a token that was used or has lapsed, `Invalid` if the password is the address.
    pub async fn reset_password(&self, cx: &Ctx, secret: &str, password: Password) -> Result<()> {
        let (user_id, _) = self.reset_target(cx, secret).await?;
        let user = self.active_user(user_id).await.map_err(|_| Self::wrong_purpose())?;
        let hash = self.hash_for(&user.row.email, password, "/new_password").await?;
        decide_again!(None, self.try_reset_password(cx, secret, &hash).await)
    }

    async fn try_reset_password(&self, cx: &Ctx, secret: &str, hash: &str) -> Result<()> {
        let (user_id, (id, token)) = self.reset_target(cx, secret).await?;
        let user = self.active_user(user_id).await.map_err(|_| Self::wrong_purpose())?;
        let row = User {
            security_version: user.row.security_version + 1,
            email_verified_at: user.row.email_verified_at.or(Some(cx.now)),
            updated_at: cx.now,
            ..user.row.clone()
        };
        let mut batch = Batch::new();
        batch.priority().delete::<OneTimeTokens>(&id, &token).replace::<Users>(&user_id, &user, &row);
        self.end_sessions(cx, &mut batch, user_id).await?;
        self.set_password(cx, &mut batch, user_id, hash).await?;
        batch.audit(audit(cx, "password.reset", user_ref(user_id, user.rev + 1), None, None));
        self.store().commit(batch).await?;
        Ok(())
    }

    async fn reset_target(&self, cx: &Ctx, secret: &str) -> Result<(UserId, StoredToken)> {
        let found = self.find_one_time(secret, cx.now).await?;
        match found.1.row.purpose {
            TokenPurpose::PasswordReset { user_id } => Ok((user_id, found)),
            TokenPurpose::Setup | TokenPurpose::VerifyEmail { .. } | TokenPurpose::Register { .. } => {
                Err(Self::wrong_purpose())
            }
        }
    }

    /// Sets a new password. Every other session ends at once.
    ///
    /// # Errors
    /// `Invalid` at `/current_password` if that is wrong, `RateLimited`, `Forbidden` for a personal access token.
    pub async fn change_my_password(&self, cx: &Ctx, current: &str, new: Password) -> Result<()> {
        let me = self.myself_in_person(cx).await?;
        self.verify_own(cx, &me.row, current, "/current_password").await?;
        let hash = self.hash_for(&me.row.email, new, "/new_password").await?;
        decide_again!(
            None,
            async {
                let me = self.myself_in_person(cx).await?;
                let mut batch = Batch::new();
                batch.assert_unchanged::<Users>(&me.row.id, &me);
                self.end_sessions(cx, &mut batch, me.row.id).await?;
                self.set_password(cx, &mut batch, me.row.id, &hash).await?;
                batch.audit(audit(cx, "password.changed", user_ref(me.row.id, me.rev), None, None));
                self.store().commit(batch).await?;
                Ok::<_, Error>(())
            }
            .await
        )
    }

    /// Asks for a new address. With mail it counts once it is proven, and the old address hears of it; without, at once.
    ///
    /// # Errors
    /// `Invalid` at `/password` if that is wrong, `Conflict` for a known address where no mail can be sent.
    pub async fn change_my_email(&self, cx: &Ctx, email: &Email, password: &str) -> Result<()> {
        let me = self.myself_in_person(cx).await?;
        self.verify_own(cx, &me.row, password, "/password").await?;
        match self.settings().mail {
            Mail::Configured => {
                let started = Instant::now();
                even_out(started, decide_again!(None, self.try_ask_for_email(cx, email).await)).await
            }
            Mail::Absent => decide_again!(None, self.try_change_email(cx, email).await),
        }
    }

    async fn try_ask_for_email(&self, cx: &Ctx, email: &Email) -> Result<()> {
        let me = self.myself_in_person(cx).await?;
        if !self.accounts.mails.admits(email, cx.now) {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.assert_unchanged::<Users>(&me.row.id, &me);
        match self.store().find::<UserByEmail>(&email.to_string()).await? {
            Some((other, _)) if other != me.row.id => {
                batch.emit(self.mail_event(cx, other, None, MailKind::AlreadyRegistered));
            }
            Some(_) | None => {
                let purpose = TokenPurpose::VerifyEmail { user_id: me.row.id, email: email.clone() };
                let token = self.issue(cx, &mut batch, purpose).await?;
                batch.emit(self.mail_event(cx, me.row.id, Some(token.id), MailKind::VerifyEmail));
                // Now, while the old address is still the account's: later nobody would know where to send it.
                batch.emit(self.mail_event(cx, me.row.id, None, MailKind::EmailChanged));
            }
        }
        self.store().commit(batch).await?;
        Ok(())
    }

    async fn try_change_email(&self, cx: &Ctx, email: &Email) -> Result<()> {
        let me = self.myself_in_person(cx).await?;
        if me.row.email == *email {
            return Ok(());
        }
        self.refuse_known_address(email).await?;
        let row =
            User { email: email.clone(), email_verified_at: None, updated_at: cx.now, ..me.row.clone() };
        let resource = user_ref(me.row.id, me.rev + 1);
        let mut batch = Batch::new();
        batch.replace::<Users>(&me.row.id, &me, &row);
        batch.audit(audit(cx, "email.changed", resource.clone(), None, None));
        batch.emit(self.event(cx, me.row.id, resource, Event::EmailChanged));
        self.store().commit(batch).await?;
        Ok(())
    }

    /// Whether the caller knows the password of their own account; failures count as failed logins.
    async fn verify_own(&self, cx: &Ctx, me: &User, password: &str, pointer: &'static str) -> Result<()> {
        let tried = Try::new(me.email.as_str(), &cx.client);
        self.accounts.backoff.check(&tried, cx.now)?;
        let credential = self.store().get::<Credentials>(&me.id).await?;
        let hash = credential.as_ref().map(|credential| credential.row.password_hash.as_str());
        match self.accounts.passwords.verify(password, hash).await? {
            Verified::Yes => Ok(()),
            Verified::No => {
                self.accounts.backoff.failed(&tried, cx.now);
                Err(Violation::new(pointer, "wrong_password", "is not the password of this account").into())
            }
        }
    }

    async fn hash_for(&self, email: &Email, password: Password, pointer: &'static str) -> Result<String> {
        let password = password.differs_from(email).map_err(|fault| fault.at(pointer))?;
        self.accounts.passwords.hash(&*self.parts.ids, &password).await
    }

    /// Rows of a new password, with the notice to its owner.
    async fn set_password(&self, cx: &Ctx, batch: &mut Batch, user: UserId, hash: &str) -> Result<()> {
        let row = Credential { password_hash: hash.to_owned(), changed_at: cx.now };
        match self.store().get::<Credentials>(&user).await? {
            Some(old) => batch.replace::<Credentials>(&user, &old, &row),
            None => batch.insert::<Credentials>(&user, &row),
        };
        batch.emit(self.event(cx, user, user_ref(user, 0), Event::PasswordChanged));
        if self.settings().mail == Mail::Configured {
            batch.emit(self.mail_event(cx, user, None, MailKind::PasswordChanged));
        }
        Ok(())
    }
}
