//! The life of a project: read-only in the archive, out of sight in the trash, and back. These acts replace the gate, so
//! that every write that was decided before fails.

use super::{Known, ProjectView};
use crate::{
    Authorized, Ctx, Error, Result, Service, Stored,
    commit::{check_revision, decide_again},
};
use model::{
    ProjectId, Timestamp, UserId,
    access::Action,
    event::Event,
    project::{Project, ProjectGate},
};
use store::{
    Batch, Scan,
    tables::{
        member::Members,
        project::{ProjectGates, Projects},
    },
};

/// Own streams that hear of a deletion: whoever was a member can no longer see the project's own stream.
const TOLD_MAX: usize = 64;

impl Service {
    /// Makes a project read-only. Archived already, it stays so.
    ///
    /// # Errors
    /// Those of [`Service::authorize`].
    pub async fn archive_project(&self, cx: &Ctx, id: ProjectId) -> Result<ProjectView> {
        decide_again!(None, self.try_archive(cx, id, Some((cx.now, cx.user_id()?))).await)
    }

    /// Takes a project out of the archive.
    ///
    /// # Errors
    /// Those of [`Service::authorize`].
    pub async fn unarchive_project(&self, cx: &Ctx, id: ProjectId) -> Result<ProjectView> {
        decide_again!(None, self.try_archive(cx, id, None).await)
    }

    async fn try_archive(
        &self,
        cx: &Ctx,
        id: ProjectId,
        archived: Option<(Timestamp, UserId)>,
    ) -> Result<ProjectView> {
        let auth = self.authorize::<Project>(cx, id, Action::Archive).await?;
        let known = Known::of(&auth);
        if known.gate.row.archived.is_some() == archived.is_some() {
            return self.project_view(cx, known).await;
        }
        let event = if archived.is_some() { Event::ProjectArchived } else { Event::ProjectUnarchived };
        let gate = ProjectGate { archived, ..known.gate.row.clone() };
        let (project, gate) = self.turn_gate(cx, &auth, gate, event, Batch::new()).await?;
        self.project_view(cx, Known { project, gate, ..known }).await
    }

    /// Moves a project to the trash: nobody sees it until an owner restores it.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict`.
    pub async fn delete_project(&self, cx: &Ctx, id: ProjectId, expect: Option<u64>) -> Result<()> {
        decide_again!(expect, self.try_delete_project(cx, id, expect).await)
    }

    async fn try_delete_project(&self, cx: &Ctx, id: ProjectId, expect: Option<u64>) -> Result<()> {
        let auth = self.authorize::<Project>(cx, id, Action::DeleteProject).await?;
        check_revision(expect, auth.resource())?;
        let deleted = Some((cx.now, cx.user_id()?));
        let gate = ProjectGate { deleted, ..auth.gate().row.clone() };
        let mut batch = Batch::new();
        batch.priority();
        self.turn_gate(cx, &auth, gate, Event::ProjectDeleted, batch).await?;
        Ok(())
    }

    /// Takes a project out of the trash.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Conflict` if it is not there.
    pub async fn restore_project(&self, cx: &Ctx, id: ProjectId) -> Result<ProjectView> {
        decide_again!(None, self.try_restore_project(cx, id).await)
    }

    async fn try_restore_project(&self, cx: &Ctx, id: ProjectId) -> Result<ProjectView> {
        let auth = self.authorize::<Project>(cx, id, Action::RestoreProject).await?;
        let gate = ProjectGate { deleted: None, ..auth.gate().row.clone() };
        let (project, gate) = self.turn_gate(cx, &auth, gate, Event::ProjectRestored, Batch::new()).await?;
        self.project_view(cx, Known { project, gate, ..Known::of(&auth) }).await
    }

    /// Replaces the gate and, so that the project's revision tells of it, the project's row.
    async fn turn_gate(
        &self,
        cx: &Ctx,
        auth: &Authorized<Project>,
        gate: ProjectGate,
        event: Event,
        mut batch: Batch,
    ) -> Result<(Stored<Project>, Stored<ProjectGate>)> {
        let (id, project, old) = (auth.project_id(), auth.resource(), auth.gate());
        let row = Project { updated_at: cx.now, ..project.row.clone() };
        let mut event = self.project_event(cx, id, project.rev + 1, event);
        if gate.deleted.is_some() {
            event.users = self.members_told(id).await?;
        }
        batch.replace::<ProjectGates>(&id, old, &gate).replace::<Projects>(&id, project, &row).emit(event);
        let stamp = self.commit(auth, batch).await?.stamp;
        let project = Stored { row, rev: project.rev + 1, stamp };
        Ok((project, Stored { row: gate, rev: old.rev + 1, stamp }))
    }

    async fn members_told(&self, id: ProjectId) -> Result<Vec<UserId>, Error> {
        let members = self.store().scan::<Members>(Scan::prefix(&id).limit(TOLD_MAX)).await?;
        Ok(members.items.into_iter().map(|((_, user), _)| user).collect())
    }
}
