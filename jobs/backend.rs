//! The queue behind apalis: its `Persistence` over the store.
//!
//! A fetch claims at most one job and never waits; nothing here returns an error, because one would end the worker and drop
//! its jobs in flight (the error type says so). Arguments stay raw bytes until the handler. Outcomes are written by
//! [`crate::work`], fenced by the claim's stamp, not through apalis' acknowledgements.

use crate::{
    bell::Listener,
    house::House,
    job::{Queue, WhenFull},
    outcome,
};
use apalis_core::{
    backend::{
        Backend, BackendConfig,
        finalize::Ephemeral,
        persistence::{Persisted, Persistence, TaskEvent},
    },
    task::{Task, builder::TaskBuilder, task_id::TaskId},
    worker::context::WorkerContext,
};
use model::{
    JobId, ProjectId,
    event::Event,
    job::{Job, Lease},
    limits,
};
use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use store::{
    Batch, Scan, StoreError, Stored,
    tables::job::{Jobs, JobsReady},
};
use tower::layer::util::Identity;

/// How often one fetch tries the next job after somebody else took the one it wanted.
const FETCH_TRIES: u32 = 8;

/// A claimed job on its way to the handler. Its stamp is the claim's token.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) job: Stored<Job>,
    pub(crate) brake: crate::claims::Brake,
}

/// One queue of the store, as apalis wants it.
#[derive(Clone)]
pub(crate) struct StorePersistence {
    house: Arc<House>,
    queue: Queue,
}

impl StorePersistence {
    pub(crate) fn new(house: Arc<House>, queue: Queue) -> Self {
        Self { house, queue }
    }

    /// Claims the next job, if there is one and room for it.
    pub(crate) async fn claim(&self) -> Option<Claimed> {
        // One claimer a process: two would count the same running jobs and both pick the same project.
        let _claimer = self.house.claimer.lock().await;
        for _ in 0..FETCH_TRIES {
            let heard = self.house.bell.count();
            if self.house.claims.of_queue(self.queue) >= self.queue.width(self.house.parts.cores) {
                return None;
            }
            match self.try_claim().await {
                Ok(Some(claimed)) => return Some(claimed),
                // Rung while it looked: the poll that heard it may be this one.
                Ok(None) if self.house.bell.count() != heard => {}
                Ok(None) => return None,
                Err(StoreError::Conflict { .. }) => {}
                Err(StoreError::Closed) => return None,
                Err(error) => {
                    tracing::warn!(
                        error = crate::job::chain(&error),
                        queue = self.queue.as_str(),
                        "no job can be claimed now"
                    );
                    return None;
                }
            }
        }
        None
    }

    async fn try_claim(&self) -> Result<Option<Claimed>, StoreError> {
        let house = &self.house;
        let scan = Scan::prefix(&self.queue.as_str().to_owned()).limit(limits::JOB_CLAIM_WINDOW);
        let ready = house.parts.store.scan_index::<JobsReady>(scan).await?.items;
        let ready: Vec<Stored<Job>> = ready.into_iter().map(|hit| hit.stored).collect();
        let Some(found) = fairest(&ready, |project| house.claims.of_project(project)) else {
            return Ok(None);
        };
        let (id, now) = (found.row.id, house.now());
        let lease = Lease { node: house.parts.node.clone(), boot: house.boot };
        let row = outcome::claimed(&found.row, lease, now);
        let mut batch = Batch::new();
        batch.replace::<Jobs>(&id, found, &row);
        if let Some(event) = outcome::event(house.id(), &row, found.rev + 1, Event::JobStarted) {
            batch.emit(event);
        }
        match self.queue.when_full() {
            WhenFull::GoesOn => {
                batch.priority();
            }
            WhenFull::Waits => {}
        }
        let brake = house.claims.enter(id, self.queue, row.project_id);
        match house.parts.store.commit(batch).await {
            Ok(done) => {
                let job = Stored { row, rev: found.rev + 1, stamp: done.stamp };
                Ok(Some(Claimed { job, brake }))
            }
            Err(error) => {
                house.claims.leave(id);
                Err(error)
            }
        }
    }
}

/// Of the jobs with the best priority that is ready, the first one of the project with the fewest running.
fn fairest(ready: &[Stored<Job>], running: impl Fn(Option<ProjectId>) -> usize) -> Option<&Stored<Job>> {
    ready.iter().min_by_key(|job| (job.row.priority, running(job.row.project_id)))
}

impl Persistence for StorePersistence {
    type Compact = Vec<u8>;
    type Response = ();
    type Error = Infallible;

    async fn register(&mut self, _worker: &WorkerContext) -> Result<(), Infallible> {
        Ok(())
    }

    async fn heartbeat(&mut self, _worker: &WorkerContext) -> Result<(), Infallible> {
        self.house.beat().await;
        Ok(())
    }

    async fn fetch_next(&mut self, _worker: &WorkerContext) -> Result<Vec<Task<Vec<u8>>>, Infallible> {
        let claimed = self.claim().await;
        Ok(claimed.into_iter().map(task).collect())
    }

    /// Tasks that the worker took and did not start. Leaving the claims is enough: the promoter puts back what this process
    /// has leased and does not work on.
    async fn reenqueue_abandoned(
        &mut self,
        tasks: Vec<Task<Vec<u8>>>,
        _worker: &WorkerContext,
    ) -> Result<u64, Infallible> {
        for task in &tasks {
            if let Some(claimed) = task.data().get::<Claimed>() {
                self.house.claims.leave(claimed.job.row.id);
            }
        }
        Ok(tasks.len() as u64)
    }

    /// Never called: no layer of apalis sends events, see the module's description.
    async fn handle_events(
        &mut self,
        _events: Vec<TaskEvent<()>>,
        _worker: &WorkerContext,
    ) -> Result<(), Infallible> {
        Ok(())
    }

    /// Never called: jobs come from the relay and the schedule, and the sink of the backend is not exposed.
    async fn push_tasks(&mut self, _tasks: Vec<Task<Vec<u8>>>) -> Result<(), Infallible> {
        Ok(())
    }
}

fn task(claimed: Claimed) -> Task<Vec<u8>> {
    let id: JobId = claimed.job.row.id;
    TaskBuilder::new(claimed.job.row.payload.clone().into_bytes())
        .task_id(TaskId::from_string(id.to_string()))
        .attempt(claimed.job.row.attempts.saturating_sub(1) as usize)
        .data(claimed)
        .build()
}

/// The backend of one worker.
pub(crate) struct StoreBackend {
    persisted: Persisted<StorePersistence>,
    heartbeat: Duration,
}

impl StoreBackend {
    pub(crate) fn new(house: &Arc<House>, queue: Queue) -> Self {
        Self {
            persisted: Persisted::new(StorePersistence::new(Arc::clone(house), queue)),
            heartbeat: Duration::from_millis(limits::JOB_BEAT_MS),
        }
    }

    /// What wakes its worker.
    pub(crate) fn listener(house: &House) -> Listener {
        house.bell.listen()
    }
}

impl Backend for StoreBackend {
    type Task = Task<Vec<u8>>;
    type Error = Infallible;

    fn poll_ready(&mut self, cx: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.persisted.poll_ready(cx, worker, self.heartbeat)
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        worker: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Infallible>>> {
        self.persisted.poll_next(cx, worker)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.persisted.poll_close(cx, worker)
    }
}

impl BackendConfig for StoreBackend {
    type Args = Vec<u8>;
    type Id = String;
    type Kind = Ephemeral;
    type Config = Duration;
    type Layer = Identity;

    fn config(&self) -> &Duration {
        &self.heartbeat
    }

    fn middleware(&mut self, _worker: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}

#[cfg(test)]
mod tests;
