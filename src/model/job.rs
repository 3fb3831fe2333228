//! Jobs as people see them: what runs, how far it is, why it failed.

use crate::{JobId, ProjectId, Timestamp, UserId, rendition::Made};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waiting for a worker or for its time.
    Queued,
    /// A worker has it.
    Running,
    /// Done.
    Succeeded,
    /// Given up; kept with its reason, may be retried.
    Failed,
    /// Called off, or its input is gone.
    Cancelled,
}

impl JobState {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why a job failed or was called off, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// Stable name.
    pub code: String,
    /// A sentence; never internals.
    pub detail: String,
}

/// What a job made, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobResult {
    /// Where its bytes are: a path of the API.
    pub file_url: Option<String>,
    /// The number of the last event whose state it holds.
    pub seq: Option<u64>,
}

/// A durable job row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its kind, such as `version.process`.
    pub kind: String,
    /// The shape of `payload`.
    pub payload_version: u16,
    /// The argument, as the kind's own JSON; at most 4 KiB.
    pub payload: String,
    /// The queue it waits in.
    pub queue: String,
    /// 0 runs first.
    pub priority: u8,
    /// How far it is.
    pub state: JobState,
    /// How often it was claimed.
    pub attempts: u32,
    /// How often it may be.
    pub max_attempts: u32,
    /// Not before this instant; absent once it may run.
    pub run_at: Option<Timestamp>,
    /// Who has it.
    pub lease: Option<Lease>,
    /// Somebody asked to call it off.
    pub cancel_requested: bool,
    /// The event that caused it (its position in the log), 0 for the clock.
    pub cause_seq: u64,
    /// No second job with this kind and key is queued at the same time.
    pub dedup_key: String,
    /// The project it works for.
    pub project_id: Option<ProjectId>,
    /// Who caused it.
    pub created_by: Option<UserId>,
    /// What it works on: kind and id.
    pub subject: Option<(String, Uuid)>,
    /// How far, 0 to 1.
    pub progress: f32,
    /// What it is doing, such as `analyse`.
    pub stage: Option<String>,
    /// Why it failed.
    pub error: Option<JobFailure>,
    /// What it made.
    pub result: Option<JobResult>,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it was last claimed.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Job {
    /// When its state last changed.
    #[must_use]
    pub fn changed_at(&self) -> Timestamp {
        self.finished_at.or(self.started_at).unwrap_or(self.queued_at)
    }
}

impl JobResult {
    /// A file that `getJobResult` gives out.
    pub fn file(job: JobId) -> Self {
        Self { file_url: Some(format!("/api/v1/jobs/{job}/result")), seq: None }
    }
}

/// The file that a job made for whoever asked for it. It goes with the job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobFile {
    /// The file.
    pub made: Made,
    /// Its name.
    pub filename: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How far a running job is. A row of its own, so that progress never changes the stamp that a claim holds on to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobProgress {
    /// 0 to 1.
    pub fraction: f32,
    /// What it is doing, such as `analyse`.
    pub stage: Option<String>,
}

/// The claim on a running job. Its token is the stamp of the claiming commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The machine.
    pub node: String,
    /// Which start of the process.
    pub boot: Uuid,
}
