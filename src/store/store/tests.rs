//! A store for tests, and what its handle does.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use model::{
    Timestamp,
    ports::{Clock, IdGen},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Clash, Counter, Index, IndexSink, Store, StoreConfig, StoreError, Table, TableId, Unique,
    config::LastResort, record,
};

/// A clock that a test moves.
#[derive(Debug)]
pub(crate) struct TestClock(pub(crate) AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Ids that count.
#[derive(Debug, Default)]
pub(crate) struct TestIds(AtomicU64);

impl IdGen for TestIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        Uuid::from_u64_pair(now.0.cast_unsigned(), count + 1)
    }
    fn secret(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

/// Where a real process would end.
#[derive(Debug)]
pub(crate) struct Survive;

impl LastResort for Survive {
    fn die(&self, _why: &str) {}
}

/// Time, ids and no abort.
pub(crate) fn config() -> StoreConfig {
    let clock = Arc::new(TestClock(AtomicI64::new(1_000)));
    StoreConfig { last_resort: Arc::new(Survive), ..StoreConfig::new(clock, Arc::new(TestIds::default())) }
}

pub(crate) fn on_disk(dir: &Path) -> Store {
    Store::open(dir, StoreConfig { cache_bytes: 1 << 20, ..config() }).expect("the directory opens")
}

/// A table with an index, a unique index and a counter beside it; the bytes are borrowed from others of the same kind.
pub(crate) struct People;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) town: u16,
}
record!(Person, 1);

impl Table for People {
    const ID: TableId = TableId::Users;
    type Key = u64;
    type Row = Person;
    fn indexes(row: &Person, _key: &u64, out: &mut IndexSink) {
        out.index::<ByTown>(&row.town);
        out.unique::<ByName>(&row.name);
    }
}

pub(crate) struct ByTown;
impl Index for ByTown {
    const ID: TableId = TableId::SessionsByUser;
    type Table = People;
    type Key = u16;
}

pub(crate) struct ByName;
impl Unique for ByName {
    const ID: TableId = TableId::UserByEmail;
    type Table = People;
    type Key = String;
}

pub(crate) struct Visits;
impl Counter for Visits {
    const ID: TableId = TableId::UsedBytes;
    type Key = u64;
}

pub(crate) fn person(name: &str, town: u16) -> Person {
    Person { name: name.into(), town }
}

pub(crate) fn clash<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> (TableId, Clash) {
    match outcome {
        Err(StoreError::Conflict { table, what }) => (table, what),
        other => panic!("a conflict was expected, got {other:?}"),
    }
}
