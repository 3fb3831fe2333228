//! Versions as JSON.

mod change;

pub use change::{CarryComments, CreateVersion, SetCurrentVersion, UpdateVersion};

use super::{
    Time,
    review::{ReviewStatus, VersionApproval},
    tags,
};
use model::{
    media::{self, MediaFacts},
    principal::Principal,
    version as stored,
};
use poem_openapi::{Enum, Object};
use service::{Stored, version::VersionView, version_list::VersionFilter};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How far a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum VersionStatus {
    /// The recording is being looked at.
    Processing,
    /// It plays and shows.
    Ready,
    /// It cannot be used; `failure` says why.
    Failed,
}

impl From<VersionStatus> for VersionFilter {
    fn from(status: VersionStatus) -> Self {
        match status {
            VersionStatus::Processing => Self::Processing,
            VersionStatus::Ready => Self::Ready,
            VersionStatus::Failed => Self::Failed,
        }
    }
}

/// One take of a track.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Version {
    /// Its id.
    pub id: Uuid,
    /// The track it belongs to.
    pub track_id: Uuid,
    /// The project it belongs to.
    pub project_id: Uuid,
    /// 1, 2, 3 … within the track; never given twice.
    pub number: i64,
    /// What the band calls it.
    pub label: Option<String>,
    /// What changed, in Markdown.
    pub changelog: Option<String>,
    /// The version it was made from.
    pub parent_version_id: Option<Uuid>,
    /// Who uploaded it.
    pub uploaded_by: Uploader,
    /// The name of the uploaded file.
    pub filename: String,
    /// How far it is.
    pub status: VersionStatus,
    /// Why it cannot be used.
    pub failure: Option<VersionFailure>,
    /// Whether the track plays it.
    pub is_current: bool,
    /// How far its review is.
    pub review_status: ReviewStatus,
    /// The members who were asked to review it; none = everybody.
    pub reviewers: Vec<Uuid>,
    /// What people think of it, oldest first; absent in lists, not part of the revision.
    pub approvals: Option<Vec<VersionApproval>>,
    /// Its comments and those carried to it, as far as you see them; not part of the revision.
    pub comment_counts: CommentCounts,
    /// The job that processes it.
    pub job_id: Uuid,
    /// What the recording is; known when ready.
    pub media: Option<Media>,
    /// How loud it is; known when ready, absent for silence and for less than 400 ms.
    pub loudness: Option<Loudness>,
    /// What was odd about the file.
    pub warnings: Vec<String>,
    /// Free metadata.
    pub metadata: BTreeMap<String, String>,
    /// Tags.
    pub tags: Vec<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Counts its changes.
    pub revision: i64,
}

/// How many comments a version has; replies are not counted.
#[derive(Clone, Copy, Debug, Object)]
pub struct CommentCounts {
    /// Not resolved.
    pub open: i64,
    /// Resolved.
    pub resolved: i64,
}

/// Who uploaded a version.
#[derive(Debug, Object)]
pub struct Uploader {
    /// `user` or `guest`.
    pub kind: String,
    /// Their id.
    pub id: Uuid,
}

impl From<Principal> for Uploader {
    fn from(who: Principal) -> Self {
        let kind = match who {
            Principal::User(_) => "user",
            Principal::Guest(_) => "guest",
        };
        Self { kind: kind.to_owned(), id: who.uuid() }
    }
}

/// Why something failed.
#[derive(Debug, Object)]
pub struct VersionFailure {
    /// The stable machine name.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
}

/// What a recording is.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Media {
    /// Its length in milliseconds, rounded.
    pub duration_ms: i64,
    /// Its length in sample frames.
    pub frames: i64,
    /// Sample frames a second, in Hz.
    pub sample_rate: i32,
    /// Bits a sample, for lossless formats.
    pub bit_depth: Option<i32>,
    /// Channels.
    pub channels: i32,
    /// Such as `flac`, `mp3`, `pcm`.
    pub codec: String,
    /// Such as `wav`, `mp4`.
    pub container: String,
    /// Mean bits a second.
    pub bitrate: Option<i64>,
    /// Its size in bytes.
    pub size_bytes: i64,
    /// The SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
    /// The type it is served with.
    pub content_type: String,
    /// Whether current browsers play it as it is.
    pub browser_playable: bool,
}

/// How loud a recording is (ITU-R BS.1770-4, EBU Tech 3341 and 3342).
#[derive(Debug, Object)]
pub struct Loudness {
    /// Integrated loudness in LUFS.
    pub integrated_lufs: f64,
    /// True peak in dBTP.
    pub true_peak_dbtp: f64,
    /// Sample peak in dBFS.
    pub sample_peak_dbfs: f64,
    /// Loudness range in LU.
    pub lra: f64,
}

impl From<VersionView> for Version {
    fn from(view: VersionView) -> Self {
        let Stored { row, rev, .. } = view.version;
        let media = row.media.as_ref().map(|facts| Media::of(facts, &row));
        let uploaded_by = row.uploader().into();
        let (status, failure) = match row.status {
            stored::VersionStatus::Processing => (VersionStatus::Processing, None),
            stored::VersionStatus::Ready => (VersionStatus::Ready, None),
            stored::VersionStatus::Failed { code, detail } => {
                (VersionStatus::Failed, Some(VersionFailure { code, detail }))
            }
        };
        Self {
            id: row.id.uuid(),
            track_id: row.track_id.uuid(),
            project_id: row.project_id.uuid(),
            number: row.number,
            label: row.label.map(|text| text.to_string()),
            changelog: row.changelog.map(|text| text.to_string()),
            parent_version_id: row.parent_version_id.map(Into::into),
            uploaded_by,
            filename: row.filename.to_string(),
            status,
            failure,
            is_current: view.is_current,
            review_status: row.review.status.into(),
            reviewers: row.review.reviewers.into_iter().map(Into::into).collect(),
            approvals: view.approvals.map(|all| all.into_iter().map(Into::into).collect()),
            comment_counts: CommentCounts { open: view.comments.open, resolved: view.comments.resolved },
            job_id: row.job_id.uuid(),
            media,
            loudness: row.loudness.map(Into::into),
            warnings: row.warnings,
            metadata: row.metadata,
            tags: tags::shown(&row.tags),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            revision: i64::try_from(rev).unwrap_or(i64::MAX),
        }
    }
}

impl Media {
    fn of(facts: &MediaFacts, version: &stored::Version) -> Self {
        Self {
            duration_ms: facts.duration_ms,
            frames: facts.frames,
            sample_rate: i32::try_from(facts.sample_rate).unwrap_or(i32::MAX),
            bit_depth: facts.bit_depth.map(Into::into),
            channels: facts.channels.into(),
            codec: facts.codec.clone(),
            container: facts.container.clone(),
            bitrate: facts.bitrate.map(|bits| i64::try_from(bits).unwrap_or(i64::MAX)),
            size_bytes: i64::try_from(version.size_bytes).unwrap_or(i64::MAX),
            sha256: hex::encode(version.sha256),
            content_type: facts.content_type.clone(),
            browser_playable: facts.browser_playable,
        }
    }
}

impl From<media::Loudness> for Loudness {
    fn from(loudness: media::Loudness) -> Self {
        let media::Loudness { integrated_lufs, true_peak_dbtp, sample_peak_dbfs, lra } = loudness;
        Self { integrated_lufs, true_peak_dbtp, sample_peak_dbfs, lra }
    }
}
