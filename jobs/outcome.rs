//! The life of a job as pure functions: claimed, ended, tried again. What is written is decided here and nowhere else.

use crate::{JobError, job::Retry};
use model::{
    EventId, Timestamp,
    event::{Actor, Event, NewEvent, ResourceRef},
    job::{Job, JobFailure, JobState, Lease},
};

/// A job that waits this long for its turn to be possible is given up, in milliseconds (24 h).
const PATIENCE_MS: i64 = 24 * 3600 * 1000;

/// How a try came out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It did what it should.
    Done,
    /// It said what went wrong.
    Erred(JobError),
    /// It panicked.
    Panicked,
    /// It took too long.
    TimedOut,
    /// It was stopped from outside.
    Stopped(Stop),
    /// The process that had it died.
    Crashed,
}

/// Why a running job was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Somebody called it off.
    CalledOff,
    /// The server shuts down: it goes back as if nobody had taken it.
    ShuttingDown,
    /// The claim is somebody else's by now.
    Fenced,
}

/// What becomes of the row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    /// It ended well.
    Succeeded,
    /// It waits for another try; none = at once.
    Again(Option<Timestamp>),
    /// As [`Ending::Again`], and this try does not count.
    Returned(Option<Timestamp>),
    /// It is given up.
    Failed(JobFailure),
    /// It was called off.
    Cancelled(JobFailure),
}

impl Ending {
    /// What people are told, if it did not end well.
    pub(crate) fn failure(&self) -> Option<&JobFailure> {
        match self {
            Self::Failed(failure) | Self::Cancelled(failure) => Some(failure),
            Self::Succeeded | Self::Again(_) | Self::Returned(_) => None,
        }
    }

    /// Whether it is over.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Succeeded | Self::Failed(_) | Self::Cancelled(_) => true,
            Self::Again(_) | Self::Returned(_) => false,
        }
    }
}

/// The row of a claimed job.
pub(crate) fn claimed(job: &Job, lease: Lease, now: Timestamp) -> Job {
    Job {
        state: JobState::Running,
        attempts: job.attempts + 1,
        lease: Some(lease),
        run_at: None,
        started_at: Some(now),
        error: None,
        ..job.clone()
    }
}

/// What becomes of a job that was claimed and came out so.
pub(crate) fn decide(job: &Job, retry: Retry, outcome: &Outcome, now: Timestamp) -> Ending {
    if let Outcome::Done = outcome {
        return Ending::Succeeded;
    }
    if job.cancel_requested {
        return cancelled("cancelled", "it was called off");
    }
    match outcome {
        Outcome::Done => Ending::Succeeded,
        Outcome::Stopped(Stop::CalledOff) => cancelled("cancelled", "it was called off"),
        Outcome::Stopped(Stop::ShuttingDown | Stop::Fenced) => Ending::Returned(None),
        Outcome::Erred(JobError::InputGone) => cancelled("input_gone", "what it should work on is gone"),
        Outcome::Erred(JobError::Permanent(failure)) => Ending::Failed(failure.clone()),
        Outcome::Erred(JobError::RetryAfter { wait_ms, .. }) => {
            if now.since(job.queued_at) > PATIENCE_MS {
                failed("unavailable", "what it needs was not available for a day")
            } else {
                Ending::Returned(Some(now.plus_millis((*wait_ms).max(0))))
            }
        }
        Outcome::Crashed if job.attempts < job.max_attempts => Ending::Again(None),
        Outcome::Erred(JobError::Transient(_)) | Outcome::Panicked | Outcome::TimedOut
            if job.attempts < job.max_attempts =>
        {
            let spread = job.id.as_bytes()[15];
            Ending::Again(Some(now.plus_millis(retry.pause_ms(job.attempts, spread))))
        }
        Outcome::Crashed => failed("crashed", "the server stopped each time while it worked on this"),
        Outcome::TimedOut => failed("timed_out", "it took too long"),
        Outcome::Panicked => failed("internal", "something went wrong inside the server"),
        Outcome::Erred(JobError::Transient(_)) => {
            failed("attempts_exhausted", "it was tried several times and did not work")
        }
    }
}

fn failed(code: &str, detail: &str) -> Ending {
    Ending::Failed(JobFailure { code: code.to_owned(), detail: detail.to_owned() })
}

fn cancelled(code: &str, detail: &str) -> Ending {
    Ending::Cancelled(JobFailure { code: code.to_owned(), detail: detail.to_owned() })
}

/// The row of a job after this end.
pub(crate) fn ended(job: &Job, ending: &Ending, now: Timestamp) -> Job {
    let mut after = Job { lease: None, ..job.clone() };
    match ending {
        Ending::Succeeded => {
            after.state = JobState::Succeeded;
            after.progress = 1.0;
            after.finished_at = Some(now);
        }
        Ending::Again(at) | Ending::Returned(at) => {
            after.state = JobState::Queued;
            after.run_at = *at;
            if let Ending::Returned(_) = ending {
                after.attempts = job.attempts.saturating_sub(1);
            }
        }
        Ending::Failed(failure) => close(&mut after, JobState::Failed, failure, now),
        Ending::Cancelled(failure) => close(&mut after, JobState::Cancelled, failure, now),
    }
    after
}

fn close(job: &mut Job, state: JobState, failure: &JobFailure, now: Timestamp) {
    job.state = state;
    job.error = Some(failure.clone());
    job.finished_at = Some(now);
}

/// The event of an end; none while the job goes on.
pub(crate) fn event_of(ending: &Ending) -> Option<Event> {
    match ending {
        Ending::Succeeded => Some(Event::JobSucceeded),
        Ending::Failed(failure) => Some(Event::JobFailed { code: failure.code.clone() }),
        Ending::Cancelled(_) => Some(Event::JobCancelled),
        Ending::Again(_) | Ending::Returned(_) => None,
    }
}

/// An event about a job. A job that belongs to no project and no person has none: nobody may see it.
pub(crate) fn event(id: EventId, job: &Job, revision: u64, body: Event) -> Option<NewEvent> {
    let users: Vec<_> = match job.project_id {
        Some(_) => Vec::new(),
        None => job.created_by.into_iter().collect(),
    };
    if job.project_id.is_none() && users.is_empty() {
        return None;
    }
    Some(NewEvent {
        id,
        project: job.project_id,
        users,
        actor: Actor::System,
        resource: ResourceRef::new("job", job.id, revision),
        track: None,
        body,
    })
}

#[cfg(test)]
mod tests;
