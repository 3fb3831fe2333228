//! Comments: written and shown. `comment/` holds where they stand, how they change, lists, reactions, and what a new version
//! takes over.
//!
//! A comment of a track or checkpoint in the trash is not there; one of a version in the trash stays in the lists of its track and project.
//! A comment for the team is not there for anybody else: not in a list, a count, an event or an answer.

mod between;
mod carry;
mod change;
mod count;
mod filter;
mod history;
mod home;
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
pub(crate) use home::Home;
pub use list::{CommentQuery, CommentSort};
pub use reaction::ReactionView;
pub use state::{Pin, Resolve};
pub use view::{CommentView, Person, ReactionSummary};
pub use write::NewComment;

use crate::{
    Authorized, Ctx, Error, Result, Service, Stored,
    authorize::{Guarded, Spot, Trashed},
};
use model::{
    CommentId, ProjectId,
    access::{Action, Decision, Standing},
    comment::{Comment, Visibility},
    event::{Event, NewEvent, ResourceRef},
    limits,
    principal::Principal,
    project::ProjectSettings,
};
use store::{Batch, tables::comment::Comments};

impl Guarded for Comment {
    const NAME: &'static str = "comment";
    type Table = Comments;
    fn project(&self) -> ProjectId {
        self.project_id
    }
    fn trashed(&self) -> Trashed {
        Trashed::No
    }
    fn spot(&self) -> Spot {
        Spot::Comment(self.id, self.anchor)
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

/// A comment that the caller may see and do something with, and what it stands on.
pub(crate) struct Seen {
    pub(crate) auth: Authorized<Comment>,
    home: Home,
}

impl Seen {
    pub(crate) fn comment(&self) -> &Stored<Comment> {
        self.auth.resource()
    }
    pub(crate) fn row(&self) -> &Comment {
        &self.auth.resource().row
    }
    /// What it stands on must stay where it is: what is counted for the project depends on it.
    fn rely_on_home(&self, batch: &mut Batch) {
        self.home.rely(batch);
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
            let mut replies = self.replies_of(id, None, limits::PAGE_MAX).await?;
            replies.retain(|reply| self.is_seen(cx, &seen.auth, &reply.row));
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
        let mut auth = self.authorize::<Comment>(cx, id, Action::Visit).await?;
        let missing = || Error::NotFound(Comment::NAME);
        let row = &auth.resource().row;
        if !self.is_seen(cx, &auth, row) {
            return Err(missing());
        }
        let home = self.home_of(&row.anchor).await?.ok_or_else(missing)?;
        if action != Action::View {
            if row.deleted.is_some() {
                return Err(missing());
            }
            auth = self.authorize::<Comment>(cx, id, action).await?;
        }
        Ok(Seen { auth, home })
    }

    /// Whether whoever an answer was given to sees this comment: within their reach, or their own.
    pub(super) fn is_seen<T>(&self, cx: &Ctx, auth: &Authorized<T>, row: &Comment) -> bool {
        let own = row.visibility == Visibility::Everyone && cx.principal().ok() == Some(row.author);
        own || Some(row.visibility) <= self.reach_of(auth)
    }

    /// What somebody of this standing sees of what others say: everything up to this visibility, or nothing.
    pub(crate) fn reach(&self, standing: Standing, settings: &ProjectSettings) -> Option<Visibility> {
        let may = |action| self.parts.access.decide(standing, action, settings) == Decision::Allow;
        match (may(Action::SeeComments), may(Action::SeeTeamComments)) {
            (false, _) => None,
            (true, false) => Some(Visibility::Everyone),
            (true, true) => Some(Visibility::Team),
        }
    }

    /// The same for whoever an answer was given to.
    pub(crate) fn reach_of<T>(&self, auth: &Authorized<T>) -> Option<Visibility> {
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
    cx.principal()
}
