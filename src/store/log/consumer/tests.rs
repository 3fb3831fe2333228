//! Every event at least once, a bad one stops nothing, a lost place is rebuilt.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use model::event::Envelope;

use super::{ConsumeError, Consumer, Tail};
use crate::{
    Batch, Scan, Store,
    engine::conformance::event,
    store::tests::{People, Visits, config, person},
    tables::cursor::{Cursors, Parked},
};

/// Counts events; refuses, panics at and writes the same row for some.
#[derive(Debug, Default)]
struct Counting {
    rebuilt: AtomicU32,
}

#[async_trait]
impl Consumer for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    async fn take(&self, event: &Envelope, batch: &mut Batch) -> Result<(), ConsumeError> {
        batch.add::<Visits>(&1, 1, ..);
        match event.seq {
            3 => Err(ConsumeError::Refused("not this one".into())),
            5 => panic!("planned"),
            7 | 8 => {
                batch.insert::<People>(&1, &person("only once", 1));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn rebuild(&self) -> Result<(), ConsumeError> {
        self.rebuilt.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn emit(store: &Store, count: usize) {
    for _ in 0..count {
        let mut batch = Batch::new();
        batch.emit(event(None, &[]));
        store.commit(batch).await.expect("commits");
    }
}

#[tokio::test]
async fn one_bad_event_stops_nothing() {
    let store = Store::memory(config()).expect("opens");
    emit(&store, 10).await;
    let mut tail = Tail::open(store.clone(), Counting::default()).await.expect("opens");
    assert_eq!(tail.step().await.expect("steps"), 10);
    assert_eq!(tail.step().await.expect("steps"), 0);
    let parked = store.scan::<Parked>(Scan::prefix(&"counting".to_owned())).await.expect("scans").items;
    let seqs: Vec<_> = parked.iter().map(|((_, seq), _)| *seq).collect();
    assert_eq!(seqs, [3, 5, 8], "refused, panicked, and the second insert of one row");
    assert_eq!(parked[0].1.row.reason, "not this one");
    assert_eq!(store.count::<Visits>(&1).await.expect("reads"), 7, "an event counts once");

    emit(&store, 200).await;
    let mut again = Tail::open(store.clone(), Counting::default()).await.expect("opens");
    assert_eq!(again.seq(), 10);
    let mut seen = 0;
    while let count @ 1.. = again.step().await.expect("steps") {
        assert!(count <= 64);
        seen += count;
    }
    assert_eq!((seen, store.count::<Visits>(&1).await.expect("reads")), (200, 207));
    // The first one's idea of its place is old: its batch conflicts and it finds its place anew.
    emit(&store, 1).await;
    tail.step().await.expect("steps");
    assert_eq!(tail.consumer().rebuilt.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_consumer_that_was_left_behind_rebuilds() {
    let store = Store::memory(config()).expect("opens");
    emit(&store, 2).await;
    let mut tail = Tail::open(store.clone(), Counting::default()).await.expect("opens");
    tail.step().await.expect("steps");
    let name = "counting".to_owned();
    let cursor = store.get::<Cursors>(&name).await.expect("reads").expect("is there");
    let mut marked = cursor.row.clone();
    marked.rebuild = true;
    let mut batch = Batch::new();
    batch.replace::<Cursors>(&name, &cursor, &marked);
    store.commit(batch).await.expect("commits");
    let mut tail = Tail::open(store.clone(), Counting::default()).await.expect("opens");
    assert_eq!(tail.step().await.expect("steps"), 0);
    assert_eq!(tail.consumer().rebuilt.load(Ordering::SeqCst), 1);
    let cursor = store.get::<Cursors>(&name).await.expect("reads").expect("is there");
    assert_eq!((cursor.row.seq, cursor.row.rebuild), (2, false));
}
