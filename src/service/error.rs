//! What can go wrong in a use case, in the words of the contract. The text is public; causes are logged at the boundary.

use model::{JobId, Violation, Violations};
use store::{Mark, StoreError};

/// The one error of the crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody logged in, or the token is not valid (any more).
    #[error("log in first")]
    Unauthenticated,
    /// The access token has lapsed: refresh it.
    #[error("the access token has lapsed; refresh it")]
    TokenExpired,
    /// Wrong address or password, or an address that was not confirmed; deliberately not said which.
    #[error("the e-mail address or the password is wrong, or the address was not confirmed yet")]
    WrongLogin,
    /// A share link asks for its password, or this is not it.
    #[error("{0}")]
    SharePassword(&'static str),
    /// The caller may see it and may not do it.
    #[error("{0}")]
    Forbidden(&'static str),
    /// It is not there, or the caller may not know that it is.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A link or single-use token that was used or has lapsed.
    #[error("{0}")]
    Gone(&'static str),
    /// The input is wrong, with every place.
    #[error("the request has {} fault(s)", .0.0.len())]
    Invalid(Violations),
    /// The current state does not allow it.
    #[error("{0}")]
    Conflict(&'static str),
    /// The list of tracks the client ordered is not the list there is.
    #[error("the tracks changed meanwhile; read them again and order those")]
    OrderConflict,
    /// The project is read-only.
    #[error("the project is archived; take it out of the archive first")]
    ProjectArchived,
    /// A project keeps at least one owner.
    #[error("a project needs at least one owner")]
    LastOwner,
    /// Emotion analysis is switched off, for the project or for the person.
    #[error("emotion analysis is switched off here")]
    AnalysisOff,
    /// Still being processed.
    #[error("the recording is still being processed")]
    Processing {
        /// The job to watch.
        job: JobId,
    },
    /// `If-Match` names another revision.
    #[error("it was changed meanwhile; this is revision {current}")]
    RevisionConflict {
        /// The revision there is.
        current: u64,
    },
    /// The same Idempotency-Key for another request.
    #[error("this Idempotency-Key was used for another request")]
    IdempotencyMismatch,
    /// The quota is used up.
    #[error("this needs {needed} bytes; {free} are left of the quota")]
    QuotaExceeded {
        /// Bytes asked for.
        needed: u64,
        /// Bytes left.
        free: u64,
    },
    /// Larger than allowed.
    #[error("at most {limit} bytes are accepted")]
    PayloadTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The recording cannot be used.
    #[error("{detail}")]
    Audio {
        /// `unsupported_audio`, `corrupt_audio`, `too_long` …
        code: String,
        /// A sentence for the musician.
        detail: String,
    },
    /// The bytes do not have the declared hash.
    #[error("the bytes that arrived do not have the declared SHA-256; send them again")]
    ChecksumMismatch,
    /// Too many tries; wait.
    #[error("too many tries; wait {retry_after_s} s")]
    RateLimited {
        /// How long, in seconds.
        retry_after_s: u64,
    },
    /// No administrator yet.
    #[error("this instance has no administrator yet; open the setup link that the server printed")]
    SetupRequired,
    /// The disk is full.
    #[error("the disk of the server is full; reading and deleting still work")]
    StorageFull,
    /// Too much at once.
    #[error("the server is busy; try again in a moment")]
    Overloaded,
    /// A write may or may not have been kept.
    #[error("it is not known whether the change was kept; look before you try again")]
    OutcomeUnknown,
    /// The store failed; nobody's fault but ours.
    #[error("something went wrong inside the server")]
    Store(#[source] StoreError),
    /// Anything else of ours; the text is for the log.
    #[error("something went wrong inside the server")]
    Internal(String),
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(Mark::Soft | Mark::Hard) => Self::StorageFull,
            StoreError::Busy | StoreError::Closed => Self::Overloaded,
            StoreError::OutcomeUnknown => Self::OutcomeUnknown,
            StoreError::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => Self::StorageFull,
            other => Self::Store(other),
        }
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Invalid(Violations(vec![violation]))
    }
}

impl Error {
    /// Whether reading and deciding again may help.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
    /// Whether the commit failed on this table, unique index or counter.
    pub(crate) fn conflicts_on(&self, id: store::TableId) -> bool {
        matches!(self, Self::Store(error) if error.conflicts_on(id))
    }
}
