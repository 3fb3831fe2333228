//! The doctor over healthy and damaged stores.

use std::collections::BTreeSet;

use super::*;
use crate::{
    Batch, Counter as _, Index as _, Scan,
    store::tests::config,
    tables::{
        audit::{AuditDraft, AuditRow},
        counters::MemberCount,
        member::{Members, MembersByUser},
    },
};
use model::{
    ProjectId, Timestamp, UserId,
    access::Role,
    event::{Actor, ResourceRef},
    project::ProjectMember,
};
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

fn draft() -> AuditDraft {
    AuditDraft {
        actor: Actor::System,
        action: String::new(),
        target: ResourceRef::new("user", Uuid::nil(), 1),
        ip: None,
        user_agent: None,
        before: None,
        after: None,
    }
}

/// A store with four entries in its audit log.
async fn audited() -> Store {
    let store = Store::memory(config()).unwrap();
    for number in 1..=4u128 {
        let mut batch = Batch::new();
        batch.audit(AuditDraft { action: format!("act.{number}"), ..draft() });
        store.commit(batch).await.unwrap();
    }
    store
}

/// Writes an entry anew as somebody would who knows the format: readable, with a good checksum.
fn forge(store: &Store, number: u64) {
    let key = full_key(Audit::ID, &number);
    let bytes = store.inner.engine.get(&key).unwrap().unwrap();
    let old = record::decode::<AuditRow>(&bytes).unwrap();
    let entry = AuditDraft { action: "act.harmless".to_owned(), ..old.row.entry };
    let mut value = record::encode(&AuditRow { entry, ..old.row }, old.rev).unwrap();
    record::fill(&mut value, old.stamp, old.row.at);
    damage(store, key, Some(value));
}

#[tokio::test]
async fn whoever_changes_the_audit_log_is_found_out_and_the_entry_is_named() {
    let found = |store: &Store| examine(store, None, Repair::No).unwrap().findings;
    let whole = audited().await;
    assert_eq!(found(&whole), Vec::<String>::new());
    for (number, finding) in [
        (1, "entry 1 of the audit log was changed: entry 2 does not continue it"),
        (3, "entry 3 of the audit log was changed: entry 4 does not continue it"),
        (4, "entry 4 of the audit log was changed"),
    ] {
        let store = audited().await;
        forge(&store, number);
        assert_eq!(found(&store), [finding]);
    }
    for (number, finding) in
        [(2u64, "the audit log jumps from entry 1 to 3"), (4, "the audit log ends at entry 3 and had 4")]
    {
        let store = audited().await;
        damage(&store, full_key(Audit::ID, &number), None);
        assert_eq!(found(&store), [finding]);
    }
    // What is written after does not cover it up, also by another process.
    let store = audited().await;
    forge(&store, 4);
    let mut batch = Batch::new();
    batch.audit(AuditDraft { action: "act.5".to_owned(), ..draft() });
    store.commit(batch).await.unwrap();
    assert_eq!(found(&store), ["entry 4 of the audit log was changed: entry 5 does not continue it"]);
}
