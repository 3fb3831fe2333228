//! `sessions`: logins by id. A revoked session has no row.

use model::{SessionId, UserId, account::Session};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Logins.
#[derive(Debug)]
pub struct Sessions;

impl Table for Sessions {
    const ID: TableId = TableId::Sessions;
    type Key = SessionId;
    type Row = Session;

    fn indexes(row: &Session, _key: &SessionId, out: &mut IndexSink) {
        out.index::<SessionsByUser>(&row.user_id);
    }
}
record!(Session, 1);

indexes! {
    /// The logins of one person, oldest first.
    Index SessionsByUser: UserId => Sessions;
}
