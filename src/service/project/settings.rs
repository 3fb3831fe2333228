//! What the owners decided for everybody in a project. The revision of the settings is that of the project's gate.

use super::patched;
use crate::{
    Ctx, Result, Service, Stored,
    commit::{check_revision, decide_again},
};
use model::{
    ProjectId,
    access::Action,
    event::Event,
    project::{ApprovalRule, MoodVisibility, Project, ProjectGate, ProjectSettings},
};
use store::{Batch, tables::project::ProjectGates};

/// What changes; an absent field stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct SettingsPatch {
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

impl SettingsPatch {
    fn apply(&self, settings: &mut ProjectSettings) {
        patched(&mut settings.viewer_can_comment, self.viewer_can_comment.as_ref());
        patched(&mut settings.viewer_can_download, self.viewer_can_download.as_ref());
        patched(&mut settings.mood_visibility, self.mood_visibility.as_ref());
        patched(&mut settings.emotion_analysis, self.emotion_analysis.as_ref());
        patched(&mut settings.approval_rule, self.approval_rule.as_ref());
        patched(&mut settings.access_requests, self.access_requests.as_ref());
    }
}

impl Service {
    /// The settings of a project, within its gate.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_project_settings(&self, cx: &Ctx, id: ProjectId) -> Result<Stored<ProjectGate>> {
        let auth = self.authorize::<Project>(cx, id, Action::View).await?;
        Ok(auth.gate().clone())
    }

    /// Changes the settings of a project.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict`.
    pub async fn update_project_settings(
        &self,
        cx: &Ctx,
        id: ProjectId,
        expect: Option<u64>,
        patch: &SettingsPatch,
    ) -> Result<Stored<ProjectGate>> {
        decide_again!(expect, self.try_update_settings(cx, id, expect, patch).await)
    }

    async fn try_update_settings(
        &self,
        cx: &Ctx,
        id: ProjectId,
        expect: Option<u64>,
        patch: &SettingsPatch,
    ) -> Result<Stored<ProjectGate>> {
        let auth = self.authorize::<Project>(cx, id, Action::ManageSettings).await?;
        let old = auth.gate();
        check_revision(expect, old)?;
        let mut gate = old.row.clone();
        patch.apply(&mut gate.settings);
        if gate == old.row {
            return Ok(old.clone());
        }
        let revision = auth.resource().rev;
        let mut batch = Batch::new();
        batch.replace::<ProjectGates>(&id, old, &gate).emit(self.project_event(
            cx,
            id,
            revision,
            Event::ProjectSettingsChanged,
        ));
        let stamp = self.commit(&auth, batch).await?.stamp;
        Ok(Stored { row: gate, rev: old.rev + 1, stamp })
    }
}
