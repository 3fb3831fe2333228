//! Comments: what people say about a moment, a range, a take, a track, a checkpoint or the project.
//!
//! Threads are one level deep: the parent of a reply is always a comment that answers nothing. Where a comment was written
//! and who sees it never change.

mod body;
mod span;

pub use body::{Body, Group, Known, Mentionee};
pub use span::Span;

use crate::{
    CheckpointId, CommentId, ProjectId, Timestamp, TrackId, VersionId, emoji::Emoji, principal::Principal,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// What it is about; a reply is about what its thread is about.
    pub anchor: Anchor,
    /// The comment it answers.
    pub parent_id: Option<CommentId>,
    /// Who wrote it.
    pub author: Principal,
    /// What it says.
    pub body: Body,
    /// The moment or range it is about; never of a reply.
    pub span: Option<Span>,
    /// Who sees it; a reply is seen by whoever sees its thread.
    pub visibility: Visibility,
    /// Shown first.
    pub pinned: bool,
    /// How it was settled; absent while it is open, and of replies.
    pub resolved: Option<Resolution>,
    /// How often its text was changed.
    pub edits: u32,
    /// When its text was last changed.
    pub edited_at: Option<Timestamp>,
    /// When and by whom it was deleted: what is left holds the place of its thread and says nothing.
    pub deleted: Option<(Timestamp, Principal)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
}

/// What a comment is about; nothing at all is the project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// A track; also of a comment on one of its versions.
    pub track_id: Option<TrackId>,
    /// The version it was written on.
    pub version_id: Option<VersionId>,
    /// A checkpoint.
    pub checkpoint_id: Option<CheckpointId>,
}

impl Anchor {
    /// What a comment goes to the trash with: its track or its checkpoint.
    pub fn homes(&self) -> impl Iterator<Item = Uuid> {
        [self.track_id.map(Uuid::from), self.checkpoint_id.map(Uuid::from)].into_iter().flatten()
    }
}

/// Who sees a comment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody who sees the project.
    #[default]
    Everyone,
    /// Those who work on it: the table's `see_team_comments`.
    Team,
}

/// How a thread was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Principal,
    /// In which version.
    pub version_id: Option<VersionId>,
}

/// A text that a comment had before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentEdit {
    /// What it said until then.
    pub body_before: Body,
    /// Who changed it.
    pub edited_by: Principal,
    /// When.
    pub at: Timestamp,
}

/// A reaction; who and with what stands in its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// To which comment.
    pub comment_id: CommentId,
    /// Whose.
    pub principal: Principal,
    /// With what.
    pub emoji: Emoji,
    /// Since when.
    pub at: Timestamp,
}

/// Where an open comment of one version stands in a later one that it was carried over to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommentPlacement {
    /// The comment.
    pub comment_id: CommentId,
    /// The later version.
    pub version_id: VersionId,
    /// The version it was carried from.
    pub from_version_id: VersionId,
    /// How much later than where it was written the same music is here, in milliseconds; 0 where that is not known.
    pub offset_ms: i64,
    /// How sure that is, 0 to 1; absent where the recordings were not compared.
    pub confidence: Option<f32>,
    /// The moment or range here; absent if it lies outside of the recording, or the comment has none.
    pub span: Option<Span>,
}

impl Comment {
    /// Whether it starts a thread.
    pub const fn is_root(&self) -> bool {
        self.parent_id.is_none()
    }
    /// The places where the comment is found and, as the root of a thread, counted: the project and what it is about. The
    /// versions it was carried to stand in its placements.
    pub fn places(&self) -> impl Iterator<Item = Uuid> {
        let anchor = self.anchor;
        [
            Some(self.project_id.uuid()),
            anchor.track_id.map(Uuid::from),
            anchor.version_id.map(Uuid::from),
            anchor.checkpoint_id.map(Uuid::from),
        ]
        .into_iter()
        .flatten()
    }
    /// What it counts for where it is found: (open, resolved). Replies and deleted comments count for nothing.
    pub const fn weight(&self) -> (i64, i64) {
        match (self.is_root() && self.deleted.is_none(), self.resolved.is_some()) {
            (false, _) => (0, 0),
            (true, false) => (1, 0),
            (true, true) => (0, 1),
        }
    }
    /// Whether it answers to this filter.
    pub const fn is_open(&self) -> bool {
        self.weight().0 == 1
    }
}
