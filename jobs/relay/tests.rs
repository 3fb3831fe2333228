//! Tests.

use super::*;
use crate::testing::{On, Site};
use model::{
    BlobHash, EventId, JobId, ProjectId, UserId, VersionId,
    event::{Actor, Event, NewEvent, ResourceRef},
    job::JobState,
};
use uuid::Uuid;

fn created(version: u128, job: u128) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(version)),
        project: Some(ProjectId::new(Uuid::from_u128(1))),
        users: Vec::new(),
        actor: Actor::User(UserId::new(Uuid::from_u128(2))),
        resource: ResourceRef::new("version", VersionId::new(Uuid::from_u128(version)), 1),
        track: None,
        body: Event::VersionCreated {
            original: BlobHash([1; 32]),
            job: JobId::new(Uuid::from_u128(job)),
            number: 1,
        },
    }
}

async fn emit(site: &Site, events: impl IntoIterator<Item = NewEvent>) {
    let mut batch = Batch::new();
    for event in events {
        batch.emit(event);
    }
    site.store().commit(batch).await.unwrap();
}

async fn relay_all(site: &Site) {
    let relay = Relay { house: Arc::clone(&site.house) };
    let mut tail = Tail::open(site.store().clone(), relay).await.unwrap();
    while tail.step().await.unwrap() > 0 {}
}

async fn jobs(site: &Site) -> Vec<Job> {
    let page = site.store().scan::<Jobs>(Scan::all()).await.unwrap();
    page.items.into_iter().map(|(_, stored)| stored.row).collect()
}

#[tokio::test]
async fn an_event_becomes_its_job_once() {
    for on in [On::Memory, On::Disk] {
        let site = Site::new(on);
        emit(&site, [created(10, 20), created(11, 21)]).await;
        relay_all(&site).await;
        relay_all(&site).await;
        let jobs = jobs(&site).await;
        let ids: Vec<_> = jobs.iter().map(|job| job.id.uuid().as_u128()).collect();
        assert_eq!(ids, [20, 21]);
        let job = &jobs[0];
        assert_eq!(
            (job.state, job.cause_seq, job.project_id),
            (JobState::Queued, 1, created(10, 20).project)
        );
        assert_eq!(job.subject, Some(("version".to_owned(), Uuid::from_u128(10))));
        assert_eq!(job.created_by, Some(UserId::new(Uuid::from_u128(2))));
    }
}

#[tokio::test]
async fn two_events_for_the_same_work_queue_it_once() {
    let site = Site::new(On::Memory);
    // In one batch of the relay, and again in a later one.
    emit(&site, [created(10, 20), created(10, 21)]).await;
    relay_all(&site).await;
    emit(&site, [created(10, 22)]).await;
    relay_all(&site).await;
    assert_eq!(jobs(&site).await.len(), 1);
}
