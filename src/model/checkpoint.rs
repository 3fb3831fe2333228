//! Checkpoints: what the song was at a moment, kept as it was. What happens to tracks and versions later changes nothing in it.

use crate::{
    CheckpointId, ProjectId, Timestamp, TrackId, UserId, VersionId,
    rank::Rank,
    text::{CheckpointName, Prose, TimeSignature, TrackName},
    track::Fader,
};
use serde::{Deserialize, Serialize};

/// A checkpoint. What it holds of each track stands in its [`CheckpointVersion`]s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its id.
    pub id: CheckpointId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// Its name.
    pub name: CheckpointName,
    /// What it is for.
    pub description: Option<Prose>,
    /// How it came about.
    pub kind: CheckpointKind,
    /// Of how much of the song it speaks.
    pub scope: CheckpointScope,
    /// Tracks that the restore before which this was kept took out of the trash: bringing this back puts them there again.
    pub returned: Vec<TrackId>,
    /// Locked: the versions and tracks it holds cannot be deleted.
    pub locked: bool,
    /// The tempo of the project at that moment, in beats per minute.
    pub bpm: Option<f64>,
    /// The time signature of the project at that moment.
    pub time_signature: Option<TimeSignature>,
    /// Who made it, or caused it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
    /// When and by whom it was moved to the trash.
    pub deleted: Option<(Timestamp, UserId)>,
}

/// How a checkpoint came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointKind {
    /// Somebody made it.
    Manual,
    /// The server kept the state that a restore replaced.
    AutoBeforeRestore,
}

/// Of how much of the song a checkpoint speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointScope {
    /// Of every track there was: what it does not hold was not there.
    Whole,
    /// Of some tracks: it says nothing about the others.
    Chosen,
}

/// What a checkpoint holds of one track: a copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointVersion {
    /// The checkpoint.
    pub checkpoint_id: CheckpointId,
    /// The track.
    pub track_id: TrackId,
    /// The version that played; none while the track had none.
    pub version_id: Option<VersionId>,
    /// Its name.
    pub track_name: TrackName,
    /// Its rank among its siblings.
    pub position: Rank,
    /// Its fader.
    pub fader: Fader,
    /// Where in the song it started, in milliseconds.
    pub start_offset_ms: i64,
}
