//! Reading an archive back: into a new directory, or only to verify it.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use model::{
    BlobHash, Timestamp,
    job::{Job, JobFailure, JobState},
    share::Guest,
};

use super::{BLOBS, BackupError, FORMAT, MANIFEST, Manifest, Progress, ROWS, frames::FrameReader};
use crate::{
    Batch, Blobs, SCHEMA, Scan, Store, StoreConfig, StoreError, Stored, Table,
    engine::{
        Engine, Writes,
        sled::{SledEngine, sync_dir},
    },
    fault::NoFaults,
    group::head_row,
    head,
    limits::{GROUP_MAX_BYTES, GROUP_MAX_KEYS},
    tables::{
        job::{Jobs, JobsProgress},
        session::Sessions,
        share::Guests,
    },
    view::unreadable,
};

/// Rows that one batch after the restore changes.
const STEP_ROWS: usize = 500;

/// Checks that an archive is whole: every hash is computed again.
///
/// # Errors
/// [`BackupError::Damaged`] says what is wrong.
pub fn verify(archive: &Path, progress: &dyn Fn(Progress)) -> Result<Manifest, BackupError> {
    read(archive, progress, &mut Discard)
}

/// What an archive says of itself; nothing else of it is read.
///
/// # Errors
/// [`BackupError`] if it is not there or no archive of ours.
pub fn manifest(archive: &Path) -> Result<Manifest, BackupError> {
    let mut tar = tar::Archive::new(File::open(archive)?);
    let mut first = tar.entries()?.next().ok_or_else(headless)??;
    if first.path()? != Path::new(MANIFEST) {
        return Err(headless());
    }
    read_manifest(&mut first)
}

fn headless() -> BackupError {
    BackupError::Damaged("it does not start with a manifest".into())
}

/// What to restore, and how.
#[derive(Debug)]
pub struct Restoring<'a> {
    /// The archive.
    pub archive: &'a Path,
    /// The new data directory, which must not exist or be empty.
    pub target: &'a Path,
    /// How to open it.
    pub config: &'a StoreConfig,
    /// Kinds of jobs that act outside of the store: those that were due or running are called off, since the instance that the
    /// archive came from has done them or will.
    pub call_off: &'a [&'a str],
}

/// Restores an archive. Nobody is logged in or a guest afterwards, and the log has a new epoch, so that clients start their streams anew.
///
/// # Errors
/// [`BackupError`]; the target is then untouched.
pub fn restore(restoring: &Restoring<'_>, progress: &dyn Fn(Progress)) -> Result<Manifest, BackupError> {
    let target = restoring.target;
    if target.exists() && fs::read_dir(target)?.next().is_some() {
        return Err(BackupError::NotEmpty(target.display().to_string()));
    }
    let mut name = target.as_os_str().to_owned();
    name.push(".restoring");
    let draft = PathBuf::from(name);
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    fs::create_dir_all(&draft)?;
    let manifest = write(restoring, &draft, progress).inspect_err(|_| drop(fs::remove_dir_all(&draft)))?;
    if target.exists() {
        fs::remove_dir(target)?;
    }
    fs::rename(&draft, target)?;
    if let Some(parent) = target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        sync_dir(parent)?;
    }
    Ok(manifest)
}

fn write(
    restoring: &Restoring<'_>,
    draft: &Path,
    progress: &dyn Fn(Progress),
) -> Result<Manifest, BackupError> {
    let config = restoring.config;
    let engine = SledEngine::open(draft, config.cache_bytes, Arc::new(NoFaults))?;
    let blobs = Blobs::open(draft, Arc::new(NoFaults))?;
    let mut target = Into { engine, blobs, writes: Writes::new(), bytes: 0 };
    let manifest = read(restoring.archive, progress, &mut target)?;
    target.apply()?;
    new_epoch(&target.engine, config)?;
    drop(target);
    let store = Store::open(draft, config.clone())?;
    futures::executor::block_on(async {
        forget_logins(&store).await?;
        call_off(&store, restoring.call_off).await
    })?;
    Ok(manifest)
}

fn new_epoch(engine: &SledEngine, config: &StoreConfig) -> Result<(), BackupError> {
    let missing = || BackupError::Damaged("it has no log".into());
    let mut head = head::load(engine)?.ok_or_else(missing)?.head;
    head.epoch = config.ids.uuid(config.clock.now());
    let (key, value) = head_row(&head);
    apply(engine, &Writes::from([(key, Some(value))]))
}

/// A login of the old instance must not open the new one. Guests stay who they were: what they wrote bears their names.
async fn forget_logins(store: &Store) -> Result<(), StoreError> {
    let now = store.config().clock.now();
    each::<Sessions>(store, |key, session, batch| {
        batch.delete::<Sessions>(key, session);
    })
    .await?;
    each::<Guests>(store, |key, guest, batch| {
        if guest.row.expires_at > now {
            batch.replace::<Guests>(key, guest, &Guest { expires_at: now, ..guest.row.clone() });
        }
    })
    .await
}

/// Ends the jobs of these kinds that have not ended.
async fn call_off(store: &Store, kinds: &[&str]) -> Result<(), StoreError> {
    let now = store.config().clock.now();
    each::<Jobs>(store, |id, job, batch| {
        let open = matches!(job.row.state, JobState::Queued | JobState::Running);
        if open && kinds.contains(&job.row.kind.as_str()) {
            batch.replace::<Jobs>(id, job, &called_off(&job.row, now)).remove::<JobsProgress>(id);
        }
    })
    .await
}

/// Changes the rows of a table, some at a time.
async fn each<T: Table>(
    store: &Store,
    change: impl Fn(&T::Key, &Stored<T::Row>, &mut Batch),
) -> Result<(), StoreError> {
    let mut scan = Scan::all().limit(STEP_ROWS);
    loop {
        let page = store.scan::<T>(scan.clone()).await?;
        let mut batch = Batch::new();
        for (key, row) in &page.items {
            change(key, row, &mut batch);
        }
        store.commit(batch).await?;
        match page.items.last() {
            Some((last, _)) if page.more => scan = scan.after(last),
            Some(_) | None => return Ok(()),
        }
    }
}

fn called_off(job: &Job, now: Timestamp) -> Job {
    let failure =
        JobFailure { code: "restored".to_owned(), detail: "it was due before the restore".to_owned() };
    Job {
        state: JobState::Cancelled,
        lease: None,
        run_at: None,
        error: Some(failure),
        finished_at: Some(now),
        ..job.clone()
    }
}

fn apply(engine: &SledEngine, writes: &Writes) -> Result<(), BackupError> {
    engine.apply(writes).and_then(|()| engine.flush()).and_then(|()| engine.sync()).map_err(unreadable)?;
    Ok(())
}

/// Where the parts of an archive go.
trait Sink {
    fn frame(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), BackupError>;
    /// Takes the content of a blob and says what its hash is.
    fn blob(&mut self, hash: BlobHash, content: &mut dyn Read) -> Result<blake3::Hash, BackupError>;
}

struct Discard;

impl Sink for Discard {
    fn frame(&mut self, _key: Vec<u8>, _value: Option<Vec<u8>>) -> Result<(), BackupError> {
        Ok(())
    }
    fn blob(&mut self, _hash: BlobHash, content: &mut dyn Read) -> Result<blake3::Hash, BackupError> {
        Ok(blake3::Hasher::new().update_reader(content)?.finalize())
    }
}

struct Into {
    engine: SledEngine,
    blobs: Blobs,
    writes: Writes,
    bytes: usize,
}

impl Into {
    fn apply(&mut self) -> Result<(), BackupError> {
        self.bytes = 0;
        apply(&self.engine, &std::mem::take(&mut self.writes))
    }
}

impl Sink for Into {
    fn frame(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), BackupError> {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        self.writes.insert(key, value);
        if self.writes.len() >= GROUP_MAX_KEYS || self.bytes >= GROUP_MAX_BYTES {
            self.apply()?;
        }
        Ok(())
    }

    fn blob(&mut self, hash: BlobHash, content: &mut dyn Read) -> Result<blake3::Hash, BackupError> {
        let path = self.blobs.local_path(&hash);
        let dir = path.parent().ok_or_else(|| io::Error::other("a blob has no directory"))?;
        fs::create_dir_all(dir)?;
        let mut file = File::create(&path)?;
        let mut hasher = blake3::Hasher::new();
        let mut block = vec![0; 256 * 1024];
        loop {
            let n = content.read(&mut block)?;
            if n == 0 {
                break;
            }
            hasher.update(&block[..n]);
            file.write_all(&block[..n])?;
        }
        file.sync_all()?;
        sync_dir(dir)?;
        Ok(hasher.finalize())
    }
}

fn read(archive: &Path, progress: &dyn Fn(Progress), sink: &mut dyn Sink) -> Result<Manifest, BackupError> {
    let total = fs::metadata(archive)?.len();
    let mut tar = tar::Archive::new(BufReader::with_capacity(1 << 20, File::open(archive)?));
    let mut manifest: Option<Manifest> = None;
    let (mut blobs, mut blob_bytes, mut rows) = (0, 0, false);
    for entry in tar.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let end = entry.raw_file_position() + entry.size();
        match (name.as_str(), &manifest) {
            (MANIFEST, None) => manifest = Some(read_manifest(&mut entry)?),
            (ROWS, Some(manifest)) => {
                read_rows(&mut entry, manifest, sink)?;
                rows = true;
            }
            (other, Some(_)) => {
                let hash = blob_name(other)
                    .ok_or_else(|| BackupError::Damaged(format!("{other} does not belong here")))?;
                blob_bytes += entry.size();
                blobs += 1;
                if sink.blob(hash, &mut entry)?.as_bytes() != &hash.0 {
                    return Err(BackupError::Damaged(format!("blob {hash} holds other bytes")));
                }
            }
            (_, None) => return Err(headless()),
        }
        progress(Progress { done: end, total });
    }
    match manifest {
        Some(manifest) if rows && manifest.blobs == blobs && manifest.blob_bytes == blob_bytes => {
            Ok(manifest)
        }
        Some(_) | None => Err(BackupError::Damaged("it is cut off".into())),
    }
}

fn read_manifest(entry: &mut impl Read) -> Result<Manifest, BackupError> {
    let manifest: Manifest = serde_json::from_reader(entry.take(64 * 1024))
        .map_err(|error| BackupError::Damaged(format!("its manifest cannot be read: {error}")))?;
    if manifest.format > FORMAT {
        return Err(BackupError::Newer(manifest.format));
    }
    if manifest.schema > SCHEMA {
        return Err(BackupError::NewerSchema(manifest.schema));
    }
    Ok(manifest)
}

fn read_rows(entry: &mut impl Read, manifest: &Manifest, sink: &mut dyn Sink) -> Result<(), BackupError> {
    let mut reader = FrameReader::new(BufReader::new(entry));
    let damaged = |error: io::Error| BackupError::Damaged(format!("its rows cannot be read: {error}"));
    while let Some(frame) = reader.next().map_err(damaged)? {
        sink.frame(frame.key, frame.value)?;
    }
    let (frames, hash) = reader.finish();
    if frames != manifest.frames || hash.to_hex().as_str() != manifest.rows_blake3 {
        return Err(BackupError::Damaged("its rows do not have the hash of the manifest".into()));
    }
    Ok(())
}

fn blob_name(name: &str) -> Option<BlobHash> {
    let hex = name.strip_prefix(BLOBS)?.strip_prefix('/')?;
    Some(BlobHash(hex::decode(hex).ok()?.try_into().ok()?))
}
