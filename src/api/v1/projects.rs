//! Projects.

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        cursor::{Page, Paging},
        reply::{Created, NoContent, Reply, Tagged},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::{
            project::{CreateProject, Project, ProjectFilter, ProjectSort, UpdateProject},
            project_settings::{ProjectSettings, UpdateProjectSettings},
            storage::Storage,
            trash::TrashItem,
        },
    },
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{
    Service,
    project::{ProjectQuery, ProjectView},
};
use uuid::Uuid;

/// Projects over a service.
pub struct ProjectsApi {
    service: Service,
}

impl ProjectsApi {
    /// Projects over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

/// The answer that shows a project.
pub(super) fn shown(view: ProjectView) -> Tagged<Project> {
    Tagged::counted(view.project.rev, view.into()).of_rows()
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Projects")]
impl ProjectsApi {
    /// List my projects
    ///
    /// Anybody who is logged in. `q` finds words in names, descriptions and tags; case and accents do not count.
    #[oai(path = "/projects", method = "get", operation_id = "listProjects")]
    async fn list_projects(
        &self,
        cx: Auth,
        /// Which projects; without it, all outside the trash.
        filter: Query<Option<ProjectFilter>>,
        /// Words that must all occur.
        q: Query<Option<String>>,
        /// By what they are sorted; without it, `-updated_at`.
        sort: Query<Option<ProjectSort>>,
        paging: Paging,
    ) -> Answer<Page<Project>> {
        let (sort, direction) = sort.0.unwrap_or(ProjectSort::UpdatedAtDescending).into();
        let filter = filter.0.unwrap_or(ProjectFilter::All).into();
        let query = ProjectQuery { filter, search: q.0, sort, direction, page: paging.request() };
        let found = self.service.list_projects(&cx, &query).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Make a project
    ///
    /// Anybody who is logged in; you become its owner.
    #[oai(path = "/projects", method = "post", operation_id = "createProject")]
    async fn create_project(&self, cx: Auth, body: Body<CreateProject>) -> Answer<Created<Project>> {
        let done = self.service.create_project(&cx, &body.0).await?;
        Ok(Created::done(done, |view| (format!("/api/v1/projects/{}", view.project.row.id), shown(view))))
    }

    /// Show a project
    ///
    /// Members.
    #[oai(path = "/projects/:project_id", method = "get", operation_id = "getProject")]
    async fn get_project(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<Tagged<Project>> {
        Ok(shown(self.service.get_project(&cx, project_id.0.into()).await?))
    }

    /// Change a project
    ///
    /// Editors and owners.
    #[oai(path = "/projects/:project_id", method = "patch", operation_id = "updateProject")]
    async fn update_project(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateProject>,
    ) -> Answer<Tagged<Project>> {
        Ok(shown(self.service.update_project(&cx, project_id.0.into(), if_match.0, &body.0).await?))
    }

    /// Move a project to the trash
    ///
    /// Owners. `listProjects?filter=trash` finds it again.
    #[oai(path = "/projects/:project_id", method = "delete", operation_id = "deleteProject")]
    async fn delete_project(&self, cx: Auth, project_id: Path<Uuid>, if_match: IfMatch) -> Answer<NoContent> {
        self.service.delete_project(&cx, project_id.0.into(), if_match.0).await?;
        Ok(NoContent)
    }

    /// Take a project out of the trash
    ///
    /// Owners.
    #[oai(path = "/projects/:project_id/restore", method = "post", operation_id = "restoreProject")]
    async fn restore_project(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<Tagged<Project>> {
        Ok(shown(self.service.restore_project(&cx, project_id.0.into()).await?))
    }

    /// Make a project read-only
    ///
    /// Owners. Every write in it answers 409 `project_archived` until it is taken out of the archive.
    #[oai(path = "/projects/:project_id/archive", method = "post", operation_id = "archiveProject")]
    async fn archive_project(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<Tagged<Project>> {
        Ok(shown(self.service.archive_project(&cx, project_id.0.into()).await?))
    }

    /// Take a project out of the archive
    ///
    /// Owners.
    #[oai(path = "/projects/:project_id/unarchive", method = "post", operation_id = "unarchiveProject")]
    async fn unarchive_project(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<Tagged<Project>> {
        Ok(shown(self.service.unarchive_project(&cx, project_id.0.into()).await?))
    }

    /// Show the settings of a project
    ///
    /// Members.
    #[oai(path = "/projects/:project_id/settings", method = "get", operation_id = "getProjectSettings")]
    async fn get_project_settings(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
    ) -> Answer<Tagged<ProjectSettings>> {
        let gate = self.service.get_project_settings(&cx, project_id.0.into()).await?;
        Ok(Tagged::exact(gate.rev, gate.into()))
    }

    /// Change the settings of a project
    ///
    /// Owners.
    #[oai(path = "/projects/:project_id/settings", method = "patch", operation_id = "updateProjectSettings")]
    async fn update_project_settings(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateProjectSettings>,
    ) -> Answer<Tagged<ProjectSettings>> {
        let gate =
            self.service.update_project_settings(&cx, project_id.0.into(), if_match.0, &body.0).await?;
        Ok(Tagged::exact(gate.rev, gate.into()))
    }

    /// Star a project
    ///
    /// Members. The star is yours alone.
    #[oai(path = "/projects/:project_id/star", method = "put", operation_id = "starProject")]
    async fn star_project(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<NoContent> {
        self.service.star_project(&cx, project_id.0.into()).await?;
        Ok(NoContent)
    }

    /// Unstar a project
    ///
    /// Members.
    #[oai(path = "/projects/:project_id/star", method = "delete", operation_id = "unstarProject")]
    async fn unstar_project(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<NoContent> {
        self.service.unstar_project(&cx, project_id.0.into()).await?;
        Ok(NoContent)
    }

    /// List what was deleted in a project
    ///
    /// Editors and owners. Tracks first, oldest first, then versions, track by track.
    #[oai(path = "/projects/:project_id/trash", method = "get", operation_id = "listProjectTrash")]
    async fn list_project_trash(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<TrashItem>> {
        let found = self.service.list_project_trash(&cx, project_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Show how much I store
    ///
    /// Anybody who is logged in.
    #[oai(path = "/me/storage", method = "get", operation_id = "getMyStorage")]
    async fn get_my_storage(&self, cx: Auth) -> Answer<Reply<Storage>> {
        Ok(Reply(self.service.get_my_storage(&cx).await?.into()))
    }
}
