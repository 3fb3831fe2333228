//! `last_seen`: when something was last used. Rows of their own, written relaxed, so that reading never changes an ETag.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Table, TableId, record};

/// When a user, session, personal access token or guest was last seen, by its id.
#[derive(Debug)]
pub struct LastSeen;

impl Table for LastSeen {
    const ID: TableId = TableId::LastSeen;
    const BLIND: bool = true;
    type Key = Uuid;
    type Row = Seen;
}

/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The instant.
    pub at: Timestamp,
}
record!(Seen, 1);
