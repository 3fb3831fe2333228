//! Committing what a method decided: with its reliance, with its memory of the request, and again after a conflict.

use crate::{Authorized, Ctx, Error, Result, Service};
use model::limits;
use store::{
    Batch, Committed, Stored, TableId,
    tables::idempotency::{Idempotency, Remembered},
};
use uuid::Uuid;

/// What a creating method made, or had made for the same request before.
#[derive(Clone, Debug)]
pub enum Done<T> {
    /// Now.
    Now(T),
    /// Before: this request is a repeat. Secrets shown once are not shown again.
    Before(T),
}

impl<T> Done<T> {
    /// The thing.
    pub fn into_inner(self) -> T {
        match self {
            Self::Now(thing) | Self::Before(thing) => thing,
        }
    }
    /// The same with another thing.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Done<U> {
        match self {
            Self::Now(thing) => Done::Now(change(thing)),
            Self::Before(thing) => Done::Before(change(thing)),
        }
    }
}

/// Decides again after a conflict, up to [`limits::CONFLICT_RETRIES_MAX`] times; when the client named a revision, only after a
/// conflict about the caller's own account.
///
/// `decide_again!(expect, self.try_rename(cx, id, expect, &name).await)` evaluates the expression anew for each try.
macro_rules! decide_again {
    ($expect:expr, $attempt:expr) => {{
        let mut tries = $crate::commit::Tries::new($expect);
        loop {
            match $attempt {
                Err(error) if tries.again(&error).await => {}
                outcome => break outcome.map_err($crate::commit::give_up),
            }
        }
    }};
}
pub(crate) use decide_again;

/// Counts the tries of one request.
pub(crate) struct Tries {
    left: u32,
    names_revision: bool,
}

impl Tries {
    pub(crate) fn new(expect: Option<u64>) -> Self {
        Self { left: limits::CONFLICT_RETRIES_MAX, names_revision: expect.is_some() }
    }
    pub(crate) async fn again(&mut self, error: &Error) -> bool {
        // A revision is about the resource; that the caller's own account was written meanwhile says nothing of it.
        let worthwhile = match self.names_revision {
            true => error.conflicts_on(TableId::Users),
            false => error.is_conflict(),
        };
        if self.left == 0 || !worthwhile {
            return false;
        }
        self.left -= 1;
        // One committer orders all writers, so somebody always gets on; a growing wait lets them.
        tokio::time::sleep(std::time::Duration::from_millis(u64::from(
            limits::CONFLICT_RETRIES_MAX - self.left,
        )))
        .await;
        true
    }
}

/// What a conflict means once nobody tries again.
pub(crate) fn give_up(error: Error) -> Error {
    if error.is_conflict() {
        Error::Conflict("it was changed by somebody else at the same time; try again")
    } else {
        error
    }
}

/// Refuses a revision that is not the one the client named.
pub(crate) fn check_revision<R>(expect: Option<u64>, stored: &Stored<R>) -> Result<()> {
    match expect {
        Some(revision) if revision != stored.rev => Err(Error::RevisionConflict { current: stored.rev }),
        Some(_) | None => Ok(()),
    }
}

impl Service {
    /// Commits a batch together with what `auth` relied on.
    pub(crate) async fn commit<T>(&self, auth: &Authorized<T>, mut batch: Batch) -> Result<Committed> {
        self.rely(auth, &mut batch).await?;
        Ok(self.store().commit(batch).await?)
    }

    /// What this request made before, if it is a repeat.
    ///
    /// # Errors
    /// `IdempotencyMismatch` if the key was used for another request.
    pub(crate) async fn made_before(&self, cx: &Ctx) -> Result<Option<Uuid>> {
        let Some(key) = idempotency_key(cx)? else { return Ok(None) };
        match (self.store().get::<Idempotency>(&key).await?, &cx.idempotency) {
            (Some(before), Some(request)) if before.row.fingerprint != request.fingerprint => {
                Err(Error::IdempotencyMismatch)
            }
            (Some(before), _) => Ok(Some(before.row.resource)),
            (None, _) => Ok(None),
        }
    }

    /// Remembers in the same batch what this request makes.
    pub(crate) fn remember(&self, cx: &Ctx, batch: &mut Batch, resource: impl Into<Uuid>) -> Result<()> {
        if let (Some(key), Some(request)) = (idempotency_key(cx)?, &cx.idempotency) {
            let row = Remembered { fingerprint: request.fingerprint, resource: resource.into(), at: cx.now };
            batch.insert::<Idempotency>(&key, &row);
        }
        Ok(())
    }
}

fn idempotency_key(cx: &Ctx) -> Result<Option<(Uuid, String, [u8; 32])>> {
    match &cx.idempotency {
        Some(request) => Ok(Some((cx.principal()?.uuid(), request.operation.to_owned(), request.key))),
        None => Ok(None),
    }
}
