//! `invitations`, who accepted them, and `access_requests`.

use model::{
    AccessRequestId, InvitationId, ProjectId, UserId,
    invitation::{Acceptance, AccessRequest, Invitation},
};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Invitations into projects.
#[derive(Debug)]
pub struct Invitations;

impl Table for Invitations {
    const ID: TableId = TableId::Invitations;
    type Key = InvitationId;
    type Row = Invitation;

    fn indexes(row: &Invitation, _key: &InvitationId, out: &mut IndexSink) {
        out.unique::<InvitationByHash>(&row.hash);
        out.index::<InvitationsByProject>(&row.project_id);
        if let Some(email) = &row.email {
            out.index::<InvitationsByEmail>(&email.to_string());
        }
    }
}
record!(Invitation, 1);

indexes! {
    /// The invitation with a secret of this hash.
    Unique InvitationByHash: [u8; 32] => Invitations;
    /// The invitations into a project, oldest first.
    Index InvitationsByProject: ProjectId => Invitations;
    /// The invitations for an address, oldest first.
    Index InvitationsByEmail: String => Invitations;
}

/// Who accepted an invitation.
#[derive(Debug)]
pub struct Acceptances;

impl Table for Acceptances {
    const ID: TableId = TableId::Acceptances;
    type Key = (InvitationId, UserId);
    type Row = Acceptance;
}
record!(Acceptance, 1);

/// Requests to be let into projects.
#[derive(Debug)]
pub struct AccessRequests;

impl Table for AccessRequests {
    const ID: TableId = TableId::AccessRequests;
    type Key = AccessRequestId;
    type Row = AccessRequest;

    fn indexes(row: &AccessRequest, _key: &AccessRequestId, out: &mut IndexSink) {
        out.unique::<AccessRequestOf>(&(row.project_id, row.user_id));
    }
}
record!(AccessRequest, 1);

indexes! {
    /// The request of a person, and all of a project.
    Unique AccessRequestOf: (ProjectId, UserId) => AccessRequests;
}
