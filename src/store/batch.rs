//! A write as a value: rows, counters, assertions, events, audit entries, all or nothing.
//!
//! Everything is encoded when it is added, with holes for what only the committer knows. Assertions look at the state before
//! the batch; then deletes, puts and counters happen in that order, so that two rows may swap a unique key. A batch that
//! breaks a rule remembers it and fails when it is committed.

mod blob;
mod encoded;

use std::{
    collections::BTreeSet,
    ops::{Bound, RangeBounds},
};

use model::event::{Activity, NewEvent};

pub(crate) use encoded::{Assert, Count, CounterOp, Delete, EncodedBatch, Expect, Put, Shape, table_of};

use crate::{
    catalog::{Kind, TableId},
    error::StoreError,
    key::Key,
    limits::{BATCH_MAX_BYTES, BATCH_MAX_KEYS, EVENT_MAX_USERS, KEY_MAX_BYTES, VALUE_MAX_BYTES},
    record::{self, Record},
    table::{Counter, IndexEntry, IndexSink, Stored, Table, full_key},
    tables::{activity::Feed, audit::AuditDraft, event::Events},
};

/// What a batch asks of the committer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Class {
    /// Durable before it is answered.
    #[default]
    Normal,
    /// Durable, with places of its own in the queue, and let through at the soft mark.
    System,
    /// Causes no sync of its own: it is answered with its group and synced within a second. Dropped at the soft mark.
    Relaxed,
}

/// A write that has not happened yet.
#[derive(Debug, Default)]
pub struct Batch {
    class: Class,
    asserts: Vec<Assert>,
    deletes: Vec<Delete>,
    puts: Vec<Put>,
    counters: Vec<CounterOp>,
    audits: Vec<AuditDraft>,
    events: u16,
    bytes: usize,
    /// The first broken rule.
    error: Option<StoreError>,
}

impl Batch {
    /// An empty batch: durable, all or nothing.
    #[must_use]
    pub fn new() -> Self {
        Batch::default()
    }

    /// An empty batch for values that may be lost: last-seen, progress, faders. No events, no asserted rows.
    #[must_use]
    pub fn relaxed() -> Self {
        Batch { class: Class::Relaxed, ..Batch::default() }
    }

    /// Marks a write of the system (ack, cursor, revocation, delete): it has reserved places in the queue and passes the soft
    /// mark of the disk gate.
    pub fn priority(&mut self) -> &mut Self {
        match self.class {
            Class::Normal | Class::System => self.class = Class::System,
            Class::Relaxed => self.fail(misuse(TableId::Meta, "a relaxed batch has no priority")),
        }
        self
    }

    /// Adds a row that must not be there yet.
    pub fn insert<T: Table>(&mut self, key: &T::Key, row: &T::Row) -> &mut Self {
        self.durable_only(T::ID);
        self.put_row::<T>(key, row, 1, Expect::Absent, None);
        self.put_entries::<T>(key, IndexSink::of::<T>(row, key), None);
        self
    }

    /// Writes a row anew if it is still `old`. Its revision grows by one.
    pub fn replace<T: Table>(&mut self, key: &T::Key, old: &Stored<T::Row>, new: &T::Row) -> &mut Self {
        self.durable_only(T::ID);
        self.put_row::<T>(key, new, old.rev + 1, Expect::Stamp(old.stamp), None);
        let (before, after) = (IndexSink::of::<T>(&old.row, key), IndexSink::of::<T>(new, key));
        self.delete_entries(before.difference(&after));
        self.put_entries::<T>(key, after.difference(&before).cloned().collect(), None);
        self
    }

    /// Writes a row whatever was there. Only in relaxed batches and for tables marked `BLIND`; never with indexes.
    pub fn put<T: Table>(&mut self, key: &T::Key, row: &T::Row) -> &mut Self {
        if self.class != Class::Relaxed && !T::BLIND {
            self.fail(misuse(T::ID, "a blind put needs a relaxed batch or a table marked for it"));
        }
        if !IndexSink::of::<T>(row, key).is_empty() {
            self.fail(misuse(T::ID, "a blind put cannot keep indexes"));
        }
        self.put_row::<T>(key, row, 1, Expect::Any, None);
        self
    }

    /// Removes a row if it is still `old`.
    pub fn delete<T: Table>(&mut self, key: &T::Key, old: &Stored<T::Row>) -> &mut Self {
        self.durable_only(T::ID);
        let key_bytes = self.key(T::ID, key);
        self.deletes.push(Delete { key: key_bytes, expect: Expect::Stamp(old.stamp) });
        self.delete_entries(IndexSink::of::<T>(&old.row, key).iter());
        self
    }

    /// Removes a row without indexes whatever it is.
    pub fn remove<T: Table>(&mut self, key: &T::Key) -> &mut Self {
        if self.class != Class::Relaxed && !T::BLIND {
            self.fail(misuse(T::ID, "a blind remove needs a relaxed batch or a table marked for it"));
        }
        let key = self.key(T::ID, key);
        self.deletes.push(Delete { key, expect: Expect::Any });
        self
    }

    /// The decision relied on this row: it must still be the same when the batch is applied.
    pub fn assert_unchanged<T: Table>(&mut self, key: &T::Key, old: &Stored<T::Row>) -> &mut Self {
        self.assert_stamp::<T>(key, old.stamp)
    }

    /// As [`Batch::assert_unchanged`], by the stamp alone.
    pub fn assert_stamp<T: Table>(&mut self, key: &T::Key, stamp: u64) -> &mut Self {
        self.assert::<T>(key, Expect::Stamp(stamp))
    }

    /// The decision relied on this row not being there.
    pub fn assert_absent<T: Table>(&mut self, key: &T::Key) -> &mut Self {
        self.assert::<T>(key, Expect::Absent)
    }

    fn assert<T: Table>(&mut self, key: &T::Key, expect: Expect) -> &mut Self {
        self.durable_only(T::ID);
        let key = self.key(T::ID, key);
        // The same assertion often comes from several sides, and once is enough.
        let assert = Assert { key, expect };
        if !self.asserts.contains(&assert) {
            self.asserts.push(assert);
        }
        self
    }

    /// Changes a counter; the result must lie within `bounds`.
    pub fn add<C: Counter>(&mut self, key: &C::Key, delta: i64, bounds: impl RangeBounds<i64>) -> &mut Self {
        self.counter::<C>(key, Count::Add(delta), &bounds)
    }

    /// The counter must lie within `bounds`.
    pub fn assert_counter<C: Counter>(&mut self, key: &C::Key, bounds: impl RangeBounds<i64>) -> &mut Self {
        self.durable_only(C::ID);
        self.counter::<C>(key, Count::Assert, &bounds)
    }

    fn counter<C: Counter>(
        &mut self,
        key: &C::Key,
        what: Count,
        bounds: &impl RangeBounds<i64>,
    ) -> &mut Self {
        let min = match bounds.start_bound() {
            Bound::Included(min) => *min,
            Bound::Excluded(below) => below.saturating_add(1),
            Bound::Unbounded => i64::MIN,
        };
        let max = match bounds.end_bound() {
            Bound::Included(max) => *max,
            Bound::Excluded(above) => above.saturating_sub(1),
            Bound::Unbounded => i64::MAX,
        };
        let key = self.key(C::ID, key);
        self.counters.push(CounterOp { key, what, min, max });
        self
    }

    /// Writes an event into the log, and into the activity feed if it belongs there, in the same commit.
    pub fn emit(&mut self, event: NewEvent) -> &mut Self {
        self.durable_only(TableId::Events);
        if event.users.len() > EVENT_MAX_USERS {
            self.fail(too_large("an event's own streams", event.users.len(), EVENT_MAX_USERS));
        }
        let number = self.events;
        match number.checked_add(1) {
            Some(next) => self.events = next,
            None => self.fail(misuse(TableId::Events, "too many events in one batch")),
        }
        self.put_row::<Events>(&0, &event, 1, Expect::Any, Some(number));
        self.put_entries::<Events>(&0, IndexSink::of::<Events>(&event, &0), Some(number));
        if let (Activity::Feed, Some(project)) = (event.body.activity(), event.project) {
            let key = (project, 0);
            self.put_row::<Feed>(&key, &event, 1, Expect::Any, Some(number));
            self.put_entries::<Feed>(&key, IndexSink::of::<Feed>(&event, &key), Some(number));
        }
        self
    }

    /// Writes an entry into the audit log in the same commit.
    pub fn audit(&mut self, entry: AuditDraft) -> &mut Self {
        self.durable_only(TableId::Audit);
        match rmp_serde::to_vec_named(&entry) {
            Ok(bytes) if bytes.len() > VALUE_MAX_BYTES / 2 => {
                self.fail(too_large("an audit entry in bytes", bytes.len(), VALUE_MAX_BYTES / 2));
            }
            Ok(bytes) => self.bytes += bytes.len(),
            Err(_) => self.fail(misuse(TableId::Audit, "the entry cannot be encoded")),
        }
        self.audits.push(entry);
        self
    }

    /// Takes over everything another batch holds. Its events come after those already here.
    pub fn merge(&mut self, other: Batch) -> &mut Self {
        if (self.class == Class::Relaxed) != (other.class == Class::Relaxed) {
            self.fail(misuse(TableId::Meta, "a batch is relaxed as a whole or not at all"));
        } else if other.class == Class::System {
            self.class = Class::System;
        }
        let offset = self.events;
        self.events = self.events.saturating_add(other.events);
        self.puts.extend(other.puts.into_iter().map(|mut put| {
            put.event = put.event.map(|number| number.saturating_add(offset));
            put
        }));
        for assert in other.asserts {
            if !self.asserts.contains(&assert) {
                self.asserts.push(assert);
            }
        }
        self.deletes.extend(other.deletes);
        self.counters.extend(other.counters);
        self.audits.extend(other.audits);
        self.bytes += other.bytes;
        if let Some(error) = other.error {
            self.fail(error);
        }
        self
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys() == 0 && self.error.is_none()
    }

    /// Removes events and their index entries: they are trimmed, not undone.
    pub(crate) fn trim_event(&mut self, seq: u64, event: &NewEvent) {
        let key = self.key(TableId::Events, &seq);
        self.deletes.push(Delete { key, expect: Expect::Any });
        self.delete_entries(IndexSink::of::<Events>(event, &seq).iter());
    }

    fn keys(&self) -> usize {
        self.asserts.len() + self.deletes.len() + self.puts.len() + self.counters.len() + self.audits.len()
    }

    fn put_row<T: Table>(
        &mut self,
        key: &T::Key,
        row: &T::Row,
        rev: u64,
        expect: Expect,
        event: Option<u16>,
    ) {
        match record::encode(row, rev) {
            Ok(value) if value.len() > VALUE_MAX_BYTES => {
                self.fail(too_large("a row in bytes", value.len(), VALUE_MAX_BYTES));
            }
            Ok(value) => {
                self.bytes += value.len();
                let key = self.key(T::ID, key);
                self.puts.push(Put { key, value, shape: Shape::Row, expect, event });
            }
            Err(why) => self.fail(misuse(T::ID, why)),
        }
        debug_assert!(T::Row::VERSION > 0);
    }

    fn put_entries<T: Table>(&mut self, key: &T::Key, entries: BTreeSet<IndexEntry>, event: Option<u16>) {
        let primary = key.to_bytes();
        for entry in entries {
            self.measure(&entry.key);
            self.bytes += primary.len();
            let expect = if entry.unique { Expect::Absent } else { Expect::Any };
            self.puts.push(Put {
                key: entry.key,
                value: primary.clone(),
                shape: Shape::Entry,
                expect,
                event,
            });
        }
    }

    fn delete_entries<'a>(&mut self, entries: impl Iterator<Item = &'a IndexEntry>) {
        for entry in entries {
            self.measure(&entry.key);
            self.deletes.push(Delete { key: entry.key.clone(), expect: Expect::Any });
        }
    }

    fn key(&mut self, id: TableId, key: &impl Key) -> Vec<u8> {
        let key = full_key(id, key);
        self.measure(&key);
        key
    }

    fn measure(&mut self, key: &[u8]) {
        self.bytes += key.len();
        if key.len() > KEY_MAX_BYTES {
            self.fail(too_large("a key in bytes", key.len(), KEY_MAX_BYTES));
        }
    }

    fn durable_only(&mut self, id: TableId) {
        if self.class == Class::Relaxed {
            self.fail(misuse(id, "a relaxed batch has no events and asserts nothing"));
        }
    }

    fn fail(&mut self, error: StoreError) {
        self.error.get_or_insert(error);
    }

    /// Checks the batch as a whole and closes it.
    pub(crate) fn seal(self) -> Result<EncodedBatch, StoreError> {
        let keys = self.keys();
        if let Some(error) = self.error {
            return Err(error);
        }
        if keys > BATCH_MAX_KEYS {
            return Err(too_large("a batch in keys", keys, BATCH_MAX_KEYS));
        }
        if self.bytes > BATCH_MAX_BYTES {
            return Err(too_large("a batch in bytes", self.bytes, BATCH_MAX_BYTES));
        }
        let rows = || self.puts.iter().filter(|put| put.shape == Shape::Row && put.event.is_none());
        once(rows().map(|put| &put.key))?;
        // A row may go and another one take its key, but nobody can replace a row that the same batch deletes.
        let replaced = rows().filter(|put| put.expect != Expect::Absent);
        // Two decisions on old rows may want to drop the same index entry; the stamps of the rows refuse such a batch.
        let gone = self.deletes.iter().filter(|delete| table_of(&delete.key).kind() == Kind::Table);
        once(gone.map(|delete| &delete.key).chain(replaced.map(|put| &put.key)))?;
        Ok(EncodedBatch {
            class: self.class,
            asserts: self.asserts,
            deletes: self.deletes,
            puts: self.puts,
            counters: self.counters,
            audits: self.audits,
            events: self.events,
            keys,
            bytes: self.bytes,
        })
    }
}

/// Two writes of one key in one batch would each assert the state that the other one ends.
fn once<'a>(keys: impl Iterator<Item = &'a Vec<u8>>) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(misuse(table_of(key), "one batch writes the same key twice"));
        }
    }
    Ok(())
}

fn misuse(table: TableId, why: &'static str) -> StoreError {
    StoreError::Misuse { table, why }
}

fn too_large(what: &'static str, got: usize, limit: usize) -> StoreError {
    StoreError::TooLarge { what, got, limit }
}
