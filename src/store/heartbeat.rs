//! What the committer is doing and since when, readable from any thread: the watchdog looks here.

use std::{
    sync::atomic::{AtomicU8, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// What the committer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for work.
    Idle,
    /// Checking assertions.
    Check,
    /// Applying a group.
    Apply,
    /// Flushing it.
    Flush,
    /// Syncing it.
    Sync,
    /// Opening the engine again.
    Reopen,
}

const STAGES: [Stage; 6] =
    [Stage::Idle, Stage::Check, Stage::Apply, Stage::Flush, Stage::Sync, Stage::Reopen];

/// The stage and when it began, on the monotonic clock.
#[derive(Debug)]
pub struct Heartbeat {
    start: Instant,
    stage: AtomicU8,
    since_us: AtomicU64,
    groups: AtomicU64,
    batches: AtomicU64,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Heartbeat {
            start: Instant::now(),
            stage: AtomicU8::new(0),
            since_us: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            batches: AtomicU64::new(0),
        }
    }
}

impl Heartbeat {
    /// A stage begins.
    pub(crate) fn enter(&self, stage: Stage) {
        self.since_us.store(self.elapsed_us(), Ordering::Release);
        self.stage.store(stage as u8, Ordering::Release);
    }

    /// A group was made durable.
    pub(crate) fn synced(&self, batches: usize) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.batches.fetch_add(batches as u64, Ordering::Relaxed);
    }

    /// The stage and for how long it has lasted.
    #[must_use]
    pub fn current(&self) -> (Stage, Duration) {
        let stage = STAGES[usize::from(self.stage.load(Ordering::Acquire)) % STAGES.len()];
        let since = self.since_us.load(Ordering::Acquire);
        (stage, Duration::from_micros(self.elapsed_us().saturating_sub(since)))
    }

    /// Groups made durable and the batches in them, since the start.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        (self.groups.load(Ordering::Relaxed), self.batches.load(Ordering::Relaxed))
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
