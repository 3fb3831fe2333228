//! The file of an upload while it grows: appended, hashed on the way, synced before its length is stored.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
};

use model::BlobHash;
use sha2::{Digest, Sha256};

use super::blocking;
use crate::{
    engine::sled::sync_dir,
    error::StoreError,
    fault::{FaultPlan, FaultPoint},
    limits::PART_WRITE_BYTES,
};

/// An upload's file, open to append. Dropping it loses at most what was not synced.
#[derive(Debug)]
pub struct Part {
    /// Absent only while a thread works on it, or after that failed.
    body: Option<Body>,
    waiting: Vec<u8>,
    len: u64,
}

struct Body {
    file: File,
    blake3: blake3::Hasher,
    sha256: Sha256,
    faults: Arc<dyn FaultPlan>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Part {
    /// Opens or makes the file, cuts it to `offset` and hashes what is left.
    pub(super) fn open(path: &Path, offset: u64, faults: Arc<dyn FaultPlan>) -> io::Result<Self> {
        let is_new = !path.exists();
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        if let (true, Some(dir)) = (is_new, path.parent()) {
            sync_dir(dir)?;
        }
        let len = file.metadata()?.len().min(offset);
        file.set_len(len)?;
        let (mut blake3, mut sha256) = (blake3::Hasher::new(), Sha256::new());
        let mut buffer = vec![0; PART_WRITE_BYTES];
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            blake3.update(&buffer[..count]);
            sha256.update(&buffer[..count]);
        }
        Ok(Part { body: Some(Body { file, blake3, sha256, faults }), waiting: Vec::new(), len })
    }

    /// Its length in bytes, with what was appended.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends bytes. The caller keeps the limit.
    ///
    /// # Errors
    /// [`StoreError::Io`]; open the part again at its last synced length.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.waiting.extend_from_slice(bytes);
        self.len += bytes.len() as u64;
        if self.waiting.len() < PART_WRITE_BYTES { Ok(()) } else { self.work(|_| Ok(())).await }
    }

    /// Makes everything appended durable and says how much that is.
    ///
    /// # Errors
    /// As [`Part::append`].
    pub async fn sync(&mut self) -> Result<u64, StoreError> {
        self.work(|body| {
            body.faults.at(FaultPoint::BlobSync).map_or(Ok(()), Err)?;
            body.file.sync_all()
        })
        .await?;
        Ok(self.len)
    }

    /// Syncs it and gives its hashes and length.
    pub(super) async fn close(mut self) -> Result<(BlobHash, [u8; 32], u64), StoreError> {
        self.sync().await?;
        let body = self.body.ok_or(StoreError::Closed)?;
        Ok((BlobHash(*body.blake3.finalize().as_bytes()), body.sha256.finalize().into(), self.len))
    }

    /// Writes what waits, then does one more thing, in a thread that may block.
    async fn work(&mut self, then: fn(&mut Body) -> io::Result<()>) -> Result<(), StoreError> {
        let mut body = self.body.take().ok_or(StoreError::Closed)?;
        let bytes = std::mem::take(&mut self.waiting);
        let body = blocking(move || {
            body.faults.at(FaultPoint::BlobWrite).map_or(Ok(()), Err)?;
            body.file.write_all(&bytes)?;
            body.blake3.update(&bytes);
            body.sha256.update(&bytes);
            then(&mut body)?;
            Ok(body)
        });
        self.body = Some(body.await?);
        Ok(())
    }
}
