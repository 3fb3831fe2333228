//! What was measured of a recording, as it was stored when its version was processed.

use crate::{Ctx, Error, Result, Service, rendition::media_of};
use model::{BlobHash, VersionId, access::Action, analysis::Analysis, limits};
use std::io::Read;

impl Service {
    /// What was measured of a version.
    ///
    /// # Errors
    /// `NotFound`; `Processing` until it is ready; `Audio` if the version failed.
    pub async fn get_analysis(&self, cx: &Ctx, id: VersionId) -> Result<Analysis> {
        let (auth, _) = self.authorize_version(cx, id, Action::Listen).await?;
        let version = &auth.resource().row;
        media_of(version)?;
        match version.analysis {
            Some(stored) => self.stored_analysis(&stored).await,
            // Processed before there was more to measure.
            None => Ok(Analysis { loudness: version.loudness, ..Analysis::default() }),
        }
    }

    async fn stored_analysis(&self, hash: &BlobHash) -> Result<Analysis> {
        let (file, _) = self.open_blob(hash).await?;
        let read = move || {
            let mut bytes = Vec::new();
            file.take(limits::ANALYSIS_BYTES_MAX).read_to_end(&mut bytes).map(|_| bytes)
        };
        let bytes =
            tokio::task::spawn_blocking(read).await.map_err(|error| Error::Internal(error.to_string()))?;
        let bytes = bytes.map_err(|error| Error::Internal(error.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Internal(error.to_string()))
    }
}
