//! Covers of projects.

use crate::{
    http::{
        file::{Conditions, Disposition, FileReply, Image, Representation, Source},
        picture::PictureBody,
        reply::{NoContent, Tagged},
    },
    problem::Answer,
    security::{Auth, GuestAuth},
    v1::{Tag, dto::project::Project, projects::shown},
};
use poem_openapi::{OpenApi, param::Path};
use service::{Service, picture::PictureFile};
use std::sync::Arc;
use uuid::Uuid;

/// Covers over a service.
pub struct CoversApi {
    service: Service,
}

impl CoversApi {
    /// Covers over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

/// A picture as a file that browsers show.
pub(super) fn picture(picture: PictureFile, name: &str) -> Representation {
    let extension = picture.content_type.rsplit('/').next().unwrap_or_default().to_owned();
    Representation {
        source: Source::File(Arc::new(picture.file)),
        length: picture.length,
        tag: hex::encode(picture.sha256),
        modified: picture.since,
        content_type: picture.content_type,
        disposition: Disposition::Inline(format!("{name}.{extension}")),
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Projects")]
impl CoversApi {
    /// Give a project a cover
    ///
    /// Editors and owners. PNG, JPEG, WebP or GIF up to 5 MB; it is made to fit 1024 pixels and loses its metadata.
    #[oai(path = "/projects/:project_id/cover", method = "put", operation_id = "putProjectCover")]
    async fn put_project_cover(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: PictureBody,
    ) -> Answer<Tagged<Project>> {
        Ok(shown(self.service.put_project_cover(&cx, project_id.0.into(), body.0).await?))
    }

    /// Show the cover of a project
    ///
    /// Members, and guests of a share link.
    #[oai(path = "/projects/:project_id/cover", method = "get", operation_id = "getProjectCover")]
    async fn get_project_cover(
        &self,
        cx: GuestAuth,
        project_id: Path<Uuid>,
        conditions: Conditions,
    ) -> Answer<FileReply<Image>> {
        let cover = self.service.get_project_cover(&cx, project_id.0.into()).await?;
        Ok(FileReply::new(conditions, picture(cover, "cover")))
    }

    /// Take the cover off a project
    ///
    /// Editors and owners.
    #[oai(path = "/projects/:project_id/cover", method = "delete", operation_id = "deleteProjectCover")]
    async fn delete_project_cover(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<NoContent> {
        self.service.delete_project_cover(&cx, project_id.0.into()).await?;
        Ok(NoContent)
    }
}
