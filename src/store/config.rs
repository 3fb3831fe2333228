//! What the store is given: time, ids, room, failures, and what to do when nothing can be done.

use std::sync::Arc;

use model::ports::{Clock, IdGen};

use crate::{
    fault::{FaultPlan, NoFaults},
    gate::{AlwaysOpen, Gate},
};

/// The choices of whoever opens a store.
#[derive(Clone)]
pub struct StoreConfig {
    /// The wall clock, for the times of commits.
    pub clock: Arc<dyn Clock>,
    /// Where the epoch of a new log comes from.
    pub ids: Arc<dyn IdGen>,
    /// The page cache of the engine, in bytes.
    pub cache_bytes: u64,
    /// The disk gate.
    pub gate: Arc<dyn Gate>,
    /// Planned failures; none outside tests.
    pub faults: Arc<dyn FaultPlan>,
    /// Called when a sync failed or acknowledged data is gone: going on would lie.
    pub last_resort: Arc<dyn LastResort>,
}

impl StoreConfig {
    /// The usual choices: 64 MiB of cache, no gate, abort as the last resort.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn IdGen>) -> Self {
        StoreConfig {
            clock,
            ids,
            cache_bytes: 64 * 1024 * 1024,
            gate: Arc::new(AlwaysOpen),
            faults: Arc::new(NoFaults),
            last_resort: Arc::new(Abort),
        }
    }
}

impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig").field("cache_bytes", &self.cache_bytes).finish_non_exhaustive()
    }
}

/// Ends the process. Where it returns (in tests), the store closes itself and answers nothing any more.
pub trait LastResort: Send + Sync {
    /// There is no way on, for this reason.
    fn die(&self, why: &str);
}

/// Aborts the process: the next start reads what is really on the disk.
#[derive(Clone, Copy, Debug)]
pub struct Abort;

impl LastResort for Abort {
    fn die(&self, why: &str) {
        tracing::error!(store.reason = why, "the store cannot go on, the process ends");
        std::process::abort();
    }
}
