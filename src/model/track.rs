//! Tracks: one line of the song. What is played stands in its versions, how loud in its fader.

use crate::{
    BlobHash, ProjectId, Timestamp, TrackId, UserId, VersionId, limits,
    rank::Rank,
    text::{Color, Label, Prose, TrackKind, TrackName},
    violation::Fault,
};
use serde::{Deserialize, Serialize};

/// A track. Its fader and its place are rows of their own, so that mixing and moving do not collide with renaming.
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

impl Track {
    /// Where a track starts, in milliseconds: up to [`limits::AUDIO_DURATION_MS_MAX`] after the song's beginning or before it.
    ///
    /// # Errors
    /// A [`Fault`] outside that range.
    pub fn parse_start_offset_ms(offset: i64) -> Result<i64, Fault> {
        const MAX: i64 = limits::AUDIO_DURATION_MS_MAX;
        if (-MAX..=MAX).contains(&offset) {
            Ok(offset)
        } else {
            Err(Fault::new("out_of_range", format!("must be between {} and {MAX}", -MAX)))
        }
    }
}

/// Where a track stands among its siblings: a row of its own, so that a new order writes little and leaves revisions alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackPlace {
    /// Its rank; siblings are in the order of their ranks. Kept in the trash.
    pub position: Rank,
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
    /// Which of these faders let their track be heard: the soloed ones if any is soloed, else all; a muted one never.
    pub fn audible(faders: &[Self]) -> Vec<bool> {
        let solo = faders.iter().any(|fader| fader.soloed);
        faders.iter().map(|fader| !fader.muted && (fader.soloed || !solo)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solo_silences_the_others_and_mute_wins() {
        let fader = |muted, soloed| Fader { muted, soloed, ..Fader::default() };
        assert_eq!(Fader::audible(&[fader(false, false), fader(true, false)]), [true, false]);
        let some_soloed = [fader(false, false), fader(false, true), fader(true, true)];
        assert_eq!(Fader::audible(&some_soloed), [false, true, false]);
        assert_eq!(Fader::audible(&[fader(true, true), fader(false, false)]), [false, false]);
    }
}
