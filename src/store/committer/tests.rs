//! Groups, failures, and what readers may see meanwhile.

use std::{
    collections::HashMap,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures::{future::join_all, poll};
use model::{
    Timestamp,
    event::{Actor, ResourceRef},
};
use parking_lot::{Condvar, Mutex};
use uuid::Uuid;

use crate::{
    AuditDraft, Batch, Clash, Committed, Mark, Scan, Stage, Store, StoreConfig, StoreError, Table, TableId,
    engine::{Engine, conformance::event, memory::MemoryEngine},
    fault::{FaultPlan, FaultPoint},
    gate::{Gate, Level},
    limits::{QUEUE_PLACES, QUEUE_SYSTEM_PLACES},
    store::tests::{ByTown, People, TestClock, Visits, clash, config, person},
    table::full_key,
    tables::{
        audit::Audit,
        meta::{Meta, MetaRow},
    },
};

/// Fails as told, and holds syncs until it is let go.
#[derive(Debug, Default)]
struct Plan {
    state: Mutex<PlanState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct PlanState {
    failures: HashMap<FaultPoint, u32>,
    held: bool,
    waiting: bool,
}

impl Plan {
    fn fail(&self, point: FaultPoint, times: u32) {
        self.state.lock().failures.insert(point, times);
    }

    fn hold(&self) {
        self.state.lock().held = true;
    }

    fn let_go(&self) {
        self.state.lock().held = false;
        self.changed.notify_all();
    }

    /// Waits until a group is applied and its sync is held.
    async fn holding(&self) {
        while !self.state.lock().waiting {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl FaultPlan for Plan {
    fn at(&self, point: FaultPoint) -> Option<io::Error> {
        let mut state = self.state.lock();
        while point == FaultPoint::Sync && state.held {
            state.waiting = true;
            self.changed.wait(&mut state);
        }
        state.waiting &= point != FaultPoint::Sync;
        let left = state.failures.get_mut(&point)?;
        *left = left.checked_sub(1)?;
        Some(io::Error::other("planned"))
    }
}

fn planned() -> (Arc<Plan>, Store) {
    let plan = Arc::new(Plan::default());
    let store = Store::memory(StoreConfig { faults: plan.clone(), ..config() }).expect("opens");
    (plan, store)
}

fn row(key: u64) -> Batch {
    let mut batch = Batch::new();
    batch.insert::<People>(&key, &person(&format!("p{key}"), 1)).emit(event(None, &[]));
    batch
}

/// Starts a commit and leaves it waiting.
async fn start<'a>(
    store: &'a Store,
    batch: Batch,
) -> Pin<Box<dyn Future<Output = Result<Committed, StoreError>> + 'a>> {
    let mut commit: Pin<Box<dyn Future<Output = _>>> = Box::pin(store.commit(batch));
    assert!(poll!(&mut commit).is_pending());
    commit
}

#[tokio::test]
async fn what_waits_becomes_one_group() {
    let (plan, store) = planned();
    plan.hold();
    let first = start(&store, row(0)).await;
    plan.holding().await;
    let mut waiting = Vec::new();
    for key in [1, 2, 1, 3] {
        waiting.push(start(&store, row(key)).await);
    }
    let mut counted = Batch::new();
    counted.add::<Visits>(&1, 2, 0..=3);
    waiting.push(start(&store, counted).await);
    let mut too_much = Batch::new();
    too_much.add::<Visits>(&1, 2, 0..=3);
    waiting.push(start(&store, too_much).await);
    plan.let_go();
    assert_eq!(first.await.expect("commits").seqs, [1]);
    let outcomes = join_all(waiting).await;
    assert_eq!(store.heartbeat().totals().0, 2, "two syncs for seven batches");
    let seqs: Vec<_> = outcomes.iter().flatten().flat_map(|done| done.seqs.clone()).collect();
    assert_eq!(seqs, [2, 3, 4], "a refused batch leaves no gap");
    let mut refused = outcomes.into_iter().filter(Result::is_err);
    assert_eq!(
        clash(refused.next().expect("one")),
        (TableId::Users, Clash::Exists),
        "the batch before it in the group"
    );
    assert_eq!(clash(refused.next().expect("two")), (TableId::UsedBytes, Clash::Bound));
    assert_eq!(store.events().read(0, 10).await.expect("reads").items.len(), 4);
}

#[tokio::test]
async fn nobody_sees_what_is_not_durable() {
    let (plan, store) = planned();
    store.commit(row(1)).await.expect("commits");
    plan.hold();
    let mut batch = row(2);
    batch.add::<Visits>(&2, 5, ..);
    let mut commit = start(&store, batch).await;
    plan.holding().await;
    assert_eq!(store.heartbeat().current().0, Stage::Sync);
    assert!(store.get::<People>(&1).await.expect("reads").is_some(), "other rows are read meanwhile");
    assert!(
        store.scan::<Meta>(Scan::all().after(&"schema".to_owned())).await.expect("scans").items.is_empty()
    );
    assert_eq!(store.events().durable_seq(), 1);
    assert_eq!(store.events().read(0, 10).await.expect("reads").items.len(), 1);

    let mut get = pin!(store.get::<People>(&2));
    let mut scan = pin!(store.scan::<People>(Scan::all()));
    let mut index = pin!(store.scan_index::<ByTown>(Scan::all()));
    let mut count = pin!(store.count::<Visits>(&2));
    assert!(poll!(&mut get).is_pending() && poll!(&mut scan).is_pending());
    assert!(poll!(&mut index).is_pending() && poll!(&mut count).is_pending());
    assert!(poll!(&mut commit).is_pending());
    plan.let_go();
    assert!(get.await.expect("reads").is_some());
    assert_eq!(scan.await.expect("scans").items.len(), 2);
    assert_eq!(index.await.expect("scans").items.len(), 2);
    assert_eq!(count.await.expect("reads"), 5);
    commit.await.expect("commits");
    assert_eq!(store.events().durable_seq(), 2);
}

async fn survives(point: FaultPoint, plan: Arc<Plan>, store: Store) {
    store.commit(row(1)).await.expect("commits");
    plan.fail(point, 1);
    plan.fail(FaultPoint::Reopen, 2);
    let outcome = store.commit(row(2)).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown)), "{point:?}: {outcome:?}");
    assert!(store.get::<People>(&1).await.expect("reads").is_some());
    let kept = store.get::<People>(&2).await.expect("reads").is_some();
    let done = store.commit(row(3)).await.expect("writes go on");
    let events = store.events().read(0, 10).await.expect("reads").items;
    let seqs: Vec<_> = events.iter().map(|event| event.seq).collect();
    let expected: Vec<u64> = if kept { vec![1, 2, 3] } else { vec![1, 2] };
    assert_eq!(seqs, expected, "the batch is there whole or not at all, and numbers have no gap");
    assert_eq!(done.seqs.last(), expected.last());
    assert!(!store.is_dead());
}

#[tokio::test]
async fn a_failed_engine_is_opened_again() {
    for point in [FaultPoint::Apply, FaultPoint::Flush, FaultPoint::Read] {
        let (plan, store) = planned();
        survives(point, plan, store).await;
        let (plan, dir) = (Arc::new(Plan::default()), tempfile::tempdir().expect("a temporary directory"));
        let config = StoreConfig { faults: plan.clone(), cache_bytes: 1 << 20, ..config() };
        survives(point, plan, Store::open(dir.path(), config).expect("opens")).await;
    }
}

#[tokio::test]
async fn a_reader_that_waited_for_a_lost_group_reads_again() {
    let (plan, store) = planned();
    plan.hold();
    let commit = start(&store, row(1)).await;
    plan.holding().await;
    let mut get = pin!(store.get::<People>(&1));
    assert!(poll!(&mut get).is_pending());
    plan.fail(FaultPoint::Sync, 1);
    plan.let_go();
    assert!(matches!(commit.await, Err(StoreError::OutcomeUnknown)));
    assert!(matches!(get.await, Err(StoreError::Closed)), "what it saw may be gone");
}

#[tokio::test]
async fn a_failed_sync_ends_it() {
    let (plan, store) = planned();
    store.commit(row(1)).await.expect("commits");
    plan.hold();
    let commit = start(&store, row(2)).await;
    plan.holding().await;
    let behind = start(&store, row(3)).await;
    plan.fail(FaultPoint::Sync, 1);
    plan.let_go();
    assert!(matches!(commit.await, Err(StoreError::OutcomeUnknown)));
    assert!(matches!(behind.await, Err(StoreError::Closed)));
    assert!(store.is_dead());
    assert!(matches!(store.commit(row(4)).await, Err(StoreError::Closed)));
    assert!(matches!(store.get::<People>(&1).await, Err(StoreError::Closed)));
}

#[tokio::test]
async fn the_queue_is_bounded_and_the_system_has_places() {
    let (plan, store) = planned();
    plan.hold();
    let first = start(&store, Batch::new()).await;
    drop(first);
    let held = start(&store, row(0)).await;
    plan.holding().await;
    let mut waiting = Vec::new();
    for key in 1..=QUEUE_PLACES as u64 {
        waiting.push(start(&store, row(key)).await);
    }
    assert_eq!(store.queued(), QUEUE_PLACES);
    assert!(matches!(store.commit(row(9_000)).await, Err(StoreError::Busy)));
    for key in 0..QUEUE_SYSTEM_PLACES as u64 {
        let mut batch = row(10_000 + key);
        batch.priority();
        waiting.push(start(&store, batch).await);
    }
    let mut one_more = row(20_000);
    one_more.priority();
    assert!(matches!(store.commit(one_more).await, Err(StoreError::Busy)));
    // Whoever asked may go: the batch happens all the same.
    drop(waiting.pop());
    plan.let_go();
    held.await.expect("commits");
    assert!(join_all(waiting).await.iter().all(Result::is_ok));
    store.close().await;
    assert!(store.get::<People>(&(10_000 + QUEUE_SYSTEM_PLACES as u64 - 1)).await.expect("reads").is_some());
    assert!(matches!(store.commit(row(1)).await, Err(StoreError::Closed)));
}

/// A disk with as much room as a test says.
#[derive(Debug)]
struct Room(Mutex<Level>);

impl Gate for Room {
    fn check(&self) -> Level {
        *self.0.lock()
    }
    fn reserve(&self, _bytes: u64) -> Result<crate::space::Reservation, StoreError> {
        Ok(crate::space::Reservation::default())
    }
}

#[tokio::test]
async fn the_gate_decides_before_each_group() {
    let room = Arc::new(Room(Mutex::new(Level::Soft)));
    let store = Store::memory(StoreConfig { gate: room.clone(), ..config() }).expect("opens");
    let relaxed = || {
        let mut batch = Batch::relaxed();
        batch.put::<Meta>(&"seen".to_owned(), &MetaRow::Mark);
        batch
    };
    assert!(matches!(store.commit(row(1)).await, Err(StoreError::Full(Mark::Soft))));
    assert!(matches!(store.commit(relaxed()).await, Err(StoreError::Full(Mark::Soft))));
    let mut system = row(2);
    system.priority();
    store.commit(system).await.expect("passes the soft mark");
    *room.0.lock() = Level::Hard;
    let mut system = row(3);
    system.priority();
    assert!(matches!(store.commit(system).await, Err(StoreError::Full(Mark::Hard))));
    assert!(store.get::<People>(&2).await.expect("reads").is_some());
    *room.0.lock() = Level::Open;
    store.commit(relaxed()).await.expect("there is room again");
}

#[tokio::test]
async fn time_never_runs_backwards() {
    let clock = Arc::new(TestClock(AtomicI64::new(500)));
    let store = Store::memory(StoreConfig { clock: clock.clone(), ..config() }).expect("opens");
    let mut times = Vec::new();
    for (key, now) in [(1, 600), (2, 100), (3, 700)] {
        clock.0.store(now, Ordering::SeqCst);
        times.push(store.commit(row(key)).await.expect("commits").at);
    }
    assert_eq!(times, [Timestamp(600), Timestamp(600), Timestamp(700)]);
    let events = store.events().read(0, 9).await.expect("reads").items;
    assert_eq!(events.iter().map(|event| event.at).collect::<Vec<_>>(), times);
}

fn audited(action: &str) -> Batch {
    let mut batch = Batch::new();
    batch.audit(AuditDraft {
        actor: Actor::System,
        action: action.into(),
        target: ResourceRef::new("user", Uuid::nil(), 1),
        ip: None,
        user_agent: None,
        before: None,
        after: None,
    });
    batch
}

#[tokio::test]
async fn the_audit_log_is_a_chain_across_restarts() {
    let engine = Arc::new(MemoryEngine::default());
    let store = Store::on(engine.clone(), config()).expect("opens");
    let mut two = audited("one");
    two.merge(audited("two"));
    let committed = store.commit(two).await.expect("commits");
    store.close().await;
    let store = Store::on(engine.clone(), config()).expect("opens");
    store.commit(audited("three")).await.expect("commits");
    let rows = store.scan::<Audit>(Scan::all()).await.expect("scans").items;
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 2, 3]);
    let mut previous = [0; 32];
    for (number, stored) in rows {
        assert_eq!(stored.row.previous, previous, "row {number}");
        let bytes = engine.get(&full_key(Audit::ID, &number)).expect("reads").expect("is there");
        previous = *blake3::hash(&bytes).as_bytes();
        assert_eq!(stored.row.at, committed.at);
    }
}

#[tokio::test]
async fn a_power_cut_takes_only_what_was_relaxed() {
    let engine = Arc::new(MemoryEngine::default());
    let store = Store::on(engine.clone(), config()).expect("opens");
    store.commit(row(1)).await.expect("commits");
    let before = store.dump().await.expect("dumps");
    let epoch = store.events().epoch();
    let mut batch = Batch::relaxed();
    batch.put::<Meta>(&"seen".to_owned(), &MetaRow::Mark);
    store.commit(batch).await.expect("commits");
    assert!(store.get::<Meta>(&"seen".to_owned()).await.expect("reads").is_some());
    engine.power_cut();
    let store = Store::on(engine, config()).expect("opens");
    assert_eq!(store.dump().await.expect("dumps"), before);
    assert_eq!(store.events().epoch(), epoch);
    assert_eq!(store.commit(row(2)).await.expect("commits").seqs, [2]);
}

#[tokio::test]
async fn a_relaxed_write_is_synced_soon() {
    let engine = Arc::new(MemoryEngine::default());
    let store = Store::on(engine.clone(), config()).expect("opens");
    let mut batch = Batch::relaxed();
    batch.put::<Meta>(&"seen".to_owned(), &MetaRow::Mark);
    store.commit(batch).await.expect("commits");
    // Closing settles what is open; a quiet second does too.
    store.close().await;
    engine.power_cut();
    let store = Store::on(engine, config()).expect("opens");
    assert!(store.get::<Meta>(&"seen".to_owned()).await.expect("reads").is_some());
}
