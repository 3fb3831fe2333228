//! Links that play one version for a while without a header, because `<audio>` cannot send one.
//!
//! A link names the version, the quality and the login or guest it was made for, and is signed. Every range asks again: a
//! login that ended, an account that was disabled, a membership that is gone or a closed share link stops the next one.

use crate::{Caller, Ctx, Error, Result, Service, Via, keys::Purpose, playback::Recording};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{
    ApiTokenId, GuestId, ProjectId, SessionId, Timestamp, UserId, VersionId, account::Quality, limits,
};
use uuid::Uuid;

/// A link about to be given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamLink {
    /// The version it plays.
    pub version_id: VersionId,
    /// The signed part of its address.
    pub token: String,
    /// Until when it plays.
    pub expires_at: Timestamp,
}

/// What a link says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grant {
    version_id: VersionId,
    holder: Holder,
    quality: Option<Quality>,
    expires_at: Timestamp,
}

/// Under which login, or as which guest of which project, a link was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Session(UserId, SessionId),
    Token(UserId, ApiTokenId),
    Guest(ProjectId, GuestId),
}

impl Holder {
    fn of(caller: &Caller) -> Result<Self> {
        match caller {
            Caller::User(login) => match &login.via {
                Via::Session(session) => Ok(Self::Session(login.user_id, *session)),
                Via::Token { id, .. } => Ok(Self::Token(login.user_id, *id)),
                Via::ControlSocket => Err(Error::Forbidden("links are made under a login that can be ended")),
            },
            Caller::Guest(visitor) => Ok(Self::Guest(visitor.project_id, visitor.guest_id)),
            Caller::Anonymous | Caller::System => Err(Error::Unauthenticated),
        }
    }

    /// Kind, person or project, login or guest.
    fn parts(self) -> (u8, Uuid, Uuid) {
        match self {
            Self::Session(user, id) => (0, user.uuid(), id.uuid()),
            Self::Token(user, id) => (1, user.uuid(), id.uuid()),
            Self::Guest(project, id) => (2, project.uuid(), id.uuid()),
        }
    }

    fn from_parts(kind: u8, whose: Uuid, id: Uuid) -> Option<Self> {
        match kind {
            0 => Some(Self::Session(whose.into(), id.into())),
            1 => Some(Self::Token(whose.into(), id.into())),
            2 => Some(Self::Guest(whose.into(), id.into())),
            _ => None,
        }
    }
}

/// version, person or project, kind of login, login or guest, quality, end.
const GRANT_BYTES: usize = 16 + 16 + 1 + 16 + 1 + 8;
const SIGNATURE_BYTES: usize = 32;

impl Service {
    /// Makes a link that plays a version for `ttl_s` seconds.
    ///
    /// # Errors
    /// As [`Service::stream_version`]; `Forbidden` without a login that can end.
    pub async fn create_stream_url(
        &self,
        cx: &Ctx,
        id: VersionId,
        quality: Option<Quality>,
        ttl_s: i64,
    ) -> Result<StreamLink> {
        let holder = Holder::of(&cx.caller)?;
        drop(self.streamable(cx, id, quality).await?);
        let expires_at = cx.now.plus_seconds(ttl_s.clamp(1, limits::STREAM_URL_TTL_S_MAX));
        let grant = Grant { version_id: id, holder, quality, expires_at };
        let mut bytes = grant.encode().to_vec();
        bytes.extend(self.keys().sign(Purpose::StreamUrl, &bytes));
        Ok(StreamLink { version_id: id, token: URL_SAFE_NO_PAD.encode(bytes), expires_at })
    }

    /// A recording to play for somebody who is logged in, or for whoever has a link.
    ///
    /// # Errors
    /// As [`Service::stream_version`]. Without a login: `Unauthenticated` if there is no link, or the link is not ours, not for this version, or its login ended; `TokenExpired` after its time.
    pub async fn play(
        &self,
        cx: &Ctx,
        id: VersionId,
        quality: Option<Quality>,
        token: Option<&str>,
    ) -> Result<Recording> {
        match (&cx.caller, token) {
            (Caller::Anonymous, Some(token)) => self.play_by_link(cx, id, token).await,
            (Caller::Anonymous, None) => Err(Error::Unauthenticated),
            (Caller::User(_) | Caller::Guest(_) | Caller::System, _) => {
                self.stream_version(cx, id, quality).await
            }
        }
    }

    async fn play_by_link(&self, cx: &Ctx, id: VersionId, token: &str) -> Result<Recording> {
        let grant =
            self.open_link(token).filter(|grant| grant.version_id == id).ok_or(Error::Unauthenticated)?;
        if grant.expires_at <= cx.now {
            return Err(Error::TokenExpired);
        }
        let caller = match grant.holder {
            Holder::Session(user, id) => Caller::User(self.login_of_session(user, id, cx.now).await?),
            Holder::Token(user, id) => Caller::User(self.login_of_api_token(user, id, cx.now).await?),
            Holder::Guest(_, id) => self.guest_now(id, cx.now).await?,
        };
        let cx = Ctx { caller, ..cx.clone() };
        self.stream_version(&cx, id, grant.quality).await
    }

    fn open_link(&self, token: &str) -> Option<Grant> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (grant, signature) = bytes.split_last_chunk::<SIGNATURE_BYTES>()?;
        let ours = self.keys().signed(Purpose::StreamUrl, grant, signature);
        Grant::decode(grant.try_into().ok()?).filter(|_| ours)
    }
}

impl Grant {
    fn encode(&self) -> [u8; GRANT_BYTES] {
        let (kind, whose, login) = self.holder.parts();
        let quality = match self.quality {
            None => 0,
            Some(Quality::Original) => 1,
            Some(Quality::Lossless) => 2,
            Some(Quality::High) => 3,
            Some(Quality::Low) => 4,
        };
        let mut bytes = [0; GRANT_BYTES];
        bytes[..16].copy_from_slice(self.version_id.as_bytes());
        bytes[16..32].copy_from_slice(whose.as_bytes());
        bytes[32] = kind;
        bytes[33..49].copy_from_slice(login.as_bytes());
        bytes[49] = quality;
        bytes[50..].copy_from_slice(&self.expires_at.millis().to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8; GRANT_BYTES]) -> Option<Self> {
        let id = |from: usize| Uuid::from_slice(&bytes[from..from + 16]).ok();
        let holder = Holder::from_parts(bytes[32], id(16)?, id(33)?)?;
        let quality = match bytes[49] {
            0 => None,
            1 => Some(Quality::Original),
            2 => Some(Quality::Lossless),
            3 => Some(Quality::High),
            4 => Some(Quality::Low),
            _ => return None,
        };
        let expires_at = Timestamp(i64::from_be_bytes(bytes[50..].try_into().ok()?));
        Some(Self { version_id: id(0)?.into(), holder, quality, expires_at })
    }
}

#[cfg(test)]
mod tests;
