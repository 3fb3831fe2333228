//! `instance`: what the first administrator decided, one row. The configuration counts more.

use model::account::RegistrationPolicy;
use serde::{Deserialize, Serialize};

use crate::{Table, TableId, record};

/// The one row.
#[derive(Debug)]
pub struct Instance;

impl Table for Instance {
    const ID: TableId = TableId::Instance;
    type Key = ();
    type Row = InstanceRow;
}

/// What was decided; absent = as by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRow {
    /// Where people reach the instance.
    pub site_url: Option<String>,
    /// Who may register.
    pub registration: Option<RegistrationPolicy>,
}
record!(InstanceRow, 1);
