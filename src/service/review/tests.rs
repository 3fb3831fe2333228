//! Of two last approvals at once, one sees the other; how many there may be; and how they go with their version.

use super::*;
use crate::{project::SettingsPatch, stage::Stage, version::tests::Band};
use model::{access::Role, project::ApprovalRule};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use store::{
    StoreError,
    gate::{Gate, Level},
    space::Reservation,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_last_two_approvals_at_once_approve() {
    for round in 0..40 {
        let stage = Stage::new();
        let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
        let band = Arc::new(Band::of(stage, ada.clone()).await);
        let version = band.make(&ada).await;
        let (id, project) = (version.version.row.id, version.version.row.project_id);
        band.finish(&ada, &version).await;
        band.join(&ben, Role::Viewer).await;
        let rule =
            SettingsPatch { approval_rule: Some(ApprovalRule::AllMembers), ..SettingsPatch::default() };
        band.service().update_project_settings(&ada, project, None, &rule).await.unwrap();
        let good = NewApproval { decision: ApprovalDecision::Approve, note: None };
        let other = {
            let (band, good) = (Arc::clone(&band), good.clone());
            tokio::spawn(async move { band.service().put_my_approval(&ben, id, &good).await })
        };
        band.service().put_my_approval(&ada, id, &good).await.unwrap();
        other.await.unwrap().unwrap();
        let review = band.service().get_version(&ada, id).await.unwrap().version.row.review;
        assert_eq!(review.status, ReviewStatus::Approved, "round {round}");
    }
}

#[test]
fn guests_leave_room_for_every_member() {
    let (guest, user) = (|n| Principal::Guest(id(n)), |n| Principal::User(id(n)));
    let guests_max = limits::GUEST_APPROVALS_PER_VERSION_MAX.unsigned_abs();
    let (guests, members) = (0..guests_max, 0..limits::MEMBERS_PER_PROJECT_MAX.unsigned_abs());
    let all: Vec<_> = guests.map(guest).chain(members.map(user)).collect();
    let told = |me, others: &[Principal]| match room_for(me, others.iter().copied()) {
        Err(Error::Conflict(why)) => Some(why),
        _ => None,
    };
    let guests_only = &all[..guests_max as usize];
    assert_eq!(told(guest(9_999), &guests_only[1..]), None);
    assert!(told(guest(9_999), guests_only).is_some_and(|why| why.contains("guests")));
    assert_eq!(told(user(9_999), guests_only), None);
    assert_eq!(told(user(9_999), &all[1..]), None);
    assert!(told(user(9_999), &all).is_some_and(|why| why.contains("people")));
}

fn id<T: From<uuid::Uuid>>(number: u64) -> T {
    uuid::Uuid::from_u128(u128::from(number)).into()
}

/// A disk that is full after so many more writes.
struct Filling(AtomicI64);

impl Gate for Filling {
    fn check(&self) -> Level {
        if self.0.fetch_sub(1, Ordering::Relaxed) > 0 { Level::Open } else { Level::Hard }
    }
    fn reserve(&self, _bytes: u64) -> std::result::Result<Reservation, StoreError> {
        Ok(Reservation::default())
    }
}

#[tokio::test]
async fn a_purge_that_was_interrupted_is_continued() {
    for writes in 0..3 {
        let disk = Arc::new(Filling(AtomicI64::new(i64::MAX)));
        let stage = Stage::with_gate(disk.clone());
        let ada = stage.person("ada").await;
        let band = Band::of(stage, ada.clone()).await;
        let id = band.make(&ada).await.version.row.id;
        let good = NewApproval { decision: ApprovalDecision::Approve, note: None };
        band.service().put_my_approval(&ada, id, &good).await.unwrap();
        band.service().delete_version(&ada, id, None).await.unwrap();
        let system = Ctx::system(ada.now.plus_millis(limits::TRASH_TTL_MS + 1));
        disk.0.store(writes, Ordering::Relaxed);
        let stopped = band.service().purge_trash(&system).await;
        assert_eq!(stopped.is_err(), writes < 2, "after {writes} writes: {stopped:?}");
        disk.0.store(i64::MAX, Ordering::Relaxed);
        band.service().purge_trash(&system).await.unwrap();
        let store = band.service().store();
        assert!(store.get::<Versions>(&id).await.unwrap().is_none());
        assert_eq!(store.scan::<Approvals>(Scan::all()).await.unwrap().items, []);
        assert_eq!(store.count::<ApprovalCount>(&id).await.unwrap(), 0);
    }
}
