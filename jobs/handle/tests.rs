//! The whole crate at work: events in, jobs done, a shutdown in the middle.

use super::*;
use crate::testing::{On, Site, row};
use model::{
    EventId, UserId,
    event::{Actor, Event, MailKind, NewEvent, ResourceRef},
    job::Job,
};
use store::{Batch, tables::job::Jobs};
use uuid::Uuid;

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

fn mail(number: u128) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(number)),
        project: None,
        users: vec![],
        actor: Actor::System,
        resource: ResourceRef::new("user", UserId::new(Uuid::from_u128(7)), 1),
        track: None,
        body: Event::MailRequested { token: None, mail: MailKind::PasswordChanged },
    }
}

async fn begin(site: &Site) -> JobsHandle {
    start_in(Arc::clone(&site.house)).await.unwrap()
}

async fn all(site: &Site) -> Vec<Job> {
    let page = site.store().scan::<Jobs>(Scan::all().limit(1_000)).await.unwrap();
    page.items.into_iter().map(|(_, stored)| stored.row).collect()
}

#[tokio::test]
async fn events_become_jobs_that_are_done_and_the_clock_has_its_own() {
    for on in [On::Memory, On::Disk] {
        let site = Site::new(on);
        let handle = begin(&site).await;
        let mut batch = Batch::new();
        for number in 1..=50 {
            batch.emit(mail(number));
        }
        site.store().commit(batch).await.unwrap();
        tokio::time::timeout(SOON, handle.idle()).await.unwrap().unwrap();
        let jobs = all(&site).await;
        let mails = jobs.iter().filter(|job| job.kind == "mail.send");
        assert_eq!(mails.filter(|job| job.state == JobState::Succeeded).count(), 50);
        let clock = registry::ALL.iter().filter(|kind| kind.clock.is_some());
        for kind in clock {
            let waiting = jobs.iter().find(|job| job.kind == kind.name).unwrap();
            assert_eq!((waiting.state, waiting.run_at.is_some()), (JobState::Queued, true));
        }
        site.clock.advance(61_000);
        let done = async {
            while !all(&site)
                .await
                .iter()
                .any(|job| job.kind == "events.trim" && job.state == JobState::Succeeded)
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, done).await.unwrap();
        handle.shutdown().await;
    }
}

#[tokio::test]
async fn what_a_shutdown_interrupts_is_as_if_it_had_not_begun() {
    let site = Site::new(On::Memory);
    // Decoding starts a child that says nothing.
    let handle = begin(&site).await;
    let before = all(&site).await.len();
    site.queue(Job { run_at: Some(site.house.now().plus_seconds(3600)), ..row("later") }).await;
    let brake = site.house.claims.enter(row("x").id, Queue::Audio, None);
    let stuck = site.house.tracker.spawn(async move {
        brake.pulled().await;
    });
    let started = tokio::time::Instant::now();
    handle.shutdown().await;
    assert!(started.elapsed() < House::shutdown_bound() * 2);
    stuck.await.unwrap();
    assert_eq!(all(&site).await.len(), before + 1);
}

#[tokio::test]
async fn a_claimed_job_that_never_began_is_put_back_at_shutdown() {
    let site = Site::new(On::Memory);
    let handle = begin(&site).await;
    let lease = model::job::Lease { node: "here".to_owned(), boot: site.house.boot };
    let id = row("a").id;
    site.house.claims.enter(id, Queue::Upkeep, None);
    site.queue(Job { state: JobState::Running, lease: Some(lease), attempts: 1, ..row("a") }).await;
    handle.shutdown().await;
    assert_eq!(site.state(id).await, (JobState::Queued, 0));
}
