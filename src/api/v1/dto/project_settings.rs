//! Project settings as JSON.

use super::mirror::mirrored;
use crate::http::body::Input;
use model::{Violations, project as stored};
use poem_openapi::Object;
use serde_json::{Value, json};
use service::{Stored, project::SettingsPatch};

/// What the owners decided for everybody in a project.
#[derive(Clone, Copy, Debug, Object)]
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
    pub access_requests: bool,
    /// Grows by one with each change; archiving and deleting the project count too.
    pub revision: i64,
}

impl From<Stored<stored::ProjectGate>> for ProjectSettings {
    fn from(gate: Stored<stored::ProjectGate>) -> Self {
        let settings = gate.row.settings;
        Self {
            viewer_can_comment: settings.viewer_can_comment,
            viewer_can_download: settings.viewer_can_download,
            mood_visibility: settings.mood_visibility.into(),
            emotion_analysis: settings.emotion_analysis,
            approval_rule: settings.approval_rule.into(),
            access_requests: settings.access_requests,
            revision: gate.rev.cast_signed(),
        }
    }
}

/// What changes; absent fields stay.
#[derive(Clone, Copy, Debug, Object)]
pub struct UpdateProjectSettings {
    /// Viewers may comment.
    pub viewer_can_comment: Option<bool>,
    /// Viewers may download originals and mixdowns.
    pub viewer_can_download: Option<bool>,
    /// Who sees the team mood.
    pub mood_visibility: Option<MoodVisibility>,
    /// Comments are analysed for emotion.
    pub emotion_analysis: Option<bool>,
    /// Whose approval a version needs.
    pub approval_rule: Option<ApprovalRule>,
    /// Whoever knows of the project may ask to be let in.
    pub access_requests: Option<bool>,
}

impl Input for UpdateProjectSettings {
    type Value = SettingsPatch;

    fn example() -> Value {
        json!({"viewer_can_download": true, "mood_visibility": "editors"})
    }

    fn parse(self) -> Result<SettingsPatch, Violations> {
        Ok(SettingsPatch {
            viewer_can_comment: self.viewer_can_comment,
            viewer_can_download: self.viewer_can_download,
            mood_visibility: self.mood_visibility.map(Into::into),
            emotion_analysis: self.emotion_analysis,
            approval_rule: self.approval_rule.map(Into::into),
            access_requests: self.access_requests,
        })
    }
}

mirrored! { stored;
    /// Who sees the team mood.
    MoodVisibility {
        /// Every member.
        Members,
        /// Editors and owners.
        Editors,
        /// Nobody.
        Off,
    }
    /// Whose approval a version needs.
    ApprovalRule {
        /// Nobody's.
        None,
        /// One owner's.
        AnyOwner,
        /// Everybody's.
        AllMembers,
    }
}
