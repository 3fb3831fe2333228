//! A migration that is not needed by anybody: it adds 1,000 to every cursor, three rows a page. Done twice it would show.

use super::*;
use crate::{
    Batch, Store,
    engine::{Lookup, ReadOp, memory::MemoryEngine, sled::SledEngine},
    fault::NoFaults,
    scan::Scan,
    store::tests::{config, on_disk},
    tables::cursor::{CursorRow, Cursors},
};
use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

const ROWS: usize = 10;
const PAGE: usize = 3;
const LIST: &[Migration] = &[
    Migration { what: "nothing but a new number", step: None },
    Migration { what: "cursors are 1,000 further", step: Some(step) },
];
/// Pages that are left before the process is killed.
static PAGES: AtomicUsize = AtomicUsize::new(usize::MAX);

fn step(engine: &dyn Engine, after: Option<&str>) -> Result<Part, StoreError> {
    if PAGES.fetch_sub(1, Ordering::SeqCst) == 0 {
        std::process::abort();
    }
    let mut scan = Scan::all();
    if let Some(after) = after {
        scan = scan.after(&after.to_owned());
    }
    let op = ReadOp { what: Lookup::Range(scan.range(Cursors::ID), PAGE), follow: None };
    let page = engine.read_one(&op).map_err(unreadable)?;
    let mut part = Part { writes: Writes::new(), next: None };
    for found in &page.found {
        let old = record::decode::<CursorRow>(&found.value).unwrap();
        let new = CursorRow { seq: old.row.seq + 1_000, ..old.row };
        let mut value = record::encode(&new, old.rev).unwrap();
        record::fill(&mut value, old.stamp, Timestamp(0));
        part.writes.insert(found.key.clone(), Some(value));
        part.next = Some(String::from_utf8_lossy(&found.key[1..found.key.len() - 1]).into_owned());
    }
    part.next = part.next.filter(|_| page.more);
    Ok(part)
}

async fn filled(store: &Store) {
    let mut batch = Batch::new();
    for n in 0..ROWS {
        let row = CursorRow { seq: n as u64, at: Timestamp(0), rebuild: false };
        batch.insert::<Cursors>(&format!("reader {n}"), &row);
    }
    store.commit(batch).await.unwrap();
}

async fn seqs(store: &Store) -> Vec<u64> {
    let page = store.scan::<Cursors>(Scan::all()).await.unwrap();
    page.items.into_iter().map(|(_, stored)| stored.row.seq).collect()
}

fn on_engine(engine: &Arc<MemoryEngine>) -> Store {
    Store::on(Arc::clone(engine) as Arc<dyn Engine>, config()).unwrap()
}

#[tokio::test]
async fn every_row_is_migrated_once_and_the_newest_schema_is_left_alone() {
    let engine = Arc::new(MemoryEngine::default());
    let store = on_engine(&engine);
    filled(&store).await;
    for _ in 0..2 {
        run_list(engine.as_ref(), LIST, Timestamp(5)).unwrap();
        assert_eq!(seqs(&store).await, (1_000..1_000 + ROWS as u64).collect::<Vec<_>>());
        assert_eq!(read(engine.as_ref(), NAME).unwrap(), Some(MetaRow::Number(3)));
        assert_eq!(read(engine.as_ref(), PLACE).unwrap(), None);
    }
}

#[tokio::test]
async fn a_newer_directory_is_refused_in_a_sentence() {
    let engine = Arc::new(MemoryEngine::default());
    let store = on_engine(&engine);
    filled(&store).await;
    run_list(engine.as_ref(), LIST, Timestamp(5)).unwrap();
    let refused = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, config()).unwrap_err().to_string();
    assert_eq!(
        refused,
        "the data directory cannot be opened: it has schema 3, and this version of Backline knows schemas up to 1; \
         start the version that wrote it, or a newer one"
    );
}

#[tokio::test]
async fn a_directory_without_a_schema_is_of_the_first() {
    let engine = Arc::new(MemoryEngine::default());
    drop(on_engine(&engine));
    engine.apply(&Writes::from([(key(NAME), None)])).unwrap();
    run_list(engine.as_ref(), LIST, Timestamp(5)).unwrap();
    assert_eq!(read(engine.as_ref(), NAME).unwrap(), Some(MetaRow::Number(3)));
}

/// Migrates the directory that the test below names, and kills itself after so many pages.
#[test]
fn migrated_until_killed() {
    let Some(dir) = std::env::var_os("BACKLINE_MIGRATED_DIR") else { return };
    let pages = std::env::var("BACKLINE_MIGRATED_PAGES").unwrap().parse().unwrap();
    PAGES.store(pages, Ordering::SeqCst);
    let engine = SledEngine::open(Path::new(&dir), 1 << 20, Arc::new(NoFaults)).unwrap();
    run_list(&engine, LIST, Timestamp(5)).unwrap();
}

#[tokio::test]
async fn a_migration_that_was_killed_goes_on_where_it_was() {
    for pages in 0..ROWS.div_ceil(PAGE) {
        let dir = tempfile::tempdir().unwrap();
        let store = on_disk(dir.path());
        filled(&store).await;
        store.close().await;
        drop(store);
        let migrate = |pages: usize| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "migrate::tests::migrated_until_killed"]);
            command
                .env("BACKLINE_MIGRATED_DIR", dir.path())
                .env("BACKLINE_MIGRATED_PAGES", pages.to_string());
            command.output().unwrap().status.success()
        };
        assert!(!migrate(pages), "it is killed before page {pages}");
        assert!(migrate(usize::MAX), "it goes on after {pages} pages");
        let engine = SledEngine::open(dir.path(), 1 << 20, Arc::new(NoFaults)).unwrap();
        assert_eq!(read(&engine, NAME).unwrap(), Some(MetaRow::Number(3)));
        // As this program would have written it.
        engine.apply(&Writes::from([newest(Timestamp(6)).unwrap()])).unwrap();
        let store = Store::on(Arc::new(engine), config()).unwrap();
        assert_eq!(seqs(&store).await, (1_000..1_000 + ROWS as u64).collect::<Vec<_>>());
    }
}
