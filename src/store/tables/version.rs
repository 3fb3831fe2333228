//! `versions`: takes by id, by track and number, and by the bytes they play.

use model::{TrackId, VersionId, version::Version};

use crate::{Desc, Index, IndexSink, Table, TableId, Unique, record};

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
    }
}
record!(Version, 1);

/// The version with a number.
#[derive(Debug)]
pub struct VersionByNumber;

impl Unique for VersionByNumber {
    const ID: TableId = TableId::VersionByNumber;
    type Table = Versions;
    type Key = (TrackId, i64);
}

/// The versions of a track: outside the trash first, newest first.
#[derive(Debug)]
pub struct VersionsByTrack;

impl Index for VersionsByTrack {
    const ID: TableId = TableId::VersionsByTrack;
    type Table = Versions;
    type Key = (TrackId, bool, Desc<i64>);
}

/// The versions that play the same bytes, by their SHA-256, which is what clients know.
#[derive(Debug)]
pub struct VersionsByContent;

impl Index for VersionsByContent {
    const ID: TableId = TableId::VersionsByContent;
    type Table = Versions;
    type Key = [u8; 32];
}
