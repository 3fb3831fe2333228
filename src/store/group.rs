//! Decides a group of batches: every assertion against the current rows and the batches before it, holes filled, one write.
//!
//! Pure but for reading the engine. A batch that fails leaves no trace in the group.

use std::borrow::Cow;

use model::Timestamp;

use crate::{
    Table,
    batch::{Class, Count, CounterOp, EncodedBatch, Expect, table_of},
    catalog::TableId,
    engine::{Engine, EngineError, Writes},
    error::{Clash, StoreError},
    record,
    table::full_key,
    tables::{
        audit::{Audit, AuditDraft, AuditRow},
        meta::{AuditEnd, LOG, LogHead, MetaRow},
    },
};

/// What the committer knows between groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Book {
    pub(crate) head: LogHead,
}

/// A committed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The number of the commit: the stamp of every row it wrote.
    pub stamp: u64,
    /// Its time.
    pub at: Timestamp,
    /// The numbers of its events, in the order in which they were emitted.
    pub seqs: Vec<u64>,
}

/// A group, decided.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) writes: Writes,
    pub(crate) outcomes: Vec<Result<Committed, StoreError>>,
    pub(crate) book: Book,
    /// Whether anything in it must be durable.
    pub(crate) durable: bool,
}

/// Why one batch stops, or the whole group.
enum Stop {
    Refused(StoreError),
    Engine(EngineError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Stop::Refused(error)
    }
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Stop::Engine(error)
    }
}

/// Decides a group.
///
/// # Errors
/// [`EngineError`] when the current rows cannot be read; nothing was written.
pub(crate) fn decide<'a>(
    engine: &dyn Engine,
    book: &Book,
    now: Timestamp,
    group: impl Iterator<Item = &'a EncodedBatch>,
) -> Result<Decided, EngineError> {
    let mut decided = Decided { writes: Writes::new(), outcomes: Vec::new(), book: *book, durable: false };
    for batch in group {
        let mut state = State { engine, group: &decided.writes, own: Writes::new(), book: decided.book };
        match state.apply(batch, now) {
            Ok(committed) => {
                let (own, book) = (state.own, state.book);
                decided.durable |= !own.is_empty() && batch.class != Class::Relaxed;
                decided.writes.extend(own);
                decided.book = book;
                decided.outcomes.push(Ok(committed));
            }
            Err(Stop::Refused(error)) => decided.outcomes.push(Err(error)),
            Err(Stop::Engine(error)) => return Err(error),
        }
    }
    if !decided.writes.is_empty() {
        let (key, value) = head_row(&decided.book.head);
        decided.writes.insert(key, Some(value));
    }
    Ok(decided)
}

/// The row of the log's head, as bytes.
pub(crate) fn head_row(head: &LogHead) -> (Vec<u8>, Vec<u8>) {
    let mut value = record::encode(&MetaRow::Log(*head), 1).expect("plain fields are encoded");
    record::fill(&mut value, head.next_stamp - 1, head.last_at);
    (full_key(TableId::Meta, &LOG.to_owned()), value)
}

/// The rows as one batch sees them, and what it writes.
struct State<'a> {
    engine: &'a dyn Engine,
    group: &'a Writes,
    own: Writes,
    book: Book,
}

impl State<'_> {
    fn apply(&mut self, batch: &EncodedBatch, now: Timestamp) -> Result<Committed, Stop> {
        let head = self.book.head;
        let (stamp, at) = (head.next_stamp, head.last_at.max(now));
        for assert in &batch.asserts {
            self.check(&assert.key, assert.expect)?;
        }
        for delete in &batch.deletes {
            self.check(&delete.key, delete.expect)?;
            self.own.insert(delete.key.clone(), None);
        }
        for put in &batch.puts {
            self.check(&put.key, put.expect)?;
            let (key, value) = put.filled(head.next_seq, stamp, at);
            self.own.insert(key, Some(value));
        }
        for counter in &batch.counters {
            self.count(counter)?;
        }
        for entry in &batch.audits {
            self.audit(entry, stamp, at)?;
        }
        if self.own.is_empty() {
            return Ok(Committed { stamp: stamp - 1, at, seqs: Vec::new() });
        }
        let next_seq = head.next_seq + u64::from(batch.events);
        self.book.head = LogHead { next_seq, next_stamp: stamp + 1, last_at: at, ..self.book.head };
        Ok(Committed { stamp, at, seqs: (head.next_seq..next_seq).collect() })
    }

    fn get(&self, key: &[u8]) -> Result<Option<Cow<'_, [u8]>>, EngineError> {
        match self.own.get(key).or_else(|| self.group.get(key)) {
            Some(value) => Ok(value.as_deref().map(Cow::Borrowed)),
            None => Ok(self.engine.get(key)?.map(Cow::Owned)),
        }
    }

    fn check(&self, key: &[u8], expect: Expect) -> Result<(), Stop> {
        let clash = match expect {
            Expect::Any => return Ok(()),
            Expect::Absent => self.get(key)?.map(|_| Clash::Exists),
            Expect::Stamp(stamp) => match self.get(key)? {
                None => Some(Clash::Absent),
                Some(value) => match record::stamp(&value) {
                    Some(found) => (found != stamp).then_some(Clash::Changed),
                    None => {
                        return Err(
                            StoreError::corrupt(table_of(key), &key[1..], "the row is cut off").into()
                        );
                    }
                },
            },
        };
        clash.map_or(Ok(()), |what| Err(StoreError::Conflict { table: table_of(key), what }.into()))
    }

    fn count(&mut self, op: &CounterOp) -> Result<(), Stop> {
        let before = match self.get(&op.key)? {
            None => 0,
            Some(value) => counter_value(&op.key, &value)?,
        };
        let bound = || StoreError::Conflict { table: table_of(&op.key), what: Clash::Bound };
        let after = match op.what {
            Count::Add(delta) => before.checked_add(delta).ok_or_else(bound)?,
            Count::Assert => before,
        };
        if !(op.min..=op.max).contains(&after) {
            return Err(bound().into());
        }
        if after != before {
            self.own.insert(op.key.clone(), (after != 0).then(|| after.to_be_bytes().to_vec()));
        }
        Ok(())
    }

    fn audit(&mut self, entry: &AuditDraft, stamp: u64, at: Timestamp) -> Result<(), Stop> {
        let AuditEnd { number: last, hash: previous } = self.book.head.audit;
        let row = AuditRow { previous, at, entry: entry.clone() };
        let mut value =
            record::encode(&row, 1).map_err(|why| StoreError::Misuse { table: Audit::ID, why })?;
        record::fill(&mut value, stamp, at);
        self.book.head.audit = AuditEnd { number: last + 1, hash: *blake3::hash(&value).as_bytes() };
        self.own.insert(full_key(Audit::ID, &(last + 1)), Some(value));
        Ok(())
    }
}

/// The value of a stored counter.
pub(crate) fn counter_value(key: &[u8], value: &[u8]) -> Result<i64, StoreError> {
    let bytes =
        value.try_into().map_err(|_| StoreError::corrupt(table_of(key), &key[1..], "not a counter"))?;
    Ok(i64::from_be_bytes(bytes))
}
