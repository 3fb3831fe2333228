//! sled 0.34.7, one tree. Its traps and how each is closed stand beside the lines here.
//!
//! After any error a handle is dead for ever: `reopen` drops them all and opens again in the process. Only the committer and
//! the watchdog flush. What `flush` wrote becomes durable through `sync_data` on a handle of our own.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::RwLock;

use super::{Engine, EngineError, Pairs, Writes};
use crate::{
    error::StoreError,
    fault::{FaultPlan, FaultPoint},
    limits::{LOCK_WAIT_MS, SEGMENT_BYTES},
    scan::KeyRange,
};

/// Where sled lives below the data directory.
pub const STORE_DIR: &str = "store";

const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// sled behind a lock, so that every handle can be dropped.
pub struct SledEngine {
    dir: PathBuf,
    cache_bytes: u64,
    faults: Arc<dyn FaultPlan>,
    handles: RwLock<Option<Handles>>,
}

struct Handles {
    db: ::sled::Db,
    /// Our own handle of sled's data file, for `sync_data`.
    file: File,
}

impl std::fmt::Debug for SledEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SledEngine").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl SledEngine {
    /// Opens the engine below a data directory; waits for its lock.
    ///
    /// # Errors
    /// [`StoreError::Open`] when another program holds it or it cannot be read.
    pub fn open(data: &Path, cache_bytes: u64, faults: Arc<dyn FaultPlan>) -> Result<Self, StoreError> {
        let dir = data.join(STORE_DIR);
        let is_new = !data.exists();
        std::fs::create_dir_all(&dir)?;
        let handles = open_waiting(&dir, cache_bytes)?;
        sync_names(&dir)?;
        sync_dir(data)?;
        if let (true, Some(parent)) = (is_new, data.canonicalize()?.parent()) {
            sync_dir(parent)?;
        }
        Ok(SledEngine { dir, cache_bytes, faults, handles: RwLock::new(Some(handles)) })
    }

    fn with<T>(
        &self,
        point: FaultPoint,
        doing: &'static str,
        act: impl FnOnce(&Handles) -> Result<T, ::sled::Error>,
    ) -> Result<T, EngineError> {
        let failed = |source| EngineError::Failed { doing, source };
        if let Some(error) = self.faults.at(point) {
            return Err(failed(error));
        }
        let handles = self.handles.read();
        let handles = handles.as_ref().ok_or_else(|| failed(io::Error::other("the engine is not open")))?;
        act(handles).map_err(|error| failed(plain(error)))
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.with(FaultPoint::Read, "read", |handles| Ok(handles.db.get(key)?.map(|value| value.to_vec())))
    }

    fn scan(&self, range: &KeyRange, limit: usize) -> Result<Pairs, EngineError> {
        if range.is_empty() {
            return Ok(Pairs::new());
        }
        self.with(FaultPoint::Read, "read", |handles| {
            let pairs = handles.db.range(range.start.as_slice()..range.end.as_slice());
            let copy = |pair: ::sled::Result<(::sled::IVec, ::sled::IVec)>| {
                pair.map(|(key, value)| (key.to_vec(), value.to_vec()))
            };
            if range.reverse {
                pairs.rev().take(limit).map(copy).collect()
            } else {
                pairs.take(limit).map(copy).collect()
            }
        })
    }

    fn apply(&self, writes: &Writes) -> Result<(), EngineError> {
        let mut batch = ::sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.with(FaultPoint::Apply, "wrote", |handles| handles.db.apply_batch(batch))
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.with(FaultPoint::Flush, "flushed", |handles| handles.db.flush().map(drop))
    }

    fn sync(&self) -> Result<(), EngineError> {
        if let Some(error) = self.faults.at(FaultPoint::Sync) {
            return Err(EngineError::SyncFailed(error));
        }
        let handles = self.handles.read();
        let handles = handles
            .as_ref()
            .ok_or_else(|| EngineError::SyncFailed(io::Error::other("the engine is not open")))?;
        handles.file.sync_data().map_err(EngineError::SyncFailed)
    }

    fn reopen(&self) -> Result<(), EngineError> {
        let failed = |source| EngineError::Failed { doing: "reopened", source };
        if let Some(error) = self.faults.at(FaultPoint::Reopen) {
            return Err(failed(error));
        }
        let mut handles = self.handles.write();
        *handles = None;
        *handles = Some(open(&self.dir, self.cache_bytes).map_err(|error| failed(plain(error)))?);
        Ok(())
    }
}

fn open(dir: &Path, cache_bytes: u64) -> Result<Handles, ::sled::Error> {
    let db = ::sled::Config::default()
        .path(dir)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(cache_bytes)
        // A flusher thread would be a second one that flushes.
        .flush_every_ms(None)
        .open()?;
    let file = File::open(dir.join("db"))?;
    Ok(Handles { db, file })
}

fn open_waiting(dir: &Path, cache_bytes: u64) -> Result<Handles, StoreError> {
    let until = Instant::now() + Duration::from_millis(LOCK_WAIT_MS);
    loop {
        match open(dir, cache_bytes) {
            Ok(handles) => return Ok(handles),
            Err(error) if is_lock(&error) && Instant::now() < until => std::thread::sleep(LOCK_PAUSE),
            Err(error) if is_lock(&error) => {
                return Err(StoreError::Open { why: "another program is using it".into() });
            }
            Err(error) => return Err(StoreError::Open { why: plain(error).to_string() }),
        }
    }
}

/// sled tells a lock that is held apart only by the words of its error.
fn is_lock(error: &::sled::Error) -> bool {
    matches!(error, ::sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

fn plain(error: ::sled::Error) -> io::Error {
    match error {
        ::sled::Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

/// Makes the names of sled's files durable: it creates them without syncing the directory.
fn sync_names(dir: &Path) -> io::Result<()> {
    for name in ["conf", "db"] {
        match File::open(dir.join(name)) {
            Ok(file) => file.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    sync_dir(dir)
}

pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
