//! A listener on the committer: the backup's redo spool is one.

use crate::{engine::Writes, tables::meta::LogHead};

/// Sees every group after it is durable and before anybody is answered, on the committer's thread.
pub trait Tap: Send + Sync {
    /// The writes of a group and the head of the log after them. Must be quick and must not write to the store.
    fn committed(&self, writes: &Writes, head: &LogHead);
}
