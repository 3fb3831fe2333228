//! Links that play one version for a while without a header, because `<audio>` cannot send one.
//!
//! A link names the version, the quality, the person and the login it was made under, and is signed. Every range asks again:
//! a login that ended, an account that was disabled or a membership that is gone stops the next one.

use crate::{Caller, Ctx, Error, Result, Service, Via, keys::Purpose, playback::Recording};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{ApiTokenId, SessionId, Timestamp, UserId, VersionId, account::Quality, limits};
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
    user_id: UserId,
    via: GrantedVia,
    quality: Option<Quality>,
    expires_at: Timestamp,
}

/// The login a link was made under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GrantedVia {
    Session(SessionId),
    Token(ApiTokenId),
}

/// version, person, kind of login, login, quality, end.
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
        let login = cx.login()?;
        let via = match &login.via {
            Via::Session(session) => GrantedVia::Session(*session),
            Via::Token { id, .. } => GrantedVia::Token(*id),
            Via::ControlSocket => {
                return Err(Error::Forbidden("links are made under a login that can be ended"));
            }
        };
        drop(self.streamable(cx, id, quality).await?);
        let expires_at = cx.now.plus_seconds(ttl_s.clamp(1, limits::STREAM_URL_TTL_S_MAX));
        let grant = Grant { version_id: id, user_id: login.user_id, via, quality, expires_at };
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
            (Caller::User(_) | Caller::System, _) => self.stream_version(cx, id, quality).await,
        }
    }

    async fn play_by_link(&self, cx: &Ctx, id: VersionId, token: &str) -> Result<Recording> {
        let grant =
            self.open_link(token).filter(|grant| grant.version_id == id).ok_or(Error::Unauthenticated)?;
        if grant.expires_at <= cx.now {
            return Err(Error::TokenExpired);
        }
        let login = match grant.via {
            GrantedVia::Session(session) => self.login_of_session(grant.user_id, session, cx.now).await?,
            GrantedVia::Token(token) => self.login_of_api_token(grant.user_id, token, cx.now).await?,
        };
        let cx = Ctx { caller: Caller::User(login), ..cx.clone() };
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
        let (kind, login) = match self.via {
            GrantedVia::Session(id) => (0, id.uuid()),
            GrantedVia::Token(id) => (1, id.uuid()),
        };
        let quality = match self.quality {
            None => 0,
            Some(Quality::Original) => 1,
            Some(Quality::Lossless) => 2,
            Some(Quality::High) => 3,
            Some(Quality::Low) => 4,
        };
        let mut bytes = [0; GRANT_BYTES];
        bytes[..16].copy_from_slice(self.version_id.as_bytes());
        bytes[16..32].copy_from_slice(self.user_id.as_bytes());
        bytes[32] = kind;
        bytes[33..49].copy_from_slice(login.as_bytes());
        bytes[49] = quality;
        bytes[50..].copy_from_slice(&self.expires_at.millis().to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8; GRANT_BYTES]) -> Option<Self> {
        let id = |from: usize| Uuid::from_slice(&bytes[from..from + 16]).ok();
        let via = match bytes[32] {
            0 => GrantedVia::Session(id(33)?.into()),
            1 => GrantedVia::Token(id(33)?.into()),
            _ => return None,
        };
        let quality = match bytes[49] {
            0 => None,
            1 => Some(Quality::Original),
            2 => Some(Quality::Lossless),
            3 => Some(Quality::High),
            4 => Some(Quality::Low),
            _ => return None,
        };
        let expires_at = Timestamp(i64::from_be_bytes(bytes[50..].try_into().ok()?));
        Some(Self { version_id: id(0)?.into(), user_id: id(16)?.into(), via, quality, expires_at })
    }
}

#[cfg(test)]
mod tests;
