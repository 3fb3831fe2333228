//! `blobs`: stored content by its hash, with the counter of its references and the clock of its collection.

use model::{BlobHash, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Counter, Index, IndexSink, Table, TableId, record};

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

/// Content about to be collected, by the time it was condemned.
#[derive(Debug)]
pub struct BlobsCondemned;

impl Index for BlobsCondemned {
    const ID: TableId = TableId::BlobsCondemned;
    type Table = Blobs;
    type Key = Timestamp;
}

/// How many rows refer to a blob.
#[derive(Debug)]
pub struct Refs;

impl Counter for Refs {
    const ID: TableId = TableId::Refs;
    type Key = BlobHash;
}

/// Since when a blob has been seen without a reference.
#[derive(Debug)]
pub struct BlobsIdle;

impl Table for BlobsIdle {
    const ID: TableId = TableId::BlobsIdle;
    type Key = BlobHash;
    type Row = IdleRow;
}

/// When the collector first saw no reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleRow {
    /// Since when.
    pub since: Timestamp,
}
record!(IdleRow, 1);
