//! Doing a claimed job: time limit, panics caught, progress written, and the outcome written whatever it is.
//!
//! Every end is one batch that replaces the job's row as it was claimed (or as the caller of `cancel` left it): whoever lost
//! the claim meanwhile gets a conflict and writes nothing.

use crate::{
    JobContext, JobError,
    backend::Claimed,
    house::House,
    job::chain,
    outcome::{self, Ending, Outcome, Stop},
    registry::{self, Definition},
    schedule,
};
use apalis_core::task::Task;
use futures::{FutureExt, future::BoxFuture};
use model::{
    JobId,
    job::{Job, JobState},
    limits,
};
use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use store::{
    Batch, Clash, StoreError, Stored, TableId,
    tables::job::{Jobs, JobsProgress},
};

/// How often the end of a job is tried to be written before the lease is left to the promoter.
const END_TRIES: u32 = 8;
/// The pause before the second of them, in milliseconds; it doubles.
const END_PAUSE_MS: u64 = 20;

/// The handler of every queue.
#[derive(Clone)]
pub(crate) struct Runner {
    house: Arc<House>,
}

impl Runner {
    pub(crate) fn new(house: Arc<House>) -> Self {
        Self { house }
    }
}

impl tower::Service<Task<Vec<u8>>> for Runner {
    type Response = ();
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<(), Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task<Vec<u8>>) -> Self::Future {
        let house = Arc::clone(&self.house);
        let Some(claimed) = task.data().get::<Claimed>().cloned() else {
            return std::future::ready(Ok(())).boxed();
        };
        async move {
            // A task of its own: a worker that is torn down does not take its jobs with it.
            let running = house.tracker.spawn(work(Arc::clone(&house), claimed, task.args));
            drop(running.await);
            Ok(())
        }
        .boxed()
    }
}

/// Does one job to its end.
pub(crate) async fn work(house: Arc<House>, claimed: Claimed, payload: Vec<u8>) {
    let id = claimed.job.row.id;
    let definition = registry::find(&claimed.job.row.kind);
    let cx = JobContext::new(Arc::clone(&house), claimed.clone());
    let outcome = if claimed.job.row.cancel_requested {
        Outcome::Stopped(Stop::CalledOff)
    } else {
        attempt(&cx, definition, &claimed, &payload).await
    };
    report(&claimed.job.row, &outcome);
    if !cx.is_done() {
        finish(&house, &claimed.job, &outcome).await;
    }
    house.claims.leave(id);
    house.bell.ring();
}

/// One try: until it ends, panics, takes too long or is stopped.
async fn attempt(
    cx: &JobContext,
    definition: Option<&'static Definition>,
    claimed: &Claimed,
    payload: &[u8],
) -> Outcome {
    let Some(definition) = definition else {
        return Outcome::Erred(JobError::permanent(
            "unknown_kind",
            "this server does not know this kind of job",
        ));
    };
    let run = AssertUnwindSafe((definition.run)(cx, payload)).catch_unwind();
    let run = tokio::time::timeout(definition.timeout, run);
    tokio::select! {
        biased;
        ended = run => match ended {
            Err(_) => Outcome::TimedOut,
            Ok(Err(_panic)) => Outcome::Panicked,
            Ok(Ok(Err(error))) => Outcome::Erred(error),
            Ok(Ok(Ok(()))) => Outcome::Done,
        },
        why = claimed.brake.pulled() => Outcome::Stopped(why),
        never = write_progress(cx) => match never {},
    }
}

/// Writes the progress down now and then. It runs beside the job and never outlives it.
async fn write_progress(cx: &JobContext) -> Infallible {
    loop {
        tokio::time::sleep(Duration::from_millis(limits::JOB_PROGRESS_WRITE_MS)).await;
        if let Some(progress) = cx.unwritten() {
            let mut batch = Batch::relaxed();
            batch.put::<JobsProgress>(&cx.job().id, &progress);
            if let Err(error) = cx.house.parts.store.commit(batch).await {
                tracing::debug!(error = chain(&error), "progress was not written");
            }
        }
    }
}

/// Writes the end of a job that was claimed as `claimed`, unless the claim is somebody else's by now.
pub(crate) async fn finish(house: &Arc<House>, claimed: &Stored<Job>, outcome: &Outcome) {
    let id = claimed.row.id;
    let mut pause = Duration::from_millis(END_PAUSE_MS);
    for _ in 0..END_TRIES {
        match try_finish(house, claimed, outcome).await {
            Ok(()) => return,
            Err(EndError::Store(StoreError::Closed)) => break,
            Err(error) => {
                tracing::debug!(error = chain(&error), job.id = %id, "the end of a job is written again");
            }
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    tracing::warn!(job.id = %id, "the end of a job could not be written; its lease is given back later");
}

#[derive(Debug, thiserror::Error)]
enum EndError {
    #[error("the store refused")]
    Store(#[from] StoreError),
    #[error("what else is to be written could not be decided")]
    Effects(#[from] service::Error),
}

async fn try_finish(house: &Arc<House>, claimed: &Stored<Job>, outcome: &Outcome) -> Result<(), EndError> {
    let store = &house.parts.store;
    let Some(current) = store.get::<Jobs>(&claimed.row.id).await? else { return Ok(()) };
    if !same_claim(&claimed.row, &current.row) {
        return Ok(());
    }
    end(house, &current, outcome).await
}

/// Whether both are the same claim: a running job is claimed anew only with another lease or attempt.
pub(crate) fn same_claim(claimed: &Job, current: &Job) -> bool {
    current.state == JobState::Running
        && current.lease == claimed.lease
        && current.attempts == claimed.attempts
}

/// Writes the end of a running job as it is now.
async fn end(house: &Arc<House>, current: &Stored<Job>, outcome: &Outcome) -> Result<(), EndError> {
    let definition = registry::find(&current.row.kind);
    let retry = definition.map_or(crate::job::Retry::USUAL, |definition| definition.retry);
    let ending = outcome::decide(&current.row, retry, outcome, house.now());
    let row = outcome::ended(&current.row, &ending, house.now());
    let effects = match (ending.failure(), definition) {
        (Some(failure), Some(definition)) => {
            (definition.given_up)(&house.parts, &current.row, failure).await?
        }
        (None, _) | (_, None) => None,
    };
    let batch = ending_batch(house, current, &row, &ending, effects).await?;
    match house.parts.store.commit(batch).await {
        Ok(_) => Ok(()),
        // A job of the same kind and key was queued meanwhile: that one does the work.
        Err(StoreError::Conflict { table: TableId::JobByKey, what: Clash::Exists }) if !ending.is_final() => {
            superseded(house, current).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn superseded(house: &Arc<House>, current: &Stored<Job>) -> Result<(), EndError> {
    let failure = model::job::JobFailure {
        code: "superseded".to_owned(),
        detail: "a newer job does the same".to_owned(),
    };
    let ending = Ending::Cancelled(failure);
    let row = outcome::ended(&current.row, &ending, house.now());
    let batch = ending_batch(house, current, &row, &ending, None).await?;
    house.parts.store.commit(batch).await?;
    Ok(())
}

/// The batch that ends a try: effects first, then the row, its event, the next run by the clock.
pub(crate) async fn ending_batch(
    house: &House,
    current: &Stored<Job>,
    row: &Job,
    ending: &Ending,
    effects: Option<Batch>,
) -> Result<Batch, StoreError> {
    let id = row.id;
    let mut batch = effects.unwrap_or_default();
    batch.priority();
    batch.replace::<Jobs>(&id, current, row);
    batch.remove::<JobsProgress>(&id);
    if let Some(event) =
        outcome::event_of(ending).and_then(|body| outcome::event(house.id(), row, current.rev + 1, body))
    {
        batch.emit(event);
    }
    if ending.is_final() {
        schedule::next(house, row, &mut batch).await?;
    }
    Ok(batch)
}

/// Gives back a job whose worker died, or which this process has leased and does not work on.
pub(crate) async fn recover(house: &Arc<House>, leased: &Stored<Job>, outcome: &Outcome) {
    let id: JobId = leased.row.id;
    match end(house, leased, outcome).await {
        Ok(()) => tracing::info!(job.id = %id, job.kind = leased.row.kind, "a job without a worker goes on"),
        // Somebody else was faster.
        Err(EndError::Store(StoreError::Conflict { .. })) => {}
        Err(error) => {
            tracing::warn!(error = chain(&error), job.id = %id, "a job without a worker could not be given back");
        }
    }
}

fn report(job: &Job, outcome: &Outcome) {
    let (id, kind) = (job.id, job.kind.as_str());
    match outcome {
        Outcome::Done => tracing::debug!(job.id = %id, job.kind = kind, "a job is done"),
        Outcome::Erred(JobError::Transient(why) | JobError::RetryAfter { why, .. }) => {
            tracing::warn!(job.id = %id, job.kind = kind, job.attempt = job.attempts, error = why, "a job did not work");
        }
        Outcome::Erred(JobError::Permanent(failure)) => {
            tracing::info!(job.id = %id, job.kind = kind, job.code = failure.code, "a job failed");
        }
        Outcome::Erred(JobError::InputGone) | Outcome::Stopped(_) => {
            tracing::info!(job.id = %id, job.kind = kind, "a job was stopped");
        }
        Outcome::Panicked => tracing::error!(job.id = %id, job.kind = kind, "a job panicked"),
        Outcome::TimedOut => tracing::warn!(job.id = %id, job.kind = kind, "a job took too long"),
        Outcome::Crashed => {}
    }
}

#[cfg(test)]
mod tests;
