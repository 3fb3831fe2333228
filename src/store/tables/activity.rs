//! `activity`: events of the feed, kept as long as their project. Written only by `Batch::emit`.

use model::{
    ProjectId, TrackId,
    event::{Actor, NewEvent},
};

use crate::{IndexSink, Table, TableId, table::indexes};

/// The feed of a project by `(project, seq)`.
#[derive(Debug)]
pub struct Feed;

impl Table for Feed {
    const ID: TableId = TableId::Activity;
    type Key = (ProjectId, u64);
    type Row = NewEvent;

    fn indexes(row: &NewEvent, &(project, _): &Self::Key, out: &mut IndexSink) {
        out.index::<ActivityByActor>(&(project, row.actor));
        if let Some(track) = row.track {
            out.index::<ActivityByTrack>(&(project, track));
        }
        out.index::<ActivityByKind>(&(project, row.body.kind().to_owned()));
    }
}

indexes! {
    /// What one person did.
    Index ActivityByActor: (ProjectId, Actor) => Feed;
    /// What happened on one track.
    Index ActivityByTrack: (ProjectId, TrackId) => Feed;
    /// What happened of one kind.
    Index ActivityByKind: (ProjectId, String) => Feed;
}
