//! `preferences`: what a person prefers; no row means the defaults.

use model::{UserId, account::UserPreferences};

use crate::{Table, TableId, record};

/// Preferences by account.
#[derive(Debug)]
pub struct Preferences;

impl Table for Preferences {
    const ID: TableId = TableId::Preferences;
    type Key = UserId;
    type Row = UserPreferences;
}
record!(UserPreferences, 1);
