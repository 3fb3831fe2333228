//! The doctor over healthy and damaged stores.

use std::collections::BTreeSet;

use super::*;
use crate::{
    Batch, Counter as _, Index as _, Scan,
    store::tests::config,
    tables::{counters::MemberCount, member::Members, member::MembersByUser},
};
use model::{ProjectId, Timestamp, UserId, access::Role, project::ProjectMember};
use uuid::Uuid;

const PROJECT: ProjectId = ProjectId::new(Uuid::from_u128(1));

async fn with_members(count: u128) -> Store {
    let store = Store::memory(config()).unwrap();
    for n in 0..count {
        let user_id = UserId::new(Uuid::from_u128(100 + n));
        let role = if n == 0 { Role::Owner } else { Role::Viewer };
        let member =
            ProjectMember { project_id: PROJECT, user_id, role, joined_at: Timestamp(0), invited_by: None };
        let mut batch = Batch::new();
        batch.insert::<Members>(&(PROJECT, user_id), &member);
        batch.add::<MemberCount>(&PROJECT, 1, ..);
        batch.add::<crate::tables::counters::ProjectsOfUser>(&user_id, 1, ..);
        batch.add::<crate::tables::counters::Owners>(&PROJECT, i64::from(n == 0), 1..);
        store.commit(batch).await.unwrap();
    }
    store
}

fn damage(store: &Store, key: Vec<u8>, value: Option<Vec<u8>>) {
    store.inner.engine.apply(&Writes::from([(key, value)])).unwrap();
}

fn first_key(store: &Store, id: TableId) -> Vec<u8> {
    store.inner.engine.scan(&Scan::all().range(id), 1).unwrap().remove(0).0
}

#[test]
fn every_table_of_the_catalogue_is_examined() {
    let known: BTreeSet<_> = tables::all().iter().map(|examiner| examiner.id()).collect();
    let listed = CATALOG.iter().filter(|entry| entry.kind == Kind::Table).map(|entry| entry.id).collect();
    assert_eq!(known, listed);
}

#[tokio::test]
async fn a_healthy_store_is_clean() {
    let store = with_members(5).await;
    let report = examine(&store, None, Repair::No).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.entries, report.rows), (5, 7), "five members, the head of the log and the schema");
}

#[tokio::test]
async fn a_missing_and_a_stray_index_entry_are_found_and_repaired() {
    let store = with_members(3).await;
    let entry = first_key(&store, MembersByUser::ID);
    damage(&store, entry.clone(), None);
    let stray = [&entry[..17], &[0xFF; 32]].concat();
    damage(&store, stray, Some(vec![0xFF; 32]));
    let report = examine(&store, None, Repair::No).unwrap();
    assert_eq!(report.wrong, 2, "{:?}", report.findings);
    examine(&store, None, Repair::Yes).unwrap();
    assert!(examine(&store, None, Repair::No).unwrap().is_clean());
}

#[tokio::test]
async fn a_wrong_counter_is_found_and_repaired() {
    let store = with_members(3).await;
    let key = first_key(&store, MemberCount::ID);
    damage(&store, key, Some(7i64.to_be_bytes().to_vec()));
    assert_eq!(examine(&store, None, Repair::Yes).unwrap().repaired, 1);
    assert_eq!(store.count::<MemberCount>(&PROJECT).await.unwrap(), 3);
}

#[tokio::test]
async fn a_flipped_bit_is_found_and_named() {
    let store = with_members(1).await;
    let key = first_key(&store, Members::ID);
    let mut value = store.inner.engine.get(&key).unwrap().unwrap();
    *value.last_mut().unwrap() ^= 1;
    damage(&store, key, Some(value));
    let report = examine(&store, None, Repair::No).unwrap();
    assert!(
        report.findings.iter().any(|finding| finding.starts_with("members ") && finding.contains("checksum"))
    );
}
