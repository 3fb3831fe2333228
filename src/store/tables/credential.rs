//! `credentials`: how a person proves who they are.

use model::{UserId, account::Credential};

use crate::{Table, TableId, record};

/// Password hashes by account.
#[derive(Debug)]
pub struct Credentials;

impl Table for Credentials {
    const ID: TableId = TableId::Credentials;
    type Key = UserId;
    type Row = Credential;
}
record!(Credential, 1);
