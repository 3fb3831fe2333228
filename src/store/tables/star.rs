//! `stars`: the projects a person marked.

use model::{ProjectId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::{Table, TableId, record};

/// Stars by person and project.
#[derive(Debug)]
pub struct Stars;

impl Table for Stars {
    const ID: TableId = TableId::Stars;
    type Key = (UserId, ProjectId);
    type Row = Star;
}

/// A star.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Star {
    /// Since when.
    pub at: Timestamp,
}
record!(Star, 1);
