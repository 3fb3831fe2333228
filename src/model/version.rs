//! Versions: the takes of a track. A number is given once and never again.

use crate::{
    BlobHash, GuestId, JobId, ProjectId, Timestamp, TrackId, UserId, VersionId,
    media::{Loudness, MediaFacts},
    principal::Principal,
    review::Review,
    text::{Changelog, FileName, Label, Tag},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// The track it belongs to.
    pub track_id: TrackId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// 1, 2, 3 … within the track.
    pub number: i64,
    /// What the band calls it.
    pub label: Option<Label>,
    /// What changed, in Markdown.
    pub changelog: Option<Changelog>,
    /// The version it was made from.
    pub parent_version_id: Option<VersionId>,
    /// Who uploaded it, or vouched for the link by which a guest did.
    pub uploaded_by: UserId,
    /// The guest who uploaded it, if one did.
    #[serde(default)]
    pub uploaded_by_guest: Option<GuestId>,
    /// The name of the uploaded file.
    pub filename: FileName,
    /// The recording as it was uploaded.
    pub original: BlobHash,
    /// The SHA-256 of the recording, as clients see it.
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Who pays for the bytes: their quota was charged.
    pub charged_to: UserId,
    /// How far it is.
    pub status: VersionStatus,
    /// The job that processes it.
    pub job_id: JobId,
    /// Make it the current version when it is ready.
    pub make_current: bool,
    /// The version whose open comments it takes over when it is ready.
    #[serde(default)]
    pub carry_from: Option<VersionId>,
    /// How far its review is.
    #[serde(default)]
    pub review: Review,
    /// What the recording is; known when ready.
    pub media: Option<MediaFacts>,
    /// How loud it is; known when ready, absent for silence.
    pub loudness: Option<Loudness>,
    /// What was odd about the file, in sentences for people.
    pub warnings: Vec<String>,
    /// The waveform pyramid.
    pub peaks: Option<BlobHash>,
    /// The features for alignment.
    pub features: Option<BlobHash>,
    /// What else was measured: curves, silence, tempo.
    #[serde(default)]
    pub analysis: Option<BlobHash>,
    /// Free metadata.
    pub metadata: BTreeMap<String, String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
    /// When and by whom it was moved to the trash.
    pub deleted: Option<(Timestamp, UserId)>,
}

impl Version {
    /// Who uploaded it.
    pub fn uploader(&self) -> Principal {
        self.uploaded_by_guest.map_or(Principal::User(self.uploaded_by), Principal::Guest)
    }
}

impl Version {
    /// The stored content that it refers to.
    pub fn blobs(&self) -> impl Iterator<Item = BlobHash> {
        [Some(self.original), self.peaks, self.features, self.analysis].into_iter().flatten()
    }
}

/// How far a version is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum VersionStatus {
    /// The recording is stored and being looked at.
    Processing,
    /// It plays and shows.
    Ready,
    /// It cannot be used.
    Failed {
        /// A problem code.
        code: String,
        /// A sentence for the musician.
        detail: String,
    },
}
