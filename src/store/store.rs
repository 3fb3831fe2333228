//! The handle that everybody holds: read rows, commit batches, follow the log.

#[cfg(test)]
mod random;
mod read;
#[cfg(test)]
pub(crate) mod tests;

pub use read::{Hit, Tried};
pub(crate) use read::{page, range};

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
};

use parking_lot::Mutex;

use crate::{
    batch::Batch,
    committer::Committer,
    config::StoreConfig,
    engine::{Engine, memory::MemoryEngine, sled::SledEngine},
    error::{Mark, StoreError},
    gate::Level,
    group::Committed,
    head,
    heartbeat::Heartbeat,
    log::EventReader,
    migrate,
    space::Reservation,
    tap::Tap,
    view::Inner,
};

/// A store. Cheap to clone; the committer ends when the last one is dropped.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    thread: Arc<Thread>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("epoch", &self.inner.epoch).finish_non_exhaustive()
    }
}

/// Closes the queue when the last handle goes.
struct Thread {
    inner: Arc<Inner>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.inner.queue.close();
    }
}

impl Store {
    /// Opens the data directory, or makes a new one. One that an older program wrote is brought up to date.
    ///
    /// # Errors
    /// [`StoreError::Open`] when another program holds it, a newer program wrote it, or the engine cannot read it.
    pub fn open(dir: &Path, config: StoreConfig) -> Result<Self, StoreError> {
        let engine = SledEngine::open(dir, config.cache_bytes, Arc::clone(&config.faults))?;
        Store::on(Arc::new(engine), config)
    }

    /// A store that lives in memory.
    ///
    /// # Errors
    /// Only those planned in `config.faults`.
    pub fn memory(config: StoreConfig) -> Result<Self, StoreError> {
        let engine = MemoryEngine::new(Arc::clone(&config.faults));
        Store::on(Arc::new(engine), config)
    }

    /// A store on an engine that is open already.
    ///
    /// # Errors
    /// [`StoreError`] when the head of its log cannot be read or made; [`StoreError::Open`] when a newer program wrote it.
    pub fn on(engine: Arc<dyn Engine>, config: StoreConfig) -> Result<Self, StoreError> {
        let now = config.clock.now();
        let book = match head::load(engine.as_ref())? {
            Some(book) => {
                migrate::run(engine.as_ref(), now)?;
                book
            }
            None => head::create(engine.as_ref(), config.ids.uuid(now), now)?,
        };
        let inner = Arc::new(Inner::new(engine, config, book.head.epoch, book.head.next_seq - 1));
        let committer = Committer::new(Arc::clone(&inner), book);
        let handle =
            std::thread::Builder::new().name("backline-commit".into()).spawn(move || committer.run())?;
        let thread = Arc::new(Thread { inner: Arc::clone(&inner), handle: Mutex::new(Some(handle)) });
        Ok(Store { inner, thread })
    }

    /// Commits a batch: all of it, durably, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when an assertion failed; [`StoreError::Full`], [`StoreError::Busy`] when there is no room on the
    /// disk or in the queue; [`StoreError::OutcomeUnknown`] when the engine failed meanwhile; [`StoreError::TooLarge`] and
    /// [`StoreError::Misuse`] for a batch that can never work. Nothing was applied, except when the outcome is unknown.
    pub async fn commit(&self, batch: Batch) -> Result<Committed, StoreError> {
        let answer = self.inner.queue.push(batch.seal()?)?;
        answer.await.unwrap_or(Err(StoreError::OutcomeUnknown))
    }

    /// The reader of the event log.
    #[must_use]
    pub fn events(&self) -> EventReader {
        EventReader::new(self.clone())
    }

    /// What the committer is doing.
    #[must_use]
    pub fn heartbeat(&self) -> &Heartbeat {
        &self.inner.heartbeat
    }

    /// Which state of the rows readers see: it grows before anything that is written can be read. What was read after asking
    /// stays right for as long as the answer here stays the same.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.inner.generation.load(Ordering::Acquire)
    }

    /// Batches that wait for the committer.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.inner.queue.len()
    }

    /// Flushes from this thread: it frees a committer that hangs in a flush of its own. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the engine cannot flush.
    pub fn nudge(&self) -> Result<(), StoreError> {
        self.inner.engine.flush().map_err(crate::view::unreadable)
    }

    /// Sets who sees every durable group; `None` ends it.
    pub fn set_tap(&self, tap: Option<Arc<dyn Tap>>) {
        *self.inner.tap.lock() = tap;
    }

    /// The choices it was opened with.
    #[must_use]
    pub fn config(&self) -> &StoreConfig {
        &self.inner.config
    }

    /// Keeps room on the disk for so many bytes until the reservation is dropped.
    ///
    /// # Errors
    /// [`StoreError::Full`] when that would pass the soft mark.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, StoreError> {
        self.inner.config.gate.reserve(bytes)
    }

    /// Refuses to go on taking something in when the disk is full.
    ///
    /// # Errors
    /// [`StoreError::Full`].
    pub fn check_room(&self) -> Result<(), StoreError> {
        match self.inner.config.gate.check() {
            Level::Open => Ok(()),
            Level::Soft => Err(StoreError::Full(Mark::Soft)),
            Level::Hard => Err(StoreError::Full(Mark::Hard)),
        }
    }

    /// Whether it has given up: see `LastResort`.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.inner.dead.load(Ordering::Acquire)
    }

    /// Takes no more batches, commits those that wait, ends the committer. The directory is free once every handle is dropped.
    pub async fn close(&self) {
        self.inner.queue.close();
        let handle = self.thread.handle.lock().take();
        if let Some(handle) = handle {
            // A committer that panicked has nothing more to say here: the panic hook did.
            drop(tokio::task::spawn_blocking(move || handle.join()).await);
        }
    }
}
