//! The head of the log and of the audit log: read at the start, made in a new directory.

use uuid::Uuid;

use crate::{
    Table,
    catalog::TableId,
    engine::{Engine, Lookup, ReadOp, Writes},
    error::StoreError,
    group::{Book, head_row},
    key::Key,
    migrate, record,
    scan::Scan,
    table::full_key,
    tables::{
        audit::Audit,
        meta::{AuditEnd, LOG, LogHead, Meta, MetaRow},
    },
    view::unreadable,
};
use model::Timestamp;

/// Reads where the log stands; none in a new directory.
pub(crate) fn load(engine: &dyn Engine) -> Result<Option<Book>, StoreError> {
    let key = full_key(Meta::ID, &LOG.to_owned());
    let Some(value) = engine.get(&key).map_err(unreadable)? else { return Ok(None) };
    let corrupt = |why| StoreError::corrupt(TableId::Meta, &key[1..], why);
    match record::decode::<MetaRow>(&value).map_err(corrupt)?.row {
        MetaRow::Log(mut head) => {
            // A directory from before the end was kept; otherwise what was kept counts, so that the chain goes on from it.
            if head.audit.number == 0 {
                head.audit = last_audit(engine)?;
            }
            Ok(Some(Book { head }))
        }
        MetaRow::Mark | MetaRow::Number(_) | MetaRow::Text(_) => {
            Err(corrupt("it is not the head of the log"))
        }
    }
}

/// Writes the head of a new log, durably.
pub(crate) fn create(engine: &dyn Engine, epoch: Uuid, now: Timestamp) -> Result<Book, StoreError> {
    let head = LogHead { epoch, next_seq: 1, next_stamp: 2, last_at: now, audit: AuditEnd::default() };
    let (key, value) = head_row(&head);
    let writes = Writes::from([(key, Some(value)), migrate::newest(now)?]);
    let written = engine.apply(&writes).and_then(|()| engine.flush()).and_then(|()| engine.sync());
    written.map_err(unreadable)?;
    Ok(Book { head })
}

fn last_audit(engine: &dyn Engine) -> Result<AuditEnd, StoreError> {
    let range = Scan::all().reverse().range(Audit::ID);
    let last =
        engine.read_one(&ReadOp { what: Lookup::Range(range, 1), follow: None }).map_err(unreadable)?;
    match last.found.first() {
        None => Ok(AuditEnd::default()),
        Some(found) => {
            let number = u64::from_bytes(&found.key[1..])
                .map_err(|_| StoreError::corrupt(Audit::ID, &found.key[1..], "the key is not a number"))?;
            Ok(AuditEnd { number, hash: *blake3::hash(&found.value).as_bytes() })
        }
    }
}
