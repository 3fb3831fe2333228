//! One suite for every engine: what a store promises, on each of them.

use std::sync::atomic::AtomicU32;

use model::{
    BlobHash, JobId, ProjectId, TrackId, UserId, VersionId,
    event::{Actor, Event, NewEvent, ResourceRef},
};
use uuid::Uuid;

use crate::{
    Batch, Clash, FeedFilter, Scan, Store, StoreError, TableId,
    store::tests::{ByName, ByTown, People, Visits, clash, config, on_disk, person},
};

/// Makes one test per engine out of a story.
macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $name() { super::$name(crate::Store::memory(super::config()).expect("opens")).await; })*
        }
        mod sled {
            $(#[tokio::test] async fn $name() {
                let dir = tempfile::tempdir().expect("a temporary directory");
                super::$name(super::on_disk(dir.path())).await;
            })*
        }
    };
}
stories!(
    rows_come_and_go,
    scans_page,
    indexes_follow_rows,
    unique_keys,
    counters,
    batches_are_whole,
    assertions,
    events,
    large_scans,
    relaxed,
    misuse,
);

async fn add(store: &Store, key: u64, name: &str, town: u16) -> u64 {
    let mut batch = Batch::new();
    batch.insert::<People>(&key, &person(name, town));
    store.commit(batch).await.expect("commits").stamp
}

async fn rows_come_and_go(store: Store) {
    assert!(store.get::<People>(&1).await.expect("reads").is_none());
    let stamp = add(&store, 1, "ann", 7).await;
    let one = store.get::<People>(&1).await.expect("reads").expect("is there");
    assert_eq!((one.row.clone(), one.rev, one.stamp), (person("ann", 7), 1, stamp));

    let mut batch = Batch::new();
    batch.replace::<People>(&1, &one, &person("ann", 8));
    let second = store.commit(batch).await.expect("commits");
    assert!(second.stamp > stamp);
    let two = store.get::<People>(&1).await.expect("reads").expect("is there");
    assert_eq!((two.row.town, two.rev, two.stamp), (8, 2, second.stamp));

    let mut stale = Batch::new();
    stale.replace::<People>(&1, &one, &person("bob", 9));
    assert_eq!(clash(store.commit(stale).await), (TableId::Users, Clash::Changed));
    let mut again = Batch::new();
    again.insert::<People>(&1, &person("cid", 9));
    assert_eq!(clash(store.commit(again).await), (TableId::Users, Clash::Exists));

    let mut gone = Batch::new();
    gone.delete::<People>(&1, &two);
    store.commit(gone).await.expect("commits");
    let mut late = Batch::new();
    late.replace::<People>(&1, &two, &person("bob", 9));
    assert_eq!(clash(store.commit(late).await), (TableId::Users, Clash::Absent));

    // A row deleted and made again is another row, even when its revision is the same.
    add(&store, 1, "ann", 7).await;
    let mut old = Batch::new();
    old.delete::<People>(&1, &one);
    assert_eq!(clash(store.commit(old).await), (TableId::Users, Clash::Changed));
    let many = store.get_many::<People>(&[2, 1]).await.expect("reads");
    assert!(many[0].is_none() && many[1].is_some());
}

async fn scans_page(store: Store) {
    for key in 0..10 {
        add(&store, key, &format!("p{key}"), 1).await;
    }
    let keys =
        |page: crate::Page<(u64, _)>| (page.items.iter().map(|item| item.0).collect::<Vec<_>>(), page.more);
    let scan = async |scan: Scan| keys(store.scan::<People>(scan).await.expect("scans"));
    assert_eq!(scan(Scan::all().limit(3)).await, (vec![0, 1, 2], true));
    assert_eq!(scan(Scan::all().after(&6u64)).await, (vec![7, 8, 9], false));
    assert_eq!(scan(Scan::all().from(&8u64)).await, (vec![8, 9], false));
    assert_eq!(scan(Scan::all().before(&2u64)).await, (vec![0, 1], false));
    assert_eq!(scan(Scan::all().before(&9u64).reverse().limit(2)).await, (vec![8, 7], true));
    assert_eq!(scan(Scan::all().after(&7u64).reverse()).await, (vec![9, 8], false));
    assert_eq!(scan(Scan::prefix(&5u64)).await, (vec![5], false));
    assert_eq!(scan(Scan::all().after(&u64::MAX)).await, (vec![], false));
    assert_eq!(scan(Scan::all().limit(0)).await, (vec![], true));
    assert_eq!(scan(Scan::all().after(&3u64).before(&3u64)).await, (vec![], false));
}

async fn indexes_follow_rows(store: Store) {
    add(&store, 1, "ann", 5).await;
    add(&store, 2, "bob", 5).await;
    add(&store, 3, "cid", 6).await;
    let in_town = async |town: u16| {
        let page = store.scan_index::<ByTown>(Scan::prefix(&town)).await.expect("scans");
        page.items.into_iter().map(|hit| (hit.index_key, hit.key, hit.stored.row.name)).collect::<Vec<_>>()
    };
    assert_eq!(in_town(5).await, [(5, 1, "ann".into()), (5, 2, "bob".into())]);
    let after = store.scan_index::<ByTown>(Scan::prefix(&5u16).after(&(5u16, 1u64))).await.expect("scans");
    assert_eq!(after.items.len(), 1);

    let one = store.get::<People>(&1).await.expect("reads").expect("is there");
    let mut batch = Batch::new();
    batch.replace::<People>(&1, &one, &person("ann", 6));
    store.commit(batch).await.expect("commits");
    assert_eq!(in_town(5).await, [(5, 2, "bob".into())]);
    assert_eq!(in_town(6).await, [(6, 1, "ann".into()), (6, 3, "cid".into())]);

    let two = store.get::<People>(&2).await.expect("reads").expect("is there");
    let mut batch = Batch::new();
    batch.delete::<People>(&2, &two);
    store.commit(batch).await.expect("commits");
    assert_eq!(in_town(5).await, []);
    assert!(store.find::<ByName>(&"bob".to_owned()).await.expect("reads").is_none());
}

async fn unique_keys(store: Store) {
    add(&store, 1, "ann", 5).await;
    add(&store, 2, "bob", 5).await;
    let (key, found) = store.find::<ByName>(&"bob".to_owned()).await.expect("reads").expect("is there");
    assert_eq!((key, found.row.town), (2, 5));
    let mut taken = Batch::new();
    taken.insert::<People>(&3, &person("ann", 5));
    assert_eq!(clash(store.commit(taken).await), (TableId::UserByEmail, Clash::Exists));
    assert!(store.get::<People>(&3).await.expect("reads").is_none(), "nothing of a refused batch is there");

    // Two rows swap their names in one batch.
    let rows = store.get_many::<People>(&[1, 2]).await.expect("reads");
    let mut swap = Batch::new();
    for (key, row, name) in [(1, &rows[0], "bob"), (2, &rows[1], "ann")] {
        swap.replace::<People>(&key, row.as_ref().expect("is there"), &person(name, 5));
    }
    store.commit(swap).await.expect("commits");
    let (key, _) = store.find::<ByName>(&"bob".to_owned()).await.expect("reads").expect("is there");
    assert_eq!(key, 1);
    let starts = store.scan_unique::<ByName>(Scan::text_prefix(&(), "b")).await.expect("scans");
    assert_eq!(starts.items.len(), 1);
}

async fn counters(store: Store) {
    let add = async |delta: i64, bounds: std::ops::RangeInclusive<i64>| {
        let mut batch = Batch::new();
        batch.add::<Visits>(&1, delta, bounds);
        store.commit(batch).await.map(|_| ())
    };
    assert_eq!(store.count::<Visits>(&1).await.expect("reads"), 0);
    add(3, 0..=5).await.expect("fits");
    assert_eq!(clash(add(3, 0..=5).await), (TableId::UsedBytes, Clash::Bound));
    assert_eq!(clash(add(i64::MAX, i64::MIN..=i64::MAX).await), (TableId::UsedBytes, Clash::Bound));
    assert_eq!(clash(add(-4, 0..=5).await), (TableId::UsedBytes, Clash::Bound));
    add(-1, 1..=5).await.expect("fits");
    assert_eq!(store.count_many::<Visits>(&[2, 1]).await.expect("reads"), [0, 2]);

    let mut batch = Batch::new();
    batch.assert_counter::<Visits>(&1, 0..1);
    assert_eq!(clash(store.commit(batch).await), (TableId::UsedBytes, Clash::Bound));
    let mut batch = Batch::new();
    batch.assert_counter::<Visits>(&1, 2..).assert_counter::<Visits>(&9, ..=0).add::<Visits>(&1, -2, 0..);
    store.commit(batch).await.expect("commits");
    assert_eq!(store.count::<Visits>(&1).await.expect("reads"), 0);
}

async fn batches_are_whole(store: Store) {
    add(&store, 1, "ann", 5).await;
    let mut batch = Batch::new();
    batch
        .insert::<People>(&2, &person("bob", 5))
        .add::<Visits>(&2, 1, ..)
        .emit(event(None, &[]))
        .insert::<People>(&1, &person("cid", 5));
    assert!(store.commit(batch).await.expect_err("refused").conflicts_on(TableId::Users));
    assert!(store.get::<People>(&2).await.expect("reads").is_none());
    assert_eq!(store.count::<Visits>(&2).await.expect("reads"), 0);
    assert_eq!(store.events().durable_seq(), 0);
    assert_eq!(store.scan_index::<ByTown>(Scan::all()).await.expect("scans").items.len(), 1);
}

async fn assertions(store: Store) {
    add(&store, 1, "ann", 5).await;
    let one = store.get::<People>(&1).await.expect("reads").expect("is there");
    let mut batch = Batch::new();
    // A row that the batch itself replaces may be asserted: assertions look at the state before it.
    batch
        .assert_unchanged::<People>(&1, &one)
        .assert_unchanged::<People>(&1, &one)
        .assert_absent::<People>(&2)
        .replace::<People>(&1, &one, &person("ann", 6))
        .insert::<People>(&2, &person("bob", 6));
    store.commit(batch).await.expect("commits");
    for stale in [
        Batch::new().assert_stamp::<People>(&1, one.stamp),
        Batch::new().assert_absent::<People>(&2),
        Batch::new().assert_stamp::<People>(&3, 1),
    ] {
        let stale = std::mem::take(stale);
        assert!(store.commit(stale).await.expect_err("refused").is_conflict());
    }
    assert!(store.commit(Batch::new()).await.expect("nothing is fine").seqs.is_empty());
}

pub(crate) fn event(project: Option<ProjectId>, users: &[UserId]) -> NewEvent {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let id = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    NewEvent {
        id: Uuid::from_u128(id.into()).into(),
        project,
        users: users.to_vec(),
        actor: users.first().map_or(Actor::System, |user| Actor::User(*user)),
        resource: ResourceRef::new("project", Uuid::from_u128(9), 1),
        track: Some(TrackId::new(Uuid::from_u128(users.len() as u128))),
        body: match users.len() {
            0 => Event::VersionCreated {
                original: BlobHash([7; 32]),
                job: JobId::new(Uuid::from_u128(8)),
                number: -1,
            },
            1 => Event::ProjectCreated,
            _ => Event::VersionCurrentChanged {
                version: Some(VersionId::new(Uuid::from_u128(9))),
                before: None,
            },
        },
    }
}

async fn events(store: Store) {
    let reader = store.events();
    let mut watch = reader.watch();
    let (ours, theirs) = (ProjectId::new(Uuid::from_u128(1)), ProjectId::new(Uuid::from_u128(2)));
    let (ann, bob) = (UserId::new(Uuid::from_u128(1)), UserId::new(Uuid::from_u128(2)));
    let mut batch = Batch::new();
    let sent = [
        event(Some(ours), &[ann]),
        event(Some(ours), &[ann, bob]),
        event(None, &[bob]),
        event(Some(theirs), &[]),
    ];
    for event in &sent[..3] {
        batch.emit(event.clone());
    }
    let mut more = Batch::new();
    more.emit(sent[3].clone());
    batch.merge(more);
    let committed = store.commit(batch).await.expect("commits");
    assert_eq!(committed.seqs, [1, 2, 3, 4]);
    assert_eq!(*watch.borrow_and_update(), 4);

    let page = reader.read(0, 10).await.expect("reads");
    let seen: Vec<_> = page.items.iter().map(|event| event.seq).collect();
    assert_eq!(seen, [1, 2, 3, 4]);
    for (read, sent) in page.items.iter().zip(&sent) {
        assert_eq!(&read.event, sent);
    }
    assert!(page.items.iter().all(|event| event.stamp == committed.stamp && event.at == committed.at));
    assert_eq!(reader.read(1, 2).await.expect("reads").items.len(), 2);
    assert_eq!(reader.read(4, 2).await.expect("reads").items.len(), 0);

    let seqs =
        |page: crate::Page<model::event::Envelope>| page.items.iter().map(|e| e.seq).collect::<Vec<_>>();
    assert_eq!(seqs(reader.of_project(ours, 0, 10).await.expect("reads")), [1, 2]);
    assert_eq!(seqs(reader.of_project(ours, 1, 10).await.expect("reads")), [2]);
    assert_eq!(seqs(reader.of_project(theirs, 0, 10).await.expect("reads")), [4]);
    assert_eq!(seqs(reader.of_user(bob, 0, 10).await.expect("reads")), [2, 3]);
    assert_eq!(reader.oldest().await.expect("reads"), Some(1));

    let feed = async |filter, before| seqs(reader.feed(ours, &filter, before, 10).await.expect("reads"));
    assert_eq!(feed(FeedFilter::All, None).await, [2, 1]);
    assert_eq!(feed(FeedFilter::All, Some(2)).await, [1]);
    assert_eq!(feed(FeedFilter::Actor(Actor::User(ann)), None).await, [2, 1]);
    assert!(feed(FeedFilter::Actor(Actor::User(bob)), None).await.is_empty());
    assert_eq!(feed(FeedFilter::Kind(sent[0].body.kind().into()), None).await, [1]);
    assert_eq!(feed(FeedFilter::Track(sent[1].track.expect("has one")), Some(9)).await, [2]);
}

async fn large_scans(store: Store) {
    for start in (0..1_200u64).step_by(400) {
        let mut batch = Batch::new();
        for key in start..start + 400 {
            batch.insert::<People>(&key, &person(&format!("p{key}"), 1));
        }
        store.commit(batch).await.expect("a batch that goes alone commits");
    }
    let page = store.scan::<People>(Scan::all().limit(usize::MAX)).await.expect("scans");
    assert_eq!((page.items.len(), page.more), (1_000, true));
    let keys: Vec<u64> = (0..1_001).collect();
    assert!(matches!(store.get_many::<People>(&keys).await, Err(StoreError::TooLarge { got: 1_001, .. })));
}

async fn relaxed(store: Store) {
    use crate::tables::meta::{Meta, MetaRow};
    let name = "last_seen".to_owned();
    let mut batch = Batch::relaxed();
    batch.put::<Meta>(&name, &MetaRow::Number(4)).add::<Visits>(&1, 1, ..);
    let first = store.commit(batch).await.expect("commits");
    let row = store.get::<Meta>(&name).await.expect("reads").expect("is there");
    assert_eq!((row.row, row.stamp), (MetaRow::Number(4), first.stamp));
    let mut batch = Batch::relaxed();
    batch.remove::<Meta>(&name);
    store.commit(batch).await.expect("commits");
    assert!(store.get::<Meta>(&name).await.expect("reads").is_none());
    assert_eq!(store.heartbeat().totals(), (0, 0), "nothing was synced for it");
}

async fn misuse(store: Store) {
    let stored = crate::Stored { row: person("ann", 1), rev: 1, stamp: 1 };
    let wrong: [fn(&mut Batch, &crate::Stored<crate::store::tests::Person>); 7] = [
        |batch, _| {
            batch.put::<People>(&1, &person("ann", 1));
        },
        |batch, old| {
            batch.replace::<People>(&1, old, &old.row).replace::<People>(&1, old, &old.row);
        },
        |batch, old| {
            batch.delete::<People>(&1, old).delete::<People>(&1, old);
        },
        |batch, old| {
            batch.delete::<People>(&1, old).replace::<People>(&1, old, &old.row);
        },
        |batch, _| {
            let mut other = Batch::relaxed();
            other.add::<Visits>(&1, 1, ..);
            batch.merge(other);
        },
        |batch, old| {
            *batch = Batch::relaxed();
            batch.assert_unchanged::<People>(&1, old);
        },
        |batch, _| {
            *batch = Batch::relaxed();
            batch.emit(event(None, &[]));
        },
    ];
    for (number, wrong) in wrong.iter().enumerate() {
        let mut batch = Batch::new();
        wrong(&mut batch, &stored);
        let outcome = store.commit(batch).await;
        assert!(matches!(outcome, Err(StoreError::Misuse { .. })), "case {number}: {outcome:?}");
    }
    let mut large = Batch::new();
    large.insert::<People>(&1, &person(&"x".repeat(17_000), 1));
    assert!(matches!(store.commit(large).await, Err(StoreError::TooLarge { limit: 16_384, .. })));
    let mut long = Batch::new();
    long.insert::<People>(&1, &person(&"x".repeat(300), 1));
    assert!(matches!(store.commit(long).await, Err(StoreError::TooLarge { limit: 256, .. })));
}
