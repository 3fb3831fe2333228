//! `meta`: facts about the directory by name.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Table, TableId, record};

/// Facts about the directory. Names are snake case: `log`, `schema`, `setup_done`.
#[derive(Debug)]
pub struct Meta;

impl Table for Meta {
    const ID: TableId = TableId::Meta;
    type Key = String;
    type Row = MetaRow;
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MetaRow {
    /// The head of the log, under `log`.
    Log(LogHead),
    /// Something that has happened once.
    Mark,
    /// A number.
    Number(u64),
    /// A short text.
    Text(String),
}
record!(MetaRow, 1);

/// The name of the row that every group writes.
pub const LOG: &str = "log";

/// Where the log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
    /// Random; a new one after a restore makes every older position void.
    pub epoch: Uuid,
    /// The number of the next event.
    pub next_seq: u64,
    /// The number of the next commit.
    pub next_stamp: u64,
    /// The time of the last commit; time never runs backwards.
    pub last_at: Timestamp,
    /// Where the audit log ends.
    #[serde(default)]
    pub audit: AuditEnd,
}

/// Where the audit log ends: so that its last entries cannot be changed or cut off unseen either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEnd {
    /// The number of the last entry; 0 where there is none, or the directory is from before this was kept.
    pub number: u64,
    /// The hash of its stored bytes.
    pub hash: [u8; 32],
}
