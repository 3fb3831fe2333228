//! Background jobs as JSON.

use super::Time;
use model::job;
use poem_openapi::{Enum, Object};
use service::job_view::JobView;
use uuid::Uuid;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum JobState {
    /// Waiting for a worker or for its time.
    Queued,
    /// A worker has it.
    Running,
    /// Done.
    Succeeded,
    /// Given up; `error` says why.
    Failed,
    /// Called off, or what it should work on is gone.
    Cancelled,
}

impl From<job::JobState> for JobState {
    fn from(state: job::JobState) -> Self {
        match state {
            job::JobState::Queued => Self::Queued,
            job::JobState::Running => Self::Running,
            job::JobState::Succeeded => Self::Succeeded,
            job::JobState::Failed => Self::Failed,
            job::JobState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<JobState> for job::JobState {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Queued => Self::Queued,
            JobState::Running => Self::Running,
            JobState::Succeeded => Self::Succeeded,
            JobState::Failed => Self::Failed,
            JobState::Cancelled => Self::Cancelled,
        }
    }
}

/// Work that goes on in the background.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// Its kind, such as `version.process`; more may be added.
    pub kind: String,
    /// How far it is.
    pub state: JobState,
    /// 0 to 1.
    pub progress: f64,
    /// What it is doing, such as `analyse`.
    pub stage: Option<String>,
    /// How often it was tried.
    pub attempts: i32,
    /// How often it may be.
    pub max_attempts: i32,
    /// Why it failed or was called off.
    pub error: Option<JobError>,
    /// What it made.
    pub result: Option<JobResult>,
    /// What it works on.
    pub subject: Option<JobSubject>,
    /// The project it works for.
    pub project_id: Option<Uuid>,
    /// Who caused it.
    pub created_by: Option<Uuid>,
    /// Somebody asked to call it off.
    pub cancel_requested: bool,
    /// When it was queued.
    pub queued_at: Time,
    /// When it was last taken.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
}

/// Why a job failed.
#[derive(Debug, Object)]
pub struct JobError {
    /// The stable machine name.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
}

/// What a job made.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobResult {
    /// Where the file is fetched from.
    pub file_url: Option<String>,
    /// For a backup: the number of the last event whose state it holds.
    pub seq: Option<i64>,
}

/// What a job works on.
#[derive(Debug, Object)]
pub struct JobSubject {
    /// Such as `version`.
    pub r#type: String,
    /// Its id.
    pub id: Uuid,
}

impl From<JobView> for Job {
    fn from(job: JobView) -> Self {
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            id: job.id.uuid(),
            kind: job.kind,
            state: job.state.into(),
            progress: f64::from(job.progress),
            stage: job.stage,
            attempts: count(job.attempts),
            max_attempts: count(job.max_attempts),
            error: job.error.map(|job::JobFailure { code, detail }| JobError { code, detail }),
            result: job.result.map(|job::JobResult { file_url, seq }| JobResult {
                file_url,
                seq: seq.map(u64::cast_signed),
            }),
            subject: job.subject.map(|(kind, id)| JobSubject { r#type: kind, id }),
            project_id: job.project_id.map(Into::into),
            created_by: job.created_by.map(Into::into),
            cancel_requested: job.cancel_requested,
            queued_at: job.queued_at.into(),
            started_at: job.started_at.map(Into::into),
            finished_at: job.finished_at.map(Into::into),
        }
    }
}
