//! Reading: every call is one snapshot, bounded, and shows only what is durable.

use super::Store;
use crate::{
    catalog::TableId,
    engine::{Found, Lookup, ReadOp, ReadResult},
    error::StoreError,
    group::counter_value,
    key::Key,
    limits::GET_MAX_KEYS,
    record,
    scan::{IndexHit, Page, Scan},
    table::{Counter, Index, Stored, Table, Unique, full_key},
};

impl Store {
    /// The row of a key.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be decoded, [`StoreError::Io`] and [`StoreError::Closed`].
    pub async fn get<T: Table>(&self, key: &T::Key) -> Result<Option<Stored<T::Row>>, StoreError> {
        let result = self.ask(ReadOp::get(full_key(T::ID, key))).await?;
        result.found.first().map(|found| row::<T>(&found.key, &found.value)).transpose()
    }

    /// The rows of several keys, in their order, from one snapshot. At most [`GET_MAX_KEYS`].
    ///
    /// # Errors
    /// As [`Store::get`], and [`StoreError::TooLarge`].
    pub async fn get_many<T: Table>(
        &self,
        keys: &[T::Key],
    ) -> Result<Vec<Option<Stored<T::Row>>>, StoreError> {
        bounded(keys.len())?;
        let ops = keys.iter().map(|key| ReadOp::get(full_key(T::ID, key))).collect();
        let results = self.inner.read(ops).await?;
        let rows = results
            .iter()
            .map(|result| result.found.first().map(|found| row::<T>(&found.key, &found.value)).transpose());
        rows.collect()
    }

    /// A page of rows by primary key.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn scan<T: Table>(&self, scan: Scan) -> Result<Page<(T::Key, Stored<T::Row>)>, StoreError> {
        let result = self.ask(range(T::ID, &scan, None)).await?;
        page(&result, |found| {
            Ok((key::<T::Key>(T::ID, &found.key[1..])?, row::<T>(&found.key, &found.value)?))
        })
    }

    /// The same, each row for itself: one that cannot be decoded hides no other.
    ///
    /// # Errors
    /// As [`Store::get`], of keys alone.
    pub async fn scan_each<T: Table>(&self, scan: Scan) -> Result<Page<Tried<T>>, StoreError> {
        let result = self.ask(range(T::ID, &scan, None)).await?;
        page(&result, |found| {
            Ok((key::<T::Key>(T::ID, &found.key[1..])?, row::<T>(&found.key, &found.value)))
        })
    }

    /// The row that a unique key leads to.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn find<U: Unique>(&self, key: &U::Key) -> Result<Option<Hit<U::Table>>, StoreError> {
        let op = ReadOp { what: Lookup::Key(full_key(U::ID, key)), follow: Some(<U::Table as Table>::ID) };
        let result = self.ask(op).await?;
        result.found.first().map(|found| followed::<U::Table>(U::ID, found)).transpose()
    }

    /// A page of rows in the order of an index.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn scan_index<I: Index>(&self, scan: Scan) -> Result<Page<IndexHit<I>>, StoreError> {
        let result = self.ask(range(I::ID, &scan, Some(<I::Table as Table>::ID))).await?;
        page(&result, |found| {
            let (key, stored) = followed::<I::Table>(I::ID, found)?;
            let index_key = I::Key::decode(&mut &found.key[1..])
                .map_err(|_| StoreError::corrupt(I::ID, &found.key[1..], "the key cannot be decoded"))?;
            Ok(IndexHit { index_key, key, stored })
        })
    }

    /// A page of a unique index, in the order of its keys.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn scan_unique<U: Unique>(&self, scan: Scan) -> Result<Page<Hit<U::Table>>, StoreError> {
        let result = self.ask(range(U::ID, &scan, Some(<U::Table as Table>::ID))).await?;
        page(&result, |found| followed::<U::Table>(U::ID, found))
    }

    /// The value of a counter; 0 when nothing was counted yet.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn count<C: Counter>(&self, key: &C::Key) -> Result<i64, StoreError> {
        count(&self.ask(ReadOp::get(full_key(C::ID, key))).await?)
    }

    /// The values of several counters, in order, from one snapshot.
    ///
    /// # Errors
    /// As [`Store::get_many`].
    pub async fn count_many<C: Counter>(&self, keys: &[C::Key]) -> Result<Vec<i64>, StoreError> {
        bounded(keys.len())?;
        let ops = keys.iter().map(|key| ReadOp::get(full_key(C::ID, key))).collect();
        self.inner.read(ops).await?.iter().map(count).collect()
    }

    pub(crate) async fn ask(&self, op: ReadOp) -> Result<ReadResult, StoreError> {
        self.inner.read(vec![op]).await?.pop().ok_or(StoreError::Closed)
    }
}

/// A row with its primary key.
pub type Hit<T> = (<T as Table>::Key, Stored<<T as Table>::Row>);

/// A row, if it can be read, with its primary key.
pub type Tried<T> = (<T as Table>::Key, Result<Stored<<T as Table>::Row>, StoreError>);

fn bounded(keys: usize) -> Result<(), StoreError> {
    if keys > GET_MAX_KEYS {
        return Err(StoreError::TooLarge { what: "a read in keys", got: keys, limit: GET_MAX_KEYS });
    }
    Ok(())
}

pub(crate) fn range(id: TableId, scan: &Scan, follow: Option<TableId>) -> ReadOp {
    ReadOp { what: Lookup::Range(scan.range(id), scan.rows()), follow }
}

pub(crate) fn page<T>(
    result: &ReadResult,
    item: impl FnMut(&Found) -> Result<T, StoreError>,
) -> Result<Page<T>, StoreError> {
    Ok(Page { items: result.found.iter().map(item).collect::<Result<_, _>>()?, more: result.more })
}

fn key<K: Key>(id: TableId, bytes: &[u8]) -> Result<K, StoreError> {
    K::from_bytes(bytes).map_err(|_| StoreError::corrupt(id, bytes, "the key cannot be decoded"))
}

fn row<T: Table>(key: &[u8], value: &[u8]) -> Result<Stored<T::Row>, StoreError> {
    record::decode(value).map_err(|why| StoreError::corrupt(T::ID, &key[1..], why))
}

/// The row behind an index entry.
fn followed<T: Table>(index: TableId, found: &Found) -> Result<Hit<T>, StoreError> {
    let bytes = found.row.as_ref();
    let bytes =
        bytes.ok_or_else(|| StoreError::corrupt(index, &found.key[1..], "the entry leads to no row"))?;
    let primary = key::<T::Key>(index, &found.value)?;
    let stored = record::decode(bytes).map_err(|why| StoreError::corrupt(T::ID, &found.value, why))?;
    Ok((primary, stored))
}

fn count(result: &ReadResult) -> Result<i64, StoreError> {
    result.found.first().map_or(Ok(0), |found| counter_value(&found.key, &found.value))
}
