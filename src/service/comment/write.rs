//! Writing a comment or a reply.

use super::{CommentView, Include, count::recount, place::Place, speaker};
use crate::{Authorized, Ctx, Done, Error, Result, Service, authorize::must, commit::decide_again};
use model::{
    CheckpointId, CommentId, ProjectId, TrackId, UserId, VersionId, Violation, Violations,
    access::{Action, Standing},
    account::InstanceRole,
    comment::{Body, Comment, Known, Span, Visibility},
    event::Event,
    limits,
    project::{Project, ProjectSettings},
    text::CommentText,
};
use store::{
    Batch, Committed, TableId,
    tables::{
        comment::Comments,
        counters::{CommentTotal, ReplyCount},
        member::Members,
        user::{UserByHandle, Users},
    },
};

/// What a new comment is made of. Nothing named is a comment on the project.
#[derive(Clone, Debug)]
pub struct NewComment {
    /// What it says.
    pub text: CommentText,
    /// The track it is about.
    pub track_id: Option<TrackId>,
    /// The version it is about.
    pub version_id: Option<VersionId>,
    /// The checkpoint it is about.
    pub checkpoint_id: Option<CheckpointId>,
    /// The moment or range it is about.
    pub span: Option<Span>,
    /// The comment it answers.
    pub parent_id: Option<CommentId>,
    /// Who is to see it; absent = everyone, of a reply whoever sees its thread.
    pub visibility: Option<Visibility>,
}

impl NewComment {
    /// Refuses a reply that names a place of its own.
    pub(super) fn stands_alone(&self) -> Result<()> {
        let named = [
            ("/track_id", self.track_id.is_some()),
            ("/version_id", self.version_id.is_some()),
            ("/checkpoint_id", self.checkpoint_id.is_some()),
            ("/start_ms", self.span.is_some()),
        ];
        let faults = named.into_iter().filter(|(_, named)| *named);
        let faults: Vec<_> = faults
            .map(|(pointer, _)| Violation::new(pointer, "mismatch", "a reply stands where its thread stands"))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(Violations(faults).into()) }
    }
}

impl Service {
    /// Writes a comment or a reply.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound` and `Invalid` for places that are none of this project;
    /// `Conflict` at [`limits::COMMENTS_PER_PROJECT_MAX`] comments or [`limits::REPLIES_PER_COMMENT_MAX`] replies.
    pub async fn create_comment(
        &self,
        cx: &Ctx,
        project: ProjectId,
        new: &NewComment,
    ) -> Result<Done<CommentView>> {
        Ok(match decide_again!(None, self.try_create_comment(cx, project, new).await)? {
            // It is made, whatever has become of its place since.
            Done::Now(id) => {
                let comment = must::<Comments>(self.store(), &id, "comment").await?;
                Done::Now(self.comment_view(cx, comment).await?)
            }
            Done::Before(id) => Done::Before(self.get_comment(cx, id, Include::Comment).await?),
        })
    }

    async fn try_create_comment(
        &self,
        cx: &Ctx,
        project: ProjectId,
        new: &NewComment,
    ) -> Result<Done<CommentId>> {
        let auth = self.authorize::<Project>(cx, project, Action::Comment).await?;
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(id.into()));
        }
        let place = self.place_of(cx, &auth, new).await?;
        let settings = &auth.gate().row.settings;
        let body = self.read_body(project, settings, place.visibility, &new.text, "/body").await?;
        let mut batch = Batch::new();
        place.rely(&mut batch);
        let id = self.add_comment(cx, &mut batch, project, &place, body, new.span)?;
        self.remember(cx, &mut batch, id)?;
        self.commit_new(&auth, batch).await?;
        Ok(Done::Now(id))
    }

    /// Puts a new comment into a batch, with what is counted and told.
    pub(super) fn add_comment(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        project: ProjectId,
        place: &Place,
        body: Body,
        span: Option<Span>,
    ) -> Result<CommentId> {
        let comment = Comment {
            id: self.id(cx),
            project_id: project,
            anchor: place.anchor,
            parent_id: place.parent.as_ref().map(|parent| parent.row.id),
            author: speaker(cx)?,
            body,
            span,
            visibility: place.visibility,
            pinned: false,
            resolved: None,
            edits: 0,
            edited_at: None,
            deleted: None,
            created_at: cx.now,
            updated_at: cx.now,
        };
        batch.insert::<Comments>(&comment.id, &comment).add::<CommentTotal>(
            &project,
            1,
            ..=limits::COMMENTS_PER_PROJECT_MAX,
        );
        if let Some(parent) = &comment.parent_id {
            batch.add::<ReplyCount>(parent, 1, ..=limits::REPLIES_PER_COMMENT_MAX);
        }
        recount(batch, None, Some(&comment), &[]);
        let told = Event::CommentCreated { visibility: comment.visibility };
        batch.emit(self.comment_event(cx, &comment, 1, told));
        Ok(comment.id)
    }

    /// Commits a batch that makes a comment.
    pub(super) async fn commit_new<T>(&self, auth: &Authorized<T>, batch: Batch) -> Result<Committed> {
        match self.commit(auth, batch).await {
            Err(error) if error.conflicts_on(TableId::CommentTotal) => {
                Err(Error::Conflict("the project has as many comments as one may have"))
            }
            Err(error) if error.conflicts_on(TableId::ReplyCount) => {
                Err(Error::Conflict("this comment has as many replies as one may have"))
            }
            outcome => outcome,
        }
    }

    /// Reads a text with the people it mentions: members who will see it. Faults are noted at `pointer`.
    pub(super) async fn read_body(
        &self,
        project: ProjectId,
        settings: &ProjectSettings,
        visibility: Visibility,
        text: &CommentText,
        pointer: &str,
    ) -> Result<Body> {
        let (handles, ids) = Body::names(text);
        let mut known = Known::default();
        for handle in handles {
            if let Some((id, _)) = self.store().find::<UserByHandle>(&handle).await?
                && self.would_see(project, settings, visibility, id).await?
            {
                known.handles.insert(handle, id);
            }
        }
        for id in ids {
            if self.would_see(project, settings, visibility, id).await? {
                known.ids.insert(id);
            }
        }
        Ok(Body::new(text, &known).map_err(|fault| fault.at(pointer))?)
    }

    /// Whether a person is a member who sees comments of this visibility.
    async fn would_see(
        &self,
        project: ProjectId,
        settings: &ProjectSettings,
        visibility: Visibility,
        user: UserId,
    ) -> Result<bool> {
        let Some(member) = self.store().get::<Members>(&(project, user)).await? else { return Ok(false) };
        let Some(user) = self.store().get::<Users>(&user).await? else { return Ok(false) };
        let standing = match user.row.role {
            InstanceRole::Admin => Standing::InstanceAdmin,
            InstanceRole::Member => Standing::Member(member.row.role),
        };
        Ok(Some(visibility) <= self.reach(standing, settings))
    }
}
