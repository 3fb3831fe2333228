//! The start-up guard: a data directory is made ready, tried in a child that may die, and only then opened.
//!
//! sled can panic while it opens a damaged directory. The trial happens in a short-lived child of the same program; if that
//! fails, the snapshots (which only speed up opening) are moved aside and the whole log is read instead.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use model::Timestamp;

use crate::{
    Store, StoreConfig, StoreError,
    engine::sled::{STORE_DIR, SledEngine},
    fault::NoFaults,
    space,
};

/// The page cache of a trial, in bytes.
const TRIAL_CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// Tries to open a data directory somewhere it may panic; the root starts a child of the same program, which calls [`trial`].
pub trait Trial {
    /// What happened.
    fn open(&self, data_dir: &Path) -> TrialOutcome;
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialOutcome {
    /// It opens.
    Opens,
    /// It panicked, or the engine says that the bytes are corrupt.
    Damaged(String),
    /// Something else: no child could be started, another program holds the lock. Opening here will tell.
    Unknown(String),
}

/// What the child of a trial runs. It may panic.
///
/// # Errors
/// [`StoreError::Open`] when the engine cannot read the directory.
pub fn trial(data_dir: &Path) -> Result<(), StoreError> {
    SledEngine::open(data_dir, TRIAL_CACHE_BYTES, Arc::new(NoFaults)).map(drop)
}

/// Makes a data directory ready and opens its store.
///
/// # Errors
/// [`StoreError::Open`] with a sentence that says what to do.
pub fn open(data_dir: &Path, config: StoreConfig, trial: &dyn Trial) -> Result<Store, StoreError> {
    fs::create_dir_all(data_dir)?;
    let engine_dir = data_dir.join(STORE_DIR);
    if space::is_tight(data_dir) {
        space::give_up_ballast(data_dir);
    }
    if engine_dir.exists() {
        remove_half_made_snapshots(&engine_dir)?;
        refuse_spills(&engine_dir)?;
        if let TrialOutcome::Damaged(why) = trial.open(data_dir) {
            tracing::error!(
                store.reason = %why,
                "the store does not open as it is; its snapshots are moved aside and the log is read instead"
            );
            move_snapshots_aside(&engine_dir, config.clock.now())?;
            if let TrialOutcome::Damaged(why) = trial.open(data_dir) {
                let why =
                    format!("the store in {} is damaged ({why}); restore a backup", engine_dir.display());
                return Err(StoreError::Open { why });
            }
        }
    }
    Store::open(data_dir, config)
}

fn entries(dir: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn is_snapshot(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("snap."))
}

/// A snapshot that was being written when the process ended is worth nothing and confuses the engine.
fn remove_half_made_snapshots(engine_dir: &Path) -> io::Result<()> {
    for path in entries(engine_dir)? {
        if is_snapshot(&path) && path.extension().is_some_and(|end| end == "generating") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn move_snapshots_aside(engine_dir: &Path, now: Timestamp) -> io::Result<()> {
    let aside = engine_dir.with_file_name(format!("snapshots-aside-{}", now.millis()));
    fs::create_dir_all(&aside)?;
    for path in entries(engine_dir)?.into_iter().filter(|path| is_snapshot(path)) {
        if let Some(name) = path.file_name() {
            fs::rename(&path, aside.join(name))?;
        }
    }
    Ok(())
}

/// With our segment size the engine never spills leaves into files of their own, which it would not sync.
fn refuse_spills(engine_dir: &Path) -> Result<(), StoreError> {
    let spills = engine_dir.join("blobs");
    if spills.exists() && !entries(&spills)?.is_empty() {
        let why = format!("{} holds files that the engine never syncs; restore a backup", spills.display());
        return Err(StoreError::Open { why });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
