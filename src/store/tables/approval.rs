//! `approvals`: what people think of versions.

use model::{VersionId, principal::Principal, review::VersionApproval};

use crate::{Table, TableId, record};

/// Approvals, by version and person or guest.
#[derive(Debug)]
pub struct Approvals;

impl Table for Approvals {
    const ID: TableId = TableId::Approvals;
    type Key = (VersionId, Principal);
    type Row = VersionApproval;
}
record!(VersionApproval, 1);
