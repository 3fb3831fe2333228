//! Backups of a running server over HTTP: made while people write, fetched, restored, deleted.

use crate::{
    admin::administrator,
    support::{
        App, Person,
        studio::{Studio, id, sound},
    },
};
use backline::adapters::{clock::SystemClock, ids::RandomIds};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use store::{
    Scan, StoreConfig,
    backup::{Restoring, restore, verify},
    tables::audit::Audit,
};

const BACKUPS: &str = "/api/v1/admin/backups";
const PROJECTS: &str = "/api/v1/projects";
const WRITERS: usize = 3;

/// Makes a backup and waits for its job.
async fn backup(boss: &Person, body: Value) -> Value {
    let mut job = boss.post(BACKUPS, body).await.ok(202);
    assert_eq!((&job["kind"], &job["created_by"]), (&json!("backup.run"), &json!(boss.id)));
    while job["state"] == "queued" || job["state"] == "running" {
        tokio::time::sleep(Duration::from_millis(10)).await;
        job = boss.get(&format!("/api/v1/jobs/{}", id(&job))).await.ok(200);
    }
    assert_eq!((&job["state"], &job["progress"]), (&json!("succeeded"), &json!(1.0)), "{job}");
    job
}

fn file_url(job: &Value) -> &str {
    job["result"]["file_url"].as_str().expect("a file")
}

/// Restores an archive into a directory that does not exist.
fn bring_back(archive: &Path, target: &Path) {
    let config = StoreConfig::new(Arc::new(SystemClock), Arc::new(RandomIds::default()));
    let call_off = jobs::registry::called_off_by_restore();
    let restoring = Restoring { archive, target, config: &config, call_off: &call_off };
    restore(&restoring, &|_| {}).expect("the archive is whole");
}

/// Makes projects and changes each three times, until told to stop; the ids.
async fn write(ada: Person, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut made = Vec::new();
    while !stop.load(Ordering::Acquire) {
        let project = id(&ada.post(PROJECTS, json!({"name": "Song", "description": "take 1"})).await.ok(201));
        for take in 2..=4 {
            let body = json!({"description": format!("take {take}")});
            ada.patch(&format!("{PROJECTS}/{project}"), body).await.ok(200);
        }
        made.push(project);
    }
    made
}

/// The revision that a project had after the event `seq`; 0 before it was made.
async fn revision_at(ada: &Person, project: &str, seq: u64) -> u64 {
    let log = ada.get(&format!("{PROJECTS}/{project}/events/log")).await.ok(200);
    let events = log["items"].as_array().expect("items").clone();
    let until = events.iter().filter(|event| {
        let position = event["position"].as_str().expect("a position");
        let at: u64 = position.rsplit('-').next().and_then(|seq| seq.parse().ok()).expect("a number");
        at <= seq
    });
    until.filter_map(|event| event["resource"]["revision"].as_u64()).max().unwrap_or(0)
}

#[tokio::test]
async fn a_backup_made_while_people_write_is_the_state_after_its_event() {
    let studio = Studio::open().await;
    let app = &studio.app;
    let wav = sound(4_800, 7);
    let version = id(&studio.version(&wav).await);
    let boss = administrator(app, "boss").await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..WRITERS).map(|_| tokio::spawn(write(studio.ada.clone(), Arc::clone(&stop)))).collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let job = backup(&boss, json!({})).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.store(true, Ordering::Release);

    let seq = job["result"]["seq"].as_u64().expect("the event it is the state after");
    let mut expected = BTreeMap::new();
    for writer in writers {
        for project in writer.await.expect("a writer") {
            let revision = revision_at(&studio.ada, &project, seq).await;
            expected.insert(project, revision);
        }
    }
    assert!(expected.values().any(|revision| *revision > 0), "nothing was written before");
    assert!(expected.values().any(|revision| *revision < 4), "nothing was written meanwhile");

    let archive = boss.get(file_url(&job)).await;
    assert_eq!(archive.status, 200);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("kept.tar");
    std::fs::write(&file, &archive.body).expect("there is room");
    let restored = App::with(|config, world| {
        bring_back(&file, &config.data_dir);
        // Ids that count would be given again.
        world.ids = Arc::new(RandomIds::default());
    })
    .await;
    let ada = restored.login("ada").await;
    for (project, revision) in &expected {
        let found = ada.get(&format!("{PROJECTS}/{project}")).await;
        if *revision == 0 {
            found.problem("not_found");
        } else {
            let found = found.ok(200);
            assert_eq!(
                (&found["revision"], &found["description"]),
                (&json!(revision), &json!(format!("take {revision}")))
            );
        }
    }
    assert_eq!(ada.get(&format!("/api/v1/versions/{version}/download")).await.body, wav);
    studio
        .ada
        .with_token(ada.token.as_deref().unwrap_or_default())
        .get("/api/v1/me")
        .await
        .problem("unauthenticated");
    restored.idle().await;
    let again = restored.login("boss").await.get(BACKUPS).await.ok(200);
    assert_eq!(again["items"], json!([]), "the restored server made a backup of its own");
}

#[tokio::test]
async fn backups_are_listed_fetched_in_parts_and_deleted() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    assert_eq!(boss.get(BACKUPS).await.ok(200)["items"], json!([]));
    let first = backup(&boss, json!({})).await;
    app.clock.advance_ms(60_000);
    let second = backup(&boss, json!({"include_audio": false})).await;
    let listed = boss.get(&format!("{BACKUPS}?limit=1")).await.ok(200);
    let (newest, cursor) = (&listed["items"][0], listed["next_cursor"].as_str().expect("there is more"));
    assert!(file_url(&second).ends_with(newest["name"].as_str().expect("a name")));
    assert_eq!((&newest["includes_audio"], &newest["schema_version"]), (&json!(false), &json!(1)));
    assert_eq!(newest["seq"], second["result"]["seq"]);
    let rest = boss.get(&format!("{BACKUPS}?limit=1&cursor={cursor}")).await.ok(200);
    let oldest = &rest["items"][0];
    assert!(file_url(&first).ends_with(oldest["name"].as_str().expect("a name")));
    assert_eq!(
        (&oldest["created_at"], &rest["next_cursor"]),
        (&json!("2026-11-22T10:42:00.000Z"), &Value::Null)
    );

    let whole = boss.get(file_url(&first)).await;
    assert_eq!(oldest["bytes"], whole.body.len());
    assert_eq!(whole.header("content-type"), "application/x-tar");
    assert!(whole.header("content-disposition").starts_with("attachment"));
    let part = boss.get(file_url(&first)).header("range", "bytes=512-1023").await;
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[512..1024]));
    let tag = whole.header("etag").to_owned();
    assert_eq!(boss.get(file_url(&first)).header("if-none-match", &tag).await.status, 304);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("kept.tar");
    std::fs::write(&file, &whole.body).expect("there is room");
    assert_eq!(Some(verify(&file, &|_| {}).expect("it is whole").seq), first["result"]["seq"].as_u64());

    boss.delete(file_url(&first)).await.ok(204);
    boss.get(file_url(&first)).await.problem("not_found");
    boss.delete(file_url(&first)).await.problem("not_found");
    assert_eq!(boss.get(BACKUPS).await.ok(200)["items"].as_array().map(Vec::len), Some(1));
    for name in ["..%2Fkeys", "nothing.tar", ".hidden.tar", "x"] {
        boss.get(&format!("{BACKUPS}/{name}")).await.problem("not_found");
    }
    let store = &app.server().instance().store;
    let audited = store.scan::<Audit>(Scan::all()).await.expect("the audit log");
    let acts: Vec<_> = audited.items.iter().map(|(_, row)| row.row.entry.action.as_str()).collect();
    for (act, times) in [("backup.requested", 2), ("backup.downloaded", 3), ("backup.deleted", 1)] {
        assert_eq!(acts.iter().filter(|found| **found == act).count(), times, "{act}");
    }
}

#[tokio::test]
async fn only_administrators_touch_backups_and_see_their_jobs() {
    let app = App::start().await;
    let (boss, ada) = (administrator(&app, "boss").await, app.user("ada").await);
    let job = backup(&boss, json!({})).await;
    ada.get(BACKUPS).await.problem("forbidden");
    ada.post(BACKUPS, json!({})).await.problem("forbidden");
    ada.get(file_url(&job)).await.problem("forbidden");
    ada.delete(file_url(&job)).await.problem("forbidden");
    ada.get(&format!("/api/v1/jobs/{}", id(&job))).await.problem("not_found");
    app.anonymous().get(file_url(&job)).await.problem("unauthenticated");
    let other = administrator(&app, "other").await;
    assert_eq!(other.get(&format!("/api/v1/jobs/{}", id(&job))).await.ok(200)["state"], "succeeded");
    let repeated = boss.post(BACKUPS, json!({})).header("idempotency-key", "nightly");
    let job = id(&repeated.await.ok(202));
    let again = boss.post(BACKUPS, json!({})).header("idempotency-key", "nightly").await.ok(202);
    assert_eq!(id(&again), job);
    assert_eq!(boss.post(BACKUPS, json!({"include_audio": "no"})).await.faults(), ["/include_audio"]);
}
