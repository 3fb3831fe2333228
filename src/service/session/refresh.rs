//! The refresh token: session, rotation and 256 random bits, signed.
//!
//! The signature tells a token of ours that was used before, which ends its session, from one that somebody made up, which
//! must not end anything. The server keeps the SHA-256 of the current one alone.

use crate::keys::{Keys, Purpose};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{SessionId, ports::IdGen};
use uuid::Uuid;

/// How refresh tokens start.
const PREFIX: &str = "blr_";
/// Session, rotation, secret.
const SIGNED: usize = 16 + 8 + 32;
const WHOLE: usize = SIGNED + 32;

/// A refresh token that one of our keys signed.
#[derive(Clone)]
pub(crate) struct RefreshToken([u8; WHOLE]);

impl RefreshToken {
    /// A new token of a session.
    pub(crate) fn new(keys: &Keys, ids: &dyn IdGen, session: SessionId, rotation: u64) -> Self {
        let mut bytes = [0; WHOLE];
        bytes[..16].copy_from_slice(session.as_bytes());
        bytes[16..24].copy_from_slice(&rotation.to_be_bytes());
        ids.secret(&mut bytes[24..SIGNED]);
        let signature = keys.sign(Purpose::Refresh, &bytes[..SIGNED]);
        bytes[SIGNED..].copy_from_slice(&signature);
        Self(bytes)
    }

    /// Reads a token; nothing if it is not one of ours.
    pub(crate) fn parse(keys: &Keys, text: &str) -> Option<Self> {
        let mut bytes = [0; WHOLE];
        let text = text.strip_prefix(PREFIX).filter(|text| text.len() <= WHOLE * 2)?;
        let decoded = URL_SAFE_NO_PAD.decode(text).ok().filter(|decoded| decoded.len() == WHOLE)?;
        bytes.copy_from_slice(&decoded);
        let (signed, signature) = bytes.split_at(SIGNED);
        keys.signed(Purpose::Refresh, signed, signature.try_into().ok()?).then_some(Self(bytes))
    }

    /// The token as the client keeps it.
    pub(crate) fn encode(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn session_id(&self) -> SessionId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.0[..16]);
        SessionId::new(Uuid::from_bytes(id))
    }

    pub(crate) fn rotation(&self) -> u64 {
        let mut rotation = [0; 8];
        rotation.copy_from_slice(&self.0[16..24]);
        u64::from_be_bytes(rotation)
    }
}
