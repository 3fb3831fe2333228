//! Who a bearer token speaks for. Every request asks, so a revoked session, a disabled account or a changed password stops
//! working at once; access tokens carry no rights of their own.

#[cfg(test)]
mod tests;

use crate::{Error, Login, Result, Service, Via, keys::Keys};
use model::{
    SessionId, Timestamp, UserId,
    account::{Session, User, UserStatus},
    limits,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use store::{
    Batch, Stored,
    tables::{
        api_token::ApiTokenByHash,
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
        if bearer.starts_with(API_TOKEN_PREFIX) {
            self.authenticate_api_token(bearer, now).await
        } else {
            self.authenticate_access_token(bearer, now).await
        }
    }

    async fn authenticate_access_token(&self, bearer: &str, now: Timestamp) -> Result<Login> {
        let claims = self.parts.keys.open(bearer).ok_or(Error::Unauthenticated)?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| Error::Unauthenticated)?;
        if claims.exp <= now {
            return Err(Error::TokenExpired);
        }
        let session = self.store().get::<Sessions>(&claims.sid).await?.ok_or(Error::Unauthenticated)?;
        let user = self.active_user(claims.sub).await?;
        let alive = session.row.user_id == claims.sub
            && session.row.expires_at > now
            && [claims.ver, session.row.security_version] == [user.row.security_version; 2];
        if !alive {
            return Err(Error::Unauthenticated);
        }
        self.note_seen(&[claims.sub.uuid(), claims.sid.uuid()], now).await;
        Ok(login(&user, Via::Session(claims.sid)))
    }

    async fn authenticate_api_token(&self, bearer: &str, now: Timestamp) -> Result<Login> {
        let (id, token) =
            self.store().find::<ApiTokenByHash>(&sha256(bearer)).await?.ok_or(Error::Unauthenticated)?;
        if token.row.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::Unauthenticated);
        }
        let user = self.active_user(token.row.user_id).await?;
        self.note_seen(&[user.row.id.uuid(), id.uuid()], now).await;
        let via = Via::Token { id, scopes: token.row.scopes, project_ids: token.row.project_ids };
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
    async fn note_seen(&self, ids: &[Uuid], now: Timestamp) {
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
    Login { user_id: user.row.id, role: user.row.role, user_stamp: user.stamp, via }
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
