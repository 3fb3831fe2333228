//! `users`: accounts by id, unique by e-mail address and by handle.

use model::{UserId, account::User};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Accounts. A deleted account keeps its row and gives up its address and handle.
#[derive(Debug)]
pub struct Users;

impl Table for Users {
    const ID: TableId = TableId::Users;
    type Key = UserId;
    type Row = User;

    fn indexes(row: &User, _key: &UserId, out: &mut IndexSink) {
        out.unique::<UserByEmail>(&row.email.to_string());
        out.unique::<UserByHandle>(&row.handle.to_string());
    }
}
record!(User, 1);

indexes! {
    /// The account of an address.
    Unique UserByEmail: String => Users;
    /// The account of a handle.
    Unique UserByHandle: String => Users;
}
