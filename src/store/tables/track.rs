//! `tracks`, their order, and their faders.

use model::{
    ProjectId, Timestamp, TrackId,
    track::{Fader, Track, TrackPlace},
};
use serde::{Deserialize, Serialize};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Tracks.
#[derive(Debug)]
pub struct Tracks;

impl Table for Tracks {
    const ID: TableId = TableId::Tracks;
    type Key = TrackId;
    type Row = Track;

    fn indexes(row: &Track, _key: &TrackId, out: &mut IndexSink) {
        out.index::<TracksByProject>(&(row.project_id, row.deleted.is_some()));
        if let Some((at, _)) = row.deleted {
            out.index::<TracksTrashed>(&at);
        }
    }
}
record!(Track, 1);

indexes! {
    /// The tracks of a project: outside the trash first, oldest first.
    Index TracksByProject: (ProjectId, bool) => Tracks;
    /// The tracks in the trash, by when they were deleted.
    Index TracksTrashed: Timestamp => Tracks;
}

/// Where each track stands among its siblings.
#[derive(Debug)]
pub struct TrackPlaces;

impl Table for TrackPlaces {
    const ID: TableId = TableId::TrackPlaces;
    type Key = TrackId;
    type Row = TrackPlace;
}
record!(TrackPlace, 1);

/// The shared mix: a fader by track.
#[derive(Debug)]
pub struct Faders;

impl Table for Faders {
    const ID: TableId = TableId::Faders;
    type Key = TrackId;
    type Row = Fader;
}
record!(Fader, 1);

/// One row a project, replaced by every act that changes which tracks there are or in which order.
#[derive(Debug)]
pub struct TrackSets;

impl Table for TrackSets {
    const ID: TableId = TableId::TrackSets;
    type Key = ProjectId;
    type Row = TrackSet;
}

/// The row itself says nothing; its stamp does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackSet {}
record!(TrackSet, 1);
