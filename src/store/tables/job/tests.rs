//! Tests.

use super::*;
use crate::{Batch, Scan, Store, StoreError, store::tests::config};
use model::job::Lease;

pub(crate) fn job(number: u128, change: impl FnOnce(&mut Job)) -> Job {
    let mut job = Job {
        id: JobId::new(Uuid::from_u128(number)),
        kind: "test.work".to_owned(),
        payload_version: 1,
        payload: "{}".to_owned(),
        queue: "audio".to_owned(),
        priority: 1,
        state: JobState::Queued,
        attempts: 0,
        max_attempts: 5,
        run_at: None,
        lease: None,
        cancel_requested: false,
        cause_seq: 0,
        dedup_key: number.to_string(),
        project_id: None,
        created_by: None,
        subject: None,
        progress: 0.0,
        stage: None,
        error: None,
        result: None,
        queued_at: Timestamp(1),
        started_at: None,
        finished_at: None,
    };
    change(&mut job);
    job
}

async fn insert(store: &Store, job: &Job) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.insert::<Jobs>(&job.id, job);
    store.commit(batch).await.map(drop)
}

async fn ready(store: &Store) -> Vec<u128> {
    let page = store.scan_index::<JobsReady>(Scan::prefix(&"audio".to_owned())).await.unwrap();
    page.items.iter().map(|hit| hit.key.uuid().as_u128()).collect()
}

#[tokio::test]
async fn ready_jobs_stand_by_priority_then_cause_then_id() {
    let store = Store::memory(config()).unwrap();
    for job in [
        job(1, |job| job.priority = 2),
        job(2, |job| job.cause_seq = 9),
        job(4, |job| job.cause_seq = 3),
        job(3, |job| job.cause_seq = 3),
        job(5, |job| job.run_at = Some(Timestamp(7))),
        job(6, |job| job.queue = "mail".to_owned()),
    ] {
        insert(&store, &job).await.unwrap();
    }
    assert_eq!(ready(&store).await, [3, 4, 2, 1]);
}

#[tokio::test]
async fn a_key_is_free_again_once_the_job_runs() {
    let store = Store::memory(config()).unwrap();
    let first = job(1, |job| job.dedup_key = "same".to_owned());
    insert(&store, &first).await.unwrap();
    let second = job(2, |job| job.dedup_key = "same".to_owned());
    assert!(insert(&store, &second).await.unwrap_err().conflicts_on(TableId::JobByKey));
    let stored = store.get::<Jobs>(&first.id).await.unwrap().unwrap();
    let lease = Lease { node: "here".to_owned(), boot: Uuid::from_u128(1) };
    let running = Job { state: JobState::Running, lease: Some(lease.clone()), ..first.clone() };
    let mut batch = Batch::new();
    batch.replace::<Jobs>(&first.id, &stored, &running);
    store.commit(batch).await.unwrap();
    insert(&store, &second).await.unwrap();
    let leased = store.scan_index::<JobsLeased>(Scan::prefix(&"here".to_owned())).await.unwrap();
    assert_eq!(leased.items[0].index_key, (lease.node, lease.boot));
    assert_eq!(ready(&store).await, [2]);
}
