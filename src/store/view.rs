//! What readers may see: one snapshot at a time, and nothing that a power cut could take back.
//!
//! A read holds the read lock, the committer holds the write lock while it applies a group. The keys of a group that is
//! applied but not yet synced are listed here; a read that touched one of them waits for the sync before it answers.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use crate::{
    config::StoreConfig,
    engine::{Engine, EngineError, Lookup, ReadOp, ReadResult},
    error::StoreError,
    heartbeat::Heartbeat,
    limits::{INLINE_READ_ROWS, WAITING_READS},
    queue::Queue,
    tap::Tap,
};

/// Everything that the handles of a store and its committer share.
pub(crate) struct Inner {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) config: StoreConfig,
    pub(crate) queue: Queue,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) view: RwLock<View>,
    pub(crate) synced: watch::Sender<Synced>,
    pub(crate) durable_seq: watch::Sender<u64>,
    pub(crate) epoch: Uuid,
    pub(crate) tap: Mutex<Option<Arc<dyn Tap>>>,
    /// Held by the backup that is being written: there is one tap.
    pub(crate) backup: Mutex<()>,
    pub(crate) dead: AtomicBool,
    /// Grows with every group, under the write lock and before any of it can be read.
    pub(crate) generation: AtomicU64,
    waiting_reads: Arc<Semaphore>,
}

/// What is applied but not synced.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) unsynced: BTreeSet<Vec<u8>>,
    /// The group these keys belong to.
    pub(crate) group: u64,
}

/// How far the syncs have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Synced {
    /// The last group that is durable.
    pub(crate) group: u64,
    /// Grows when the engine was reopened: what was applied before may be gone.
    pub(crate) life: u64,
}

impl View {
    /// Whether an answer to `op` may rest on something that is not durable.
    fn touched_by(&self, op: &ReadOp, result: &ReadResult) -> bool {
        if self.unsynced.is_empty() {
            return false;
        }
        let looked_at = match &op.what {
            Lookup::Key(key) => self.unsynced.contains(key),
            Lookup::Range(range, _) => {
                !range.is_empty()
                    && self.unsynced.range(range.start.clone()..range.end.clone()).next().is_some()
            }
        };
        let followed = |value: &Vec<u8>| {
            op.follow
                .is_some_and(|table| self.unsynced.contains(&[&[table.byte()], value.as_slice()].concat()))
        };
        looked_at || result.found.iter().any(|found| followed(&found.value))
    }
}

/// An answer, and the group that must be durable before it is given.
struct Answer {
    results: Vec<ReadResult>,
    wait_for: Option<(u64, Synced)>,
}

impl Inner {
    pub(crate) fn new(engine: Arc<dyn Engine>, config: StoreConfig, epoch: Uuid, durable_seq: u64) -> Self {
        Inner {
            engine,
            config,
            queue: Queue::default(),
            heartbeat: Heartbeat::default(),
            view: RwLock::default(),
            synced: watch::Sender::new(Synced::default()),
            durable_seq: watch::Sender::new(durable_seq),
            epoch,
            tap: Mutex::default(),
            backup: Mutex::default(),
            dead: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            waiting_reads: Arc::new(Semaphore::new(WAITING_READS)),
        }
    }

    /// Answers questions from one snapshot, once everything it shows is durable.
    pub(crate) async fn read(self: &Arc<Self>, ops: Vec<ReadOp>) -> Result<Vec<ReadResult>, StoreError> {
        let ops: Arc<[ReadOp]> = ops.into();
        loop {
            let answer = self.read_once(&ops).await?;
            let Some((group, seen)) = answer.wait_for else { return Ok(answer.results) };
            let mut synced = self.synced.subscribe();
            let now = synced.wait_for(|now| now.group >= group || now.life != seen.life).await;
            let life = now.map_err(|_| StoreError::Closed)?.life;
            if self.dead.load(Ordering::Acquire) {
                return Err(StoreError::Closed);
            }
            if life == seen.life {
                return Ok(answer.results);
            }
            // The engine was reopened meanwhile: what was read may be gone.
        }
    }

    async fn read_once(self: &Arc<Self>, ops: &Arc<[ReadOp]>) -> Result<Answer, StoreError> {
        if self.dead.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let rows: usize = ops.iter().map(ReadOp::rows).sum();
        if rows <= INLINE_READ_ROWS
            && let Some(view) = self.view.try_read()
        {
            return self.look(&view, ops);
        }
        // A thread of its own: a long scan, or the committer holds the lock.
        let permits = Arc::clone(&self.waiting_reads);
        let _permit = permits.acquire().await.map_err(|_| StoreError::Closed)?;
        let (inner, ops) = (Arc::clone(self), Arc::clone(ops));
        let read = tokio::task::spawn_blocking(move || inner.look(&inner.view.read(), &ops));
        read.await.map_err(|_| StoreError::Closed)?
    }

    fn look(&self, view: &RwLockReadGuard<'_, View>, ops: &[ReadOp]) -> Result<Answer, StoreError> {
        let results = self.engine.read(ops).map_err(unreadable)?;
        let touched = ops.iter().zip(&results).any(|(op, result)| view.touched_by(op, result));
        Ok(Answer { results, wait_for: touched.then(|| (view.group, *self.synced.borrow())) })
    }
}

/// A failed read, as the caller sees it.
pub(crate) fn unreadable(error: EngineError) -> StoreError {
    match error {
        EngineError::Failed { source, .. } | EngineError::SyncFailed(source) => StoreError::Io(source),
    }
}
