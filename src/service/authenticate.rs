//! Who a bearer token speaks for. Every request asks, so a revoked session, a disabled account or a changed password stops
//! working at once; access tokens carry no rights of their own.

#[cfg(test)]
mod tests;

use crate::{Error, Login, Result, Service, Via, keys::Keys};
use model::{
    ApiTokenId, SessionId, Timestamp, UserId,
    account::{ApiToken, Session, User, UserStatus},
    limits,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use store::{
    Batch, Stored,
    tables::{
        api_token::{ApiTokenByHash, ApiTokens},
        last_seen::{LastSeen, Seen},
        session::Sessions,
        user::Users,
    },
};
use uuid::Uuid;

/// How personal access tokens start.
pub(crate) const API_TOKEN_PREFIX: &str = "blp_";

/// What an access token says. Short names: it travels with every request.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    /// Whose.
    sub: UserId,
    /// Of which session.
    sid: SessionId,
    /// The account's security version.
    ver: u64,
    /// Until when, in milliseconds.
    exp: Timestamp,
}

/// An access token and when it lapses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// For `Authorization: Bearer`.
    pub token: String,
    /// When it lapses.
    pub expires_at: Timestamp,
}

impl AccessToken {
    /// A token of this session.
    pub(crate) fn seal(keys: &Keys, session: &Session, now: Timestamp) -> Result<Self> {
        let expires_at = now.plus_millis(limits::ACCESS_TOKEN_TTL_MS);
        let claims =
            Claims { sub: session.user_id, sid: session.id, ver: session.security_version, exp: expires_at };
        let claims = serde_json::to_vec(&claims).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { token: keys.seal(&claims)?, expires_at })
    }
}

/// Who a bearer token was found to speak for.
#[derive(Clone, Debug)]
pub(crate) struct KnownLogin {
    login: Login,
    /// When that ends by itself.
    until: Option<Timestamp>,
    /// The person, and the session or token.
    used: [Uuid; 2],
}

/// The SHA-256 under which a secret is stored.
pub(crate) fn sha256(secret: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(secret).into()
}

impl Service {
    /// Who this bearer token speaks for: an access token or a personal access token.
    ///
    /// # Errors
    /// `TokenExpired` if an access token has lapsed, `Unauthenticated` for everything else that does not speak for anybody.
    pub async fn authenticate(&self, bearer: &str, now: Timestamp) -> Result<Login> {
        let (generation, question) = (self.store().generation(), blake3::hash(bearer.as_bytes()).into());
        let recalled = self.accounts.logins.recall(generation, &question);
        let known = match recalled.filter(|known| known.until.is_none_or(|until| until > now)) {
            Some(known) => known,
            None => {
                let known = self.known_login(bearer, now).await?;
                self.accounts.logins.keep(generation, question, known.clone());
                known
            }
        };
        self.note_seen(&known.used, now).await;
        Ok(known.login)
    }

    async fn known_login(&self, bearer: &str, now: Timestamp) -> Result<KnownLogin> {
        if bearer.starts_with(API_TOKEN_PREFIX) {
            self.known_api_token(bearer, now).await
        } else {
            self.known_access_token(bearer, now).await
        }
    }

    async fn known_access_token(&self, bearer: &str, now: Timestamp) -> Result<KnownLogin> {
        let claims = self.parts.keys.open(bearer).ok_or(Error::Unauthenticated)?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| Error::Unauthenticated)?;
        if claims.exp <= now {
            return Err(Error::TokenExpired);
        }
        let (user, session_ends) = self.user_of_session(claims.sub, claims.sid, now).await?;
        if claims.ver != user.row.security_version {
            return Err(Error::Unauthenticated);
        }
        Ok(KnownLogin {
            login: login(&user, Via::Session(claims.sid)),
            until: Some(claims.exp.min(session_ends)),
            used: [claims.sub.uuid(), claims.sid.uuid()],
        })
    }

    /// Who a login on a device speaks for, for what was signed under it.
    pub(crate) async fn login_of_session(
        &self,
        user_id: UserId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Login> {
        let (user, _) = self.user_of_session(user_id, id, now).await?;
        Ok(login(&user, Via::Session(id)))
    }

    /// The account of a session that is alive, and when the session ends.
    async fn user_of_session(
        &self,
        user_id: UserId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<(Stored<User>, Timestamp)> {
        let session = self.store().get::<Sessions>(&id).await?.ok_or(Error::Unauthenticated)?;
        let user = self.active_user(user_id).await?;
        let alive = session.row.user_id == user_id
            && session.row.expires_at > now
            && session.row.security_version == user.row.security_version;
        if alive { Ok((user, session.row.expires_at)) } else { Err(Error::Unauthenticated) }
    }

    async fn known_api_token(&self, bearer: &str, now: Timestamp) -> Result<KnownLogin> {
        let (id, token) =
            self.store().find::<ApiTokenByHash>(&sha256(bearer)).await?.ok_or(Error::Unauthenticated)?;
        let until = token.row.expires_at;
        let login = self.login_of_token(token.row, now).await?;
        Ok(KnownLogin { used: [login.user_id.uuid(), id.uuid()], login, until })
    }

    /// Who a personal access token speaks for, for what was signed under it.
    pub(crate) async fn login_of_api_token(
        &self,
        user_id: UserId,
        id: ApiTokenId,
        now: Timestamp,
    ) -> Result<Login> {
        let token = self.store().get::<ApiTokens>(&id).await?;
        let token = token.filter(|token| token.row.user_id == user_id).ok_or(Error::Unauthenticated)?;
        self.login_of_token(token.row, now).await
    }

    async fn login_of_token(&self, token: ApiToken, now: Timestamp) -> Result<Login> {
        if token.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::Unauthenticated);
        }
        let user = self.active_user(token.user_id).await?;
        let via = Via::Token { id: token.id, scopes: token.scopes, project_ids: token.project_ids };
        Ok(login(&user, via))
    }

    /// The account as it is now, if it may act.
    pub(crate) async fn active_user(&self, id: UserId) -> Result<Stored<User>> {
        let user = self.store().get::<Users>(&id).await?.ok_or(Error::Unauthenticated)?;
        match user.row.status {
            UserStatus::Active => Ok(user),
            UserStatus::Disabled | UserStatus::Deleted => Err(Error::Unauthenticated),
        }
    }

    /// Writes down that these were used, at most once in [`limits::LAST_SEEN_EVERY_MS`]. It may be lost, and never fails a request.
    pub(crate) async fn note_seen(&self, ids: &[Uuid], now: Timestamp) {
        let mut batch = Batch::relaxed();
        for id in ids.iter().filter(|id| self.accounts.seen.is_due(**id, now)) {
            batch.put::<LastSeen>(id, &Seen { at: now });
        }
        if !batch.is_empty()
            && let Err(error) = self.store().commit(batch).await
        {
            tracing::debug!(%error, "when somebody was last seen was not written down");
        }
    }
}

fn login(user: &Stored<User>, via: Via) -> Login {
    let User { id, role, security_version, .. } = user.row;
    Login { user_id: id, role, security_version, via }
}

/// When each was last written down, so that most requests write nothing. Forgets everything when it is full.
#[derive(Debug, Default)]
pub(crate) struct SeenMemory(Mutex<HashMap<Uuid, Timestamp>>);

impl SeenMemory {
    fn is_due(&self, id: Uuid, now: Timestamp) -> bool {
        let mut seen = self.0.lock();
        if seen.get(&id).is_some_and(|at| now.since(*at).abs() < limits::LAST_SEEN_EVERY_MS) {
            return false;
        }
        if seen.len() >= limits::LAST_SEEN_MEMORY_MAX {
            seen.clear();
        }
        seen.insert(id, now);
        true
    }
}
