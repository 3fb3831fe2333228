//! What a job is: a value with a name, a queue, limits, and a way to run.
//!
//! A job is idempotent: it may run again after a crash, and everything it changes is in the one batch that ends it.

use crate::{JobContext, Parts};
use async_trait::async_trait;
use model::{
    Timestamp,
    job::{Job as Row, JobFailure},
    limits,
};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use store::{Batch, Mark, StoreError};

/// Work that happens in the background. Listed in [`crate::registry::ALL`].
#[async_trait]
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its kind, in the contract's words: `version.process`.
    const NAME: &'static str;
    /// The shape of its argument; grows when the fields change their meaning.
    const VERSION: u16 = 1;
    /// Where it waits.
    const QUEUE: Queue;
    /// 0 runs first.
    const PRIORITY: u8 = 1;
    /// How often and after which pauses it is tried.
    const RETRY: Retry = Retry::USUAL;
    /// How long one try may take.
    const TIMEOUT: Duration;
    /// How long after its end it runs again by the clock, if it does.
    const EVERY: Option<Duration> = None;

    /// What becomes of one that was due when a backup was made and is restored.
    const AFTER_RESTORE: AfterRestore = AfterRestore::GoesOn;

    /// No second job of this kind and key is queued at the same time.
    fn key(&self) -> String;

    /// Does the work. What it writes goes through [`JobContext::commit`], together with its end.
    ///
    /// # Errors
    /// [`JobError`] says whether and when to try again.
    async fn run(&self, cx: &JobContext) -> Result<(), JobError>;

    /// What else is written when the job is given up or called off, in the same batch as its end.
    ///
    /// # Errors
    /// Of the service; the job is then ended later.
    async fn given_up(
        &self,
        _parts: &Parts,
        _job: &Row,
        _failure: &JobFailure,
    ) -> Result<Option<Batch>, service::Error> {
        Ok(None)
    }
}

/// Where jobs wait: each queue has workers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// Decoding: as many at once as there are cores.
    Audio,
    /// Talking to mail servers: mostly waiting.
    Mail,
    /// A moment's work that people wait for.
    Brief,
    /// Housekeeping by the clock: one at a time.
    Upkeep,
    /// Backups: long, and one at a time.
    Backup,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 5] = [Self::Audio, Self::Mail, Self::Brief, Self::Upkeep, Self::Backup];

    /// The name in rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Mail => "mail",
            Self::Brief => "brief",
            Self::Upkeep => "upkeep",
            Self::Backup => "backup",
        }
    }

    /// How many of its jobs run at once on a machine with `cores` cores.
    #[must_use]
    pub fn width(self, cores: usize) -> usize {
        match self {
            Self::Audio => cores.max(1),
            Self::Mail => limits::MAIL_JOBS_MAX,
            Self::Brief => 2,
            Self::Upkeep | Self::Backup => 1,
        }
    }

    /// Whether its jobs are started while the disk is nearly full.
    #[must_use]
    pub const fn when_full(self) -> WhenFull {
        match self {
            Self::Audio | Self::Backup => WhenFull::Waits,
            Self::Mail | Self::Brief | Self::Upkeep => WhenFull::GoesOn,
        }
    }
}

/// What a queue does while the disk is nearly full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Its jobs write much: they stay queued.
    Waits,
    /// Its jobs write little or make room.
    GoesOn,
}

/// What becomes of a job that comes back with a restored backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterRestore {
    /// It goes on: what it does stays inside.
    GoesOn,
    /// It is called off: the instance that the backup came from has done it or will, and once is enough.
    CalledOff,
}

/// How often and after which pauses a job is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all; a try that kills the process counts.
    pub attempts: u32,
    /// The pause after the first try, in milliseconds; it doubles with each one.
    pub first_ms: i64,
    /// The longest pause, in milliseconds.
    pub longest_ms: i64,
}

impl Retry {
    /// Five tries within a few minutes.
    pub const USUAL: Self =
        Self { attempts: limits::JOB_ATTEMPTS_MAX, first_ms: 2_000, longest_ms: 5 * 60_000 };
    /// For other people's servers: within about a day.
    pub const PATIENT: Self = Self { attempts: 12, first_ms: 15_000, longest_ms: 3 * 3600 * 1000 };

    /// The pause after try number `attempt` (from 1), up to a quarter longer so that jobs that failed together come back
    /// apart: `spread` is any byte of the job's own.
    #[must_use]
    pub fn pause_ms(self, attempt: u32, spread: u8) -> i64 {
        let doubled =
            self.first_ms.saturating_mul(1 << attempt.saturating_sub(1).min(30)).min(self.longest_ms);
        doubled + doubled / 4 * i64::from(spread) / 255
    }
}

/// Why a job did not end well. The strings are for the log, failures are shown to people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Try again after a growing pause.
    #[error("it did not work this time")]
    Transient(String),
    /// Try again after this pause. It does not count as a try; a job that waits so for a day is given up.
    #[error("it cannot be done now")]
    RetryAfter {
        /// The pause, in milliseconds.
        wait_ms: i64,
        /// Who asked for it.
        why: String,
    },
    /// Trying again is of no use.
    #[error("{}", .0.detail)]
    Permanent(JobFailure),
    /// What it should work on is gone.
    #[error("what it should work on is gone")]
    InputGone,
}

/// The pause while the server itself cannot, in milliseconds.
const NOT_NOW_MS: i64 = 30_000;

impl JobError {
    /// Trying again is of no use, for a reason people may read.
    pub fn permanent(code: &str, detail: impl Into<String>) -> Self {
        Self::Permanent(JobFailure { code: code.to_owned(), detail: detail.into() })
    }

    fn not_now(why: &str) -> Self {
        Self::RetryAfter { wait_ms: NOT_NOW_MS, why: why.to_owned() }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(Mark::Soft | Mark::Hard) => Self::not_now("the disk is full"),
            StoreError::Busy | StoreError::Closed => Self::not_now("the store is busy"),
            other => Self::Transient(chain(&other)),
        }
    }
}

impl From<service::Error> for JobError {
    fn from(error: service::Error) -> Self {
        match error {
            service::Error::Store(inner) => inner.into(),
            service::Error::StorageFull => Self::not_now("the disk is full"),
            service::Error::Overloaded => Self::not_now("the server is busy"),
            service::Error::NotFound(_) | service::Error::Gone(_) => Self::InputGone,
            service::Error::Audio { code, detail } => Self::Permanent(JobFailure { code, detail }),
            other => Self::Transient(chain(&other)),
        }
    }
}

/// An error with everything it stands on, in one line for the log.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

/// A job on its way into the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// The row as it will be written, but for the times.
    pub row: Row,
}

impl NewJob {
    /// A job that may run at once.
    ///
    /// # Panics
    /// Never: the argument is a plain struct, and its size is a property of its type that tests check.
    pub fn of<J: Job>(id: model::JobId, job: &J) -> Self {
        let payload = serde_json::to_string(job).expect("a struct of ids and enums is JSON");
        debug_assert!(payload.len() <= limits::JOB_PAYLOAD_BYTES_MAX);
        let row = Row {
            id,
            kind: J::NAME.to_owned(),
            payload_version: J::VERSION,
            payload,
            queue: J::QUEUE.as_str().to_owned(),
            priority: J::PRIORITY,
            state: model::job::JobState::Queued,
            attempts: 0,
            max_attempts: J::RETRY.attempts,
            run_at: None,
            lease: None,
            cancel_requested: false,
            cause_seq: 0,
            dedup_key: job.key(),
            project_id: None,
            created_by: None,
            subject: None,
            progress: 0.0,
            stage: None,
            error: None,
            result: None,
            queued_at: Timestamp(0),
            started_at: None,
            finished_at: None,
        };
        Self { row }
    }
}
