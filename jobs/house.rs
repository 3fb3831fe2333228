//! What everything in this crate shares: the parts it was given and what the process works on.

use crate::{Parts, bell::Bell, claims::Claims};
use model::{Timestamp, limits};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use store::{
    Batch,
    tables::job::{Beat, JobBeats},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// Shared by the workers, the relay and the promoter of one process.
pub(crate) struct House {
    pub(crate) parts: Arc<Parts>,
    /// This start of the process.
    pub(crate) boot: Uuid,
    pub(crate) claims: Claims,
    pub(crate) bell: Bell,
    pub(crate) claimer: tokio::sync::Mutex<()>,
    /// Jobs in flight.
    pub(crate) tracker: TaskTracker,
    /// Ends the relay, the promoter and the claiming.
    pub(crate) closing: CancellationToken,
    /// How far the relay has come.
    pub(crate) relayed: tokio::sync::watch::Sender<u64>,
    beats: AtomicU64,
}

impl House {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let boot = parts.ids.uuid(parts.clock.now());
        Arc::new(Self {
            parts: Arc::new(parts),
            boot,
            claims: Claims::default(),
            bell: Bell::default(),
            claimer: tokio::sync::Mutex::new(()),
            tracker: TaskTracker::new(),
            closing: CancellationToken::new(),
            relayed: tokio::sync::watch::Sender::new(0),
            beats: AtomicU64::new(0),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// A new id of any kind.
    pub(crate) fn id<I: From<Uuid>>(&self) -> I {
        self.parts.ids.uuid(self.now()).into()
    }

    /// Shows other processes that this one lives. One that holds nothing has nothing to lose and stays silent.
    pub(crate) async fn beat(&self) {
        if self.claims.is_empty() {
            return;
        }
        let count = self.beats.fetch_add(1, Ordering::Relaxed);
        let mut batch = Batch::relaxed();
        batch.put::<JobBeats>(&self.parts.node, &Beat { boot: self.boot, count });
        if let Err(error) = self.parts.store.commit(batch).await {
            tracing::debug!(error = crate::job::chain(&error), "the beat was not written");
        }
    }

    /// How long jobs may go on once the process shuts down.
    pub(crate) const fn shutdown_bound() -> std::time::Duration {
        std::time::Duration::from_millis(limits::JOB_SHUTDOWN_MS)
    }
}
