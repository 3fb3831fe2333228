//! Comments, their threads and reactions.

mod query;

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        cursor::{Page, Paging},
        reply::{Created, NoContent, Reply, Tagged},
    },
    problem::{Answer, Failure},
    security::{Auth, GuestAuth},
    v1::{
        Tag,
        dto::{
            Words,
            comment::{
                Comment, CommentEdit, CreateComment, Reaction, ReactionSummary, ResolveComment, UpdateComment,
            },
        },
    },
};
use model::emoji::Emoji;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use query::{CommentInclude, CommentSort, MentionFilter, StateFilter, Wanted};
use service::{
    Service,
    comment::{CommentView, Include, Pin},
};
use uuid::Uuid;

/// Comments over a service.
pub struct CommentsApi {
    service: Service,
}

impl CommentsApi {
    /// Comments over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

/// The answer that shows a comment.
fn shown(view: CommentView) -> Tagged<Comment> {
    Tagged::counted(view.comment.rev, view.into())
}

/// The emoji of an address.
fn emoji(text: &str) -> Answer<Emoji> {
    Emoji::parse(text).map_err(|fault| Failure::fault("/emoji", fault.code, fault.detail))
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Comments")]
impl CommentsApi {
    /// List the comments of a project
    ///
    /// Members, and guests of a share link. Threads without their replies; with `author_id`, `mentions` or `q` single comments, replies included. A page of a
    /// filtered list may hold fewer comments than asked for, even none: `next_cursor` says whether there are more.
    #[oai(path = "/projects/:project_id/comments", method = "get", operation_id = "listComments")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    async fn list_comments(
        &self,
        cx: GuestAuth,
        project_id: Path<Uuid>,
        /// Only those about this track and its versions.
        track_id: Query<Option<Uuid>>,
        /// Only those written on this version or carried to it; `placement` says where the latter stand.
        version_id: Query<Option<Uuid>>,
        /// Only those about this checkpoint.
        checkpoint_id: Query<Option<Uuid>>,
        /// Only threads in this state; without it, all.
        state: Query<Option<StateFilter>>,
        /// Only those by this person or guest.
        author_id: Query<Option<Uuid>>,
        /// Only those that mention you, by name or in a group.
        mentions: Query<Option<MentionFilter>>,
        /// Only those with (true) or without (false) a moment.
        has_time: Query<Option<bool>>,
        /// Only those that are not over before this moment, in milliseconds.
        from_ms: Query<Option<i64>>,
        /// Only those that begin by this moment, in milliseconds.
        to_ms: Query<Option<i64>>,
        /// Words that must all occur; case and accents do not count.
        q: Query<Option<Words>>,
        /// In which order; without it, `-created_at`.
        sort: Query<Option<CommentSort>>,
        paging: Paging,
    ) -> Answer<Page<Comment>> {
        let wanted = Wanted {
            places: (track_id.0, version_id.0, checkpoint_id.0),
            state: state.0,
            author_id: author_id.0,
            mentions: mentions.0,
            has_time: has_time.0,
            window: (from_ms.0, to_ms.0),
            q: q.0.map(|words| words.0),
            sort: sort.0,
        };
        let query = wanted.query(paging.request());
        let found = self.service.list_comments(&cx, project_id.0.into(), &query).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Write a comment or a reply
    ///
    /// Members, viewers if the project lets them, guests if their link does. `visibility=team`: editors and owners.
    #[oai(path = "/projects/:project_id/comments", method = "post", operation_id = "createComment")]
    async fn create_comment(
        &self,
        cx: GuestAuth,
        project_id: Path<Uuid>,
        body: Body<CreateComment>,
    ) -> Answer<Created<Comment>> {
        let done = self.service.create_comment(&cx, project_id.0.into(), &body.0).await?;
        Ok(Created::done(done, |view| (format!("/api/v1/comments/{}", view.comment.row.id), shown(view))))
    }

    /// Show a comment
    ///
    /// Members, and guests of a share link.
    #[oai(path = "/comments/:comment_id", method = "get", operation_id = "getComment")]
    async fn get_comment(
        &self,
        cx: GuestAuth,
        comment_id: Path<Uuid>,
        /// What to show beside it.
        include: Query<Option<CommentInclude>>,
    ) -> Answer<Tagged<Comment>> {
        let include = include.0.map_or(Include::Comment, |CommentInclude::Replies| Include::Replies);
        Ok(shown(self.service.get_comment(&cx, comment_id.0.into(), include).await?))
    }

    /// Change a comment
    ///
    /// Its author. `listCommentEdits` shows what it said before.
    #[oai(path = "/comments/:comment_id", method = "patch", operation_id = "updateComment")]
    async fn update_comment(
        &self,
        cx: GuestAuth,
        comment_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateComment>,
    ) -> Answer<Tagged<Comment>> {
        Ok(shown(self.service.update_comment(&cx, comment_id.0.into(), if_match.0, &body.0).await?))
    }

    /// Delete a comment
    ///
    /// Its author, and owners. What it said is gone, with its history and reactions. If it was answered, an empty comment with
    /// `deleted_at` stays until the last reply goes.
    #[oai(path = "/comments/:comment_id", method = "delete", operation_id = "deleteComment")]
    async fn delete_comment(
        &self,
        cx: GuestAuth,
        comment_id: Path<Uuid>,
        if_match: IfMatch,
    ) -> Answer<NoContent> {
        self.service.delete_comment(&cx, comment_id.0.into(), if_match.0).await?;
        Ok(NoContent)
    }

    /// List the replies of a comment
    ///
    /// Members, and guests of a share link. Oldest first.
    #[oai(path = "/comments/:comment_id/replies", method = "get", operation_id = "listReplies")]
    async fn list_replies(
        &self,
        cx: GuestAuth,
        comment_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<Comment>> {
        let found = self.service.list_replies(&cx, comment_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Settle a thread
    ///
    /// Whoever began it, editors and owners. Settled already, it stays as it is.
    #[oai(path = "/comments/:comment_id/resolve", method = "post", operation_id = "resolveComment")]
    async fn resolve_comment(
        &self,
        cx: Auth,
        comment_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<ResolveComment>,
    ) -> Answer<Tagged<Comment>> {
        Ok(shown(self.service.resolve_comment(&cx, comment_id.0.into(), if_match.0, &body.0).await?))
    }

    /// Open a settled thread again
    ///
    /// Whoever began it, editors and owners. Open already, it stays so.
    #[oai(path = "/comments/:comment_id/reopen", method = "post", operation_id = "reopenComment")]
    async fn reopen_comment(
        &self,
        cx: Auth,
        comment_id: Path<Uuid>,
        if_match: IfMatch,
    ) -> Answer<Tagged<Comment>> {
        Ok(shown(self.service.reopen_comment(&cx, comment_id.0.into(), if_match.0).await?))
    }

    /// Pin a comment
    ///
    /// Editors and owners. Not a reply.
    #[oai(path = "/comments/:comment_id/pin", method = "put", operation_id = "pinComment")]
    async fn pin_comment(&self, cx: Auth, comment_id: Path<Uuid>) -> Answer<NoContent> {
        self.service.pin_comment(&cx, comment_id.0.into(), Pin::On).await?;
        Ok(NoContent)
    }

    /// Take the pin off a comment
    ///
    /// Editors and owners.
    #[oai(path = "/comments/:comment_id/pin", method = "delete", operation_id = "unpinComment")]
    async fn unpin_comment(&self, cx: Auth, comment_id: Path<Uuid>) -> Answer<NoContent> {
        self.service.pin_comment(&cx, comment_id.0.into(), Pin::Off).await?;
        Ok(NoContent)
    }

    /// List what a comment said before
    ///
    /// Members. Oldest first.
    #[oai(path = "/comments/:comment_id/history", method = "get", operation_id = "listCommentEdits")]
    async fn list_comment_edits(
        &self,
        cx: Auth,
        comment_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<CommentEdit>> {
        let found = self.service.list_comment_edits(&cx, comment_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// React to a comment
    ///
    /// Members, viewers if the project lets them comment, guests if their link does. `emoji` is exactly one emoji, percent-encoded. Done already, it stays so.
    #[oai(path = "/comments/:comment_id/reactions/:emoji", method = "put", operation_id = "addReaction")]
    async fn add_reaction(
        &self,
        cx: GuestAuth,
        comment_id: Path<Uuid>,
        #[oai(name = "emoji")] text: Path<String>,
    ) -> Answer<Reply<Vec<ReactionSummary>>> {
        let summaries = self.service.add_reaction(&cx, comment_id.0.into(), &emoji(&text.0)?).await?;
        Ok(Reply(summaries.into_iter().map(Into::into).collect()))
    }

    /// Take a reaction back
    ///
    /// Whoever reacted. Not there, it stays so.
    #[oai(
        path = "/comments/:comment_id/reactions/:emoji",
        method = "delete",
        operation_id = "removeReaction"
    )]
    async fn remove_reaction(
        &self,
        cx: GuestAuth,
        comment_id: Path<Uuid>,
        #[oai(name = "emoji")] text: Path<String>,
    ) -> Answer<Reply<Vec<ReactionSummary>>> {
        let summaries = self.service.remove_reaction(&cx, comment_id.0.into(), &emoji(&text.0)?).await?;
        Ok(Reply(summaries.into_iter().map(Into::into).collect()))
    }

    /// List who reacted to a comment
    ///
    /// Members, and guests of a share link.
    #[oai(path = "/comments/:comment_id/reactions", method = "get", operation_id = "listReactions")]
    async fn list_reactions(
        &self,
        cx: GuestAuth,
        comment_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<Reaction>> {
        let found = self.service.list_reactions(&cx, comment_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }
}
