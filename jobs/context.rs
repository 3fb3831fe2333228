//! What a running job is given: the parts, its row, a way to say how far it is, and the one commit that ends it.

use crate::{
    JobError, Parts,
    backend::Claimed,
    house::House,
    outcome::{self, Ending},
    work,
};
use model::{
    Timestamp,
    job::{Job, JobProgress, JobResult},
    limits,
};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use store::{Batch, StoreError, Stored, TableId};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One try of one job.
pub struct JobContext {
    pub(crate) house: Arc<House>,
    claimed: Claimed,
    progress: Mutex<Progress>,
    done: AtomicBool,
}

struct Progress {
    now: JobProgress,
    told: Option<Instant>,
    written: JobProgress,
}

impl JobContext {
    pub(crate) fn new(house: Arc<House>, claimed: Claimed) -> Self {
        let start = JobProgress { fraction: 0.0, stage: None };
        let progress = Mutex::new(Progress { now: start.clone(), told: None, written: start });
        Self { house, claimed, progress, done: AtomicBool::new(false) }
    }

    /// What the jobs of this process work with.
    pub fn parts(&self) -> &Parts {
        &self.house.parts
    }

    /// The service.
    pub fn service(&self) -> &service::Service {
        &self.house.parts.service
    }

    /// The circumstances of a call to the service, now.
    pub fn system(&self) -> service::Ctx {
        service::Ctx::system(self.house.now())
    }

    /// The row as it was claimed.
    pub fn job(&self) -> &Job {
        &self.claimed.job.row
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.house.now()
    }

    /// Cancelled when the job is called off, fenced or the server shuts down. The future that runs the job is dropped then
    /// anyway; blocking work and children must listen to this.
    pub fn cancel(&self) -> &CancellationToken {
        self.claimed.brake.token()
    }

    /// Says how far it is (0 to 1) and what it is doing. Cheap: kept in memory, told to live streams a few times a second,
    /// written down every few seconds.
    pub fn progress(&self, fraction: f32, stage: &str) {
        let mut progress = self.progress.lock();
        let new_stage = progress.now.stage.as_deref() != Some(stage);
        progress.now = JobProgress { fraction: fraction.clamp(0.0, 1.0), stage: Some(stage.to_owned()) };
        let pause = Duration::from_millis(limits::JOB_PROGRESS_TELL_MS);
        if new_stage || progress.told.is_none_or(|told| told.elapsed() >= pause) {
            progress.told = Some(Instant::now());
            let now = progress.now.clone();
            drop(progress);
            self.house.parts.service.live().job_progress(self.job(), now);
        }
    }

    /// What is to be written down of the progress, if anything.
    pub(crate) fn unwritten(&self) -> Option<JobProgress> {
        let mut progress = self.progress.lock();
        (progress.now != progress.written).then(|| {
            progress.written = progress.now.clone();
            progress.now.clone()
        })
    }

    pub(crate) fn claimed(&self) -> &Stored<Job> {
        &self.claimed.job
    }

    /// Whether [`Self::commit`] has ended the job.
    pub(crate) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Ends the job well: what it did, its own row and both their events are one batch, which asserts that the claim is still
    /// this one.
    ///
    /// # Errors
    /// [`CommitError::Again`] when something that `effects` relied on changed: decide again. Anything else ends this try.
    pub async fn commit(&self, effects: Batch) -> Result<(), CommitError> {
        self.commit_with(effects, None).await
    }

    /// As [`Self::commit`], for a job that made something.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn commit_with(&self, effects: Batch, result: Option<JobResult>) -> Result<(), CommitError> {
        let row = Job { result, ..outcome::ended(self.job(), &Ending::Succeeded, self.now()) };
        let batch = work::ending_batch(&self.house, self.claimed(), &row, &Ending::Succeeded, Some(effects))
            .await
            .map_err(JobError::from)?;
        match self.house.parts.store.commit(batch).await {
            Ok(_) => {
                self.done.store(true, Ordering::Release);
                Ok(())
            }
            Err(error) if error.conflicts_on(TableId::Jobs) => {
                Err(CommitError::Failed(JobError::Transient("the claim is not ours any more".to_owned())))
            }
            Err(StoreError::Conflict { .. }) => Err(CommitError::Again),
            Err(error) => Err(CommitError::Failed(error.into())),
        }
    }

    /// Ends the job well with what `decide` says is to be written, deciding again when it relied on something that changed. Where nothing
    /// is left to write, nothing was made.
    ///
    /// # Errors
    /// [`JobError`] of this try.
    pub async fn settle<F>(
        &self,
        result: Option<JobResult>,
        decide: impl Fn() -> F + Send + Sync,
    ) -> Result<(), JobError>
    where
        F: Future<Output = Result<Option<Batch>, service::Error>> + Send,
    {
        for _ in 0..limits::CONFLICT_RETRIES_MAX {
            let batch = decide().await?;
            let result = result.clone().filter(|_| batch.is_some());
            match self.commit_with(batch.unwrap_or_default(), result).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Again) => {}
                Err(CommitError::Failed(error)) => return Err(error),
            }
        }
        Err(JobError::Transient("what it wrote to kept changing".to_owned()))
    }
}

/// Why [`JobContext::commit`] did not end the job.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Something the effects relied on changed: decide again and commit that.
    #[error("the data changed meanwhile")]
    Again,
    /// This try is over.
    #[error("the end of the job could not be written")]
    Failed(#[from] JobError),
}
