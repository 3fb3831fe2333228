//! The one promoter of a process: a few times a second it makes due jobs ready, stops jobs that were called off or taken
//! away, gives back what has no worker any more, and lets old jobs move up.

use crate::{
    house::House,
    job::{Queue, chain},
    outcome::{Outcome, Stop},
    work,
};
use model::{
    job::{Job, JobState},
    limits,
};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{
    Batch, IndexHit, Scan, StoreError, Stored,
    tables::job::{Beat, JobBeats, Jobs, JobsDue, JobsLeased, JobsReady},
};
use tokio::time::Instant;
use uuid::Uuid;

/// Leases are looked at on every so manieth tick.
const LEASES_EVERY: u32 = 10;
/// Waiting jobs age on every so manieth tick.
const AGE_EVERY: u32 = 40;

pub(crate) struct Promoter {
    house: Arc<House>,
    /// What was last seen of the beats of other processes, and since when on our own monotonic clock.
    seen: Mutex<HashMap<Holder, Seen>>,
}

/// Node and boot of whoever holds a lease.
type Holder = (String, Uuid);

/// A beat and when it was first seen.
struct Seen {
    beat: Option<Beat>,
    since: Instant,
}

impl Promoter {
    pub(crate) fn new(house: Arc<House>) -> Self {
        Self { house, seen: Mutex::default() }
    }

    /// Runs until the house closes.
    pub(crate) async fn run(self) {
        let mut turn = 0u32;
        loop {
            self.tick(turn).await;
            turn = turn.wrapping_add(1);
            tokio::select! {
                biased;
                () = self.house.closing.cancelled() => return,
                () = tokio::time::sleep(Duration::from_millis(limits::JOB_TICK_MS)) => {}
            }
        }
    }

    async fn tick(&self, turn: u32) {
        let mut steps = vec![self.promote().await, self.stop_lost().await];
        if turn.is_multiple_of(LEASES_EVERY) {
            steps.push(self.recover().await);
        }
        if turn.is_multiple_of(AGE_EVERY) {
            steps.push(self.age().await);
        }
        for step in steps {
            match step {
                // Somebody moved one of the rows: the next tick sees it.
                Ok(()) | Err(StoreError::Conflict { .. } | StoreError::Closed) => {}
                Err(error) => tracing::warn!(error = chain(&error), "the queue could not be kept moving"),
            }
        }
        // Whatever other processes queued is found without waiting for an event of ours.
        self.house.bell.ring();
    }

    /// Moves due jobs to ready.
    pub(crate) async fn promote(&self) -> Result<(), StoreError> {
        let store = &self.house.parts.store;
        let until = self.house.now().plus_millis(1);
        let due =
            store.scan_index::<JobsDue>(Scan::all().before(&until).limit(limits::JOB_STEP_ROWS)).await?;
        let mut batch = Batch::new();
        for hit in &due.items {
            batch.replace::<Jobs>(&hit.key, &hit.stored, &Job { run_at: None, ..hit.stored.row.clone() });
        }
        if !batch.is_empty() {
            batch.priority();
            store.commit(batch).await?;
        }
        Ok(())
    }

    /// Stops running jobs that were called off or belong to somebody else by now.
    pub(crate) async fn stop_lost(&self) -> Result<(), StoreError> {
        let ids = self.house.claims.ids();
        if ids.is_empty() {
            return Ok(());
        }
        let rows = self.house.parts.store.get_many::<Jobs>(&ids).await?;
        for (id, found) in ids.into_iter().zip(rows) {
            let Some(job) = found.map(|found| found.row) else { continue };
            let ours = job.lease.as_ref().is_some_and(|lease| lease.boot == self.house.boot);
            match (job.state, ours) {
                (JobState::Running, true) if job.cancel_requested => {
                    self.house.claims.stop(id, Stop::CalledOff);
                }
                (JobState::Running, false) => self.house.claims.stop(id, Stop::Fenced),
                // About to be claimed, running, or just ended.
                (JobState::Running, true)
                | (JobState::Queued | JobState::Succeeded | JobState::Failed | JobState::Cancelled, _) => {}
            }
        }
        Ok(())
    }

    /// Gives back the jobs of earlier starts of this node at once, of this start if nobody works on them, and of other nodes
    /// once their beat stood still for a minute.
    pub(crate) async fn recover(&self) -> Result<(), StoreError> {
        self.recover_at(Instant::now()).await
    }

    async fn recover_at(&self, now: Instant) -> Result<(), StoreError> {
        let mut scan = Scan::all().limit(limits::JOB_STEP_ROWS);
        let mut holders = Vec::new();
        loop {
            let page = self.house.parts.store.scan_index::<JobsLeased>(scan.clone()).await?;
            for hit in &page.items {
                if !holders.contains(&hit.index_key) {
                    holders.push(hit.index_key.clone());
                }
                if let Some(outcome) = self.verdict(hit, now).await? {
                    work::recover(&self.house, &hit.stored, &outcome).await;
                }
            }
            match page.items.last() {
                Some(last) if page.more => scan = scan.after(&(last.index_key.clone(), last.key)),
                _ => break,
            }
        }
        self.seen.lock().retain(|holder, _| holders.contains(holder));
        Ok(())
    }

    /// What became of a leased job, if its worker is gone.
    async fn verdict(&self, hit: &IndexHit<JobsLeased>, now: Instant) -> Result<Option<Outcome>, StoreError> {
        let (node, boot) = &hit.index_key;
        if *boot == self.house.boot {
            return Ok((!self.house.claims.has(hit.key)).then_some(Outcome::Stopped(Stop::ShuttingDown)));
        }
        if *node == self.house.parts.node {
            return Ok(Some(Outcome::Crashed));
        }
        let beat = self.house.parts.store.get::<JobBeats>(node).await?.map(|beat| beat.row);
        Ok(self.stands_still((node.clone(), *boot), beat, now).then_some(Outcome::Crashed))
    }

    fn stands_still(&self, holder: Holder, beat: Option<Beat>, now: Instant) -> bool {
        let dead = Duration::from_millis(limits::JOB_WORKER_DEAD_MS);
        let mut seen = self.seen.lock();
        let last = seen.entry(holder).or_insert_with(|| Seen { beat: beat.clone(), since: now });
        if last.beat != beat {
            *last = Seen { beat, since: now };
        }
        now.duration_since(last.since) >= dead
    }

    /// Jobs that have waited long move up one priority, so that none waits for ever.
    pub(crate) async fn age(&self) -> Result<(), StoreError> {
        let store = &self.house.parts.store;
        let now = self.house.now();
        let mut batch = Batch::new();
        for queue in Queue::ALL {
            let scan = Scan::prefix(&queue.as_str().to_owned()).after(&(queue.as_str().to_owned(), 0u8));
            let waiting = store.scan_index::<JobsReady>(scan.limit(limits::JOB_STEP_ROWS)).await?;
            for hit in waiting.items {
                let Stored { row, .. } = &hit.stored;
                let steps = now.since(row.queued_at) / limits::JOB_AGE_MS;
                // One step for each minute waited, counted from the priority its kind starts with.
                let start = crate::registry::find(&row.kind).map_or(row.priority, |found| found.priority);
                let aged = i64::from(start).saturating_sub(steps).clamp(0, i64::from(row.priority));
                if let Ok(priority) = u8::try_from(aged)
                    && priority < row.priority
                {
                    batch.replace::<Jobs>(&hit.key, &hit.stored, &Job { priority, ..row.clone() });
                }
            }
        }
        if !batch.is_empty() {
            store.commit(batch).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
