//! Content by its hash: files below `blobs/`, uploads that are still growing below `uploads/`.
//!
//! A file is whole and synced, and so is its name, before a batch may refer to it. The rows are in `tables/blob.rs`, the rule
//! of references in `batch/blob.rs`, the collector in `blobs/collect.rs`. While a [`Hold`] lives, nothing is collected.

mod collect;
mod part;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use model::{BlobHash, UploadId};
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path as Place};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

pub use collect::Collected;
use collect::Round;
pub use part::Part;

use crate::{
    engine::sled::sync_dir,
    error::StoreError,
    fault::{FaultPlan, FaultPoint},
};

const BLOBS_DIR: &str = "blobs";
const UPLOADS_DIR: &str = "uploads";

/// The content of a data directory. Cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    root: PathBuf,
    files: Arc<LocalFileSystem>,
    faults: Arc<dyn FaultPlan>,
    /// Collecting takes the write side; whoever must not lose a file meanwhile holds the read side.
    collection: Arc<RwLock<()>>,
    /// Where the collector goes on.
    round: Arc<Mutex<Round>>,
}

impl std::fmt::Debug for Blobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blobs").field("root", &self.root).finish_non_exhaustive()
    }
}

/// While it lives, no file is collected.
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "it is held, not read")] OwnedRwLockReadGuard<()>);

/// Content that is stored and synced, with nothing referring to it yet. Keep it until the batch that does is committed.
#[derive(Debug)]
pub struct Sealed {
    /// Its address.
    pub hash: BlobHash,
    /// Its SHA-256, which clients see.
    pub sha256: [u8; 32],
    /// Its length in bytes.
    pub size: u64,
    /// Keeps the collector from a file that is being stored again.
    pub hold: Hold,
}

impl Blobs {
    /// Opens the content below a data directory and removes what a crash left half-written.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn open(data: &Path, faults: Arc<dyn FaultPlan>) -> Result<Self, StoreError> {
        for name in [BLOBS_DIR, UPLOADS_DIR] {
            std::fs::create_dir_all(data.join(name))?;
        }
        sync_dir(data)?;
        remove_leftovers(&data.join(BLOBS_DIR))?;
        // It does not sync by default.
        let files = LocalFileSystem::new_with_prefix(data).map_err(plain)?.with_fsync(true);
        Ok(Blobs {
            root: data.to_owned(),
            files: Arc::new(files),
            faults,
            collection: Arc::default(),
            round: Arc::default(),
        })
    }

    /// Stores bytes that are here as a whole.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn put(&self, bytes: Bytes) -> Result<Sealed, StoreError> {
        self.fail(FaultPoint::BlobWrite)?;
        let hold = self.hold().await;
        let hash = BlobHash(*blake3::hash(&bytes).as_bytes());
        let (sha256, size) = (Sha256::digest(&bytes).into(), bytes.len() as u64);
        self.files.put(&place(&hash), bytes.into()).await.map_err(plain)?;
        Ok(Sealed { hash, sha256, size, hold })
    }

    /// Opens an upload's file to append at `offset`, the length its row remembers; what lies behind it was never
    /// acknowledged. The part begins at [`Part::len`], which is less when the file is shorter.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn part(&self, upload: UploadId, offset: u64) -> Result<Part, StoreError> {
        let path = self.part_path(upload);
        let faults = Arc::clone(&self.faults);
        blocking(move || Part::open(&path, offset, faults)).await
    }

    /// Makes the content of a part durable under its hash.
    ///
    /// # Errors
    /// [`StoreError::Io`]. The part is still there and can be opened again.
    pub async fn finish(&self, upload: UploadId, part: Part) -> Result<Sealed, StoreError> {
        let hold = self.hold().await;
        let (hash, sha256, size) = part.close().await?;
        let from = Place::from(format!("{UPLOADS_DIR}/{upload}"));
        // The bytes are synced; this syncs both names.
        self.files.rename(&from, &place(&hash)).await.map_err(plain)?;
        Ok(Sealed { hash, sha256, size, hold })
    }

    /// Throws the file of an upload away, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn discard(&self, upload: UploadId) -> Result<(), StoreError> {
        let path = self.part_path(upload);
        blocking(move || absent_is_fine(std::fs::remove_file(path))).await
    }

    /// The uploads that have a file.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn parts(&self) -> Result<Vec<UploadId>, StoreError> {
        let dir = self.root.join(UPLOADS_DIR);
        blocking(move || {
            let names = std::fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.file_name()));
            let names: Vec<_> = names.collect::<io::Result<_>>()?;
            Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
        })
        .await
    }

    /// Opens content for positional reads, with its length in bytes. Blocks for as long as the system needs to open a file.
    ///
    /// # Errors
    /// [`StoreError::Io`], of kind `NotFound` when it is not there.
    pub fn open_file(&self, hash: &BlobHash) -> Result<(File, u64), StoreError> {
        let file = File::open(self.local_path(hash))?;
        let size = file.metadata()?.len();
        Ok((file, size))
    }

    /// The path of content, for a child process that reads it.
    #[must_use]
    pub fn local_path(&self, hash: &BlobHash) -> PathBuf {
        self.root.join(place(hash).as_ref())
    }

    /// Whether there is a file of this hash.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn exists(&self, hash: &BlobHash) -> Result<bool, StoreError> {
        match self.files.head(&place(hash)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(plain(error)),
        }
    }

    /// Deletes the file of a hash, if there is one. Only the collector may, and a restore.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn delete(&self, hash: &BlobHash) -> Result<(), StoreError> {
        self.fail(FaultPoint::BlobDelete)?;
        match self.files.delete(&place(hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(plain(error)),
        }
    }

    /// Every file with its length in bytes; names that are not hashes are left out.
    #[must_use]
    pub fn list(&self) -> BoxStream<'static, Result<(BlobHash, u64), StoreError>> {
        let found = self.files.list(Some(&Place::from(BLOBS_DIR))).map_err(plain);
        found.try_filter_map(async |meta| Ok(hash_of(&meta.location).map(|hash| (hash, meta.size)))).boxed()
    }

    /// Keeps the collector away: a backup reads files that its snapshot names.
    pub async fn hold(&self) -> Hold {
        Hold(Arc::clone(&self.collection).read_owned().await)
    }

    fn part_path(&self, upload: UploadId) -> PathBuf {
        self.root.join(UPLOADS_DIR).join(upload.to_string())
    }

    fn fail(&self, point: FaultPoint) -> Result<(), StoreError> {
        self.faults.at(point).map_or(Ok(()), |error| Err(error.into()))
    }
}

/// `blobs/ab/abcd…`: 256 folders keep each of them small.
fn place(hash: &BlobHash) -> Place {
    let hex = hash.to_string();
    Place::from(format!("{BLOBS_DIR}/{}/{hex}", &hex[..2]))
}

fn hash_of(place: &Place) -> Option<BlobHash> {
    let mut hash = [0; 32];
    hex::decode_to_slice(place.filename()?, &mut hash).ok()?;
    Some(BlobHash(hash))
}

/// Files that were being written when the power went end in `#` and a number.
fn remove_leftovers(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_leftovers(&entry.path())?;
        } else if entry.file_name().to_string_lossy().contains('#') {
            absent_is_fine(std::fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Runs file work where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|_| StoreError::Closed)??)
}

fn plain(error: object_store::Error) -> StoreError {
    StoreError::Io(match error {
        error @ object_store::Error::NotFound { .. } => io::Error::new(io::ErrorKind::NotFound, error),
        error => {
            // The kind (no space left, say) is what callers decide by; it is somewhere below.
            let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
            let mut kind = io::ErrorKind::Other;
            while let Some(below) = source {
                if let Some(io) = below.downcast_ref::<io::Error>() {
                    kind = io.kind();
                }
                source = below.source();
            }
            io::Error::new(kind, error)
        }
    })
}
