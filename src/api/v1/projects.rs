//! Projects: the album, song or band folder that people share.

use super::{
    Tag,
    dto::project::{CreateProject, Project, UpdateProject},
};
use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        reply::{Created, Tagged},
    },
    problem::Answer,
    security::Auth,
};
use poem_openapi::{OpenApi, param::Path};
use service::{Service, project::ProjectView};
use uuid::Uuid;

/// The operations on projects.
pub struct ProjectsApi {
    service: Service,
}

impl ProjectsApi {
    /// Over a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Projects")]
impl ProjectsApi {
    /// Make a project
    ///
    /// Anybody who is logged in; you become its owner.
    #[oai(path = "/projects", method = "post", operation_id = "createProject")]
    async fn create_project(&self, cx: Auth, body: Body<CreateProject>) -> Answer<Created<Project>> {
        let done = self.service.create_project(&cx, &body).await?;
        Ok(Created::done(done, |view| (format!("/api/v1/projects/{}", view.project.row.id), tagged(view))))
    }

    /// Read a project
    ///
    /// Members.
    #[oai(path = "/projects/:project_id", method = "get", operation_id = "getProject")]
    async fn get_project(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<Tagged<Project>> {
        Ok(tagged(self.service.get_project(&cx, project_id.0.into()).await?))
    }

    /// Change a project
    ///
    /// Editors and owners. A JSON merge patch: what you leave out stays, null clears.
    #[oai(path = "/projects/:project_id", method = "patch", operation_id = "updateProject")]
    async fn update_project(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateProject>,
    ) -> Answer<Tagged<Project>> {
        Ok(tagged(self.service.update_project(&cx, project_id.0.into(), if_match.0, &body).await?))
    }
}

/// A project shows counts, a role and a star, which are not part of its revision.
fn tagged(view: ProjectView) -> Tagged<Project> {
    Tagged::counted(view.project.rev, view.into())
}
