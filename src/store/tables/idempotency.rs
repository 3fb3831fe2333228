//! `idem`: what a request with an Idempotency-Key made, so that a repeat of it makes nothing.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// By person, operation and the hash of the key.
#[derive(Debug)]
pub struct Idempotency;

impl Table for Idempotency {
    const ID: TableId = TableId::Idem;
    type Key = (Uuid, String, [u8; 32]);
    type Row = Remembered;

    fn indexes(row: &Remembered, _key: &Self::Key, out: &mut IndexSink) {
        out.index::<IdemByAge>(&row.at);
    }
}

indexes! {
    /// Oldest first, for forgetting.
    Index IdemByAge: Timestamp => Idempotency;
}

/// What the first request made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// BLAKE3 of its method, address and body.
    pub fingerprint: [u8; 32],
    /// The id of what it made.
    pub resource: Uuid,
    /// When.
    pub at: Timestamp,
}
record!(Remembered, 1);
