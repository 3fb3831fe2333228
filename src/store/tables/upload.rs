//! `uploads`: bytes on their way in, by id, by person, and by when they lapse.

use model::{Timestamp, UploadId, UserId, upload::Upload};

use crate::{Index, IndexSink, Table, TableId, record};

/// Uploads. One that was used or dropped has no row.
#[derive(Debug)]
pub struct Uploads;

impl Table for Uploads {
    const ID: TableId = TableId::Uploads;
    type Key = UploadId;
    type Row = Upload;

    fn indexes(row: &Upload, _key: &UploadId, out: &mut IndexSink) {
        out.index::<UploadsByUser>(&row.user_id);
        out.index::<UploadsByExpiry>(&row.expires_at);
    }
}
record!(Upload, 1);

/// The uploads of one person.
#[derive(Debug)]
pub struct UploadsByUser;

impl Index for UploadsByUser {
    const ID: TableId = TableId::UploadsByUser;
    type Table = Uploads;
    type Key = UserId;
}

/// Uploads by when they lapse.
#[derive(Debug)]
pub struct UploadsByExpiry;

impl Index for UploadsByExpiry {
    const ID: TableId = TableId::UploadsByExpiry;
    type Table = Uploads;
    type Key = Timestamp;
}
