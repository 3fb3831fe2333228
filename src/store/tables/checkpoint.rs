//! `checkpoints`, and what each holds of every track.

use model::{
    CheckpointId, ProjectId, Timestamp, TrackId,
    checkpoint::{Checkpoint, CheckpointVersion},
};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Checkpoints.
#[derive(Debug)]
pub struct Checkpoints;

impl Table for Checkpoints {
    const ID: TableId = TableId::Checkpoints;
    type Key = CheckpointId;
    type Row = Checkpoint;

    fn indexes(row: &Checkpoint, _key: &CheckpointId, out: &mut IndexSink) {
        out.index::<CheckpointsByProject>(&(row.project_id, row.deleted.is_some()));
        if let Some((at, _)) = row.deleted {
            out.index::<CheckpointsTrashed>(&at);
        }
    }
}
record!(Checkpoint, 1);

indexes! {
    /// The checkpoints of a project: outside the trash first, oldest first.
    Index CheckpointsByProject: (ProjectId, bool) => Checkpoints;
    /// The checkpoints in the trash, by when they were deleted.
    Index CheckpointsTrashed: Timestamp => Checkpoints;
}

/// What checkpoints hold, by checkpoint and track.
#[derive(Debug)]
pub struct CheckpointVersions;

impl Table for CheckpointVersions {
    const ID: TableId = TableId::CheckpointVersions;
    type Key = (CheckpointId, TrackId);
    type Row = CheckpointVersion;
}
record!(CheckpointVersion, 1);
