//! What a comment said before, and who answered it.

use super::Person;
use crate::{
    Ctx, Result, Service, Stored,
    comment::CommentView,
    page::{PageRequest, Paged},
};
use model::{
    CommentId, Timestamp,
    access::Action,
    comment::{Comment, CommentEdit},
    principal::Principal,
};
use store::{
    Scan,
    tables::comment::{CommentEdits, CommentsByThread},
};

/// A text that a comment had before.
#[derive(Clone, Debug)]
pub struct EditView {
    /// Which change it was, from 1.
    pub number: u32,
    /// What it said until then, with the handles that people have now.
    pub text: String,
    /// Who changed it.
    pub editor: Person,
    /// When.
    pub at: Timestamp,
}

impl Service {
    /// What a comment said before, oldest first.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a foreign cursor.
    pub async fn list_comment_edits(
        &self,
        cx: &Ctx,
        id: CommentId,
        page: &PageRequest,
    ) -> Result<Paged<EditView>> {
        self.see_comment(cx, id, Action::View).await?;
        let mut scan = Scan::prefix(&id).limit(page.limit + 1);
        if let Some(number) = page.place::<u32>()? {
            scan = scan.after(&(id, number));
        }
        let found = self.store().scan::<CommentEdits>(scan).await?.items;
        let edits: Vec<(u32, CommentEdit)> =
            found.into_iter().map(|((_, number), edit)| (number, edit.row)).collect();
        let editors = edits.iter().map(|(_, edit)| edit.edited_by);
        let mentioned = edits.iter().flat_map(|(_, edit)| edit.body_before.people().iter().copied());
        let mentioned = mentioned.map(Principal::User);
        let people = self.people(editors.chain(mentioned).collect()).await?;
        let views = edits.into_iter().map(|(number, edit)| EditView {
            number,
            text: edit.body_before.shown(|id| people.handle(id)),
            editor: people.person(edit.edited_by),
            at: edit.at,
        });
        Ok(Paged::cut(views.collect(), page.limit, |edit| edit.number))
    }

    /// The replies of a comment, oldest first.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a foreign cursor.
    pub async fn list_replies(
        &self,
        cx: &Ctx,
        id: CommentId,
        page: &PageRequest,
    ) -> Result<Paged<CommentView>> {
        let seen = self.see_comment(cx, id, Action::View).await?;
        let replies = self.replies_of(id, page.place()?, page.limit + 1).await?;
        let mut replies = Paged::cut(replies, page.limit, |reply| reply.row.id);
        replies.items.retain(|reply| self.is_seen(cx, &seen.auth, &reply.row));
        Ok(Paged { items: self.comment_views(cx, replies.items).await?, next: replies.next })
    }

    pub(super) async fn replies_of(
        &self,
        id: CommentId,
        after: Option<CommentId>,
        limit: usize,
    ) -> Result<Vec<Stored<Comment>>> {
        let mut scan = Scan::prefix(&id).limit(limit);
        if let Some(reply) = after {
            scan = scan.after(&(id, reply));
        }
        let found = self.store().scan_index::<CommentsByThread>(scan).await?;
        Ok(found.items.into_iter().map(|hit| hit.stored).collect())
    }
}
