//! `instance`: what administrators decided, one row. The configuration counts more.

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRow {
    /// Where people reach the instance.
    pub site_url: Option<String>,
    /// Who may register.
    pub registration: Option<RegistrationPolicy>,
    /// How many bytes a person may store whose account says nothing.
    #[serde(default)]
    pub quota_bytes: Option<u64>,
    /// From how many people on the mood of a team is shown.
    #[serde(default)]
    pub mood_min_group_size: Option<u32>,
}
record!(InstanceRow, 1);
