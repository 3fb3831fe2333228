//! `versions`: takes by id, by track and number, and by the bytes they play.

use model::{Timestamp, TrackId, VersionId, version::Version};

use crate::{Desc, IndexSink, Table, TableId, record, table::indexes};

/// Versions.
#[derive(Debug)]
pub struct Versions;

impl Table for Versions {
    const ID: TableId = TableId::Versions;
    type Key = VersionId;
    type Row = Version;

    fn indexes(row: &Version, _key: &VersionId, out: &mut IndexSink) {
        out.unique::<VersionByNumber>(&(row.track_id, row.number));
        out.index::<VersionsByTrack>(&(row.track_id, row.deleted.is_some(), Desc(row.number)));
        out.index::<VersionsByContent>(&row.sha256);
        if let Some((at, _)) = row.deleted {
            out.index::<VersionsTrashed>(&at);
        }
    }
}
record!(Version, 1);

indexes! {
    /// The version with a number.
    Unique VersionByNumber: (TrackId, i64) => Versions;
    /// The versions of a track: outside the trash first, newest first.
    Index VersionsByTrack: (TrackId, bool, Desc<i64>) => Versions;
    /// The versions in the trash, by when they were deleted.
    Index VersionsTrashed: Timestamp => Versions;
    /// The versions that play the same bytes, by their SHA-256, which is what clients know.
    Index VersionsByContent: [u8; 32] => Versions;
}
