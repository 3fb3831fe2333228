//! Mixdowns: what is to be mixed, written down when it is asked for, so that faders that move later change nothing.

use crate::{JobId, ProjectId, Timestamp, UserId, VersionId, rendition::Recipe};
use serde::{Deserialize, Serialize};

/// A mixdown that is asked for and not made yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixdown {
    /// The job that makes it.
    pub job_id: JobId,
    /// The project whose stems are mixed.
    pub project_id: ProjectId,
    /// Who asked for it.
    pub requested_by: UserId,
    /// What is heard.
    pub stems: Vec<Stem>,
    /// The window of the song in milliseconds; none = all of it.
    pub range_ms: Option<(i64, i64)>,
    /// What it becomes.
    pub recipe: Recipe,
    /// The integrated loudness it is brought to, in LUFS.
    pub loudness_target: Option<f64>,
    /// The name of its file.
    pub filename: String,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// One version as the mix plays it. Stored as a tuple: a project may have 200 of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(VersionId, f64, f64, i64)", into = "(VersionId, f64, f64, i64)")]
pub struct Stem {
    /// The version.
    pub version_id: VersionId,
    /// Linear gain, 0 to 2.
    pub volume: f64,
    /// −1 (left) to 1 (right).
    pub pan: f64,
    /// Where in the song it starts, in milliseconds.
    pub start_offset_ms: i64,
}

impl From<(VersionId, f64, f64, i64)> for Stem {
    fn from((version_id, volume, pan, start_offset_ms): (VersionId, f64, f64, i64)) -> Self {
        Self { version_id, volume, pan, start_offset_ms }
    }
}

impl From<Stem> for (VersionId, f64, f64, i64) {
    fn from(stem: Stem) -> Self {
        (stem.version_id, stem.volume, stem.pan, stem.start_offset_ms)
    }
}
