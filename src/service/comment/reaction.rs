//! Reactions: one person, one emoji, once.

use super::{Person, ReactionSummary, speaker};
use crate::{
    Ctx, Error, Result, Service,
    commit::decide_again,
    page::{PageRequest, Paged},
};
use model::{
    CommentId, Timestamp, access::Action, comment::Reaction, emoji::Emoji, event::Event, limits,
    principal::Principal,
};
use store::{
    Batch, Scan, TableId,
    tables::{
        comment::{Comments, Reactions},
        counters::ReactionCount,
    },
};

/// A reaction as others see it.
#[derive(Clone, Debug)]
pub struct ReactionView {
    /// With what.
    pub emoji: Emoji,
    /// Whose.
    pub person: Person,
    /// Since when.
    pub at: Timestamp,
}

impl Service {
    /// Reacts to a comment. Done already, it stays so.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Conflict` at [`limits::REACTIONS_PER_COMMENT_MAX`] reactions and at
    /// [`limits::REACTIONS_PER_PERSON_MAX`] of one person.
    pub async fn add_reaction(&self, cx: &Ctx, id: CommentId, emoji: &Emoji) -> Result<Vec<ReactionSummary>> {
        decide_again!(None, self.try_add_reaction(cx, id, emoji).await)?;
        self.reaction_summaries(cx, id).await
    }

    async fn try_add_reaction(&self, cx: &Ctx, id: CommentId, emoji: &Emoji) -> Result<()> {
        let seen = self.see_comment(cx, id, Action::Comment).await?;
        let principal = speaker(cx)?;
        let key = (id, principal, emoji.to_string());
        let mine = Scan::prefix(&(id, principal)).limit(limits::REACTIONS_PER_PERSON_MAX);
        let mine = self.store().scan::<Reactions>(mine).await?.items;
        if mine.iter().any(|(known, _)| *known == key) {
            return Ok(());
        }
        if mine.len() >= limits::REACTIONS_PER_PERSON_MAX {
            return Err(Error::Conflict("you reacted to this comment with as many emoji as one person may"));
        }
        let reaction = Reaction { comment_id: id, principal, emoji: emoji.clone(), at: cx.now };
        let told = Event::ReactionAdded { emoji: emoji.clone(), visibility: seen.row().visibility };
        let mut batch = Batch::new();
        batch
            .insert::<Reactions>(&key, &reaction)
            .add::<ReactionCount>(&id, 1, ..=limits::REACTIONS_PER_COMMENT_MAX)
            .assert_unchanged::<Comments>(&id, seen.comment())
            .emit(self.comment_event(cx, seen.row(), seen.comment().rev, told));
        match self.commit(&seen.auth, batch).await {
            Err(error) if error.conflicts_on(TableId::ReactionCount) => {
                Err(Error::Conflict("this comment has as many reactions as one may have"))
            }
            outcome => outcome.map(drop),
        }
    }

    /// Takes a reaction back. Not there, it stays so.
    ///
    /// # Errors
    /// Those of [`Service::authorize`].
    pub async fn remove_reaction(
        &self,
        cx: &Ctx,
        id: CommentId,
        emoji: &Emoji,
    ) -> Result<Vec<ReactionSummary>> {
        decide_again!(None, self.try_remove_reaction(cx, id, emoji).await)?;
        self.reaction_summaries(cx, id).await
    }

    async fn try_remove_reaction(&self, cx: &Ctx, id: CommentId, emoji: &Emoji) -> Result<()> {
        let seen = self.see_comment(cx, id, Action::Comment).await?;
        let key = (id, speaker(cx)?, emoji.to_string());
        let Some(reaction) = self.store().get::<Reactions>(&key).await? else { return Ok(()) };
        let told = Event::ReactionRemoved { emoji: emoji.clone(), visibility: seen.row().visibility };
        let mut batch = Batch::new();
        batch
            .priority()
            .delete::<Reactions>(&key, &reaction)
            .add::<ReactionCount>(&id, -1, 0..)
            .emit(self.comment_event(cx, seen.row(), seen.comment().rev, told));
        self.commit(&seen.auth, batch).await?;
        Ok(())
    }

    /// Who reacted to a comment and with what.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a foreign cursor.
    pub async fn list_reactions(
        &self,
        cx: &Ctx,
        id: CommentId,
        page: &PageRequest,
    ) -> Result<Paged<ReactionView>> {
        self.see_comment(cx, id, Action::View).await?;
        let mut scan = Scan::prefix(&id).limit(page.limit + 1);
        if let Some((principal, emoji)) = page.place::<(Principal, String)>()? {
            scan = scan.after(&(id, principal, emoji));
        }
        let found = self.store().scan::<Reactions>(scan).await?.items;
        let rows: Vec<Reaction> = found.into_iter().map(|(_, reaction)| reaction.row).collect();
        let people = self.people(rows.iter().map(|row| row.principal).collect()).await?;
        let view = |row: Reaction| ReactionView {
            emoji: row.emoji,
            person: people.person(row.principal),
            at: row.at,
        };
        let views = rows.into_iter().map(view).collect();
        Ok(Paged::cut(views, page.limit, |last| (last.person.principal, last.emoji.to_string())))
    }
}
