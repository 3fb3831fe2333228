//! The secrets of the instance: one file, readable by its owner alone, made on the first start.
//!
//! Access tokens name the key that sealed them (`kid` in the footer), so that a new key can be taken while tokens of the old
//! one still live. Losing the file ends every login and voids every link; nothing stored becomes unreadable.

mod file;
#[cfg(test)]
mod tests;

use crate::{Error, Result};
use model::{InvitationId, OneTimeTokenId, ShareLinkId, Timestamp, limits, ports::IdGen};
use parking_lot::RwLock;
use pasetors::{
    Local,
    keys::SymmetricKey,
    paserk::{FormatAsPaserk, Id},
    token::UntrustedToken,
    version4::{LocalToken, V4},
};
use std::path::{Path, PathBuf};

/// What a signature is for. A signature for one purpose is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A cursor of a list.
    Cursor,
    /// A link that plays one recording without a header.
    StreamUrl,
    /// A refresh token: tells one of ours that was used before from a made-up one.
    Refresh,
    /// A ticket that opens a live stream.
    Ticket,
}

impl Purpose {
    /// Domain separation for BLAKE3's key derivation: changing one voids what it signed.
    const fn context(self) -> &'static str {
        match self {
            Self::Cursor => "backline 2026-11 cursor",
            Self::StreamUrl => "backline 2026-11 stream url",
            Self::Refresh => "backline 2026-11 refresh token",
            Self::Ticket => "backline 2026-11 ticket",
        }
    }
}

/// The secrets of the instance.
pub struct Keys {
    /// Where they are kept; nowhere in tests.
    path: Option<PathBuf>,
    ring: RwLock<Ring>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// All of them; the first access key seals, every one opens.
#[derive(Clone)]
struct Ring {
    access: Vec<AccessKey>,
    signing: [u8; 32],
    one_time: [u8; 32],
}

/// A key of access tokens.
#[derive(Clone)]
struct AccessKey {
    secret: SymmetricKey<V4>,
    /// `{"kid":"k4.lid.…"}`, which every token of the key carries in clear.
    footer: String,
    made_at: Timestamp,
}

impl AccessKey {
    fn new(secret: &[u8; 32], made_at: Timestamp) -> Result<Self> {
        let secret = SymmetricKey::<V4>::from(secret).map_err(|_| broken("an access key is not a key"))?;
        let mut kid = String::new();
        Id::from(&secret).fmt(&mut kid).map_err(|_| broken("a key id cannot be written"))?;
        Ok(Self { secret, footer: format!(r#"{{"kid":"{kid}"}}"#), made_at })
    }
}

impl Ring {
    fn new(ids: &dyn IdGen, now: Timestamp) -> Result<Self> {
        Ok(Self {
            access: vec![AccessKey::new(&random(ids), now)?],
            signing: random(ids),
            one_time: random(ids),
        })
    }

    /// The same with a new access key in front.
    fn rotated(&self, ids: &dyn IdGen, now: Timestamp) -> Result<Self> {
        let mut access = vec![AccessKey::new(&random(ids), now)?];
        access.extend(self.access.iter().take(limits::ACCESS_KEYS_MAX - 1).cloned());
        Ok(Self { access, ..self.clone() })
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.access.first().is_none_or(|key| now.since(key.made_at) > limits::ACCESS_KEY_AGE_MS_MAX)
    }
}

impl Keys {
    /// Reads the file, makes it if there is none, and takes a new access key if the newest is older than
    /// [`limits::ACCESS_KEY_AGE_MS_MAX`].
    ///
    /// # Errors
    /// `Internal` if the file cannot be read or written, or is not one of ours.
    pub fn load_or_create(path: &Path, ids: &dyn IdGen, now: Timestamp) -> Result<Self> {
        let (ring, changed) = match file::read(path)? {
            Some(ring) if ring.is_due(now) => (ring.rotated(ids, now)?, true),
            Some(ring) => (ring, false),
            None => (Ring::new(ids, now)?, true),
        };
        if changed {
            file::write(path, &ring)?;
        }
        Ok(Self { path: Some(path.to_owned()), ring: RwLock::new(ring) })
    }

    /// Keys that live as long as the process, for tests.
    ///
    /// # Errors
    /// None in practice: the cipher takes any 32 bytes.
    pub fn in_memory(ids: &dyn IdGen, now: Timestamp) -> Result<Self> {
        Ok(Self { path: None, ring: RwLock::new(Ring::new(ids, now)?) })
    }

    /// Takes a new access key. Tokens of the [`limits::ACCESS_KEYS_MAX`] − 1 keys before stay good until they lapse.
    ///
    /// # Errors
    /// `Internal` if the file cannot be written; then nothing changed.
    pub fn rotate(&self, ids: &dyn IdGen, now: Timestamp) -> Result<()> {
        let mut ring = self.ring.write();
        let next = ring.rotated(ids, now)?;
        if let Some(path) = &self.path {
            file::write(path, &next)?;
        }
        *ring = next;
        Ok(())
    }

    /// Seals claims into a PASETO v4.local token.
    pub(crate) fn seal(&self, claims: &[u8]) -> Result<String> {
        let ring = self.ring.read();
        let key = ring.access.first().ok_or_else(|| broken("there is no access key"))?;
        // The nonce is the cipher's own business: a test that could choose it could reuse it.
        LocalToken::encrypt(&key.secret, claims, Some(key.footer.as_bytes()), None)
            .map_err(|_| broken("a token cannot be sealed"))
    }

    /// The claims in a token, if one of our keys sealed it.
    pub(crate) fn open(&self, token: &str) -> Option<Vec<u8>> {
        if token.len() > limits::BEARER_CHARS_MAX {
            return None;
        }
        let token = UntrustedToken::<Local, V4>::try_from(token).ok()?;
        let ring = self.ring.read();
        let key = ring.access.iter().find(|key| key.footer.as_bytes() == token.untrusted_footer())?;
        let trusted = LocalToken::decrypt(&key.secret, &token, None, None).ok()?;
        Some(trusted.payload().as_bytes().to_vec())
    }

    /// A signature (BLAKE3, keyed) over `message`.
    pub fn sign(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        *self.mac(purpose, message).as_bytes()
    }

    /// Whether `signature` is ours, compared in constant time.
    pub fn signed(&self, purpose: Purpose, message: &[u8], signature: &[u8; 32]) -> bool {
        self.mac(purpose, message) == *signature
    }

    fn mac(&self, purpose: Purpose, message: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&blake3::derive_key(purpose.context(), &self.ring.read().signing), message)
    }

    /// The secret of an invitation into a project, from its id: so that its link can be shown again.
    pub(crate) fn invitation_secret(&self, id: InvitationId) -> [u8; 32] {
        let key = blake3::derive_key("backline 2026-11 invitation", &self.ring.read().one_time);
        *blake3::keyed_hash(&key, id.as_bytes()).as_bytes()
    }

    /// The secret of a share link, from its id: so that the link can be shown again.
    pub(crate) fn share_secret(&self, id: ShareLinkId) -> [u8; 32] {
        let key = blake3::derive_key("backline 2026-11 share link", &self.ring.read().one_time);
        *blake3::keyed_hash(&key, id.as_bytes()).as_bytes()
    }

    /// The secret of a single-use token, from its id: so that a mail can be written again after a crash.
    pub(crate) fn one_time_secret(&self, id: OneTimeTokenId) -> [u8; 32] {
        let key = blake3::derive_key("backline 2026-11 one-time token", &self.ring.read().one_time);
        *blake3::keyed_hash(&key, id.as_bytes()).as_bytes()
    }
}

fn random(ids: &dyn IdGen) -> [u8; 32] {
    let mut secret = [0; 32];
    ids.secret(&mut secret);
    secret
}

fn broken(why: &str) -> Error {
    Error::Internal(format!("the key file: {why}"))
}
