//! What the store needs from a key-value engine: ordered bytes, one atomic write, one sync.
//!
//! Exactly one thread writes (the committer). A write is first applied (readers under the store's lock see it) and then made
//! durable (nobody is answered before). One conformance suite runs on every engine (`engine/conformance.rs`). An engine with
//! several writers locks the head of the log in its first `get` of a group.

#[cfg(test)]
pub(crate) mod conformance;
pub mod memory;
pub mod sled;

use std::{collections::BTreeMap, io};

use thiserror::Error;

use crate::{
    catalog::TableId,
    error::StoreError,
    limits::SCAN_MAX_ROWS,
    scan::{KeyRange, Scan},
    view::unreadable,
};

/// Bytes to write: `None` deletes.
pub type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Keys and values in the order of a scan.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Why an engine failed. After any of them the engine is reopened, or the process ends.
#[derive(Debug, Error)]
pub enum EngineError {
    /// It cannot read or write.
    #[error("the storage engine failed while it {doing}")]
    Failed {
        /// What it was doing.
        doing: &'static str,
        /// What it said.
        #[source]
        source: io::Error,
    },
    /// A sync failed: what the disk holds is unknown, and asking again would lie.
    #[error("the disk could not be synced")]
    SyncFailed(#[source] io::Error),
}

/// An ordered key-value engine.
pub trait Engine: Send + Sync {
    /// The value of a key.
    ///
    /// # Errors
    /// [`EngineError`] when the engine cannot read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError>;

    /// The first `limit` pairs of a range in its direction.
    ///
    /// # Errors
    /// [`EngineError`] when the engine cannot read.
    fn scan(&self, range: &KeyRange, limit: usize) -> Result<Pairs, EngineError>;

    /// Applies all writes or none; readers see them from now on.
    ///
    /// # Errors
    /// [`EngineError`]: it is not known what was written, the engine must be reopened.
    fn apply(&self, writes: &Writes) -> Result<(), EngineError>;

    /// Hands everything applied to the operating system. The watchdog may call it at any time from its own thread.
    ///
    /// # Errors
    /// [`EngineError`]: the engine must be reopened.
    fn flush(&self) -> Result<(), EngineError>;

    /// Makes durable what was flushed.
    ///
    /// # Errors
    /// [`EngineError::SyncFailed`]: the process must end.
    fn sync(&self) -> Result<(), EngineError>;

    /// Drops every handle and opens again: the state is what was durable, or a later applied one, whole.
    ///
    /// # Errors
    /// [`EngineError`] when that is not possible now.
    fn reopen(&self) -> Result<(), EngineError>;

    /// Answers several questions. The caller holds the store's read lock, which makes them one snapshot.
    ///
    /// # Errors
    /// [`EngineError`] when the engine cannot read.
    fn read(&self, ops: &[ReadOp]) -> Result<Vec<ReadResult>, EngineError> {
        ops.iter().map(|op| self.read_one(op)).collect()
    }

    /// Answers one question.
    ///
    /// # Errors
    /// [`EngineError`] when the engine cannot read.
    fn read_one(&self, op: &ReadOp) -> Result<ReadResult, EngineError> {
        let (mut pairs, limit) = match &op.what {
            Lookup::Key(key) => {
                (self.get(key)?.map(|value| (key.clone(), value)).into_iter().collect::<Pairs>(), 1)
            }
            Lookup::Range(range, limit) => (self.scan(range, limit + 1)?, *limit),
        };
        let more = pairs.len() > limit;
        pairs.truncate(limit);
        let mut found = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let row = match op.follow {
                Some(table) => self.get(&[&[table.byte()], value.as_slice()].concat())?,
                None => None,
            };
            found.push(Found { key, value, row });
        }
        Ok(ReadResult { found, more })
    }
}

/// One question.
#[derive(Clone, Debug)]
pub struct ReadOp {
    /// Where to look.
    pub what: Lookup,
    /// What is found is an index entry: load the row of this table that it leads to.
    pub follow: Option<TableId>,
}

/// Where to look.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// One key.
    Key(Vec<u8>),
    /// A range and how many rows of it.
    Range(KeyRange, usize),
}

impl ReadOp {
    /// One key.
    #[must_use]
    pub fn get(key: Vec<u8>) -> Self {
        ReadOp { what: Lookup::Key(key), follow: None }
    }

    /// How many rows it may load.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self.what {
            Lookup::Key(_) => 1,
            Lookup::Range(_, limit) => limit,
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadResult {
    /// What was found, in order.
    pub found: Vec<Found>,
    /// Whether the range goes on.
    pub more: bool,
}

/// A key with its value and, when an index was followed, its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The whole key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
    /// The row it leads to.
    pub row: Option<Vec<u8>>,
}

/// Calls `each` with every pair of a table; keys without their table byte. The caller holds the store's read lock.
pub(crate) fn walk(
    engine: &dyn Engine,
    id: TableId,
    mut each: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut range = Scan::all().range(id);
    loop {
        let pairs = engine.scan(&range, SCAN_MAX_ROWS).map_err(unreadable)?;
        let Some((last, _)) = pairs.last() else { return Ok(()) };
        range.start = [last.as_slice(), &[0]].concat();
        for (key, value) in &pairs {
            each(&key[1..], value)?;
        }
    }
}
