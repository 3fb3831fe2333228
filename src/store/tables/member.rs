//! `members`: who belongs to a project, and which projects a person belongs to.

use model::{ProjectId, UserId, invitation::Removal, project::ProjectMember};

use crate::{IndexSink, Table, TableId, record, table::indexes};

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

/// Who was removed from a project.
#[derive(Debug)]
pub struct Removals;

impl Table for Removals {
    const ID: TableId = TableId::Removals;
    type Key = (ProjectId, UserId);
    type Row = Removal;
}
record!(Removal, 1);

indexes! {
    /// The memberships of one person.
    Index MembersByUser: UserId => Members;
}
