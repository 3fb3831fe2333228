//! Bounded ranges of a table or index, and the pages they give.

use crate::{
    catalog::TableId,
    key::{Key, after_prefix, encode_text_start},
    limits::{SCAN_DEFAULT_ROWS, SCAN_MAX_ROWS},
    table::{Index, Stored, Table},
};

/// A range of keys within one table or index, with a direction and a limit.
///
/// Every key given may be a leading part of the table's key: `Scan::prefix(&project)` is all rows whose key starts with it.
#[derive(Clone, Debug)]
pub struct Scan {
    start: Vec<u8>,
    /// Exclusive; none is the end of the table.
    end: Option<Vec<u8>>,
    reverse: bool,
    limit: usize,
}

impl Scan {
    /// The whole table.
    #[must_use]
    pub fn all() -> Self {
        Scan { start: Vec::new(), end: None, reverse: false, limit: SCAN_DEFAULT_ROWS }
    }

    /// Keys that start with `prefix`.
    #[must_use]
    pub fn prefix(prefix: &impl Key) -> Self {
        Scan::bytes(prefix.to_bytes())
    }

    /// Keys that start with `prefix` and then with text that starts with `text`.
    #[must_use]
    pub fn text_prefix(prefix: &impl Key, text: &str) -> Self {
        let mut bytes = prefix.to_bytes();
        encode_text_start(text, &mut bytes);
        Scan::bytes(bytes)
    }

    fn bytes(prefix: Vec<u8>) -> Self {
        Scan { end: after_prefix(&prefix), start: prefix, ..Scan::all() }
    }

    /// Only keys at or after `key`.
    #[must_use]
    pub fn from(mut self, key: &impl Key) -> Self {
        self.start = self.start.max(key.to_bytes());
        self
    }

    /// Only keys after `key` and everything that starts with it.
    #[must_use]
    pub fn after(mut self, key: &impl Key) -> Self {
        match after_prefix(&key.to_bytes()) {
            Some(start) => self.start = self.start.max(start),
            None => self.end = Some(Vec::new()),
        }
        self
    }

    /// Only keys before `key`.
    #[must_use]
    pub fn before(mut self, key: &impl Key) -> Self {
        let key = key.to_bytes();
        self.end = Some(self.end.map_or(key.clone(), |end| end.min(key)));
        self
    }

    /// From the last key to the first.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// At most `rows` rows, and at most [`SCAN_MAX_ROWS`]. Without it, [`SCAN_DEFAULT_ROWS`].
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = rows.min(SCAN_MAX_ROWS);
        self
    }

    pub(crate) fn rows(&self) -> usize {
        self.limit
    }

    pub(crate) fn range(&self, id: TableId) -> KeyRange {
        let id = id.byte();
        let whole = |bytes: &[u8]| [&[id], bytes].concat();
        KeyRange {
            start: whole(&self.start),
            end: self.end.as_deref().map_or(vec![id + 1], whole),
            reverse: self.reverse,
        }
    }
}

/// A range over the whole key space: `start ≤ key < end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// Inclusive.
    pub start: Vec<u8>,
    /// Exclusive.
    pub end: Vec<u8>,
    /// From the end to the start.
    pub reverse: bool,
}

impl KeyRange {
    /// Whether no key is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }
}

/// A page of a scan: a snapshot by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether the range goes on after them.
    pub more: bool,
}

impl<T> Page<T> {
    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), more: self.more }
    }
}

/// A row found through an index.
pub struct IndexHit<I: Index> {
    /// The key it was found under.
    pub index_key: I::Key,
    /// Its primary key.
    pub key: <I::Table as Table>::Key,
    /// The row.
    pub stored: Stored<<I::Table as Table>::Row>,
}
