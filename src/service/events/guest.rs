//! What guests of a share link hear: of tracks, versions and comments that their link shows, and nothing else.

use super::subject::{Subject, is_deletion};
use crate::{Ctx, Error, Result, Service};
use model::{
    ProjectId,
    access::Action,
    comment::Anchor,
    event::{Event, NewEvent},
    project::Project,
};

impl Service {
    /// Whether this event is for a guest, now.
    pub(super) async fn guest_may_hear(
        &self,
        cx: &Ctx,
        project: ProjectId,
        event: &NewEvent,
    ) -> Result<bool> {
        // The link may be over, and the project in the trash.
        let auth = match self.authorize::<Project>(cx, project, Action::Visit).await {
            Ok(auth) => auth,
            Err(Error::NotFound(_) | Error::Forbidden(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        if is_deletion(&event.body) {
            let version = matches!(event.body, Event::VersionDeleted).then(|| event.resource.id.into());
            let at = Anchor { track_id: event.track, version_id: version, checkpoint_id: None };
            let heard = match event.body {
                Event::TrackDeleted | Event::VersionDeleted => true,
                Event::CommentDeleted { visibility } => Some(visibility) <= self.reach_of(&auth),
                _ => false,
            };
            return Ok(heard && self.sight_of(&auth).await?.shows(&at));
        }
        // It is about a version that they may see, and tells of threads that they may not.
        if let Event::CommentCarriedOver { visibility, .. } = event.body
            && Some(visibility) > self.reach_of(&auth)
        {
            return Ok(false);
        }
        Ok(match self.subject(cx, event).await? {
            Some(Subject::Track(_) | Subject::Version(_) | Subject::Checkpoint(_) | Subject::Comment(_)) => {
                true
            }
            Some(
                Subject::Project(_)
                | Subject::Job(_)
                | Subject::Member(_)
                | Subject::Invitation(_)
                | Subject::Mood(_)
                | Subject::ShareLink(_)
                | Subject::User(_),
            )
            | None => false,
        })
    }
}
