//! The one thread that writes. It takes what waits, decides it as a group, applies it once, makes it durable once, answers.
//!
//! Whatever fails, everybody is answered: refused batches with their reason, batches in flight during a failure of the engine
//! with "outcome unknown". A failed sync, or acknowledged data that is gone, ends the process.

#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use parking_lot::RwLockWriteGuard;

use crate::{
    engine::{EngineError, Writes},
    error::StoreError,
    group::{Book, Decided, decide},
    head,
    heartbeat::Stage,
    limits::{LOCK_WAIT_MS, RELAXED_SYNC_MS},
    queue::{Next, Waiting},
    view::{Inner, Synced, View},
};

const REOPEN_PAUSE: Duration = Duration::from_millis(50);
/// The part of a group's time, and the longest time, that the next one waits for company.
const GATHER_SHARE: u32 = 4;
const GATHER_MAX: Duration = Duration::from_millis(2);

/// The state of the committing thread.
pub(crate) struct Committer {
    inner: Arc<Inner>,
    book: Book,
    group: u64,
    life: u64,
    /// Relaxed writes are applied and not yet synced.
    dirty: bool,
    /// How many batches were under way when the last group ended: its own, and those that came meanwhile.
    company: usize,
    /// How long that group took.
    took: Duration,
}

/// The store cannot go on.
struct Dead;

impl Committer {
    pub(crate) fn new(inner: Arc<Inner>, book: Book) -> Self {
        Committer { inner, book, group: 0, life: 0, dirty: false, company: 0, took: Duration::ZERO }
    }

    /// Works until the store is closed and the queue is empty.
    pub(crate) fn run(mut self) {
        // Also when this thread panics, nobody waits for ever.
        let _last = Abandon(Arc::clone(&self.inner));
        loop {
            let quiet = self.dirty.then(|| Duration::from_millis(RELAXED_SYNC_MS));
            // Whoever was just answered soon asks again: without a moment for them, clients fall into two groups that take turns.
            let gather = (self.took / GATHER_SHARE).min(GATHER_MAX);
            let done = match self.inner.queue.next(quiet, self.company, gather) {
                Next::Group(waiting) => {
                    let start = Instant::now();
                    let done = self.commit(waiting);
                    self.took = start.elapsed();
                    done
                }
                Next::Quiet => self.settle(),
                Next::Closed => {
                    if self.dirty {
                        drop(self.settle());
                    }
                    return;
                }
            };
            self.inner.heartbeat.enter(Stage::Idle);
            if done.is_err() {
                return;
            }
        }
    }

    fn commit(&mut self, waiting: Vec<Waiting>) -> Result<(), Dead> {
        self.inner.heartbeat.enter(Stage::Check);
        let level = self.inner.config.gate.check();
        let mut open = Vec::with_capacity(waiting.len());
        for one in waiting {
            match level.refuses(one.batch.class) {
                Some(mark) => one.answer(Err(StoreError::Full(mark))),
                None => open.push(one),
            }
        }
        let now = self.inner.config.clock.now();
        let batches = open.iter().map(|one| &one.batch);
        let decided = match decide(self.inner.engine.as_ref(), &self.book, now, batches) {
            Ok(decided) => decided,
            Err(error) => return self.recover(error, open),
        };
        if let Err(error) = self.apply(&decided) {
            return self.recover(error, open);
        }
        if decided.durable {
            if let Err(error) = self.sync() {
                return self.recover(error, open);
            }
            self.inner.heartbeat.synced(open.len());
        } else {
            self.dirty |= !decided.writes.is_empty();
        }
        self.book = decided.book;
        self.publish(&decided.writes);
        self.company = open.len() + self.inner.queue.len();
        for (one, outcome) in open.into_iter().zip(decided.outcomes) {
            one.answer(outcome);
        }
        Ok(())
    }

    /// Applies a group; from here on readers see it, and wait for the sync if they do.
    fn apply(&mut self, decided: &Decided) -> Result<(), EngineError> {
        if decided.writes.is_empty() {
            return Ok(());
        }
        self.group += 1;
        self.inner.heartbeat.enter(Stage::Apply);
        let mut view = self.inner.view.write();
        self.inner.generation.fetch_add(1, Ordering::Release);
        view.group = self.group;
        if decided.durable {
            view.unsynced = decided.writes.keys().cloned().collect();
        }
        self.inner.engine.apply(&decided.writes)
    }

    fn sync(&mut self) -> Result<(), EngineError> {
        self.inner.heartbeat.enter(Stage::Flush);
        self.inner.engine.flush()?;
        self.inner.heartbeat.enter(Stage::Sync);
        self.inner.engine.sync()?;
        self.dirty = false;
        Ok(())
    }

    /// Syncs relaxed writes when nothing else did.
    fn settle(&mut self) -> Result<(), Dead> {
        match self.sync() {
            Ok(()) => Ok(()),
            Err(error) => self.recover(error, Vec::new()),
        }
    }

    /// Tells readers how far they may go.
    fn publish(&self, writes: &Writes) {
        if let Some(tap) = self.inner.tap.lock().as_ref()
            && !writes.is_empty()
        {
            tap.committed(writes, &self.book.head);
        }
        self.inner.view.write().unsynced.clear();
        self.inner.synced.send_replace(Synced { group: self.group, life: self.life });
        let seq = self.book.head.next_seq - 1;
        self.inner.durable_seq.send_if_modified(|last| std::mem::replace(last, seq) != seq);
    }

    /// After any error of the engine: no reads, new handles, compare, go on.
    fn recover(&mut self, error: EngineError, open: Vec<Waiting>) -> Result<(), Dead> {
        self.inner.heartbeat.enter(Stage::Reopen);
        let recovered = match error {
            EngineError::SyncFailed(source) => {
                tracing::error!(error.message = %source, "a sync of the data directory failed");
                Err("a sync failed")
            }
            EngineError::Failed { doing, source } => {
                tracing::error!(error.message = %source, store.doing = doing, "the storage engine failed, opening it again");
                let inner = Arc::clone(&self.inner);
                let view = inner.view.write();
                self.reopen(view)
            }
        };
        if let Err(why) = recovered {
            self.inner.dead.store(true, Ordering::Release);
            self.inner.config.last_resort.die(why);
            self.life += 1;
            self.inner.synced.send_replace(Synced { group: self.group, life: self.life });
        }
        for one in open {
            one.answer(Err(StoreError::OutcomeUnknown));
        }
        recovered.map_err(|_| Dead)
    }

    fn reopen(&mut self, mut view: RwLockWriteGuard<'_, View>) -> Result<(), &'static str> {
        let engine = self.inner.engine.as_ref();
        self.inner.config.gate.make_room();
        let until = Instant::now() + Duration::from_millis(LOCK_WAIT_MS);
        while let Err(error) = engine.reopen() {
            if Instant::now() > until {
                tracing::error!(error.message = %error, "the storage engine cannot be opened again");
                return Err("the storage engine cannot be opened again");
            }
            std::thread::sleep(REOPEN_PAUSE);
        }
        // What is read from now on counts as durable, so it must be.
        engine.sync().map_err(|_| "a sync failed")?;
        let found = head::load(engine).ok().flatten().ok_or("the head of the log cannot be read")?;
        let before = self.book.head;
        if found.head.epoch != before.epoch || found.head.next_seq <= *self.inner.durable_seq.borrow() {
            return Err("acknowledged events are gone");
        }
        self.book = found;
        // A relaxed write may have been lost with its stamp: that number must not mean something else.
        self.book.head.next_stamp = found.head.next_stamp.max(before.next_stamp) + 1;
        self.life += 1;
        self.dirty = false;
        view.unsynced.clear();
        self.inner.synced.send_replace(Synced { group: self.group, life: self.life });
        self.inner.durable_seq.send_replace(self.book.head.next_seq - 1);
        tracing::warn!(event.seq = self.book.head.next_seq - 1, "the storage engine is open again");
        Ok(())
    }
}

/// Refuses what waits when the thread ends, however it ends.
struct Abandon(Arc<Inner>);

impl Drop for Abandon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.dead.store(true, Ordering::Release);
            self.0.synced.send_modify(|synced| synced.life += 1);
        }
        self.0.queue.abandon();
    }
}
