//! Jobs that the clock starts: each has one due row; its end writes the next one, and a start writes those that are missing.

use crate::{house::House, job::chain, registry};
use model::{Timestamp, job::Job, limits};
use std::time::Duration;
use store::{
    Batch, Scan, StoreError,
    tables::job::{JobByKey, Jobs, JobsLeased},
};

/// The first run after a start comes soon, but not in the way of people who log in, in milliseconds.
const FIRST_MS: i64 = 60_000;

/// Adds the next run of a job that the clock started to the batch that ends this one.
pub(crate) async fn next(house: &House, ended: &Job, batch: &mut Batch) -> Result<(), StoreError> {
    let Some(clock) = registry::find(&ended.kind).and_then(|definition| definition.clock) else {
        return Ok(());
    };
    let now = house.now();
    let row = due((clock.new)(house.id()).row, now, now.plus_millis(millis(clock.every)));
    if house.parts.store.find::<JobByKey>(&(row.kind.clone(), row.dedup_key.clone())).await?.is_none() {
        batch.insert::<Jobs>(&row.id, &row);
    }
    Ok(())
}

/// Queues every scheduled job that is neither queued nor running.
pub(crate) async fn ensure(house: &House) {
    for definition in registry::ALL {
        if let Some(clock) = definition.clock
            && let Err(error) = ensure_one(house, clock.every, (clock.new)(house.id()).row).await
        {
            tracing::warn!(error = chain(&error), job.kind = definition.name, "a job could not be scheduled");
        }
    }
}

async fn ensure_one(house: &House, every: Duration, row: Job) -> Result<(), StoreError> {
    let store = &house.parts.store;
    let running = store.scan_index::<JobsLeased>(Scan::all().limit(limits::JOB_STEP_ROWS)).await?;
    let queued = store.find::<JobByKey>(&(row.kind.clone(), row.dedup_key.clone())).await?;
    if queued.is_some() || running.items.iter().any(|hit| hit.stored.row.kind == row.kind) {
        return Ok(());
    }
    let now = house.now();
    let row = due(row, now, now.plus_millis(millis(every).min(FIRST_MS)));
    let mut batch = Batch::new();
    batch.insert::<Jobs>(&row.id, &row);
    match store.commit(batch).await {
        // Another process was faster.
        Err(error) if error.is_conflict() => Ok(()),
        outcome => outcome.map(drop),
    }
}

fn due(row: Job, now: Timestamp, at: Timestamp) -> Job {
    Job { run_at: Some(at), queued_at: now, ..row }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
