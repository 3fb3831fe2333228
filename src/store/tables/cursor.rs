//! `cursors` and `parked`: how far each reader of the log has come, and what it could not read.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Table, TableId, record};

/// How far each reader of the log has come, by its name.
#[derive(Debug)]
pub struct Cursors;

impl Table for Cursors {
    const ID: TableId = TableId::Cursors;
    type Key = String;
    type Row = CursorRow;
}

/// Where a reader stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorRow {
    /// The last event it is done with; 0 before the first.
    pub seq: u64,
    /// When it last moved.
    pub at: Timestamp,
    /// It fell too far behind: the log goes on without it and it must start over from the tables.
    pub rebuild: bool,
}
record!(CursorRow, 1);

/// Events that a reader failed on three times, by `(reader, seq)`.
#[derive(Debug)]
pub struct Parked;

impl Table for Parked {
    const ID: TableId = TableId::Parked;
    const BLIND: bool = true;
    type Key = (String, u64);
    type Row = ParkedRow;
}

/// An event that was stepped over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedRow {
    /// The kind of the event.
    pub kind: String,
    /// What the reader said the last time.
    pub reason: String,
    /// When it was given up.
    pub at: Timestamp,
}
record!(ParkedRow, 1);
