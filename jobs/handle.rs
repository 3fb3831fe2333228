//! Starting and stopping the workers of a process.

use crate::{
    backend::StoreBackend,
    decoder::Decoder,
    house::House,
    job::{Queue, chain},
    outcome::Stop,
    promoter::Promoter,
    registry, relay, schedule,
    work::Runner,
};
use apalis_core::{backend::ext::BackendExt, monitor::Monitor, worker::builder::WorkerBuilder};
use model::{job::JobState, limits, ports};
use std::{path::PathBuf, sync::Arc, time::Duration};
use store::{
    Scan, StoreError,
    tables::job::{JobsDue, JobsLeased, JobsReady},
};
use tokio::task::JoinHandle;

/// What jobs work with.
pub struct Parts {
    /// Rows and events.
    pub store: store::Store,
    /// Recordings and what is made from them.
    pub blobs: store::Blobs,
    /// The use cases.
    pub service: service::Service,
    /// The wall clock.
    pub clock: Arc<dyn ports::Clock>,
    /// Ids.
    pub ids: Arc<dyn ports::IdGen>,
    /// Sends mail, where a mail server is configured.
    pub mailer: Option<Arc<dyn ports::Mailer>>,
    /// Starts decoding children.
    pub decoder: Decoder,
    /// A folder for files on their way, on the disk of the data directory. Emptied at start.
    pub work_dir: PathBuf,
    /// The name of this machine among those that share a store; the same after a restart.
    pub node: String,
    /// How many recordings are decoded at once.
    pub cores: usize,
}

/// The workers of a process.
pub struct JobsHandle {
    house: Arc<House>,
    keepers: Vec<JoinHandle<()>>,
    workers: JoinHandle<()>,
}

/// Starts the relay, the promoter and the workers of every queue.
///
/// # Errors
/// When the work folder cannot be made, or the store cannot be read.
pub async fn start(parts: Parts) -> Result<JobsHandle, StoreError> {
    prepare(&parts.work_dir)?;
    start_in(House::new(parts)).await
}

pub(crate) async fn start_in(house: Arc<House>) -> Result<JobsHandle, StoreError> {
    let promoter = Promoter::new(Arc::clone(&house));
    // Leases of an earlier start come back before anything new is taken.
    promoter.recover().await?;
    schedule::ensure(&house).await;
    let keepers = vec![tokio::spawn(relay::run(Arc::clone(&house))), tokio::spawn(promoter.run())];
    let workers = tokio::spawn(run_workers(Arc::clone(&house)));
    Ok(JobsHandle { house, keepers, workers })
}

fn prepare(work_dir: &std::path::Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(work_dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    std::fs::create_dir_all(work_dir)
}

async fn run_workers(house: Arc<House>) {
    let mut monitor = Monitor::new().should_restart(|_, _| true);
    for queue in Queue::ALL {
        let house = Arc::clone(&house);
        monitor = monitor.register(move |_restarts| {
            let backend = StoreBackend::new(&house, queue).poll_with_stream(StoreBackend::listener(&house));
            WorkerBuilder::new(format!("{}/{}", house.parts.node, queue.as_str()))
                .backend(backend)
                .build(Runner::new(Arc::clone(&house)))
        });
    }
    let closing = house.closing.clone();
    let signal = async move {
        closing.cancelled().await;
        Ok(())
    };
    if let Err(error) = monitor.run_with_signal(signal).await {
        tracing::error!(error = chain(&error), "the workers ended with an error");
    }
}

impl JobsHandle {
    /// Waits until every event has been turned into jobs and no job is ready, running or waiting for another try. Jobs that
    /// the clock starts, or that were made for later, do not count.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn idle(&self) -> Result<(), StoreError> {
        let mut bell = self.house.bell.receiver();
        let mut relayed = self.house.relayed.subscribe();
        while !self.is_idle().await? {
            let pause = Duration::from_millis(limits::JOB_TICK_MS);
            tokio::select! {
                _ = bell.changed() => {}
                _ = relayed.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    async fn is_idle(&self) -> Result<bool, StoreError> {
        let store = &self.house.parts.store;
        if *self.house.relayed.borrow() < store.events().durable_seq() || !self.house.claims.is_empty() {
            return Ok(false);
        }
        let some = || Scan::all().limit(limits::JOB_STEP_ROWS);
        let ready = store.scan_index::<JobsReady>(some()).await?.items;
        let leased = store.scan_index::<JobsLeased>(some()).await?.items;
        let due = store.scan_index::<JobsDue>(some()).await?.items;
        let waits = due.iter().map(|hit| &hit.stored.row).any(|job| {
            let by_clock = registry::find(&job.kind).is_some_and(|kind| kind.clock.is_some());
            !by_clock && job.attempts > 0
        });
        // An event of a job that has just ended may be new to the relay.
        let caught_up = *self.house.relayed.borrow() >= store.events().durable_seq();
        Ok(ready.is_empty() && leased.is_empty() && !waits && caught_up)
    }

    /// How many jobs are running in this process.
    #[must_use]
    pub fn running(&self) -> usize {
        self.house.claims.ids().len()
    }

    /// Takes no more jobs, lets those in flight end for a while, stops the others and puts them back.
    pub async fn shutdown(self) {
        let Self { house, keepers, workers } = self;
        house.closing.cancel();
        house.bell.ring();
        house.tracker.close();
        let bound = House::shutdown_bound();
        if tokio::time::timeout(bound / 2, house.tracker.wait()).await.is_err() {
            house.claims.stop_all(Stop::ShuttingDown);
            if tokio::time::timeout(bound / 2, house.tracker.wait()).await.is_err() {
                tracing::warn!(
                    jobs.running = house.claims.ids().len(),
                    "jobs were left behind; they start over next time"
                );
            }
        }
        for keeper in keepers {
            drop(keeper.await);
        }
        if tokio::time::timeout(bound / 2, workers).await.is_err() {
            tracing::warn!("the workers did not end in time");
        }
        put_back(&house).await;
    }
}

/// Jobs that were claimed and never begun go back as if nobody had taken them.
async fn put_back(house: &Arc<House>) {
    let scan = Scan::prefix(&(house.parts.node.clone(), house.boot)).limit(limits::JOB_STEP_ROWS);
    let Ok(left) = house.parts.store.scan_index::<JobsLeased>(scan).await else { return };
    for hit in left.items {
        if hit.stored.row.state == JobState::Running && house.tracker.is_empty() {
            crate::work::recover(house, &hit.stored, &crate::outcome::Outcome::Stopped(Stop::ShuttingDown))
                .await;
        }
    }
}

#[cfg(test)]
mod tests;
