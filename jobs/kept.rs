//! Files that a child wrote, as stored content.

use crate::{JobError, Parts};
use model::{UploadId, limits};
use service::version_process::Derived;
use std::path::Path;
use store::{
    blobs::Hold,
    tables::blob::{BlobRow, BlobState},
};
use tokio::io::AsyncReadExt;

/// Stores a file as a blob. Keep the hold until the batch that refers to it is committed.
pub(crate) async fn keep(
    parts: &Parts,
    path: &Path,
    content_type: &str,
) -> Result<(Derived, Hold), JobError> {
    let place = UploadId::new(parts.ids.uuid(parts.clock.now()));
    let mut part = parts.blobs.part(place, 0).await?;
    let mut file = tokio::fs::File::open(path).await.map_err(io)?;
    let mut buffer = vec![0; limits::BLOB_READ_BYTES];
    loop {
        let count = file.read(&mut buffer).await.map_err(io)?;
        if count == 0 {
            break;
        }
        part.append(&buffer[..count]).await?;
    }
    let sealed = parts.blobs.finish(place, part).await?;
    let row = BlobRow {
        size: sealed.size,
        sha256: sealed.sha256,
        content_type: content_type.to_owned(),
        state: BlobState::Live,
    };
    Ok((Derived { hash: sealed.hash, row }, sealed.hold))
}

/// A failure of the disk as a failure of the job.
pub(crate) fn io(error: std::io::Error) -> JobError {
    store::StoreError::Io(error).into()
}
