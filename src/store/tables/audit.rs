//! `audit`: who did what to whom. The committer numbers and chains the rows: each holds the BLAKE3 hash of the stored bytes
//! of the one before, so that a changed or missing row is found.

use model::{
    Timestamp,
    event::{Actor, ResourceRef},
};
use serde::{Deserialize, Serialize};

use crate::{Table, TableId, record};

/// The audit log by number, from 1.
#[derive(Debug)]
pub struct Audit;

impl Table for Audit {
    const ID: TableId = TableId::Audit;
    type Key = u64;
    type Row = AuditRow;
}

/// An entry on its way into the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditDraft {
    /// Who did it.
    pub actor: Actor,
    /// What was done, such as `session.revoked`.
    pub action: String,
    /// What it was done to.
    pub target: ResourceRef,
    /// From where.
    pub ip: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// What was so before, in few words and without secrets.
    pub before: Option<String>,
    /// What is so now.
    pub after: Option<String>,
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// BLAKE3 of the stored bytes of the row before; zeros for the first.
    pub previous: [u8; 32],
    /// When it was committed.
    pub at: Timestamp,
    /// The entry.
    pub entry: AuditDraft,
}
record!(AuditRow, 1);
