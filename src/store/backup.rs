//! Online backups: one tar file with the rows of one exact moment and the blobs they name.
//!
//! Copy and redo: every group committed from the start on is spooled, the key space is copied page by page, the spool is put
//! behind the copy. Applied in order they are the state at the moment the spool was closed, whose last event the manifest
//! names. Writers are never stopped for longer than a page; nothing is collected meanwhile.

mod frames;
mod restore;
mod spool;
#[cfg(test)]
mod tests;
mod watched;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use model::{BlobHash, Timestamp, backup::BackupContents};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Blobs, Key, SCHEMA, Store, StoreError, TableId,
    catalog::CATALOG,
    engine::{Engine, sled::sync_dir},
    record,
    scan::KeyRange,
    tables::blob::{BlobRow, BlobState},
    view::unreadable,
};
use frames::{Frame, FrameWriter};
pub use restore::{Restoring, manifest, restore, verify};
use spool::Spool;
use watched::Watched;

/// The version of the archive; a newer one is refused.
pub const FORMAT: u32 = 1;
/// Rows copied at a time.
const PAGE_ROWS: usize = 1_000;
const MANIFEST: &str = "manifest.json";
const ROWS: &str = "rows";
const BLOBS: &str = "blobs";

/// What an archive holds; its first file, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The schema of its rows.
    #[serde(default = "first_schema")]
    pub schema: u64,
    /// The number of the last event of the state it holds.
    pub seq: u64,
    /// Which log that number belongs to.
    pub epoch: Uuid,
    /// When it was made, in milliseconds since the epoch.
    pub at: Timestamp,
    /// Whether it holds the content of the blobs that its rows name.
    #[serde(default)]
    pub contents: BackupContents,
    /// Frames in the file of rows.
    pub frames: u64,
    /// BLAKE3 of the file of rows, in hex.
    pub rows_blake3: String,
    /// How many blobs it holds; each is named after its BLAKE3.
    pub blobs: u64,
    /// Their bytes together.
    pub blob_bytes: u64,
}

/// That of archives that do not name one.
const fn first_schema() -> u64 {
    1
}

/// How far a backup or restore is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Done.
    pub done: u64,
    /// In all, as far as known.
    pub total: u64,
}

/// Why a backup or restore did not work.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file could not be read or written.
    #[error("a file could not be read or written")]
    Io(#[from] io::Error),
    /// The engine failed while the backup ran; nothing is wrong with the data, but the copy is not of one moment.
    #[error("the store was opened again while the backup ran; start it anew")]
    Interrupted,
    /// The archive is not what it should be.
    #[error("the archive is damaged: {0}")]
    Damaged(String),
    /// The archive was made by a newer program.
    #[error("the archive has format {0}; this program reads up to {FORMAT}: use a newer one")]
    Newer(u32),
    /// Whoever watched it wants no more of it.
    #[error("the backup was called off")]
    CalledOff,
    /// Its rows were written by a newer program.
    #[error("the archive has schema {0}; this program reads up to {SCHEMA}: use a newer one")]
    NewerSchema(u64),
    /// The target of a restore holds data.
    #[error("{0} is not empty; restore into a new directory")]
    NotEmpty(String),
}

/// Which backup to write.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The file, which must not exist. It appears whole or not at all, readable by its owner alone.
    pub target: &'a Path,
    /// How much it holds.
    pub contents: BackupContents,
    /// The present.
    pub now: Timestamp,
}

/// Hears how far a backup is, every megabyte or so, and ends it with an error.
pub type Watch<'a> = dyn FnMut(Progress) -> Result<(), BackupError> + 'a;

/// Writes a backup. Blocks, also while another one of this store is being written; call it where that is allowed.
///
/// # Errors
/// [`BackupError`], or what `watch` said; what was written is removed.
pub fn create(
    store: &Store,
    blobs: &Blobs,
    order: Order<'_>,
    watch: &mut Watch<'_>,
) -> Result<Manifest, BackupError> {
    create_witnessed(store, blobs, order, watch, |_| Ok(()))
}

/// Like [`create`]; `witness` sees the engine at exactly the moment that the backup is the state of.
fn create_witnessed(
    store: &Store,
    blobs: &Blobs,
    order: Order<'_>,
    watch: &mut Watch<'_>,
    witness: impl FnOnce(&dyn Engine) -> Result<(), StoreError>,
) -> Result<Manifest, BackupError> {
    let _alone = store.inner.backup.lock();
    if order.target.exists() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
    }
    let draft = draft(order.target);
    // A try that was killed may have left one.
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let held = futures::executor::block_on(blobs.hold());
    let written = snapshot(store, order.target, watch, witness).and_then(|mut snapshot| {
        match order.contents {
            BackupContents::Everything => {}
            BackupContents::Rows => snapshot.live.clear(),
        }
        let manifest = snapshot.manifest(store, &order);
        archive(file, &manifest, snapshot, blobs, watch)?;
        publish(&draft, order.target)?;
        Ok(manifest)
    });
    drop(held);
    if written.is_err() {
        drop(fs::remove_file(&draft));
    }
    written
}

/// Where a backup is written before it gets its name: beside it, hidden.
#[must_use]
pub fn draft(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.part"))
}

fn publish(draft: &Path, target: &Path) -> io::Result<()> {
    fs::rename(draft, target)?;
    sync_dir(directory(target))
}

/// The directory of a file.
fn directory(file: &Path) -> &Path {
    file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The rows of one moment, in a temporary file beside the target.
struct Snapshot {
    rows: File,
    frames: u64,
    blake3: blake3::Hash,
    seq: u64,
    live: BTreeMap<BlobHash, u64>,
}

impl Snapshot {
    fn manifest(&self, store: &Store, order: &Order<'_>) -> Manifest {
        Manifest {
            format: FORMAT,
            schema: SCHEMA,
            seq: self.seq,
            epoch: store.events().epoch(),
            at: order.now,
            contents: order.contents,
            frames: self.frames,
            rows_blake3: self.blake3.to_hex().to_string(),
            blobs: self.live.len() as u64,
            blob_bytes: self.live.values().sum(),
        }
    }
}

fn snapshot(
    store: &Store,
    target: &Path,
    watch: &mut Watch<'_>,
    witness: impl FnOnce(&dyn Engine) -> Result<(), StoreError>,
) -> Result<Snapshot, BackupError> {
    let dir = directory(target);
    let inner = &store.inner;
    let life = inner.synced.borrow().life;
    let spool = Arc::new(Spool::new(dir)?);
    store.set_tap(Some(Arc::clone(&spool) as Arc<dyn crate::Tap>));
    let untap = scopeguard(store);
    let mut writer = FrameWriter::new(BufWriter::new(tempfile::tempfile_in(dir)?));
    let mut live = BTreeMap::new();
    for entry in CATALOG {
        copy(store, entry.id, &mut writer, &mut live, watch)?;
    }
    let seq = {
        // The moment: everything applied is durable and in the spool, and no writer gets on while this is held.
        let _still = settled(store);
        drop(untap);
        witness(inner.engine.as_ref())?;
        *inner.durable_seq.borrow()
    };
    if inner.synced.borrow().life != life {
        return Err(BackupError::Interrupted);
    }
    spool.replay(|frame| {
        follow(&mut live, &frame);
        writer.put(&frame)
    })?;
    let (rows, frames, blake3) = writer.finish()?;
    Ok(Snapshot {
        rows: rows.into_inner().map_err(io::IntoInnerError::into_error)?,
        frames,
        blake3,
        seq,
        live,
    })
}

/// Takes the tap off when it is dropped, also on an error.
fn scopeguard(store: &Store) -> impl Drop {
    struct Untap(Store);
    impl Drop for Untap {
        fn drop(&mut self) {
            self.0.set_tap(None);
        }
    }
    Untap(store.clone())
}

/// Waits until everything applied was published, and keeps it so.
fn settled(store: &Store) -> parking_lot::RwLockReadGuard<'_, crate::view::View> {
    loop {
        let view = store.inner.view.read();
        if view.unsynced.is_empty() && view.group == store.inner.synced.borrow().group {
            return view;
        }
        drop(view);
        std::thread::yield_now();
    }
}

fn copy(
    store: &Store,
    id: TableId,
    writer: &mut FrameWriter<BufWriter<File>>,
    live: &mut BTreeMap<BlobHash, u64>,
    watch: &mut Watch<'_>,
) -> Result<(), BackupError> {
    let mut range = KeyRange { start: vec![id.byte()], end: vec![id.byte() + 1], reverse: false };
    loop {
        // How much there is to copy is not known before it is copied.
        watch(Progress { done: 0, total: 0 })?;
        let pairs = {
            let _page = store.inner.view.read();
            store.inner.engine.scan(&range, PAGE_ROWS).map_err(unreadable)?
        };
        let Some((last, _)) = pairs.last() else { return Ok(()) };
        range.start = [last.as_slice(), &[0]].concat();
        for (key, value) in pairs {
            let frame = Frame { key, value: Some(value) };
            follow(live, &frame);
            writer.put(&frame)?;
        }
    }
}

/// Keeps account of the blobs whose content belongs into the archive.
fn follow(live: &mut BTreeMap<BlobHash, u64>, frame: &Frame) {
    let Some((&table, key)) = frame.key.split_first() else { return };
    let (true, Ok(hash)) = (table == TableId::Blobs.byte(), BlobHash::from_bytes(key)) else { return };
    let row = frame.value.as_deref().and_then(|value| record::decode::<BlobRow>(value).ok());
    match row.map(|stored| stored.row) {
        Some(BlobRow { state: BlobState::Live, size, .. }) => drop(live.insert(hash, size)),
        Some(BlobRow { state: BlobState::Condemned { .. }, .. }) | None => drop(live.remove(&hash)),
    }
}

fn archive(
    file: File,
    manifest: &Manifest,
    mut snapshot: Snapshot,
    blobs: &Blobs,
    watch: &mut Watch<'_>,
) -> Result<(), BackupError> {
    let mut tar = tar::Builder::new(BufWriter::with_capacity(1 << 20, file));
    let text = serde_json::to_vec_pretty(manifest).map_err(io::Error::from)?;
    append(&mut tar, MANIFEST, text.len() as u64, text.as_slice())?;
    io::Seek::rewind(&mut snapshot.rows)?;
    let length = snapshot.rows.metadata()?.len();
    let mut watched = Watched::new(watch, length + manifest.blob_bytes);
    watched.append(&mut tar, ROWS, length, &snapshot.rows)?;
    for (hash, size) in &snapshot.live {
        let (content, found) = blobs.open_file(hash)?;
        if found != *size {
            return Err(BackupError::Damaged(format!("blob {hash} has {found} bytes, not {size}")));
        }
        watched.append(&mut tar, &format!("{BLOBS}/{hash}"), *size, content)?;
    }
    let mut file = tar.into_inner()?;
    file.flush()?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(())
}

fn append(
    tar: &mut tar::Builder<impl Write>,
    name: &str,
    size: u64,
    content: impl io::Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header.set_cksum();
    tar.append_data(&mut header, name, content)
}
