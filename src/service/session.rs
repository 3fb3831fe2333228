//! Logins: opening, refreshing and ending them. A session is one row; an ended session has none, and every request looks.
//!
//! Refresh tokens rotate. A token of an earlier rotation ends the session, because either its thief or its owner holds the
//! newer one; a client that lost the answer to a refresh therefore has to log in again.

pub(crate) mod refresh;
#[cfg(test)]
mod tests;

use crate::{
    AccessToken, Ctx, Error, Result, Service, Via,
    account::{audit, backoff::Try, session_ref},
    authenticate::sha256,
    commit::decide_again,
    password::Verified,
    settings::Mail,
};
use model::{
    SessionId, Timestamp, UserId,
    account::{Credential, Session, User, UserStatus},
    event::{Actor, Event},
    limits,
    text::{Email, Label},
};
use refresh::RefreshToken;
use store::{
    AuditDraft, Batch, Scan, Stored,
    tables::{
        credential::Credentials,
        last_seen::LastSeen,
        session::{Sessions, SessionsByUser},
        user::{UserByEmail, Users},
    },
};
use uuid::Uuid;

/// What a login gives.
#[derive(Clone, Debug)]
pub struct LoginResult {
    /// For every request.
    pub access: AccessToken,
    /// For the next access token; good once.
    pub refresh_token: String,
    /// Who logged in.
    pub user: Stored<User>,
}

/// A login as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// The row.
    pub session: Session,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// What somebody types to log in. Not parsed: what is wrong with it must look like any other wrong login.
#[derive(Clone)]
pub struct Attempt {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// What to call the device.
    pub device_name: Option<Label>,
}

impl Service {
    /// Opens a session.
    ///
    /// # Errors
    /// `WrongLogin` whether the address, the password or the confirmation of the address is missing; `RateLimited` after
    /// several failures; `Overloaded`.
    pub async fn login(&self, cx: &Ctx, login: &Attempt) -> Result<LoginResult> {
        let email = Email::parse(&login.email).ok();
        let tried = Try::new(email.as_ref().map_or("", Email::as_str), &cx.client);
        self.accounts.backoff.check(&tried, cx.now)?;
        let found = match &email {
            Some(email) => self.store().find::<UserByEmail>(&email.to_string()).await?.map(|(_, user)| user),
            None => None,
        };
        let credential = match &found {
            Some(user) => self.store().get::<Credentials>(&user.row.id).await?,
            None => None,
        };
        let hash = credential.as_ref().map(|credential| credential.row.password_hash.as_str());
        let verified = self.accounts.passwords.verify(&login.password, hash).await?;
        match (found, credential, verified) {
            (Some(user), Some(credential), Verified::Yes) if self.may_log_in(&user.row) => {
                self.accounts.backoff.succeeded(&tried);
                self.open_session(cx, user, &credential, login.device_name.clone()).await
            }
            (_, _, Verified::Yes | Verified::No) => {
                self.accounts.backoff.failed(&tried, cx.now);
                Err(Error::WrongLogin)
            }
        }
    }

    /// Where mail can be sent, an address must be proven before its account is used.
    fn may_log_in(&self, user: &User) -> bool {
        let proven = user.email_verified_at.is_some() || self.settings().mail == Mail::Absent;
        user.status == UserStatus::Active && proven
    }

    /// Opens a session for a person whose password was found right. It relies on the credential, so that a password changed at
    /// the same moment wins.
    pub(crate) async fn open_session(
        &self,
        cx: &Ctx,
        user: Stored<User>,
        credential: &Stored<Credential>,
        device_name: Option<Label>,
    ) -> Result<LoginResult> {
        let user_id = user.row.id;
        decide_again!(
            None,
            async {
                let user = self.active_user(user_id).await.map_err(|_| Error::WrongLogin)?;
                let mut batch = Batch::new();
                batch.assert_unchanged::<Credentials>(&user_id, credential);
                batch.assert_unchanged::<Users>(&user_id, &user);
                self.make_room_for_session(cx, &mut batch, user_id).await?;
                let (session, token) = self.draft_session(cx, &mut batch, &user.row, device_name.clone());
                self.store().commit(batch).await?;
                self.login_result(&session, &token, user, cx.now)
            }
            .await
        )
    }

    /// Rows of a new session.
    pub(crate) fn draft_session(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        user: &User,
        device_name: Option<Label>,
    ) -> (Session, RefreshToken) {
        let id: SessionId = self.id(cx);
        let token = RefreshToken::new(&self.parts.keys, &*self.parts.ids, id, 1);
        let session = Session {
            id,
            user_id: user.id,
            refresh_hash: sha256(token.as_bytes()),
            rotation: 1,
            device_name,
            user_agent: cx.client.user_agent.clone(),
            ip: cx.client.ip.clone(),
            security_version: user.security_version,
            created_at: cx.now,
            last_used_at: cx.now,
            expires_at: cx.now.plus_millis(limits::REFRESH_TOKEN_TTL_MS),
        };
        batch.insert::<Sessions>(&id, &session);
        // Whoever logs in is nobody yet to the request that does it.
        let opened = audit(cx, "session.opened", session_ref(id), None, None);
        batch.audit(AuditDraft { actor: Actor::User(user.id), ..opened });
        batch.emit(self.event(cx, user.id, session_ref(id), Event::NewLogin));
        (session, token)
    }

    pub(crate) fn login_result(
        &self,
        session: &Session,
        token: &RefreshToken,
        user: Stored<User>,
        now: Timestamp,
    ) -> Result<LoginResult> {
        let access = AccessToken::seal(&self.parts.keys, session, now)?;
        Ok(LoginResult { access, refresh_token: token.encode(), user })
    }

    /// Ends what has lapsed, and the oldest sessions of somebody who has too many.
    async fn make_room_for_session(&self, cx: &Ctx, batch: &mut Batch, user: UserId) -> Result<()> {
        let sessions = self.sessions_of(user).await?;
        let (lapsed, mut alive): (Vec<_>, Vec<_>) =
            sessions.into_iter().partition(|session| session.row.expires_at <= cx.now);
        alive.sort_by_key(|session| session.row.last_used_at);
        let surplus = (alive.len() + 1).saturating_sub(limits::SESSIONS_PER_USER_MAX);
        for session in &lapsed {
            batch.delete::<Sessions>(&session.row.id, session);
        }
        for session in &alive[..surplus] {
            self.end(cx, batch, session);
        }
        Ok(())
    }

    /// Exchanges a refresh token for a new one and a new access token.
    ///
    /// # Errors
    /// `Unauthenticated`; if the token was used before, the session ends as well.
    pub async fn refresh_session(&self, cx: &Ctx, token: &str) -> Result<LoginResult> {
        let token = RefreshToken::parse(&self.parts.keys, token).ok_or(Error::Unauthenticated)?;
        decide_again!(None, self.try_refresh(cx, &token).await)
    }

    async fn try_refresh(&self, cx: &Ctx, token: &RefreshToken) -> Result<LoginResult> {
        let id = token.session_id();
        let session = self.store().get::<Sessions>(&id).await?.ok_or(Error::Unauthenticated)?;
        let user = self.active_user(session.row.user_id).await?;
        let current = token.rotation() == session.row.rotation
            && blake3::Hash::from(sha256(token.as_bytes())) == blake3::Hash::from(session.row.refresh_hash);
        if !current {
            let mut batch = Batch::new();
            self.end(cx, batch.priority(), &session);
            batch.audit(audit(cx, "session.refresh_reused", session_ref(id), None, None));
            self.store().commit(batch).await?;
            return Err(Error::Unauthenticated);
        }
        if session.row.expires_at <= cx.now || session.row.security_version != user.row.security_version {
            return Err(Error::Unauthenticated);
        }
        let rotation = session.row.rotation + 1;
        let next = RefreshToken::new(&self.parts.keys, &*self.parts.ids, id, rotation);
        let row = Session {
            refresh_hash: sha256(next.as_bytes()),
            rotation,
            last_used_at: cx.now,
            expires_at: cx.now.plus_millis(limits::REFRESH_TOKEN_TTL_MS),
            ..session.row.clone()
        };
        // No event: nothing that anybody sees has changed.
        let mut batch = Batch::new();
        batch.replace::<Sessions>(&id, &session, &row).assert_unchanged::<Users>(&user.row.id, &user);
        self.store().commit(batch).await?;
        self.login_result(&row, &next, user, cx.now)
    }

    /// Ends the session that asks.
    ///
    /// # Errors
    /// `Forbidden` if the caller did not come with a session.
    pub async fn logout(&self, cx: &Ctx) -> Result<()> {
        match cx.login()?.via {
            Via::Session(id) => self.revoke_my_session(cx, id).await,
            Via::Token { .. } | Via::ControlSocket => {
                Err(Error::Forbidden("only a login can be logged out; revoke a token instead"))
            }
        }
    }

    /// The caller's sessions that are alive, the latest used first.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn list_my_sessions(&self, cx: &Ctx) -> Result<Vec<SessionView>> {
        let me = self.myself(cx).await?;
        let mut sessions = self.sessions_of(me.row.id).await?;
        sessions.retain(|s| s.row.expires_at > cx.now && s.row.security_version == me.row.security_version);
        let ids: Vec<_> = sessions.iter().map(|session| session.row.id.uuid()).collect();
        let seen = self.last_seen(&ids).await?;
        let mut views: Vec<_> = sessions
            .into_iter()
            .zip(seen)
            .map(|(session, seen)| SessionView {
                last_used_at: seen.unwrap_or_default().max(session.row.last_used_at),
                current: is_current(cx, session.row.id),
                session: session.row,
            })
            .collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.last_used_at));
        Ok(views)
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` for a personal access token.
    pub async fn revoke_my_session(&self, cx: &Ctx, id: SessionId) -> Result<()> {
        decide_again!(
            None,
            async {
                let me = self.myself_in_person(cx).await?;
                let session = self.store().get::<Sessions>(&id).await?.filter(|s| s.row.user_id == me.row.id);
                let session = session.ok_or(Error::NotFound("session"))?;
                let mut batch = Batch::new();
                self.end(cx, batch.priority(), &session);
                self.store().commit(batch).await?;
                Ok::<_, Error>(())
            }
            .await
        )
    }

    /// Ends every session of the caller but the one that asks.
    ///
    /// # Errors
    /// `Forbidden` for a personal access token.
    pub async fn revoke_other_sessions(&self, cx: &Ctx) -> Result<()> {
        decide_again!(
            None,
            async {
                let me = self.myself_in_person(cx).await?;
                let mut batch = Batch::new();
                self.end_sessions(cx, batch.priority(), me.row.id).await?;
                if !batch.is_empty() {
                    self.store().commit(batch).await?;
                }
                Ok::<_, Error>(())
            }
            .await
        )
    }

    /// Ends every session of a person but the one that asks, if that is theirs.
    pub(crate) async fn end_sessions(&self, cx: &Ctx, batch: &mut Batch, user: UserId) -> Result<()> {
        for session in self.sessions_of(user).await?.iter().filter(|s| !is_current(cx, s.row.id)) {
            self.end(cx, batch, session);
        }
        Ok(())
    }

    fn end(&self, cx: &Ctx, batch: &mut Batch, session: &Stored<Session>) {
        let id = session.row.id;
        batch.delete::<Sessions>(&id, session);
        batch.audit(audit(
            cx,
            "session.revoked",
            session_ref(id),
            Some(&session.row.user_id.to_string()),
            None,
        ));
        batch.emit(self.event(cx, session.row.user_id, session_ref(id), Event::SessionRevoked));
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<Stored<Session>>> {
        // Two logins at once may both have found room: see those as well.
        let scan = Scan::prefix(&user).limit(limits::SESSIONS_PER_USER_MAX * 2);
        let page = self.store().scan_index::<SessionsByUser>(scan).await?;
        Ok(page.items.into_iter().map(|hit| hit.stored).collect())
    }

    /// When each was last used, as far as it was written down.
    pub(crate) async fn last_seen(&self, ids: &[Uuid]) -> Result<Vec<Option<Timestamp>>> {
        let rows = self.store().get_many::<LastSeen>(ids).await?;
        Ok(rows.into_iter().map(|row| row.map(|row| row.row.at)).collect())
    }
}

fn is_current(cx: &Ctx, id: SessionId) -> bool {
    cx.login().is_ok_and(|login| matches!(login.via, Via::Session(current) if current == id))
}
