//! Housekeeping: small jobs that the clock starts again and again, each bounded and fit to be interrupted.

use crate::{Job, JobContext, JobError, job::Queue};
use async_trait::async_trait;
use model::{JobId, Timestamp, job::JobState, limits};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::{
    Batch, Desc, Scan, Store, StoreError,
    tables::{
        idempotency::{IdemByAge, Idempotency},
        job::{JobFiles, Jobs, JobsByState, JobsProgress, StateKey},
    },
};

const MINUTE_S: u64 = 60;

macro_rules! upkeep {
    ($($(#[$doc:meta])* $name:ident = $kind:literal every $minutes:literal min: $run:path;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, Serialize, Deserialize)]
        pub struct $name {}

        #[async_trait]
        impl Job for $name {
            const NAME: &'static str = $kind;
            const QUEUE: Queue = Queue::Upkeep;
            const TIMEOUT: Duration = Duration::from_secs(30 * MINUTE_S);
            const EVERY: Option<Duration> = Some(Duration::from_secs($minutes * MINUTE_S));

            fn key(&self) -> String {
                Self::NAME.to_owned()
            }

            async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
                $run(cx).await
            }
        }
    )+};
}

upkeep! {
    /// Collects content that nothing refers to any more.
    BlobsGc = "blobs.gc" every 20 min: collect_blobs;
    /// Forgets events that are older than their replay and that every reader is done with.
    EventsTrim = "events.trim" every 60 min: trim_events;
    /// Forgets the answers to repeated requests after a day.
    IdempotencyForget = "idempotency.forget" every 60 min: forget_requests;
    /// Forgets invitations that were over long ago.
    InvitationsExpire = "invitations.expire" every 360 min: expire_invitations;
    /// Forgets jobs that ended long ago.
    JobsTrim = "jobs.trim" every 360 min: trim_jobs;
    /// Closes the days and weeks of team moods that are over.
    MoodsClose = "moods.close" every 10 min: close_moods;
    /// Drops renditions that nobody needs any more.
    RenditionsExpire = "renditions.expire" every 180 min: expire_renditions;
    /// Forgets logins and single-use tokens whose time is over.
    SessionsExpire = "sessions.expire" every 60 min: expire_sessions;
    /// Removes for good what lay in the trash for 30 days.
    TrashPurge = "trash.purge" every 60 min: purge_trash;
    /// Drops uploads that nobody finished or used, and gives their quota back.
    UploadsExpire = "uploads.expire" every 10 min: expire_uploads;
}

async fn collect_blobs(cx: &JobContext) -> Result<(), JobError> {
    let parts = cx.parts();
    let collected = parts.blobs.collect(&parts.store, cx.now()).await?;
    if collected.removed > 0 {
        tracing::info!(
            blobs.removed = collected.removed,
            blobs.bytes = collected.removed_bytes,
            "content that nothing referred to was removed"
        );
    }
    Ok(())
}

async fn trim_events(cx: &JobContext) -> Result<(), JobError> {
    let trimmed = cx.parts().store.events().trim(cx.now()).await?;
    tracing::debug!(events.trimmed = trimmed, "old events were forgotten");
    Ok(())
}

async fn forget_requests(cx: &JobContext) -> Result<(), JobError> {
    let store = &cx.parts().store;
    let cutoff = cx.now().plus_millis(-limits::IDEMPOTENCY_TTL_MS);
    loop {
        let scan = Scan::all().before(&cutoff).limit(limits::JOB_STEP_ROWS);
        let old = store.scan_index::<IdemByAge>(scan).await?;
        let mut batch = Batch::new();
        for hit in &old.items {
            batch.delete::<Idempotency>(&hit.key, &hit.stored);
        }
        commit(store, batch).await?;
        if !old.more {
            return Ok(());
        }
    }
}

async fn trim_jobs(cx: &JobContext) -> Result<(), JobError> {
    let store = &cx.parts().store;
    for (state, keep_ms) in [
        (JobState::Succeeded, limits::JOB_KEEP_DONE_MS),
        (JobState::Cancelled, limits::JOB_KEEP_DONE_MS),
        (JobState::Failed, limits::JOB_KEEP_FAILED_MS),
    ] {
        while trim_state(store, state, cx.now().plus_millis(-keep_ms)).await? {}
    }
    Ok(())
}

/// Deletes a page of jobs in this state that changed before `cutoff`; says whether there may be more.
async fn trim_state(store: &Store, state: JobState, cutoff: Timestamp) -> Result<bool, StoreError> {
    let key = StateKey::of(state);
    let scan = Scan::prefix(&key).after(&(key, Desc(cutoff))).limit(limits::JOB_STEP_ROWS);
    let old = store.scan_index::<JobsByState>(scan).await?;
    let ids: Vec<JobId> = old.items.iter().map(|hit| hit.key).collect();
    let results = store.get_many::<JobFiles>(&ids).await?;
    let mut batch = Batch::new();
    for (hit, result) in old.items.iter().zip(results) {
        batch.delete::<Jobs>(&hit.key, &hit.stored).remove::<JobsProgress>(&hit.key);
        if let Some(result) = result {
            batch.delete::<JobFiles>(&hit.key, &result).release_blob(&result.row.made.blob);
        }
    }
    commit(store, batch).await?;
    Ok(old.more)
}

async fn expire_sessions(cx: &JobContext) -> Result<(), JobError> {
    let count = cx.service().expire_sessions(&cx.system()).await?;
    tracing::debug!(sessions.expired = count, "lapsed logins and tokens were forgotten");
    Ok(())
}

async fn expire_invitations(cx: &JobContext) -> Result<(), JobError> {
    let count = cx.service().expire_invitations(&cx.system()).await?;
    tracing::debug!(invitations.expired = count, "invitations that were over long ago were forgotten");
    Ok(())
}

async fn purge_trash(cx: &JobContext) -> Result<(), JobError> {
    let purged = cx.service().purge_trash(&cx.system()).await?;
    tracing::debug!(
        purged.projects,
        purged.tracks,
        purged.versions,
        purged.checkpoints,
        "what lay in the trash for too long was removed"
    );
    Ok(())
}

async fn expire_renditions(cx: &JobContext) -> Result<(), JobError> {
    let count = cx.service().expire_renditions(&cx.system()).await?;
    tracing::debug!(renditions.expired = count, "renditions that nobody needs were dropped");
    Ok(())
}

async fn close_moods(cx: &JobContext) -> Result<(), JobError> {
    let count = cx.service().close_moods(&cx.system()).await?;
    tracing::debug!(moods.closed = count, "days and weeks of team moods were closed or looked at again");
    Ok(())
}

async fn expire_uploads(cx: &JobContext) -> Result<(), JobError> {
    let count = cx.service().expire_uploads(&cx.system()).await?;
    tracing::debug!(uploads.expired = count, "uploads that nobody used were dropped");
    Ok(())
}

/// Deletes pass the disk gate.
async fn commit(store: &Store, mut batch: Batch) -> Result<(), StoreError> {
    if !batch.is_empty() {
        batch.priority();
        store.commit(batch).await?;
    }
    Ok(())
}
