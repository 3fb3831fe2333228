//! Tables, indexes, unique indexes and counters as types. One row type, one key space, one file under `tables/`.

use std::collections::BTreeSet;

use crate::{catalog::TableId, key::Key, record::Record};

/// A table: rows of one type by primary key.
pub trait Table: 'static {
    /// Its entry in the catalogue.
    const ID: TableId;
    /// Whether `Batch::put` may overwrite rows unseen in a durable batch. Only for tables without indexes.
    const BLIND: bool = false;
    /// The primary key.
    type Key: Key + Send + Sync;
    /// The row.
    type Row: Record;

    /// Says under which index keys the row is found. Pure: the same row and key give the same entries.
    fn indexes(_row: &Self::Row, _key: &Self::Key, _out: &mut IndexSink) {}
}

/// An index: several rows may share a key. Entries are ordered by key, then by primary key.
pub trait Index: 'static {
    /// Its entry in the catalogue.
    const ID: TableId;
    /// The table it leads to.
    type Table: Table;
    /// The key to search by.
    type Key: Key + Send + Sync;
}

/// A unique index: at most one row has a key. Taking one that is taken is a conflict.
pub trait Unique: 'static {
    /// Its entry in the catalogue.
    const ID: TableId;
    /// The table it leads to.
    type Table: Table;
    /// The key that must be unique.
    type Key: Key + Send + Sync;
}

/// A counter: a number that many writers change without reading it.
pub trait Counter: 'static {
    /// Its entry in the catalogue.
    const ID: TableId;
    /// What is counted.
    type Key: Key + Send + Sync;
}

/// Declares indexes and unique indexes, each named like its entry in the catalogue:
/// `indexes! { /// doc  Index JobsByProject: ProjectId => Jobs; }`.
macro_rules! indexes {
    ($($(#[$doc:meta])* $kind:ident $name:ident: $key:ty => $table:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl $crate::$kind for $name {
            const ID: $crate::TableId = $crate::TableId::$name;
            type Table = $table;
            type Key = $key;
        }
    )+};
}
pub(crate) use indexes;

/// A row as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<R> {
    /// The row.
    pub row: R,
    /// Counts the writes of this row from 1: what clients see.
    pub rev: u64,
    /// The number of the commit that wrote it: what assertions compare.
    pub stamp: u64,
}

/// Collects the index entries of one row.
#[derive(Debug, Default)]
pub struct IndexSink {
    entries: BTreeSet<IndexEntry>,
    primary: Vec<u8>,
}

/// One entry: its whole key, and whether it is the only one of its index key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IndexEntry {
    pub(crate) key: Vec<u8>,
    pub(crate) unique: bool,
}

impl IndexSink {
    /// The row is found under `key`.
    pub fn index<I: Index>(&mut self, key: &I::Key) {
        let mut bytes = vec![I::ID.byte()];
        key.encode(&mut bytes);
        bytes.extend_from_slice(&self.primary);
        self.entries.insert(IndexEntry { key: bytes, unique: false });
    }

    /// The row, and no other, is found under `key`.
    pub fn unique<U: Unique>(&mut self, key: &U::Key) {
        let mut bytes = vec![U::ID.byte()];
        key.encode(&mut bytes);
        self.entries.insert(IndexEntry { key: bytes, unique: true });
    }

    /// The entries of a row.
    pub(crate) fn of<T: Table>(row: &T::Row, key: &T::Key) -> BTreeSet<IndexEntry> {
        let mut sink = IndexSink { entries: BTreeSet::new(), primary: key.to_bytes() };
        T::indexes(row, key, &mut sink);
        sink.entries
    }
}

/// `table id ++ key`.
pub(crate) fn full_key(id: TableId, key: &impl Key) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40);
    bytes.push(id.byte());
    key.encode(&mut bytes);
    bytes
}
