//! A sealed batch: bytes with holes, in the order in which the committer works through them.

use model::Timestamp;

use super::Class;
use crate::{catalog::TableId, record, tables::audit::AuditDraft};

/// What must be so for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    Any,
    Absent,
    Stamp(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assert {
    pub(crate) key: Vec<u8>,
    pub(crate) expect: Expect,
}

#[derive(Clone, Debug)]
pub(crate) struct Delete {
    pub(crate) key: Vec<u8>,
    pub(crate) expect: Expect,
}

/// A row or an index entry to write.
#[derive(Clone, Debug)]
pub(crate) struct Put {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) shape: Shape,
    pub(crate) expect: Expect,
    /// It belongs to this event of the batch: the last 8 bytes of the key, and of an entry's value, are its `seq`.
    pub(crate) event: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Row,
    Entry,
}

#[derive(Clone, Debug)]
pub(crate) struct CounterOp {
    pub(crate) key: Vec<u8>,
    pub(crate) what: Count,
    pub(crate) min: i64,
    pub(crate) max: i64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    Add(i64),
    Assert,
}

/// A batch as the committer takes it.
#[derive(Clone, Debug)]
pub(crate) struct EncodedBatch {
    pub(crate) class: Class,
    pub(crate) asserts: Vec<Assert>,
    pub(crate) deletes: Vec<Delete>,
    pub(crate) puts: Vec<Put>,
    pub(crate) counters: Vec<CounterOp>,
    pub(crate) audits: Vec<AuditDraft>,
    pub(crate) events: u16,
    pub(crate) keys: usize,
    pub(crate) bytes: usize,
}

const SEQ_BYTES: usize = 8;

impl Put {
    /// The key and value with their holes filled.
    pub(crate) fn filled(&self, first_seq: u64, stamp: u64, at: Timestamp) -> (Vec<u8>, Vec<u8>) {
        let (mut key, mut value) = (self.key.clone(), self.value.clone());
        if let Some(number) = self.event {
            let seq = (first_seq + u64::from(number)).to_be_bytes();
            fill_tail(&mut key, seq);
            if self.shape == Shape::Entry {
                fill_tail(&mut value, seq);
            }
        }
        if self.shape == Shape::Row {
            record::fill(&mut value, stamp, at);
        }
        (key, value)
    }
}

fn fill_tail(bytes: &mut [u8], seq: [u8; SEQ_BYTES]) {
    let start = bytes.len() - SEQ_BYTES;
    bytes[start..].copy_from_slice(&seq);
}

/// The table of a whole key. Keys are only made by this crate, from the catalogue.
pub(crate) fn table_of(key: &[u8]) -> TableId {
    key.first().copied().and_then(TableId::from_byte).unwrap_or(TableId::Meta)
}
