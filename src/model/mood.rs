//! Moods: how somebody feels about a project, in one of ten words, and who may know.
//!
//! What a team sees of the moods of its members is decided in [`team`], and nowhere else.

mod feeling;
mod period;
pub mod team;
mod voices;

pub use feeling::{Feeling, Intensity};
pub use period::{Period, Span};
pub use voices::Voices;

use crate::{CheckpointId, MoodId, ProjectId, Timestamp, UserId, VersionId, text::Note};
use serde::{Deserialize, Serialize};

/// How somebody felt at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mood {
    /// Its id.
    pub id: MoodId,
    /// The project it is about.
    pub project_id: ProjectId,
    /// Whose it is.
    pub user_id: UserId,
    /// In one word.
    pub feeling: Feeling,
    /// How strong.
    pub intensity: Intensity,
    /// A few words; seen with the mood, never counted.
    pub note: Option<Note>,
    /// Who may know.
    pub openness: Openness,
    /// The version it is about; never changes.
    pub version_id: Option<VersionId>,
    /// The checkpoint it is about; never changes.
    pub checkpoint_id: Option<CheckpointId>,
    /// When it was recorded: its day is this one for good.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
}

/// Who may know of a mood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Openness {
    /// Every member sees whose it is; it counts for the team.
    Named,
    /// It counts for the team and is never shown alone.
    Anonymous,
    /// Nobody else knows of it, and it counts for nothing.
    Private,
}

impl Mood {
    /// The UTC day it belongs to.
    pub fn day(&self) -> Period {
        Period::of(Span::Day, self.created_at)
    }

    /// What it gives to the team, if anything.
    pub fn contribution(&self) -> Option<team::Contribution> {
        let masked = match self.openness {
            Openness::Named => team::Mask::Off,
            Openness::Anonymous => team::Mask::On,
            Openness::Private => return None,
        };
        Some(team::Contribution {
            id: self.id,
            user: self.user_id,
            mask: masked,
            version: self.version_id,
            given: team::Given { feeling: self.feeling, intensity: self.intensity },
        })
    }
}
