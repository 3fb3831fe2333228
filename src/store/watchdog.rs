//! The watchdog: a stage of the committer that hangs is nudged, and one that hangs for long ends the process.
//!
//! A flush from another thread frees a waiter that sled forgot. Past [`ABORT_AFTER`] nobody is served any more, so the process
//! ends and the next start reads what is really on the disk.

use std::{
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use crate::{Stage, Store, space::DiskGate};

const LOOK_EVERY: Duration = Duration::from_millis(500);
const NUDGE_AFTER: Duration = Duration::from_secs(5);
const ABORT_AFTER: Duration = Duration::from_secs(30);
/// Looks between two tries to take up the ballast again (30 s).
const BALLAST_LOOKS: u32 = 60;

/// Watches a store until it is dropped.
#[derive(Debug)]
pub struct Watchdog {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Starts watching. `gate` is asked from time to time to take up its ballast again.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(store: &Store, gate: Option<Arc<DiskGate>>) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let inner = Arc::clone(&store.inner);
        let watch = move || {
            let mut nudged = false;
            let mut looks = 0u32;
            while stopped.recv_timeout(LOOK_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
                let (stage, lasted) = inner.heartbeat.current();
                match verdict(stage, lasted) {
                    Verdict::Fine => nudged = false,
                    Verdict::Nudge if nudged => {}
                    Verdict::Nudge => {
                        nudged = true;
                        tracing::warn!(store.stage = ?stage, "the committer hangs, flushing from another thread");
                        let inner = Arc::clone(&inner);
                        // It may hang as well, so nobody waits for it; it ends with the process at the latest.
                        drop(
                            std::thread::Builder::new()
                                .name("backline-nudge".into())
                                .spawn(move || inner.engine.flush()),
                        );
                    }
                    Verdict::Abort => {
                        inner.config.last_resort.die("the committer hung for 30 s");
                        return;
                    }
                }
                looks = looks.wrapping_add(1);
                if let Some(gate) = &gate
                    && looks.is_multiple_of(BALLAST_LOOKS)
                {
                    gate.restore_ballast();
                }
            }
        };
        let thread = std::thread::Builder::new().name("backline-watchdog".into()).spawn(watch)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A watchdog that panicked has nothing more to say here: the panic hook did.
            drop(thread.join());
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    Nudge,
    Abort,
}

fn verdict(stage: Stage, lasted: Duration) -> Verdict {
    match stage {
        Stage::Idle => Verdict::Fine,
        Stage::Check | Stage::Apply | Stage::Flush | Stage::Sync | Stage::Reopen if lasted > ABORT_AFTER => {
            Verdict::Abort
        }
        Stage::Check | Stage::Apply | Stage::Flush | Stage::Sync | Stage::Reopen if lasted > NUDGE_AFTER => {
            Verdict::Nudge
        }
        Stage::Check | Stage::Apply | Stage::Flush | Stage::Sync | Stage::Reopen => Verdict::Fine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_work_is_never_hanging() {
        assert_eq!(verdict(Stage::Idle, Duration::from_secs(3600)), Verdict::Fine);
        assert_eq!(verdict(Stage::Sync, Duration::from_secs(1)), Verdict::Fine);
        assert_eq!(verdict(Stage::Flush, Duration::from_secs(6)), Verdict::Nudge);
        assert_eq!(verdict(Stage::Sync, Duration::from_secs(31)), Verdict::Abort);
    }
}
