//! What can go wrong in the store. An error means "not applied", except `OutcomeUnknown`.

use thiserror::Error;

use crate::catalog::TableId;

/// The one error of the crate.
#[derive(Debug, Error)]
pub enum StoreError {
    /// An assertion of the batch does not hold any more: read again and decide again.
    #[error("the data changed meanwhile: {} {what:?}", table.name())]
    Conflict {
        /// The table, unique index or counter of the assertion.
        table: TableId,
        /// What was found.
        what: Clash,
    },
    /// There is too little room on the disk.
    #[error("the disk is full ({0:?})")]
    Full(Mark),
    /// The queue of the committer is full: try again in a moment.
    #[error("too many writes are waiting")]
    Busy,
    /// The engine failed while it wrote: the batch may be there or not.
    #[error("it is not known whether the write was kept")]
    OutcomeUnknown,
    /// Stored bytes that cannot be read.
    #[error("a stored row cannot be read: table {}, key {key_hex}: {why}", table.name())]
    Corrupt {
        /// Where the row is.
        table: TableId,
        /// Its key without the table byte.
        key_hex: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A key, row or batch over its limit.
    #[error("{what} is {got}, the limit is {limit}")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// Its size.
        got: usize,
        /// The largest allowed.
        limit: usize,
    },
    /// A batch that no state could accept; a defect of the caller.
    #[error("the batch is wrong: {why} ({})", table.name())]
    Misuse {
        /// The table it is about.
        table: TableId,
        /// The broken rule.
        why: &'static str,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The operating system said no.
    #[error("the disk reported an error")]
    Io(#[from] std::io::Error),
    /// The directory cannot be opened.
    #[error("the data directory cannot be opened: {why}")]
    Open {
        /// What to do about it.
        why: String,
    },
}

/// How an assertion failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// A row that should be there is not.
    Absent,
    /// A row that should not be there is.
    Exists,
    /// The row was written since it was read.
    Changed,
    /// The counter would leave its bounds.
    Bound,
}

/// Which mark of free space was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Creates are refused; deletes and acks go on.
    Soft,
    /// Nothing is written.
    Hard,
}

impl StoreError {
    /// Whether reading and deciding again may help.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, StoreError::Conflict { .. })
    }

    /// Whether `self` is a conflict about `table`.
    #[must_use]
    pub fn conflicts_on(&self, id: TableId) -> bool {
        matches!(self, StoreError::Conflict { table, .. } if *table == id)
    }

    pub(crate) fn corrupt(table: TableId, key: &[u8], why: &'static str) -> Self {
        StoreError::Corrupt { table, key_hex: hex::encode(key), why }
    }
}
