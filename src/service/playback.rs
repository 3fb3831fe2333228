//! Recordings on their way out: to an `<audio>` element, or as a file to keep.
//!
//! Whether the caller may have them is decided here, before anybody looks at ranges. What is not served as it was uploaded is a rendition,
//! whole before its first byte is sent; asking for one that is not there starts its making.

use crate::{Ctx, Error, Result, Service, rendition::media_of, rendition_make::renamed};
use model::{
    BlobHash, Timestamp, VersionId, Violation,
    access::Action,
    account::Quality,
    media::MediaFacts,
    rendition::{BitDepth, Format, Made, Recipe, RenditionKind, Served, Wish},
    version::Version,
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
    /// What to call them.
    pub filename: String,
    /// Since when they are what they are.
    pub modified: Timestamp,
}

/// How a recording is downloaded: as it is, or in a format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DownloadForm {
    /// The format; none = as it was uploaded.
    pub format: Option<Format>,
    /// Bits of a sample.
    pub bit_depth: Option<BitDepth>,
}

impl Service {
    /// A recording to play. Without a quality: the original if browsers play its format, else its preview.
    ///
    /// # Errors
    /// `NotFound`; `Processing` while the version is processed or the quality is made; `Audio` if either failed.
    pub async fn stream_version(
        &self,
        cx: &Ctx,
        id: VersionId,
        quality: Option<Quality>,
    ) -> Result<Recording> {
        match self.streamable(cx, id, quality).await? {
            (version, None) => self.original(version).await,
            (version, Some((recipe, made, since))) => {
                self.open_made(&made, renamed(&version, recipe), since).await
            }
        }
    }

    /// A recording to keep, as it was uploaded or in a format.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` if the project does not let viewers download; `Invalid` if the format does not have what is asked for; else
    /// as [`Service::create_rendition`].
    pub async fn download_version(&self, cx: &Ctx, id: VersionId, form: DownloadForm) -> Result<Recording> {
        let (auth, _) = self.authorize_version(cx, id, Action::Download).await?;
        let version = auth.resource().row.clone();
        let Some(format) = form.format else {
            return match form.bit_depth {
                None => self.original(version).await,
                Some(_) => {
                    Err(Violation::new("?bit_depth", "not_here", "name a format to choose this").into())
                }
            };
        };
        let media = media_of(&version)?;
        let wish = Wish { format, bit_depth: form.bit_depth, bitrate: None, sample_rate: None };
        let recipe = wish.recipe("?", Some(media))?;
        if is_already(&version, media, recipe) {
            return self.original(version).await;
        }
        let wanted = (recipe, RenditionKind::Download);
        let (found, made) = self.rendition(cx, id, Action::Download, wanted).await?;
        self.open_made(&made, renamed(&version, recipe), found.row.updated_at).await
    }

    /// A version that the caller may hear, and its rendition where it is not played as it is.
    pub(crate) async fn streamable(
        &self,
        cx: &Ctx,
        id: VersionId,
        quality: Option<Quality>,
    ) -> Result<(Version, Option<(Recipe, Made, Timestamp)>)> {
        let (auth, _) = self.authorize_version(cx, id, Action::Listen).await?;
        let version = auth.resource().row.clone();
        match Served::playing(quality, media_of(&version)?) {
            Served::Original => Ok((version, None)),
            Served::Made(recipe, kind) => {
                let (found, made) = self.rendition(cx, id, Action::Listen, (recipe, kind)).await?;
                Ok((version, Some((recipe, made, found.row.updated_at))))
            }
        }
    }

    async fn original(&self, version: Version) -> Result<Recording> {
        let (file, size_bytes) = self.open_blob(&version.original).await?;
        Ok(Recording {
            file,
            size_bytes,
            sha256: version.sha256,
            content_type: content_type(version.media.as_ref()),
            filename: version.filename.to_string(),
            modified: version.created_at,
        })
    }

    /// A stored file that was made from recordings.
    pub(crate) async fn open_made(
        &self,
        made: &Made,
        filename: String,
        modified: Timestamp,
    ) -> Result<Recording> {
        let (file, size_bytes) = self.open_blob(&made.blob).await?;
        let (sha256, content_type) = (made.sha256, made.content_type.clone());
        Ok(Recording { file, size_bytes, sha256, content_type, filename, modified })
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

/// Whether the upload is what the recipe would make of it, and nothing about it is odd. WAV is written anew: what is inside of one is many things.
fn is_already(version: &Version, media: &MediaFacts, recipe: Recipe) -> bool {
    let same_depth = match recipe.bit_depth() {
        Some(BitDepth::Sixteen) => media.bit_depth == Some(16),
        Some(BitDepth::TwentyFour) => media.bit_depth == Some(24),
        Some(BitDepth::Float) | None => false,
    };
    let flac = media.container == "flac" && recipe.format() == Format::Flac;
    flac && same_depth && recipe.sample_rate().is_none() && version.warnings.is_empty()
}
