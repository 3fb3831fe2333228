//! The collector: content that nothing refers to for a day is condemned, an hour later its file goes, then its row.
//!
//! A reference asserts the stamp of the live row, so condemning and referring exclude each other. The file goes only while
//! nobody holds the collection; storing the same content again holds it until its row is revived.

use model::{BlobHash, Timestamp};

use super::Blobs;
use crate::{
    Batch, Scan, Store, StoreError, Stored,
    limits::{BLOB_CONDEMNED_MS, BLOB_IDLE_MS, COLLECT_PAGE},
    tables::blob::{BlobRow, BlobState, Blobs as Rows, BlobsIdle, IdleRow, Refs},
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
}

/// What is known about one blob.
struct Case {
    hash: BlobHash,
    blob: Stored<BlobRow>,
    refs: i64,
    idle: Option<Stored<IdleRow>>,
}

impl Blobs {
    /// Looks at every blob once.
    ///
    /// # Errors
    /// [`StoreError`] when the store or the disk fails. What changed meanwhile is left for the next round.
    pub async fn collect(&self, store: &Store, now: Timestamp) -> Result<Collected, StoreError> {
        let mut done = Collected::default();
        let mut scan = Scan::all().limit(COLLECT_PAGE);
        loop {
            let page = store.scan::<Rows>(scan.clone()).await?;
            let hashes: Vec<_> = page.items.iter().map(|(hash, _)| *hash).collect();
            let refs = store.count_many::<Refs>(&hashes).await?;
            let idle = store.get_many::<BlobsIdle>(&hashes).await?;
            for (((hash, blob), refs), idle) in page.items.into_iter().zip(refs).zip(idle) {
                match self.look(store, Case { hash, blob, refs, idle }, now, &mut done).await {
                    Err(error) if error.is_conflict() => {}
                    other => other?,
                }
            }
            match hashes.last() {
                Some(last) if page.more => scan = scan.after(last),
                _ => return Ok(done),
            }
        }
    }

    async fn look(
        &self,
        store: &Store,
        case: Case,
        now: Timestamp,
        done: &mut Collected,
    ) -> Result<(), StoreError> {
        let Case { hash, blob, refs, idle } = &case;
        let mut batch = Batch::new();
        batch.priority();
        match (blob.row.state, idle) {
            (BlobState::Live, None) if *refs == 0 => {
                batch.insert::<BlobsIdle>(hash, &IdleRow { since: now });
                store.commit(batch).await?;
                done.idle += 1;
            }
            (BlobState::Live, Some(idle)) if *refs > 0 => {
                batch.delete::<BlobsIdle>(hash, idle);
                store.commit(batch).await?;
            }
            (BlobState::Live, Some(idle)) if now.since(idle.row.since) >= BLOB_IDLE_MS => {
                let condemned = BlobRow { state: BlobState::Condemned { since: now }, ..blob.row.clone() };
                batch
                    .assert_counter::<Refs>(hash, 0..=0)
                    .replace::<Rows>(hash, blob, &condemned)
                    .delete::<BlobsIdle>(hash, idle);
                store.commit(batch).await?;
                done.condemned += 1;
            }
            (BlobState::Live, _) => {}
            (BlobState::Condemned { since }, _) if now.since(since) >= BLOB_CONDEMNED_MS => {
                self.remove(store, &case, done).await?;
            }
            (BlobState::Condemned { .. }, _) => {}
        }
        Ok(())
    }

    async fn remove(&self, store: &Store, case: &Case, done: &mut Collected) -> Result<(), StoreError> {
        // Somebody holds the collection: not this time.
        let Ok(_alone) = self.collection.try_write() else { return Ok(()) };
        let unchanged = store.get::<Rows>(&case.hash).await?.is_some_and(|now| now.stamp == case.blob.stamp);
        if !unchanged {
            return Ok(());
        }
        self.delete(&case.hash).await?;
        let mut batch = Batch::new();
        batch.priority().assert_counter::<Refs>(&case.hash, 0..=0).delete::<Rows>(&case.hash, &case.blob);
        store.commit(batch).await?;
        done.removed += 1;
        done.removed_bytes += case.blob.row.size;
        Ok(())
    }
}
