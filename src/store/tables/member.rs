//! `members`: who belongs to a project, and which projects a person belongs to.

use model::{ProjectId, UserId, project::ProjectMember};

use crate::{Index, IndexSink, Table, TableId, record};

/// Members by project and person.
#[derive(Debug)]
pub struct Members;

impl Table for Members {
    const ID: TableId = TableId::Members;
    type Key = (ProjectId, UserId);
    type Row = ProjectMember;

    fn indexes(row: &ProjectMember, _key: &Self::Key, out: &mut IndexSink) {
        out.index::<MembersByUser>(&row.user_id);
    }
}
record!(ProjectMember, 1);

/// The memberships of one person.
#[derive(Debug)]
pub struct MembersByUser;

impl Index for MembersByUser {
    const ID: TableId = TableId::MembersByUser;
    type Table = Members;
    type Key = UserId;
}
