//! Stars: a person's own mark on a project. Only that person hears of it.

use crate::{Ctx, Result, Service, commit::decide_again};
use model::{
    ProjectId,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    project::Project,
};
use store::{
    Batch,
    tables::star::{Star, Stars},
};

impl Service {
    /// Marks a project. Marked already, it stays so.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn star_project(&self, cx: &Ctx, id: ProjectId) -> Result<()> {
        decide_again!(None, self.try_star(cx, id, Some(Star { at: cx.now })).await)
    }

    /// Takes the mark off.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn unstar_project(&self, cx: &Ctx, id: ProjectId) -> Result<()> {
        decide_again!(None, self.try_star(cx, id, None).await)
    }

    async fn try_star(&self, cx: &Ctx, id: ProjectId, star: Option<Star>) -> Result<()> {
        let auth = self.authorize::<Project>(cx, id, Action::Star).await?;
        let user = cx.user_id()?;
        let key = (user, id);
        let mut batch = Batch::new();
        let body = match (self.store().get::<Stars>(&key).await?, star) {
            (None, Some(star)) => {
                batch.insert::<Stars>(&key, &star);
                Event::ProjectStarred { project: id }
            }
            (Some(old), None) => {
                batch.priority().delete::<Stars>(&key, &old);
                Event::ProjectUnstarred { project: id }
            }
            (Some(_), Some(_)) | (None, None) => return Ok(()),
        };
        batch.emit(NewEvent {
            id: self.id(cx),
            project: None,
            users: vec![user],
            actor: cx.actor(),
            resource: ResourceRef::new("project", id, auth.resource().rev),
            track: None,
            body,
        });
        self.commit(&auth, batch).await?;
        Ok(())
    }
}
