//! Comments: written and shown. `comment/` holds where they stand, how they change, lists, reactions, and what a new version
//! takes over.
//!
//! A comment of a track in the trash is not there; one of a version in the trash stays in the lists of its track and project.
//! A comment for the team is not there for anybody else: not in a list, a count, an event or an answer.

mod carry;
mod change;
mod count;
mod filter;
mod history;
mod list;
mod merge;
mod place;
mod purge;
mod reaction;
mod state;
#[cfg(test)]
mod tests;
mod view;
mod write;

pub use carry::{CarryInput, Shift};
pub use change::CommentPatch;
pub use count::CommentCounts;
pub use filter::{CommentFilter, CommentState};
pub use history::EditView;
pub use list::{CommentQuery, CommentSort};
pub use reaction::ReactionView;
pub use state::{Pin, Resolve};
pub use view::{CommentView, Person, ReactionSummary};
pub use write::NewComment;

use crate::{
    Authorized, Ctx, Error, Result, Service, Stored,
    authorize::{Guarded, Trashed},
};
use model::{
    CommentId, ProjectId,
    access::{Action, Decision, Standing},
    comment::{Comment, Visibility},
    event::{Event, NewEvent, ResourceRef},
    limits,
    principal::Principal,
    project::ProjectSettings,
    track::Track,
};
use store::{
    Batch,
    tables::{comment::Comments, track::Tracks},
};

impl Guarded for Comment {
    const NAME: &'static str = "comment";
    type Table = Comments;
    fn project(&self) -> ProjectId {
        self.project_id
    }
    fn trashed(&self) -> Trashed {
        Trashed::No
    }
}

/// What a single comment is shown with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Include {
    /// The comment alone.
    #[default]
    Comment,
    /// Also its first [`limits::PAGE_MAX`] replies.
    Replies,
}

/// A comment that the caller may see and do something with, and the track it stands on.
pub(crate) struct Seen {
    pub(crate) auth: Authorized<Comment>,
    track: Option<Stored<Track>>,
}

impl Seen {
    pub(crate) fn comment(&self) -> &Stored<Comment> {
        self.auth.resource()
    }
    pub(crate) fn row(&self) -> &Comment {
        &self.auth.resource().row
    }
    /// The track must stay where it is: what is counted for the project depends on it.
    fn rely_on_track(&self, batch: &mut Batch) {
        if let Some(track) = &self.track {
            batch.assert_unchanged::<Tracks>(&track.row.id, track);
        }
    }
}

impl Service {
    /// A comment.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_comment(&self, cx: &Ctx, id: CommentId, include: Include) -> Result<CommentView> {
        let seen = self.see_comment(cx, id, Action::View).await?;
        let mut view = self.comment_view(cx, seen.comment().clone()).await?;
        if include == Include::Replies {
            let replies = self.replies_of(id, None, limits::PAGE_MAX).await?;
            view.replies = Some(self.comment_views(cx, replies).await?);
        }
        Ok(view)
    }

    /// May the caller do this with a comment that they can see? What is left of a deleted comment can only be viewed.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound` also for what the caller may not know of.
    pub(crate) async fn see_comment(&self, cx: &Ctx, id: CommentId, action: Action) -> Result<Seen> {
        // Seeing is asked first: that somebody may not pin must not tell them that there is something to pin.
        let mut auth = self.authorize::<Comment>(cx, id, Action::View).await?;
        let missing = || Error::NotFound(Comment::NAME);
        let row = &auth.resource().row;
        if row.visibility > self.reach_of(&auth) {
            return Err(missing());
        }
        let track = match row.anchor.track_id {
            Some(track) => Some(self.living_track(track).await?.ok_or_else(missing)?),
            None => None,
        };
        if action != Action::View {
            if row.deleted.is_some() {
                return Err(missing());
            }
            auth = self.authorize::<Comment>(cx, id, action).await?;
        }
        Ok(Seen { auth, track })
    }

    /// What somebody of this standing sees: everything up to this visibility.
    pub(crate) fn reach(&self, standing: Standing, settings: &ProjectSettings) -> Visibility {
        match self.parts.access.decide(standing, Action::SeeTeamComments, settings) {
            Decision::Allow => Visibility::Team,
            Decision::Forbid | Decision::Hide => Visibility::Everyone,
        }
    }

    /// The same for whoever an answer was given to.
    pub(crate) fn reach_of<T>(&self, auth: &Authorized<T>) -> Visibility {
        self.reach(auth.standing(), &auth.gate().row.settings)
    }

    /// An event about a comment.
    pub(super) fn comment_event(&self, cx: &Ctx, comment: &Comment, revision: u64, body: Event) -> NewEvent {
        let resource = ResourceRef::new("comment", comment.id, revision);
        self.event_in(cx, comment.project_id, resource, comment.anchor.track_id, body)
    }
}

/// Who speaks.
pub(crate) fn speaker(cx: &Ctx) -> Result<Principal> {
    cx.user_id().map(Principal::User)
}
