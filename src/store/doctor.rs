//! The doctor: reads every row, computes what must follow from it, and compares.
//!
//! It checks records, indexes in both directions, counters, gaps in the log, the chain of the audit log, blobs, and that the
//! engine spilled nothing. Writers wait while rows are read, so that it sees one state; blobs are checked afterwards.

mod tables;
mod tally;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::Path};

use crate::{
    Counter, Key, Store, StoreError, Table, TableId,
    catalog::{CATALOG, Kind},
    engine::{Engine, Writes, sled::STORE_DIR, walk},
    group::counter_value,
    head, record,
    table::full_key,
    tables::{
        audit::Audit,
        blob::{BlobRow, BlobsIdle, IdleRow, Refs},
        event::Events,
        meta::AuditEnd,
    },
    view::unreadable,
};
use model::BlobHash;
use tables::Examiner;
pub use tally::Sums;

/// Findings that are listed; more are only counted.
const FINDINGS_LISTED: usize = 200;

/// What to do about indexes and counters that are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Only say so.
    No,
    /// Write them as they follow from the rows. Nothing else may use the store meanwhile.
    Yes,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Rows read.
    pub rows: u64,
    /// Index entries compared.
    pub entries: u64,
    /// Counters compared.
    pub counters: u64,
    /// Blobs looked at.
    pub blobs: u64,
    /// What is wrong, in sentences; the first 200.
    pub findings: Vec<String>,
    /// How much is wrong.
    pub wrong: u64,
    /// How much of it was repaired.
    pub repaired: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.wrong == self.repaired
    }

    fn note(&mut self, finding: String) {
        self.wrong += 1;
        if self.findings.len() < FINDINGS_LISTED {
            self.findings.push(finding);
        }
    }
}

/// Where the content of a blob is looked up.
pub trait Content {
    /// The length of a blob's content, if it is there.
    fn length(&self, hash: BlobHash) -> Option<u64>;
}

/// Examines a store. Blocks; call it where that is allowed.
///
/// # Errors
/// Only when the engine cannot read; what is wrong with the rows stands in the report.
pub fn examine(store: &Store, content: Option<&dyn Content>, repair: Repair) -> Result<Report, StoreError> {
    let mut exam = Exam {
        engine: store.inner.engine.as_ref(),
        report: Report::default(),
        writes: Writes::new(),
        live: Vec::new(),
    };
    {
        let _still = store.inner.view.read();
        exam.rows()?;
        exam.log()?;
        exam.audit()?;
    }
    if repair == Repair::Yes && !exam.writes.is_empty() {
        let _alone = store.inner.view.write();
        exam.report.repaired = exam.writes.len() as u64;
        let engine = exam.engine;
        engine
            .apply(&exam.writes)
            .and_then(|()| engine.flush())
            .and_then(|()| engine.sync())
            .map_err(unreadable)?;
    }
    if let Some(content) = content {
        exam.content(content);
    }
    Ok(exam.report)
}

/// Notes files that the engine spilled and would never sync.
pub fn spills(data_dir: &Path, report: &mut Report) {
    let spilled = std::fs::read_dir(data_dir.join(STORE_DIR).join("blobs")).map_or(0, Iterator::count);
    if spilled > 0 {
        report.note(format!("the engine spilled {spilled} leaf file(s), which it never syncs"));
    }
}

struct Exam<'a> {
    engine: &'a dyn Engine,
    report: Report,
    writes: Writes,
    live: Vec<(BlobHash, u64)>,
}

impl Exam<'_> {
    /// Rows, and what follows from them.
    fn rows(&mut self) -> Result<(), StoreError> {
        let mut sums = Sums::default();
        let mut expected: BTreeMap<TableId, u64> = BTreeMap::new();
        for examiner in tables::all() {
            let engine = self.engine;
            walk(engine, examiner.id(), |key, value| {
                self.row(examiner.as_ref(), key, value, &mut sums, &mut expected)
            })?;
        }
        for entry in CATALOG {
            match entry.kind {
                Kind::Index | Kind::Unique => {
                    self.stray_entries(entry.id, expected.get(&entry.id).copied().unwrap_or(0))?
                }
                Kind::Counter => self.counters(entry.id, &sums)?,
                Kind::Table | Kind::Tombstone => {}
            }
        }
        self.forgotten_blobs()
    }

    /// Every blob that nothing refers to is on the collector's list.
    fn forgotten_blobs(&mut self) -> Result<(), StoreError> {
        let engine = self.engine;
        for (hash, _) in &self.live {
            let listed = full_key(BlobsIdle::ID, hash);
            let known = [full_key(Refs::ID, hash), listed.clone()];
            if known.iter().map(|key| engine.get(key)).all(|found| matches!(found, Ok(None))) {
                self.report.note(format!("blob {hash} has no reference, and the collector does not know"));
                let row = record::encode(&IdleRow::default(), 1)
                    .map_err(|why| StoreError::Misuse { table: BlobsIdle::ID, why })?;
                self.writes.insert(listed, Some(row));
            }
        }
        Ok(())
    }

    fn row(
        &mut self,
        examiner: &dyn Examiner,
        key: &[u8],
        value: &[u8],
        sums: &mut Sums,
        expected: &mut BTreeMap<TableId, u64>,
    ) -> Result<(), StoreError> {
        self.report.rows += 1;
        let facts = match examiner.examine(key, value, sums) {
            Ok(facts) => facts,
            Err(why) => {
                self.report.note(format!("{} {}: {why}", examiner.id().name(), hex::encode(key)));
                return Ok(());
            }
        };
        self.live.extend(facts.blob);
        for entry in facts.entries {
            self.report.entries += 1;
            if let Some(id) = TableId::from_byte(entry[0]) {
                *expected.entry(id).or_default() += 1;
            }
            let found = self.engine.get(&entry).map_err(unreadable)?;
            if found.as_deref() != Some(key) {
                self.report.note(format!("{} {} is not indexed", examiner.id().name(), hex::encode(key)));
                self.writes.insert(entry, Some(key.to_vec()));
            }
        }
        Ok(())
    }

    /// Entries that no row accounts for. Looked for only where there are more than the rows account for.
    fn stray_entries(&mut self, id: TableId, expected: u64) -> Result<(), StoreError> {
        let mut there = 0;
        walk(self.engine, id, |_, _| {
            there += 1;
            Ok(())
        })?;
        let missing = self.writes.keys().filter(|key| key[0] == id.byte()).count() as u64;
        if there + missing <= expected {
            return Ok(());
        }
        let engine = self.engine;
        let mut stray = Vec::new();
        walk(engine, id, |key, primary| {
            let entry = [&[id.byte()], key].concat();
            if !tables::accounts_for(engine, &entry, primary)? {
                stray.push(entry);
            }
            Ok(())
        })?;
        for entry in stray {
            self.report.note(format!("{} {} leads nowhere", id.name(), hex::encode(&entry[1..])));
            self.writes.insert(entry, None);
        }
        Ok(())
    }

    fn counters(&mut self, id: TableId, sums: &Sums) -> Result<(), StoreError> {
        let mut wanted = sums.of(id);
        let engine = self.engine;
        walk(engine, id, |key, value| {
            self.report.counters += 1;
            let full = [&[id.byte()], key].concat();
            let found = counter_value(&full, value)?;
            let want = wanted.remove(key).unwrap_or_default();
            if !want.allows(found) {
                self.report.note(format!(
                    "{} {} is {found}, the rows say {}",
                    id.name(),
                    hex::encode(key),
                    want.value
                ));
                self.writes.insert(full, want.stored());
            }
            Ok(())
        })?;
        for (key, want) in wanted.into_iter().filter(|(_, want)| !want.allows(0)) {
            self.report.note(format!(
                "{} {} is missing, the rows say {}",
                id.name(),
                hex::encode(&key),
                want.value
            ));
            self.writes.insert([&[id.byte()], key.as_slice()].concat(), want.stored());
        }
        Ok(())
    }

    /// The log has no gaps.
    fn log(&mut self) -> Result<(), StoreError> {
        let mut last = None;
        walk(self.engine, Events::ID, |key, _| {
            let seq = u64::from_bytes(key).unwrap_or(0);
            if let Some(before) = last
                && seq != before + 1
            {
                self.report.note(format!("the log jumps from {before} to {seq}"));
            }
            last = Some(seq);
            Ok(())
        })
    }

    /// Each entry of the audit log holds the hash of the one before, and the head of the log that of the last.
    fn audit(&mut self) -> Result<(), StoreError> {
        let mut last = AuditEnd::default();
        walk(self.engine, Audit::ID, |key, value| {
            let (number, before) = (u64::from_bytes(key).unwrap_or(0), last.number);
            let broken = match record::decode::<<Audit as Table>::Row>(value) {
                Err(_) => Some(format!("entry {number} of the audit log cannot be read")),
                Ok(_) if number != before + 1 => {
                    Some(format!("the audit log jumps from entry {before} to {number}"))
                }
                Ok(stored) if stored.row.previous == last.hash => None,
                Ok(_) => Some(format!(
                    "entry {before} of the audit log was changed: entry {number} does not continue it"
                )),
            };
            if let Some(broken) = broken {
                self.report.note(broken);
            }
            last = AuditEnd { number, hash: *blake3::hash(value).as_bytes() };
            Ok(())
        })?;
        let Some(book) = head::load(self.engine)? else { return Ok(()) };
        let end = book.head.audit;
        if end.number != last.number {
            self.report.note(format!("the audit log ends at entry {} and had {}", last.number, end.number));
        } else if end.hash != last.hash {
            self.report.note(format!("entry {} of the audit log was changed", last.number));
        }
        Ok(())
    }

    /// Every stored blob has its content, at its length.
    fn content(&mut self, content: &dyn Content) {
        for (hash, size) in std::mem::take(&mut self.live) {
            self.report.blobs += 1;
            match content.length(hash) {
                Some(length) if length == size => {}
                Some(length) => self.report.note(format!("blob {hash} has {length} bytes, not {size}")),
                None => self.report.note(format!("the content of blob {hash} is missing")),
            }
        }
    }
}

/// A blob whose content must be there.
fn live_blob(key: &[u8], row: &BlobRow) -> Option<(BlobHash, u64)> {
    match row.state {
        crate::tables::blob::BlobState::Live => Some((BlobHash::from_bytes(key).ok()?, row.size)),
        crate::tables::blob::BlobState::Condemned { .. } => None,
    }
}
