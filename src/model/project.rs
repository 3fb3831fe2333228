//! Projects and who belongs to them.

use crate::{
    BlobHash, ProjectId, Timestamp, UserId,
    access::Role,
    text::{Color, MusicalKey, ProjectName, Prose, Tag, TimeSignature},
};
use serde::{Deserialize, Serialize};

/// What its members call it and how it sounds. Whether it is archived or trashed stands in [`ProjectGate`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: ProjectName,
    /// The name in lower-case ASCII with hyphens, for URLs that people read.
    pub slug: String,
    /// What it is about.
    pub description: Option<Prose>,
    /// Who made it.
    pub created_by: UserId,
    /// Whom people name as its owner: one of the members with that role.
    pub owner_id: UserId,
    /// The cover image.
    pub cover: Option<BlobHash>,
    /// Its colour in lists.
    pub color: Option<Color>,
    /// Tags, without repeats, in the order given.
    pub tags: Vec<Tag>,
    /// Tempo in beats per minute.
    pub bpm: Option<f64>,
    /// Such as `4/4`.
    pub time_signature: Option<TimeSignature>,
    /// Such as `F# minor`.
    pub key: Option<MusicalKey>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
}

/// Whether anything in the project may change, and under which settings. Every batch of the project asserts this row;
/// only archiving, trashing, restoring and a change of settings replace it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectGate {
    /// When and by whom it was archived: read-only for everybody.
    pub archived: Option<(Timestamp, UserId)>,
    /// When and by whom it was moved to the trash.
    pub deleted: Option<(Timestamp, UserId)>,
    /// It is being removed for good: nobody takes it out of the trash any more.
    #[serde(default)]
    pub purging: bool,
    /// What its owners decided.
    pub settings: ProjectSettings,
}

/// What the owners decided for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectSettings {
    /// Viewers may comment.
    pub viewer_can_comment: bool,
    /// Viewers may download originals and mixdowns.
    pub viewer_can_download: bool,
    /// Who sees the team mood.
    pub mood_visibility: MoodVisibility,
    /// Comments are analysed for emotion.
    pub emotion_analysis: bool,
    /// Whose approval a version needs.
    pub approval_rule: ApprovalRule,
    /// Whoever knows of the project may ask to be let in.
    #[serde(default)]
    pub access_requests: bool,
}

impl Default for ProjectSettings {
    fn default() -> Self {
        Self {
            viewer_can_comment: true,
            viewer_can_download: false,
            mood_visibility: MoodVisibility::Members,
            emotion_analysis: true,
            approval_rule: ApprovalRule::None,
            access_requests: false,
        }
    }
}

/// Who sees the team mood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoodVisibility {
    /// Every member.
    Members,
    /// Editors and owners.
    Editors,
    /// Nobody.
    Off,
}

/// Whose approval a version needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalRule {
    /// Nobody's.
    None,
    /// One owner's.
    AnyOwner,
    /// Everybody's.
    AllMembers,
}

/// A member of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectMember {
    /// The project.
    pub project_id: ProjectId,
    /// The person.
    pub user_id: UserId,
    /// Their part.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
    /// By whose invitation.
    pub invited_by: Option<UserId>,
}
