//! `uploads`: bytes on their way in, by id, by person, and by when they lapse.

use model::{Timestamp, UploadId, UserId, upload::Upload};

use crate::{IndexSink, Table, TableId, record, table::indexes};

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

indexes! {
    /// The uploads of one person.
    Index UploadsByUser: UserId => Uploads;
    /// Uploads by when they lapse.
    Index UploadsByExpiry: Timestamp => Uploads;
}
