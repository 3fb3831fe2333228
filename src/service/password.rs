//! Passwords: argon2id with OWASP's parameters (m = 19 MiB, t = 2, p = 1) on a bounded pool, exact bytes, common ones refused.

#[cfg(test)]
mod tests;

use crate::{Error, Result};
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use model::{limits, ports::IdGen, text::Email, violation::Fault};
use std::sync::{Arc, LazyLock};
use tokio::sync::{Semaphore, TryAcquireError};

/// Memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
const SALT_BYTES: usize = 16;
/// What is verified for accounts that do not exist, so that they take as long. No password has this hash.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YmFja2xpbmUtbm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Passwords that many people use, in lower case, one a line.
static COMMON: LazyLock<std::collections::HashSet<&'static str>> =
    LazyLock::new(|| include_str!("password/common.txt").lines().collect());

/// A new password that was found good enough. Its bytes are kept exactly as typed.
#[derive(Clone)]
pub struct Password(Arc<str>);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// Checks a new password: [`limits::PASSWORD_CHARS_MIN`] characters to [`limits::PASSWORD_BYTES_MAX`] bytes, and none of
    /// those that everybody tries first.
    ///
    /// # Errors
    /// A [`Fault`] that says what would be accepted.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.chars().count() < limits::PASSWORD_CHARS_MIN {
            let detail = format!("must have at least {} characters", limits::PASSWORD_CHARS_MIN);
            return Err(Fault::new("too_short", detail));
        }
        if text.len() > limits::PASSWORD_BYTES_MAX {
            let detail = format!("must have at most {} bytes", limits::PASSWORD_BYTES_MAX);
            return Err(Fault::new("too_long", detail));
        }
        if COMMON.contains(text.to_lowercase().as_str()) || is_monotonous(text) {
            return Err(Fault::new(
                "too_common",
                "is one of the first that anybody would try; choose another",
            ));
        }
        Ok(Self(text.into()))
    }

    /// Refuses the address, or the part of it before the `@`, as its own password.
    ///
    /// # Errors
    /// A [`Fault`] that says so.
    pub fn differs_from(self, email: &Email) -> Result<Self, Fault> {
        let (text, email) = (self.0.to_lowercase(), email.as_str());
        if text == email || email.split('@').next() == Some(text.as_str()) {
            return Err(Fault::new("too_common", "must not be the e-mail address"));
        }
        Ok(self)
    }
}

/// One character all over.
fn is_monotonous(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    chars.all(|c| Some(c) == first)
}

/// Computes hashes, a few at a time; the rest wait in a bounded queue.
#[derive(Debug)]
pub(crate) struct PasswordPool {
    /// Computing or waiting.
    places: Arc<Semaphore>,
    /// Computing: each holds 19 MiB and a core.
    workers: Arc<Semaphore>,
}

impl Default for PasswordPool {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits::PASSWORD_QUEUE_MAX)),
            workers: Arc::new(Semaphore::new(limits::PASSWORD_WORKERS)),
        }
    }
}

impl PasswordPool {
    /// The hash of a new password, in PHC form.
    ///
    /// # Errors
    /// `Overloaded` if too many wait.
    pub(crate) async fn hash(&self, ids: &dyn IdGen, password: &Password) -> Result<String> {
        let mut salt = [0; SALT_BYTES];
        ids.secret(&mut salt);
        let password = Arc::clone(&password.0);
        self.run(move || {
            let hash =
                hasher()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(|e| failed(&e))?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` has this hash. Without a hash it takes as long and says no.
    ///
    /// # Errors
    /// `Overloaded` if too many wait.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<Verified> {
        // Nothing longer was ever hashed; an empty one is verified in its place, so that it takes as long.
        let password: Arc<str> =
            if password.len() > limits::PASSWORD_BYTES_MAX { "".into() } else { password.into() };
        let (exists, hash) = (hash.is_some(), hash.unwrap_or(NOBODY).to_owned());
        self.run(move || {
            let hash = PasswordHash::new(&hash).map_err(|e| failed(&e))?;
            // The parameters are those of the hash, so raising the cost does not lock anybody out.
            let matches = hasher()?.verify_password(password.as_bytes(), &hash).is_ok();
            Ok(if matches && exists { Verified::Yes } else { Verified::No })
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => return Err(Error::Overloaded),
        };
        let worker = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| Error::Overloaded)?;
        // The permits go with the work: a client that hangs up does not free the core it still uses.
        let work = move || {
            let outcome = work();
            drop((place, worker));
            outcome
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?
    }
}

/// Whether a password is the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    Yes,
    No,
}

fn hasher() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|e| failed(&e))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Internal(format!("a password cannot be hashed: {error}"))
}
