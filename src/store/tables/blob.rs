//! `blobs`: stored content by its hash, with the counter of its references and the clock of its collection.

use model::{BlobHash, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Counter, IndexSink, Table, TableId, record, table::indexes};

/// Stored content by its BLAKE3 hash.
#[derive(Debug)]
pub struct Blobs;

impl Table for Blobs {
    const ID: TableId = TableId::Blobs;
    type Key = BlobHash;
    type Row = BlobRow;

    fn indexes(row: &BlobRow, _key: &BlobHash, out: &mut IndexSink) {
        if let BlobState::Condemned { since } = row.state {
            out.index::<BlobsCondemned>(&since);
        }
    }
}

/// What is known about content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRow {
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256, which clients see.
    pub sha256: [u8; 32],
    /// Its media type, found by looking at it.
    pub content_type: String,
    /// Whether it may be referred to.
    pub state: BlobState,
}
record!(BlobRow, 1);

/// Whether content may be referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlobState {
    /// It may.
    Live,
    /// Nothing refers to it and nothing may any more; its file goes soon. Uploading it again revives it.
    Condemned {
        /// Since when.
        since: Timestamp,
    },
}

indexes! {
    /// Content about to be collected, by the time it was condemned.
    Index BlobsCondemned: Timestamp => Blobs;
}

/// How many rows refer to a blob.
#[derive(Debug)]
pub struct Refs;

impl Counter for Refs {
    const ID: TableId = TableId::Refs;
    type Key = BlobHash;
}

/// Blobs that lost a reference, until the collector has seen to them. Every batch that releases one writes its row.
#[derive(Debug)]
pub struct BlobsIdle;

impl Table for BlobsIdle {
    const ID: TableId = TableId::BlobsIdle;
    const BLIND: bool = true;
    type Key = BlobHash;
    type Row = IdleRow;
}

/// Whether it has no reference left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleRow {
    /// Since when the collector sees none; absent before it looked.
    pub since: Option<Timestamp>,
}
record!(IdleRow, 1);
