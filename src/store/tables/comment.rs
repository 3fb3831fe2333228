//! `comments` and what hangs on them: their history, where they stand in later versions, reactions.

use model::{
    CommentId, ProjectId, VersionId,
    comment::{Comment, CommentEdit, CommentPlacement, Mentionee, Reaction},
    principal::Principal,
};
use uuid::Uuid;

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// What stands after all timed comments: those without a time.
pub const UNTIMED: i64 = i64::MAX;

/// Comments and replies.
#[derive(Debug)]
pub struct Comments;

impl Table for Comments {
    const ID: TableId = TableId::Comments;
    type Key = CommentId;
    type Row = Comment;

    fn indexes(row: &Comment, _key: &CommentId, out: &mut IndexSink) {
        for place in row.places() {
            out.index::<CommentsByPlace>(&(place, !row.is_root()));
            if row.is_root() {
                out.index::<CommentsByTime>(&(place, row.span.map_or(UNTIMED, |span| span.start_ms)));
            }
        }
        if let Some(parent) = &row.parent_id {
            out.index::<CommentsByThread>(parent);
        }
        out.index::<CommentsByAuthor>(&(row.project_id, row.author));
        for who in row.body.mentionees() {
            out.index::<CommentsByMention>(&(row.project_id, who));
        }
    }
}
record!(Comment, 1);

indexes! {
    /// The threads (false) and replies (true) of a project, track, version or checkpoint, oldest first.
    Index CommentsByPlace: (Uuid, bool) => Comments;
    /// The threads of a place by where they begin, then oldest first; [`UNTIMED`] ones last.
    Index CommentsByTime: (Uuid, i64) => Comments;
    /// What one person wrote in a project, oldest first.
    Index CommentsByAuthor: (ProjectId, Principal) => Comments;
    /// Where a person or a group is mentioned in a project, oldest first.
    Index CommentsByMention: (ProjectId, Mentionee) => Comments;
    /// The replies of a comment, oldest first.
    Index CommentsByThread: CommentId => Comments;
}

/// What comments said before, by comment and number from 1.
#[derive(Debug)]
pub struct CommentEdits;

impl Table for CommentEdits {
    const ID: TableId = TableId::CommentEdits;
    type Key = (CommentId, u32);
    type Row = CommentEdit;
}
record!(CommentEdit, 1);

/// Where comments stand in later versions.
#[derive(Debug)]
pub struct CommentPlacements;

impl Table for CommentPlacements {
    const ID: TableId = TableId::CommentPlacements;
    type Key = (CommentId, VersionId);
    type Row = CommentPlacement;

    fn indexes(row: &CommentPlacement, _key: &Self::Key, out: &mut IndexSink) {
        out.index::<PlacementsByVersion>(&row.version_id);
        out.index::<PlacementsByTime>(&(row.version_id, row.span.map_or(UNTIMED, |span| span.start_ms)));
    }
}
record!(CommentPlacement, 1);

indexes! {
    /// The comments carried to a version, oldest first.
    Index PlacementsByVersion: VersionId => CommentPlacements;
    /// The same by where they begin there; [`UNTIMED`] ones last.
    Index PlacementsByTime: (VersionId, i64) => CommentPlacements;
}

/// Reactions.
#[derive(Debug)]
pub struct Reactions;

impl Table for Reactions {
    const ID: TableId = TableId::Reactions;
    type Key = (CommentId, Principal, String);
    type Row = Reaction;
}
record!(Reaction, 1);
