//! Tests.

use super::*;
use crate::testing::{On, Site, row};
use model::job::JobState;
use uuid::Uuid;

fn upkeep(site: &Site) -> StorePersistence {
    StorePersistence::new(Arc::clone(&site.house), Queue::Upkeep)
}

fn audio(site: &Site) -> StorePersistence {
    StorePersistence::new(Arc::clone(&site.house), Queue::Audio)
}

fn take(key: &str, project: Option<u128>) -> Job {
    let project_id = project.map(|number| ProjectId::new(Uuid::from_u128(number)));
    Job { queue: Queue::Audio.as_str().to_owned(), project_id, ..row(key) }
}

#[tokio::test]
async fn a_claim_sets_state_try_and_lease_in_one_commit_with_its_event() {
    for on in [On::Memory, On::Disk] {
        let site = Site::new(on);
        site.queue(take("a", Some(1))).await;
        let claimed = audio(&site).claim().await.unwrap();
        let stored = site.job(claimed.job.row.id).await;
        assert_eq!(stored, claimed.job);
        assert_eq!((stored.row.state, stored.row.attempts), (JobState::Running, 1));
        assert_eq!(stored.row.lease.unwrap(), Lease { node: "here".to_owned(), boot: site.house.boot });
        assert_eq!(site.events().await, ["job.started"]);
        assert!(audio(&site).claim().await.is_none());
    }
}

#[tokio::test]
async fn a_queue_is_as_wide_as_it_is() {
    let site = Site::new(On::Memory);
    for key in ["a", "b", "c"] {
        site.queue(take(key, None)).await;
        site.queue(row(&format!("{key}{key}"))).await;
    }
    let claims = [audio(&site).claim().await, audio(&site).claim().await, audio(&site).claim().await];
    assert_eq!(claims.iter().flatten().count(), site.house.parts.cores);
    assert!(upkeep(&site).claim().await.is_some());
    assert!(upkeep(&site).claim().await.is_none());
}

#[tokio::test]
async fn the_project_with_the_fewest_running_is_next() {
    let site = Site::new(On::Memory);
    for (key, project) in [("a", 1), ("b", 1), ("c", 2)] {
        site.queue(take(key, Some(project))).await;
    }
    let order = [audio(&site).claim().await.unwrap(), audio(&site).claim().await.unwrap()];
    assert_eq!(order.map(|claimed| claimed.job.row.dedup_key), ["a", "c"]);
}

#[tokio::test]
async fn a_better_priority_comes_before_fairness() {
    let site = Site::new(On::Memory);
    site.queue(Job { priority: 2, ..take("a", Some(1)) }).await;
    site.queue(Job { priority: 0, ..take("b", Some(1)) }).await;
    assert_eq!(audio(&site).claim().await.unwrap().job.row.dedup_key, "b");
    site.queue(Job { priority: 0, ..take("c", Some(1)) }).await;
    assert_eq!(audio(&site).claim().await.unwrap().job.row.dedup_key, "c");
}

#[tokio::test]
async fn two_processes_never_claim_the_same_job() {
    let site = Site::new(On::Memory);
    let other = site.another("there");
    for number in 0..20 {
        site.queue(take(&format!("k{number}"), None)).await;
    }
    let mut seen = Vec::new();
    loop {
        let (one, two) = (audio(&site), audio(&other));
        let (one, two) = tokio::join!(one.claim(), two.claim());
        if one.is_none() && two.is_none() {
            break;
        }
        for (claimed, site) in [(one, &site), (two, &other)] {
            let Some(claimed) = claimed else { continue };
            seen.push(claimed.job.row.id);
            crate::work::finish(&site.house, &claimed.job, &outcome::Outcome::Done).await;
            site.house.claims.leave(claimed.job.row.id);
        }
    }
    assert_eq!(seen.len(), 20);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 20);
}
