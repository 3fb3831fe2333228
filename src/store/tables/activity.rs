//! `activity`: events of the feed, kept as long as their project. Written only by `Batch::emit`.

use model::{
    ProjectId, TrackId,
    event::{Actor, NewEvent},
};

use crate::{Index, IndexSink, Table, TableId};

/// The feed of a project by `(project, seq)`.
#[derive(Debug)]
pub struct Feed;

impl Table for Feed {
    const ID: TableId = TableId::Activity;
    type Key = (ProjectId, u64);
    type Row = NewEvent;

    fn indexes(row: &NewEvent, &(project, _): &Self::Key, out: &mut IndexSink) {
        out.index::<FeedByActor>(&(project, row.actor));
        if let Some(track) = row.track {
            out.index::<FeedByTrack>(&(project, track));
        }
        out.index::<FeedByKind>(&(project, row.body.kind().to_owned()));
    }
}

macro_rules! feed_index {
    ($(#[$doc:meta])* $name:ident $id:ident $key:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Index for $name {
            const ID: TableId = TableId::$id;
            type Table = Feed;
            type Key = (ProjectId, $key);
        }
    };
}
feed_index!(/// What one person did.
    FeedByActor ActivityByActor Actor);
feed_index!(/// What happened on one track.
    FeedByTrack ActivityByTrack TrackId);
feed_index!(/// What happened of one kind.
    FeedByKind ActivityByKind String);
