//! Pictures that people give us: decoded, bounded, encoded anew, stored by the hash of what came out.

use crate::{Error, Result, Service, Stored, authorize::must};
use bytes::Bytes;
use model::{BlobHash, Timestamp, Violation, limits};
use std::{fs::File, sync::Arc};
use store::{
    Batch, Sealed,
    tables::blob::{BlobRow, BlobState, Blobs},
};
use tokio::sync::Semaphore;

/// Decoding a picture takes up to 64 MB for a moment, so that few are decoded at once.
static DECODERS: Semaphore = Semaphore::const_new(limits::PICTURES_AT_ONCE);

/// Which form a picture gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A square of this side, in pixels.
    Square(u32),
    /// No side longer than this, in pixels.
    Within(u32),
}

/// A stored picture that nothing refers to yet. Keep it until the batch that does is committed.
pub(crate) struct NewPicture {
    sealed: Sealed,
    row: BlobRow,
}

impl NewPicture {
    pub(crate) fn hash(&self) -> BlobHash {
        self.sealed.hash
    }
}

/// A stored picture, open.
#[derive(Debug)]
pub struct PictureFile {
    /// Its bytes.
    pub file: File,
    /// How many.
    pub length: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// `image/jpeg` or `image/png`.
    pub content_type: String,
    /// When it was hung up, or a little later.
    pub since: Timestamp,
}

impl Service {
    /// Makes a picture safe and stores it.
    ///
    /// # Errors
    /// `PayloadTooLarge`, `Invalid` if it is no picture we can read.
    pub(crate) async fn develop(&self, form: Form, bytes: Bytes) -> Result<NewPicture> {
        if bytes.len() > limits::IMAGE_BYTES_MAX {
            return Err(Error::PayloadTooLarge { limit: limits::IMAGE_BYTES_MAX as u64 });
        }
        let broken =
            |error: &dyn std::fmt::Display| Error::Internal(format!("a picture was not decoded: {error}"));
        let turn = DECODERS.acquire().await.map_err(|error| broken(&error))?;
        let images = Arc::clone(&self.parts.images);
        let decoded = tokio::task::spawn_blocking(move || match form {
            Form::Square(side) => images.square(&bytes, side),
            Form::Within(side) => images.fit(&bytes, side),
        });
        let picture = decoded.await.map_err(|error| broken(&error))?;
        drop(turn);
        let picture = picture.map_err(|error| Violation::new("", "unsupported_picture", error.0))?;
        let sealed = self.blobs().put(picture.bytes).await?;
        let row = BlobRow {
            size: sealed.size,
            sha256: sealed.sha256,
            content_type: picture.content_type.to_owned(),
            state: BlobState::Live,
        };
        Ok(NewPicture { sealed, row })
    }

    /// Lets a row refer to `new` instead of `old`, in the same batch.
    pub(crate) async fn hang(
        &self,
        batch: &mut Batch,
        old: Option<BlobHash>,
        new: Option<&NewPicture>,
    ) -> Result<()> {
        if let Some(old) = old {
            batch.release_blob(&old);
        }
        if let Some(new) = new {
            let hash = new.hash();
            let found: Option<Stored<BlobRow>> = self.store().get::<Blobs>(&hash).await?;
            batch.store_blob(&hash, found.as_ref(), &new.row);
        }
        Ok(())
    }

    /// Opens a picture that a row refers to.
    ///
    /// # Errors
    /// `NotFound` if it is not there any more.
    pub(crate) async fn open_picture(&self, hash: BlobHash, since: Timestamp) -> Result<PictureFile> {
        let row = must::<Blobs>(self.store(), &hash, "picture").await?.row;
        let blobs = self.blobs().clone();
        let opened = tokio::task::spawn_blocking(move || blobs.open_file(&hash)).await;
        let (file, length) = opened.map_err(|error| Error::Internal(error.to_string()))??;
        Ok(PictureFile { file, length, sha256: row.sha256, content_type: row.content_type, since })
    }
}
