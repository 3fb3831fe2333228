//! Backups, as far as events and files name them.

use serde::{Deserialize, Serialize};

/// How much a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupContents {
    /// Everything: rows, recordings, what was made from them, pictures.
    #[default]
    Everything,
    /// The rows alone, for whoever copies the content elsewhere: it never changes once it is written.
    Rows,
}
