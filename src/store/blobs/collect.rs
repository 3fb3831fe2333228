//! The collector: content that nothing refers to for a day is condemned, an hour later its file goes, then its row.
//!
//! A reference asserts the stamp of the live row, so condemning and referring exclude each other. The file goes only while
//! nobody holds the collection; storing the same content again holds it until its row is revived. A round is bounded: it
//! looks at blobs that lost a reference, at condemned ones, and at one of the 256 folders for files without a row.

use model::{BlobHash, Timestamp};

use super::{BLOBS_DIR, Blobs, Place, blocking, hash_of};
use crate::{
    Batch, Scan, Store, StoreError, Stored,
    limits::{BLOB_CONDEMNED_MS, BLOB_IDLE_MS, COLLECT_ROUND},
    tables::blob::{BlobRow, BlobState, Blobs as Rows, BlobsCondemned, BlobsIdle, IdleRow, Refs},
};

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs seen without a reference for the first time.
    pub idle: u64,
    /// Blobs condemned.
    pub condemned: u64,
    /// Files and rows removed.
    pub removed: u64,
    /// Bytes of these files.
    pub removed_bytes: u64,
    /// Files removed that no row ever named.
    pub strays: u64,
}

/// Where the next round goes on.
#[derive(Debug, Default)]
pub(super) struct Round {
    after: Option<BlobHash>,
    folder: u8,
}

/// A blob that lost a reference.
struct Case {
    hash: BlobHash,
    idle: Stored<IdleRow>,
    blob: Option<Stored<BlobRow>>,
    refs: i64,
}

impl Blobs {
    /// One round.
    ///
    /// # Errors
    /// [`StoreError`] when the store or the disk fails. What changed meanwhile is left for a later round.
    pub async fn collect(&self, store: &Store, now: Timestamp) -> Result<Collected, StoreError> {
        let mut done = Collected::default();
        self.judge(store, now, &mut done).await?;
        self.execute(store, now, &mut done).await?;
        self.sweep(store, &mut done).await?;
        Ok(done)
    }

    /// Looks at blobs that lost a reference.
    async fn judge(&self, store: &Store, now: Timestamp, done: &mut Collected) -> Result<(), StoreError> {
        let mut scan = Scan::all().limit(COLLECT_ROUND);
        if let Some(after) = self.round.lock().after {
            scan = scan.after(&after);
        }
        let page = store.scan::<BlobsIdle>(scan).await?;
        let hashes: Vec<_> = page.items.iter().map(|(hash, _)| *hash).collect();
        self.round.lock().after = hashes.last().copied().filter(|_| page.more);
        let blobs = store.get_many::<Rows>(&hashes).await?;
        let refs = store.count_many::<Refs>(&hashes).await?;
        for (((hash, idle), blob), refs) in page.items.into_iter().zip(blobs).zip(refs) {
            let batch = verdict(&Case { hash, idle, blob, refs }, now, done);
            settle(store, batch).await?;
        }
        Ok(())
    }

    /// Removes what was condemned long enough ago.
    async fn execute(&self, store: &Store, now: Timestamp, done: &mut Collected) -> Result<(), StoreError> {
        let due = now.plus_millis(1 - BLOB_CONDEMNED_MS);
        let scan = Scan::all().before(&due).limit(COLLECT_ROUND);
        for hit in store.scan_index::<BlobsCondemned>(scan).await?.items {
            self.remove(store, &hit.key, &hit.stored, done).await?;
        }
        Ok(())
    }

    async fn remove(
        &self,
        store: &Store,
        hash: &BlobHash,
        blob: &Stored<BlobRow>,
        done: &mut Collected,
    ) -> Result<(), StoreError> {
        // Somebody holds the collection: not this time.
        let Ok(_alone) = self.collection.try_write() else { return Ok(()) };
        let unchanged = store.get::<Rows>(hash).await?.is_some_and(|now| now.stamp == blob.stamp);
        if !unchanged {
            return Ok(());
        }
        self.delete(hash).await?;
        let mut batch = Batch::new();
        batch.priority().assert_counter::<Refs>(hash, 0..=0).delete::<Rows>(hash, blob);
        settle(store, Some(batch)).await?;
        done.removed += 1;
        done.removed_bytes += blob.row.size;
        Ok(())
    }

    /// Removes the files of one folder that have no row: a crash, or other bytes than declared, came before it.
    async fn sweep(&self, store: &Store, done: &mut Collected) -> Result<(), StoreError> {
        let folder = self.round.lock().folder;
        // Who stores something holds the collection until its row is there.
        let Ok(_alone) = self.collection.try_write() else { return Ok(()) };
        let dir = self.root.join(BLOBS_DIR).join(hex::encode([folder]));
        let names = blocking(move || match std::fs::read_dir(dir) {
            Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name())).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        });
        for name in names.await? {
            let hash = hash_of(&Place::from(name.to_string_lossy().as_ref()));
            if let Some(hash) = hash
                && store.get::<Rows>(&hash).await?.is_none()
            {
                self.delete(&hash).await?;
                done.strays += 1;
            }
        }
        self.round.lock().folder = folder.wrapping_add(1);
        Ok(())
    }
}

/// What is to be done about a blob that lost a reference, if anything is.
fn verdict(case: &Case, now: Timestamp, done: &mut Collected) -> Option<Batch> {
    let Case { hash, idle, blob, refs } = case;
    let mut batch = Batch::new();
    batch.priority();
    let live = blob.as_ref().filter(|blob| blob.row.state == BlobState::Live && *refs == 0);
    match (live, idle.row.since) {
        // It has references again, is condemned already, or is gone.
        (None, _) => {
            batch.delete::<BlobsIdle>(hash, idle);
        }
        (Some(_), None) => {
            batch.replace::<BlobsIdle>(hash, idle, &IdleRow { since: Some(now) });
            done.idle += 1;
        }
        (Some(blob), Some(since)) if now.since(since) >= BLOB_IDLE_MS => {
            let condemned = BlobRow { state: BlobState::Condemned { since: now }, ..blob.row.clone() };
            batch
                .assert_counter::<Refs>(hash, 0..=0)
                .replace::<Rows>(hash, blob, &condemned)
                .delete::<BlobsIdle>(hash, idle);
            done.condemned += 1;
        }
        (Some(_), Some(_)) => return None,
    }
    Some(batch)
}

/// Commits a verdict, unless something changed meanwhile.
async fn settle(store: &Store, batch: Option<Batch>) -> Result<(), StoreError> {
    match batch {
        Some(batch) => match store.commit(batch).await {
            Err(error) if !error.is_conflict() => Err(error),
            Ok(_) | Err(_) => Ok(()),
        },
        None => Ok(()),
    }
}
