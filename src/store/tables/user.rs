//! `users`: accounts by id, unique by e-mail address and by handle.

use model::{UserId, account::User};

use crate::{IndexSink, Table, TableId, Unique, record};

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

/// The account of an address.
#[derive(Debug)]
pub struct UserByEmail;

impl Unique for UserByEmail {
    const ID: TableId = TableId::UserByEmail;
    type Table = Users;
    type Key = String;
}

/// The account of a handle.
#[derive(Debug)]
pub struct UserByHandle;

impl Unique for UserByHandle {
    const ID: TableId = TableId::UserByHandle;
    type Table = Users;
    type Key = String;
}
