//! `tracks`, their order, and their faders.

use model::{
    ProjectId, TrackId,
    track::{Fader, Track},
};
use serde::{Deserialize, Serialize};

use crate::{Index, IndexSink, Table, TableId, record};

/// Tracks.
#[derive(Debug)]
pub struct Tracks;

impl Table for Tracks {
    const ID: TableId = TableId::Tracks;
    type Key = TrackId;
    type Row = Track;

    fn indexes(row: &Track, _key: &TrackId, out: &mut IndexSink) {
        out.index::<TracksByProject>(&(row.project_id, row.deleted.is_some(), row.position.to_string()));
    }
}
record!(Track, 1);

/// The tracks of a project: outside the trash first, in their order.
#[derive(Debug)]
pub struct TracksByProject;

impl Index for TracksByProject {
    const ID: TableId = TableId::TracksByProject;
    type Table = Tracks;
    type Key = (ProjectId, bool, String);
}

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
