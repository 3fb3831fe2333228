//! Tests.

use super::*;
use crate::{
    backend::StorePersistence,
    job::Queue,
    outcome::Stop,
    promoter::Promoter,
    testing::{On, Site, row},
};
use store::tables::job::JobByKey;

async fn claim(site: &Site) -> Claimed {
    StorePersistence::new(Arc::clone(&site.house), Queue::Upkeep).claim().await.unwrap()
}

fn transient() -> Outcome {
    Outcome::Erred(JobError::Transient("not now".to_owned()))
}

#[tokio::test]
async fn a_job_of_the_clock_runs_and_queues_its_next_run_in_the_same_commit() {
    for on in [On::Memory, On::Disk] {
        let site = Site::new(on);
        site.queue(row("jobs.trim")).await;
        let claimed = claim(&site).await;
        let payload = claimed.job.row.payload.clone().into_bytes();
        work(Arc::clone(&site.house), claimed.clone(), payload).await;
        let done = site.job(claimed.job.row.id).await;
        assert_eq!(done.row.state, JobState::Succeeded);
        let key = (done.row.kind.clone(), done.row.dedup_key.clone());
        let (_, next) = site.store().find::<JobByKey>(&key).await.unwrap().unwrap();
        assert_eq!(next.stamp, done.stamp);
        assert_eq!(next.row.run_at, Some(site.house.now().plus_seconds(6 * 3600)));
    }
}

#[tokio::test]
async fn a_worker_that_lost_its_claim_writes_nothing() {
    let site = Site::new(On::Memory);
    site.queue(row("a")).await;
    let zombie = claim(&site).await;
    // Another start of the node takes it for dead and claims it again.
    let after = site.another("here");
    Promoter::new(Arc::clone(&after.house)).recover().await.unwrap();
    let heir = claim(&after).await;
    finish(&site.house, &zombie.job, &Outcome::Done).await;
    assert_eq!(site.job(heir.job.row.id).await, heir.job);
    let cx = JobContext::new(Arc::clone(&site.house), zombie);
    assert!(cx.commit(Batch::new()).await.is_err());
    assert_eq!(site.job(heir.job.row.id).await, heir.job);
    finish(&after.house, &heir.job, &Outcome::Done).await;
    assert_eq!(site.state(heir.job.row.id).await, (JobState::Succeeded, 2));
}

#[tokio::test]
async fn a_failed_try_waits_for_its_pause_and_a_last_one_keeps_a_public_reason() {
    let site = Site::new(On::Memory);
    site.queue(Job { max_attempts: 2, ..row("a") }).await;
    let first = claim(&site).await;
    finish(&site.house, &first.job, &transient()).await;
    site.house.claims.leave(first.job.row.id);
    let waiting = site.job(first.job.row.id).await.row;
    assert!(waiting.run_at.unwrap() > site.house.now());
    let promoter = Promoter::new(Arc::clone(&site.house));
    promoter.promote().await.unwrap();
    assert_eq!(site.job(waiting.id).await.row.run_at, waiting.run_at);
    site.clock.advance(60_000);
    promoter.promote().await.unwrap();
    let second = claim(&site).await;
    finish(&site.house, &second.job, &transient()).await;
    let failed = site.job(waiting.id).await.row;
    assert_eq!((failed.state, failed.attempts), (JobState::Failed, 2));
    assert_eq!(failed.error.unwrap().code, "attempts_exhausted");
}

#[tokio::test]
async fn a_job_that_kills_the_process_each_time_ends_as_crashed() {
    let site = Site::new(On::Disk);
    site.queue(row("a")).await;
    let id = row("a").id;
    let mut now = site.another("here");
    for attempt in 1..=model::limits::JOB_ATTEMPTS_MAX {
        assert_eq!(claim(&now).await.job.row.attempts, attempt);
        // The process dies; the next one finds the lease of an earlier boot.
        now = now.another("here");
        Promoter::new(Arc::clone(&now.house)).recover().await.unwrap();
    }
    let job = site.job(id).await.row;
    assert_eq!((job.state, job.error.unwrap().code.as_str()), (JobState::Failed, "crashed"));
}

#[tokio::test]
async fn calling_off_ends_a_job_before_and_while_it_runs() {
    let site = Site::new(On::Memory);
    site.queue(Job { cancel_requested: true, ..row("a") }).await;
    let claimed = claim(&site).await;
    work(Arc::clone(&site.house), claimed.clone(), b"{}".to_vec()).await;
    assert_eq!(site.state(claimed.job.row.id).await.0, JobState::Cancelled);

    site.queue(row("b")).await;
    let running = claim(&site).await;
    let stored = site.job(running.job.row.id).await;
    let mut batch = Batch::new();
    batch.replace::<Jobs>(&stored.row.id, &stored, &Job { cancel_requested: true, ..stored.row.clone() });
    site.store().commit(batch).await.unwrap();
    Promoter::new(Arc::clone(&site.house)).stop_lost().await.unwrap();
    assert_eq!(running.brake.pulled().await, Stop::CalledOff);
    // Its claim has another stamp by now, and is still its own.
    finish(&site.house, &running.job, &Outcome::Stopped(Stop::CalledOff)).await;
    assert_eq!(site.state(stored.row.id).await.0, JobState::Cancelled);
}

#[tokio::test]
async fn a_try_again_gives_way_to_a_newer_job_of_the_same_key() {
    let site = Site::new(On::Memory);
    site.queue(row("a")).await;
    let old = claim(&site).await;
    site.queue(Job { id: row("b").id, ..row("a") }).await;
    finish(&site.house, &old.job, &transient()).await;
    let ended = site.job(old.job.row.id).await.row;
    assert_eq!((ended.state, ended.error.unwrap().code.as_str()), (JobState::Cancelled, "superseded"));
}

#[tokio::test]
async fn what_nobody_can_read_fails_alone() {
    let site = Site::new(On::Memory);
    site.queue(Job { payload: "[".to_owned(), ..row("a") }).await;
    site.queue(Job { kind: "no.such".to_owned(), ..row("b") }).await;
    for code in ["unreadable", "unknown_kind"] {
        let claimed = claim(&site).await;
        let payload = claimed.job.row.payload.clone().into_bytes();
        work(Arc::clone(&site.house), claimed.clone(), payload).await;
        assert_eq!(site.job(claimed.job.row.id).await.row.error.unwrap().code, code);
    }
}
