//! The filters of a list of comments in the words of the service.

use poem_openapi::Enum;
use service::{
    comment::{self as seen, CommentFilter, CommentQuery},
    page::PageRequest,
};
use uuid::Uuid;

/// What is shown beside a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum CommentInclude {
    /// Its first 200 replies.
    Replies,
}

/// Threads in which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum StateFilter {
    /// Not settled.
    Open,
    /// Settled.
    Resolved,
    /// Both.
    All,
}

/// Mentions of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum MentionFilter {
    /// Whoever asks.
    Me,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CommentSort {
    /// By where they begin, those without a moment last.
    #[oai(rename = "timeline")]
    Timeline,
    /// The newest first.
    #[oai(rename = "-created_at")]
    NewestFirst,
}

/// The query of `listComments`.
pub(super) struct Wanted {
    /// Track, version, checkpoint.
    pub(super) places: (Option<Uuid>, Option<Uuid>, Option<Uuid>),
    pub(super) state: Option<StateFilter>,
    pub(super) author_id: Option<Uuid>,
    pub(super) mentions: Option<MentionFilter>,
    pub(super) has_time: Option<bool>,
    /// From and to, in milliseconds.
    pub(super) window: (Option<i64>, Option<i64>),
    pub(super) q: Option<String>,
    pub(super) sort: Option<CommentSort>,
}

impl Wanted {
    pub(super) fn query(self, page: PageRequest) -> CommentQuery {
        let state = match self.state {
            Some(StateFilter::Open) => Some(seen::CommentState::Open),
            Some(StateFilter::Resolved) => Some(seen::CommentState::Resolved),
            Some(StateFilter::All) | None => None,
        };
        let sort = match self.sort {
            Some(CommentSort::Timeline) => seen::CommentSort::Timeline,
            Some(CommentSort::NewestFirst) | None => seen::CommentSort::NewestFirst,
        };
        let (track, version, checkpoint) = self.places;
        let filter = CommentFilter {
            track_id: track.map(Into::into),
            version_id: version.map(Into::into),
            checkpoint_id: checkpoint.map(Into::into),
            state,
            author: self.author_id,
            mentions_me: self.mentions.is_some(),
            has_time: self.has_time,
            from_ms: self.window.0,
            to_ms: self.window.1,
            search: self.q.filter(|q| !q.trim().is_empty()),
        };
        CommentQuery { filter, sort, page }
    }
}
