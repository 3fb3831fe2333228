//! The cover of a project.

use crate::{
    Ctx, Error, Result, Service,
    commit::decide_again,
    picture::{Form, NewPicture, PictureFile},
    project::{Known, ProjectView},
};
use bytes::Bytes;
use model::{ProjectId, access::Action, limits, project::Project};
use store::Batch;

impl Service {
    /// Gives a project a cover.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `PayloadTooLarge`; `Invalid` if it is no picture we can read.
    pub async fn put_project_cover(&self, cx: &Ctx, id: ProjectId, bytes: Bytes) -> Result<ProjectView> {
        // Nobody decodes pictures for strangers.
        self.authorize::<Project>(cx, id, Action::EditProject).await?;
        let cover = self.develop(Form::Within(limits::COVER_SIDE), bytes).await?;
        decide_again!(None, self.try_cover(cx, id, Some(&cover)).await)
    }

    /// Takes the cover off. Without one, nothing happens.
    ///
    /// # Errors
    /// Those of [`Service::authorize`].
    pub async fn delete_project_cover(&self, cx: &Ctx, id: ProjectId) -> Result<()> {
        decide_again!(None, self.try_cover(cx, id, None).await).map(drop)
    }

    async fn try_cover(&self, cx: &Ctx, id: ProjectId, cover: Option<&NewPicture>) -> Result<ProjectView> {
        let auth = self.authorize::<Project>(cx, id, Action::EditProject).await?;
        let (old, new) = (auth.resource().row.cover, cover.map(NewPicture::hash));
        let mut batch = Batch::new();
        if new != old {
            self.hang(&mut batch, old, cover).await?;
        }
        let project = Project { cover: new, ..auth.resource().row.clone() };
        let project = self.save_project(cx, &auth, project, batch).await?;
        self.project_view(cx, Known { project, ..Known::of(&auth) }).await
    }

    /// The cover of a project.
    ///
    /// # Errors
    /// `NotFound`, also where the project has none.
    pub async fn get_project_cover(&self, cx: &Ctx, id: ProjectId) -> Result<PictureFile> {
        let auth = self.authorize::<Project>(cx, id, Action::Visit).await?;
        let project = &auth.resource().row;
        let hash = project.cover.ok_or(Error::NotFound("cover"))?;
        self.open_picture(hash, project.updated_at).await
    }
}
