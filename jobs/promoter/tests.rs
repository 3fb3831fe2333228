//! Tests.

use super::*;
use crate::{
    backend::StorePersistence,
    testing::{On, Site, row},
};

async fn claim(site: &Site) -> model::JobId {
    StorePersistence::new(Arc::clone(&site.house), Queue::Upkeep).claim().await.unwrap().job.row.id
}

#[tokio::test]
async fn a_worker_elsewhere_is_dead_once_its_beat_stood_still_for_a_minute_of_our_own_clock() {
    let site = Site::new(On::Memory);
    let other = site.another("there");
    site.queue(row("a")).await;
    let id = claim(&other).await;
    other.house.beat().await;
    let promoter = Promoter::new(Arc::clone(&site.house));
    let (start, dead) = (Instant::now(), Duration::from_millis(limits::JOB_WORKER_DEAD_MS));
    promoter.recover_at(start).await.unwrap();
    // The wall clock does not matter.
    site.clock.advance(3_600_000);
    let nearly = start + dead - Duration::from_secs(1);
    promoter.recover_at(nearly).await.unwrap();
    other.house.beat().await;
    promoter.recover_at(nearly).await.unwrap();
    promoter.recover_at(nearly + dead - Duration::from_secs(1)).await.unwrap();
    assert_eq!(site.state(id).await, (JobState::Running, 1));
    promoter.recover_at(nearly + dead).await.unwrap();
    assert_eq!(site.state(id).await, (JobState::Queued, 1));
}

#[tokio::test]
async fn an_earlier_start_of_this_node_has_nothing_any_more() {
    let before = Site::new(On::Disk);
    before.queue(row("a")).await;
    let id = claim(&before).await;
    let after = before.another("here");
    Promoter::new(Arc::clone(&after.house)).recover().await.unwrap();
    assert_eq!(after.state(id).await, (JobState::Queued, 1));
    assert_eq!(claim(&after).await, id);
}

#[tokio::test]
async fn a_lease_of_our_own_that_nobody_works_on_goes_back_and_its_try_does_not_count() {
    let site = Site::new(On::Memory);
    site.queue(row("a")).await;
    let id = claim(&site).await;
    let promoter = Promoter::new(Arc::clone(&site.house));
    promoter.recover().await.unwrap();
    assert_eq!(site.state(id).await, (JobState::Running, 1));
    site.house.claims.leave(id);
    promoter.recover().await.unwrap();
    assert_eq!(site.state(id).await, (JobState::Queued, 0));
}

#[tokio::test]
async fn old_jobs_move_up_a_priority_for_each_minute() {
    let site = Site::new(On::Memory);
    site.queue(Job { priority: 1, ..row("a") }).await;
    let promoter = Promoter::new(Arc::clone(&site.house));
    promoter.age().await.unwrap();
    assert_eq!(site.job(row("a").id).await.row.priority, 1);
    site.clock.advance(limits::JOB_AGE_MS);
    promoter.age().await.unwrap();
    assert_eq!(site.job(row("a").id).await.row.priority, 0);
}
