//! A thread is settled and opened again; a comment is pinned.

use super::{CommentView, Home, Seen, count::recount, place::Place, speaker};
use crate::{
    Ctx, Error, Result, Service, Stored,
    commit::{check_revision, decide_again},
};
use model::{
    CommentId, VersionId,
    access::Action,
    comment::{Comment, Resolution},
    event::Event,
    text::CommentText,
};
use store::{Batch, tables::version::Versions};

/// How a thread is settled.
#[derive(Clone, Debug, Default)]
pub struct Resolve {
    /// In which version of what it is about.
    pub version_id: Option<VersionId>,
    /// A last word, which becomes a reply.
    pub note: Option<CommentText>,
}

impl Service {
    /// Settles a thread: whoever began it, editors and owners. Settled already, it stays as it is.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound` for a version that is none of this track or project; `RevisionConflict`;
    /// `Conflict` for a reply, and for a settled thread that should be settled otherwise.
    pub async fn resolve_comment(
        &self,
        cx: &Ctx,
        id: CommentId,
        expect: Option<u64>,
        how: &Resolve,
    ) -> Result<CommentView> {
        let comment = decide_again!(expect, self.try_resolve(cx, id, expect, how).await)?;
        self.comment_view(cx, comment).await
    }

    async fn try_resolve(
        &self,
        cx: &Ctx,
        id: CommentId,
        expect: Option<u64>,
        how: &Resolve,
    ) -> Result<Stored<Comment>> {
        let seen = self.thread(cx, id).await?;
        let before = seen.comment();
        check_revision(expect, before)?;
        let mut batch = Batch::new();
        if let Some(version) = how.version_id {
            let version = self.version_in(before.row.project_id, version).await?;
            if before.row.anchor.track_id.is_some_and(|track| track != version.row.track_id) {
                return Err(Error::NotFound("version"));
            }
            batch.assert_unchanged::<Versions>(&version.row.id, &version);
        }
        if let Some(resolved) = &before.row.resolved {
            let same = how.version_id.is_none_or(|version| resolved.version_id == Some(version));
            return match same && how.note.is_none() {
                true => Ok(before.clone()),
                false => Err(Error::Conflict("it is resolved already; reopen it first")),
            };
        }
        let by = speaker(cx)?;
        let resolved = Some(Resolution { at: cx.now, by, version_id: how.version_id });
        let after = Comment { resolved, ..before.row.clone() };
        if let Some(note) = &how.note {
            self.add_note(cx, &seen, &mut batch, note).await?;
        }
        recount(&mut batch, Some(&before.row), Some(&after), &self.placed_in(id).await?);
        let told = Event::CommentResolved { visibility: after.visibility };
        self.save_comment(cx, &seen, after, batch, told).await
    }

    /// The last word, as a reply.
    async fn add_note(&self, cx: &Ctx, seen: &Seen, batch: &mut Batch, note: &CommentText) -> Result<()> {
        let row = seen.row();
        let settings = &seen.auth.gate().row.settings;
        let body = self.read_body(row.project_id, settings, row.visibility, note, "/note").await?;
        let place = Place::of_reply(seen.comment().clone(), Home::default());
        self.add_comment(cx, batch, row.project_id, &place, body, None)?;
        Ok(())
    }

    /// Opens a settled thread again. Open already, it stays so.
    ///
    /// # Errors
    /// As [`Service::resolve_comment`].
    pub async fn reopen_comment(&self, cx: &Ctx, id: CommentId, expect: Option<u64>) -> Result<CommentView> {
        let comment = decide_again!(expect, self.try_reopen(cx, id, expect).await)?;
        self.comment_view(cx, comment).await
    }

    async fn try_reopen(&self, cx: &Ctx, id: CommentId, expect: Option<u64>) -> Result<Stored<Comment>> {
        let seen = self.thread(cx, id).await?;
        let before = seen.comment();
        check_revision(expect, before)?;
        if before.row.resolved.is_none() {
            return Ok(before.clone());
        }
        let after = Comment { resolved: None, ..before.row.clone() };
        let mut batch = Batch::new();
        recount(&mut batch, Some(&before.row), Some(&after), &self.placed_in(id).await?);
        let told = Event::CommentReopened { visibility: after.visibility };
        self.save_comment(cx, &seen, after, batch, told).await
    }

    /// A thread that the caller may settle: their own, or any.
    async fn thread(&self, cx: &Ctx, id: CommentId) -> Result<Seen> {
        let own = self.see_comment(cx, id, Action::View).await?.row().author == speaker(cx)?;
        let action = if own { Action::Comment } else { Action::ModerateComments };
        let seen = self.see_comment(cx, id, action).await?;
        match seen.row().is_root() {
            true => Ok(seen),
            false => Err(Error::Conflict("a thread is settled as a whole; name the comment that began it")),
        }
    }

    /// Pins a comment, or takes the pin off. What is so already stays so.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Conflict` for a reply.
    pub async fn pin_comment(&self, cx: &Ctx, id: CommentId, pin: Pin) -> Result<()> {
        decide_again!(None, self.try_pin(cx, id, pin).await)
    }

    async fn try_pin(&self, cx: &Ctx, id: CommentId, pin: Pin) -> Result<()> {
        let seen = self.see_comment(cx, id, Action::ModerateComments).await?;
        if !seen.row().is_root() {
            return Err(Error::Conflict("a reply stays with its thread; pin the comment that began it"));
        }
        let (pinned, visibility) = (pin == Pin::On, seen.row().visibility);
        if seen.row().pinned == pinned {
            return Ok(());
        }
        let told = match pin {
            Pin::On => Event::CommentPinned { visibility },
            Pin::Off => Event::CommentUpdated { visibility },
        };
        let after = Comment { pinned, ..seen.row().clone() };
        self.save_comment(cx, &seen, after, Batch::new(), told).await?;
        Ok(())
    }
}

/// Whether a comment is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// It is.
    On,
    /// It is not.
    Off,
}
