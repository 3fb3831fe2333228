//! The relay: follows the log and writes the jobs that events start, each batch together with its cursor.
//!
//! What is queued already is read first, so an event that is taken twice starts nothing twice.

use crate::{
    definitions::version_process::VersionProcess,
    house::House,
    job::{NewJob, chain},
    route::route,
};
use async_trait::async_trait;
use model::{event::Envelope, job::Job, limits, version::VersionStatus};
use std::{sync::Arc, time::Duration};
use store::{
    Batch, Scan, StoreError,
    log::{ConsumeError, Consumer, Tail},
    tables::{
        job::{JobByKey, Jobs, RELAY},
        version::Versions,
    },
};
use tokio::sync::watch;

/// The pause after the store failed, in milliseconds.
const PAUSE_MS: u64 = 500;

/// The consumer of the log that starts jobs.
pub(crate) struct Relay {
    house: Arc<House>,
}

#[async_trait]
impl Consumer for Relay {
    fn name(&self) -> &'static str {
        RELAY
    }

    async fn take(&self, event: &Envelope, batch: &mut Batch) -> Result<(), ConsumeError> {
        for NewJob { row } in route(event) {
            self.queue(row, batch).await?;
        }
        Ok(())
    }

    /// Versions that wait for their job are the only thing whose events must not be lost; a mail that is a month late is not
    /// wanted any more.
    async fn rebuild(&self) -> Result<(), ConsumeError> {
        let store = &self.house.parts.store;
        let mut scan = Scan::all().limit(limits::RELAY_JOBS_MAX);
        loop {
            let page = store.scan::<Versions>(scan.clone()).await?;
            let mut batch = Batch::new();
            for (id, version) in &page.items {
                if version.row.status == VersionStatus::Processing {
                    let mut job = NewJob::of(version.row.job_id, &VersionProcess { version: *id }).row;
                    job.queued_at = self.house.now();
                    job.project_id = Some(version.row.project_id);
                    job.subject = Some(("version".to_owned(), id.uuid()));
                    job.created_by = Some(version.row.uploaded_by);
                    self.queue(job, &mut batch).await?;
                }
            }
            if !batch.is_empty() {
                store.commit(batch).await?;
            }
            match page.items.last() {
                Some((last, _)) if page.more => scan = scan.after(last),
                _ => return Ok(()),
            }
        }
    }
}

impl Relay {
    /// Adds a job unless it is there, or one of its kind and key is queued.
    async fn queue(&self, row: Job, batch: &mut Batch) -> Result<(), StoreError> {
        let store = &self.house.parts.store;
        let there = store.get::<Jobs>(&row.id).await?.is_some();
        let key = (row.kind.clone(), row.dedup_key.clone());
        if !there && store.find::<JobByKey>(&key).await?.is_none() {
            batch.insert::<Jobs>(&row.id, &row);
        }
        Ok(())
    }
}

/// Follows the log until the house closes.
pub(crate) async fn run(house: Arc<House>) {
    let mut watch = house.parts.store.events().watch();
    loop {
        match follow(&house, &mut watch).await {
            Ok(()) | Err(ConsumeError::Store(StoreError::Closed)) => return,
            Err(error) => tracing::warn!(error = chain(&error), "the relay has to wait"),
        }
        tokio::select! {
            biased;
            () = house.closing.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(PAUSE_MS)) => {}
        }
    }
}

async fn follow(house: &Arc<House>, watch: &mut watch::Receiver<u64>) -> Result<(), ConsumeError> {
    let relay = Relay { house: Arc::clone(house) };
    let mut tail = Tail::open(house.parts.store.clone(), relay).await?;
    loop {
        watch.mark_unchanged();
        while tail.step().await? > 0 {
            house.bell.ring();
            if house.closing.is_cancelled() {
                return Ok(());
            }
        }
        house.relayed.send_replace(tail.seq());
        tokio::select! {
            biased;
            () = house.closing.cancelled() => return Ok(()),
            changed = watch.changed() => changed.map_err(|_| ConsumeError::Store(StoreError::Closed))?,
        }
    }
}

#[cfg(test)]
mod tests;
