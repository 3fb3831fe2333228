//! What is old and done with goes; the last event stays.

use std::sync::{Arc, atomic::AtomicI64};

use model::{ProjectId, Timestamp, limits::EVENT_REPLAY_MS};
use uuid::Uuid;

use crate::{
    Batch, FeedFilter, Store, StoreConfig,
    engine::conformance::event,
    limits::CONSUMER_BEHIND_MS,
    store::tests::{TestClock, config},
    tables::cursor::{CursorRow, Cursors},
};

const DAY: i64 = 24 * 3600 * 1000;

#[tokio::test]
async fn old_events_that_all_are_done_with_go() {
    let clock = Arc::new(TestClock(AtomicI64::new(0)));
    let store = Store::memory(StoreConfig { clock: clock.clone(), ..config() }).expect("opens");
    let project = ProjectId::new(Uuid::from_u128(1));
    for day in 0..10 {
        clock.0.store(day * DAY, std::sync::atomic::Ordering::SeqCst);
        let mut batch = Batch::new();
        batch.emit(event(Some(project), &[]));
        store.commit(batch).await.expect("commits");
    }
    let events = store.events();
    let cursor = async |name: &str, seq: u64| {
        let row = CursorRow { seq, at: Timestamp(0), rebuild: false };
        let mut batch = Batch::new();
        match store.get::<Cursors>(&name.to_owned()).await.expect("reads") {
            Some(old) => batch.replace::<Cursors>(&name.to_owned(), &old, &row),
            None => batch.insert::<Cursors>(&name.to_owned(), &row),
        };
        store.commit(batch).await.expect("commits");
    };
    let left = async || {
        let page = events.of_project(project, 0, 100).await.expect("reads");
        assert_eq!(
            events.read(0, 100).await.expect("reads").items,
            page.items,
            "the index is trimmed together"
        );
        page.items.iter().map(|event| event.seq).collect::<Vec<_>>()
    };
    cursor("slow", 1).await;
    cursor("quick", 10).await;
    let now = Timestamp(EVENT_REPLAY_MS + 3 * DAY);
    assert_eq!(events.trim(now).await.expect("trims"), 1, "one consumer needs the second");
    cursor("slow", 9).await;
    assert_eq!(events.trim(now).await.expect("trims"), 2, "the fourth is exactly a week old");
    assert_eq!(left().await, [4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(events.oldest().await.expect("reads"), Some(4));

    cursor("stuck", 4).await;
    let late = Timestamp(4 * DAY + CONSUMER_BEHIND_MS);
    assert_eq!(events.trim(late).await.expect("trims"), 1, "stuck needs the fifth");
    events.trim(Timestamp(late.0 + DAY)).await.expect("trims");
    assert_eq!(left().await, [10], "it is too far behind; the last event always stays");
    let stuck = store.get::<Cursors>(&"stuck".to_owned()).await.expect("reads").expect("is there");
    assert!(stuck.row.rebuild);
    let feed = events.feed(project, &FeedFilter::All, None, 100).await.expect("reads");
    assert_eq!(feed.items.len(), 10, "the feed is kept as long as the project");
}
