//! Changing a comment, with its history, and deleting it.
//!
//! What others answered keeps its place: a comment with replies leaves a row that says nothing, which goes with the last reply.

use super::{CommentView, Seen, count::recount, place::within, speaker};
use crate::{
    Ctx, Error, Result, Service, Stored,
    commit::{check_revision, decide_again},
};
use model::{
    CommentId, Violation,
    access::Action,
    comment::{Body, Comment, CommentEdit, CommentPlacement, Span},
    event::Event,
    limits,
    text::CommentText,
    version::Version,
};
use store::{
    Batch, Scan, StoreError,
    tables::{
        comment::{CommentEdits, CommentPlacements, Comments, Reactions},
        counters::{CommentTotal, ReactionCount, ReplyCount},
        version::Versions,
    },
};

/// What changes: an absent field stays; `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct CommentPatch {
    /// What it says.
    pub text: Option<CommentText>,
    /// Where it begins. Clearing it clears the end too.
    pub start_ms: Option<Option<i64>>,
    /// Where it ends.
    pub end_ms: Option<Option<i64>>,
}

impl CommentPatch {
    /// The moment or range after the change.
    fn span(&self, before: Option<Span>) -> Result<Option<Span>> {
        let start = self.start_ms.unwrap_or(before.map(|span| span.start_ms));
        let end = match (self.end_ms, self.start_ms) {
            (Some(end), _) => end,
            (None, Some(None)) => None,
            (None, _) => before.and_then(|span| span.end_ms),
        };
        Ok(Span::parse(start, end)?)
    }
}

impl Service {
    /// Changes what a comment says or where it stands. Its author alone may.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Forbidden` for others; `RevisionConflict`; `Invalid`; `Conflict` after
    /// [`limits::EDITS_PER_COMMENT_MAX`] changes of the text.
    pub async fn update_comment(
        &self,
        cx: &Ctx,
        id: CommentId,
        expect: Option<u64>,
        patch: &CommentPatch,
    ) -> Result<CommentView> {
        let comment = decide_again!(expect, self.try_update_comment(cx, id, expect, patch).await)?;
        self.comment_view(cx, comment).await
    }

    async fn try_update_comment(
        &self,
        cx: &Ctx,
        id: CommentId,
        expect: Option<u64>,
        patch: &CommentPatch,
    ) -> Result<Stored<Comment>> {
        let seen = self.see_comment(cx, id, Action::Comment).await?;
        let before = seen.comment();
        check_revision(expect, before)?;
        if before.row.author != speaker(cx)? {
            return Err(Error::Forbidden("only its author may change a comment"));
        }
        let mut after = before.row.clone();
        let mut batch = Batch::new();
        self.edit_text(cx, &seen, patch, &mut after, &mut batch).await?;
        self.move_span(patch, &mut after, &mut batch).await?;
        if after == before.row {
            return Ok(before.clone());
        }
        let told = Event::CommentUpdated { visibility: after.visibility };
        self.save_comment(cx, &seen, after, batch, told).await
    }

    /// Takes over a new text and keeps the old one.
    async fn edit_text(
        &self,
        cx: &Ctx,
        seen: &Seen,
        patch: &CommentPatch,
        after: &mut Comment,
        batch: &mut Batch,
    ) -> Result<()> {
        let Some(text) = &patch.text else { return Ok(()) };
        let settings = &seen.auth.gate().row.settings;
        let body = self.read_body(after.project_id, settings, after.visibility, text, "/body").await?;
        if body == after.body {
            return Ok(());
        }
        if after.edits >= limits::EDITS_PER_COMMENT_MAX {
            return Err(Error::Conflict(
                "this comment was changed as often as one may be; answer it instead",
            ));
        }
        after.edits += 1;
        after.edited_at = Some(cx.now);
        let body_before = std::mem::replace(&mut after.body, body);
        let edit = CommentEdit { body_before, edited_by: after.author, at: cx.now };
        batch.insert::<CommentEdits>(&(after.id, after.edits), &edit);
        Ok(())
    }

    /// Takes over a new moment or range, on the later versions too.
    async fn move_span(&self, patch: &CommentPatch, after: &mut Comment, batch: &mut Batch) -> Result<()> {
        if patch.start_ms.is_none() && patch.end_ms.is_none() {
            return Ok(());
        }
        let span = patch.span(after.span)?;
        if span == after.span {
            return Ok(());
        }
        if !after.is_root() {
            let detail = "a reply stands where its thread stands";
            return Err(Violation::new("/start_ms", "mismatch", detail).into());
        }
        if let Some(version) = after.anchor.version_id {
            let version = self.store().get::<Versions>(&version).await?;
            within(span, version.as_ref().and_then(|version| version.row.media.as_ref()))?;
        }
        after.span = span;
        let placements = self.placements_of(after.id).await?;
        let versions: Vec<_> = placements.iter().map(|placement| placement.row.version_id).collect();
        let versions = self.store().get_many::<Versions>(&versions).await?;
        for (old, version) in placements.iter().zip(versions) {
            let duration = version.as_ref().and_then(|version| duration_ms(&version.row));
            let span = span.and_then(|span| span.shifted(old.row.offset_ms, duration));
            let new = CommentPlacement { span, ..old.row };
            batch.replace::<CommentPlacements>(&(after.id, new.version_id), old, &new);
        }
        Ok(())
    }

    /// Writes a changed comment with whatever else is in the batch, and says so.
    pub(super) async fn save_comment(
        &self,
        cx: &Ctx,
        seen: &Seen,
        mut after: Comment,
        mut batch: Batch,
        told: Event,
    ) -> Result<Stored<Comment>> {
        let before = seen.comment();
        let rev = before.rev + 1;
        after.updated_at = cx.now;
        seen.rely_on_home(&mut batch);
        batch.replace::<Comments>(&after.id, before, &after);
        batch.emit(self.comment_event(cx, &after, rev, told));
        match self.commit_new(&seen.auth, batch).await {
            Ok(done) => Ok(Stored { row: after, rev, stamp: done.stamp }),
            Err(Error::Store(StoreError::TooLarge { .. })) => Err(too_much()),
            Err(error) => Err(error),
        }
    }

    /// Deletes a comment: its author, or an owner.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Forbidden` for others; `RevisionConflict`.
    pub async fn delete_comment(&self, cx: &Ctx, id: CommentId, expect: Option<u64>) -> Result<()> {
        decide_again!(expect, self.try_delete_comment(cx, id, expect).await)
    }

    async fn try_delete_comment(&self, cx: &Ctx, id: CommentId, expect: Option<u64>) -> Result<()> {
        let own = self.see_comment(cx, id, Action::View).await?.row().author == speaker(cx)?;
        let action = if own { Action::Comment } else { Action::DeleteComments };
        let seen = self.see_comment(cx, id, action).await?;
        check_revision(expect, seen.comment())?;
        let replies = self.store().count::<ReplyCount>(&id).await?;
        let mut batch = Batch::new();
        batch.priority().assert_counter::<ReplyCount>(&id, replies..=replies);
        self.drop_text(id, &mut batch).await?;
        let placed = self.placed_in(id).await?;
        let row = seen.row();
        let told = Event::CommentDeleted { visibility: row.visibility };
        if replies > 0 {
            let mut left = row.clone();
            left.body = Body::default();
            left.pinned = false;
            left.edits = 0;
            left.edited_at = None;
            left.deleted = Some((cx.now, speaker(cx)?));
            recount(&mut batch, Some(row), Some(&left), &placed);
            return self.save_comment(cx, &seen, left, batch, told).await.map(drop);
        }
        recount(&mut batch, Some(row), None, &placed);
        self.drop_row(&mut batch, seen.comment()).await?;
        self.leave_thread(&mut batch, row).await?;
        seen.rely_on_home(&mut batch);
        batch.emit(self.comment_event(cx, row, seen.comment().rev + 1, told));
        match self.commit(&seen.auth, batch).await {
            Err(Error::Store(StoreError::TooLarge { .. })) => Err(too_much()),
            outcome => outcome.map(drop),
        }
    }

    /// Removes what a comment said before and what people reacted with.
    pub(super) async fn drop_text(&self, id: CommentId, batch: &mut Batch) -> Result<()> {
        const MAX: usize = limits::EDITS_PER_COMMENT_MAX as usize;
        for (key, edit) in self.store().scan::<CommentEdits>(Scan::prefix(&id).limit(MAX)).await?.items {
            batch.delete::<CommentEdits>(&key, &edit);
        }
        let reactions = self.reactions_of(id).await?;
        let count = i64::try_from(reactions.len()).unwrap_or(i64::MAX);
        for reaction in reactions {
            let key = (id, reaction.row.principal, reaction.row.emoji.to_string());
            batch.delete::<Reactions>(&key, &reaction);
        }
        // A reaction that comes at this moment would hang on nothing.
        batch.add::<ReactionCount>(&id, -count, 0..=0);
        Ok(())
    }

    /// Removes a comment and its places on later versions.
    pub(super) async fn drop_row(&self, batch: &mut Batch, comment: &Stored<Comment>) -> Result<()> {
        let id = comment.row.id;
        for placement in self.placements_of(id).await? {
            batch.delete::<CommentPlacements>(&(id, placement.row.version_id), &placement);
        }
        batch.delete::<Comments>(&id, comment).add::<CommentTotal>(&comment.row.project_id, -1, 0..);
        Ok(())
    }

    /// One reply less; what is left of a deleted comment goes with its last one.
    async fn leave_thread(&self, batch: &mut Batch, reply: &Comment) -> Result<()> {
        let Some(parent) = reply.parent_id else { return Ok(()) };
        let Some(found) = self.store().get::<Comments>(&parent).await? else { return Ok(()) };
        if found.row.deleted.is_none() {
            // Whether it is deleted decides whether it goes.
            batch.assert_unchanged::<Comments>(&parent, &found).add::<ReplyCount>(&parent, -1, 0..);
            return Ok(());
        }
        // Two last replies that go at the same moment must not each take the other one for the last.
        let left = self.store().count::<ReplyCount>(&parent).await?;
        batch.add::<ReplyCount>(&parent, -1, left - 1..=left - 1);
        if left == 1 { self.drop_row(batch, &found).await } else { Ok(()) }
    }
}

/// How long a recording is, once that is known.
pub(super) fn duration_ms(version: &Version) -> Option<i64> {
    version.media.as_ref().map(|media| media.duration_ms)
}

fn too_much() -> Error {
    Error::Conflict("this comment stands on too many versions to be changed at once")
}
