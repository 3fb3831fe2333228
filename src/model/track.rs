//! Tracks: one line of the song. What is played stands in its versions, how loud in its fader.

use crate::{
    BlobHash, ProjectId, Timestamp, TrackId, UserId, VersionId,
    rank::Rank,
    text::{Color, Label, Prose, TrackKind, TrackName},
    violation::Fault,
};
use serde::{Deserialize, Serialize};

/// A track. Its fader is a row of its own, so that mixing does not collide with renaming.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Its id.
    pub id: TrackId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// Its name.
    pub name: TrackName,
    /// What kind of track.
    pub kind: TrackKind,
    /// Such as `bass`.
    pub instrument: Option<Label>,
    /// Its colour.
    pub color: Option<Color>,
    /// Where it stands among its siblings.
    pub position: Rank,
    /// Where in the song it starts, in milliseconds.
    pub start_offset_ms: i64,
    /// The version that plays.
    pub current: Option<CurrentVersion>,
    /// Free notes.
    pub notes: Option<Prose>,
    /// The cover image.
    pub cover: Option<BlobHash>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
    /// When and by whom it was moved to the trash.
    pub deleted: Option<(Timestamp, UserId)>,
}

/// Which version plays, and how it came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentVersion {
    /// The version.
    pub version_id: VersionId,
    /// Its number.
    pub number: i64,
    /// When it was chosen.
    pub since: Timestamp,
}

/// The shared mix of one track. Audible = soloed if any track is soloed, else not muted; mute wins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fader {
    /// Linear gain, 0 to 2; 1 leaves the level as it is.
    pub volume: f64,
    /// −1 (left) to 1 (right).
    pub pan: f64,
    /// Silenced.
    pub muted: bool,
    /// Heard alone.
    pub soloed: bool,
}

impl Default for Fader {
    fn default() -> Self {
        Self { volume: 1.0, pan: 0.0, muted: false, soloed: false }
    }
}

impl Fader {
    /// A volume, 0 to 2.
    ///
    /// # Errors
    /// A [`Fault`] outside that range.
    pub fn parse_volume(volume: f64) -> Result<f64, Fault> {
        if (0.0..=2.0).contains(&volume) {
            Ok(volume)
        } else {
            Err(Fault::new("out_of_range", "must be between 0 and 2"))
        }
    }
    /// A pan, −1 to 1.
    ///
    /// # Errors
    /// A [`Fault`] outside that range.
    pub fn parse_pan(pan: f64) -> Result<f64, Fault> {
        if (-1.0..=1.0).contains(&pan) {
            Ok(pan)
        } else {
            Err(Fault::new("out_of_range", "must be between -1 and 1"))
        }
    }
}
