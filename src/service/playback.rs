//! Recordings on their way out: to an `<audio>` element, or as a file to keep.
//!
//! Whether the caller may have them is decided here, before anybody looks at ranges. Until previews are made, every recording
//! is served as it was uploaded.

use crate::{Ctx, Error, Result, Service, version_current::playable};
use model::{
    BlobHash, Timestamp, VersionId, Violation, access::Action, account::Quality, media::MediaFacts,
    text::FileName, version::Version,
};

/// A stored recording that the caller may have.
#[derive(Debug)]
pub struct Recording {
    /// Its bytes.
    pub file: std::fs::File,
    /// How many they are.
    pub size_bytes: u64,
    /// Their SHA-256: the strong entity tag.
    pub sha256: [u8; 32],
    /// The type to serve them with.
    pub content_type: String,
    /// The name they were uploaded under.
    pub filename: FileName,
    /// Since when they are what they are.
    pub modified: Timestamp,
}

impl Service {
    /// A recording to play. Without a quality: the original if browsers play its format.
    ///
    /// # Errors
    /// `NotFound`; `Processing`; `Audio` if the version failed; `Invalid` if the quality is not there.
    pub async fn stream_version(
        &self,
        cx: &Ctx,
        id: VersionId,
        quality: Option<Quality>,
    ) -> Result<Recording> {
        let version = self.streamable(cx, id, quality).await?;
        self.recording(version).await
    }

    /// A recording to keep, as it was uploaded.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` if the project does not let viewers download.
    pub async fn download_version(&self, cx: &Ctx, id: VersionId) -> Result<Recording> {
        let (auth, _) = self.authorize_version(cx, id, Action::Download).await?;
        self.recording(auth.resource().row.clone()).await
    }

    /// A version that the caller may hear and that is there in this quality.
    pub(crate) async fn streamable(
        &self,
        cx: &Ctx,
        id: VersionId,
        quality: Option<Quality>,
    ) -> Result<Version> {
        let (auth, _) = self.authorize_version(cx, id, Action::Listen).await?;
        let version = auth.resource().row.clone();
        playable(&version)?;
        match quality {
            Some(Quality::Original) => Ok(version),
            None if version.media.as_ref().is_some_and(|media| media.browser_playable) => Ok(version),
            None => Err(Violation::new(
                "?quality",
                "no_preview",
                "browsers do not play this format, and it has no preview; ask for original",
            )
            .into()),
            Some(Quality::Lossless | Quality::High | Quality::Low) => {
                Err(Violation::new("?quality", "not_available", "this version is there as original only")
                    .into())
            }
        }
    }

    async fn recording(&self, version: Version) -> Result<Recording> {
        let (file, size_bytes) = self.open_blob(&version.original).await?;
        Ok(Recording {
            file,
            size_bytes,
            sha256: version.sha256,
            content_type: content_type(version.media.as_ref()),
            filename: version.filename,
            modified: version.created_at,
        })
    }

    /// Opens stored bytes that a row refers to.
    pub(crate) async fn open_blob(&self, hash: &BlobHash) -> Result<(std::fs::File, u64)> {
        let (blobs, hash) = (self.blobs().clone(), *hash);
        let opened = tokio::task::spawn_blocking(move || blobs.open_file(&hash)).await;
        Ok(opened.map_err(|error| Error::Internal(error.to_string()))??)
    }
}

/// Types come from what the bytes are, never from what a client said they were.
fn content_type(media: Option<&MediaFacts>) -> String {
    media.map_or_else(|| "application/octet-stream".to_owned(), |media| media.content_type.clone())
}
