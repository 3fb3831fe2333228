//! Versions: numbered, described, chosen, thrown away and brought back.

use crate::support::studio::{Studio, broken_sound, id, sound};
use serde_json::{Value, json};

async fn numbers(studio: &Studio, query: &str) -> Vec<i64> {
    let list = studio.ada.get(&format!("/api/v1/tracks/{}/versions{query}", studio.track)).await.ok(200);
    let items = list["items"].as_array().expect("items");
    items.iter().map(|item| item["number"].as_i64().expect("a number")).collect()
}

async fn current(studio: &Studio) -> Value {
    studio.ada.get(&format!("/api/v1/tracks/{}", studio.track)).await.ok(200)["current_version_id"].clone()
}

#[tokio::test]
async fn a_version_goes_from_upload_to_ready() {
    let studio = Studio::open().await;
    let bytes = sound(48_000, 1);
    let version = studio.version(&bytes).await;
    assert_eq!(version["status"], "ready");
    let media = &version["media"];
    for (field, expected) in [
        ("duration_ms", json!(1000)),
        ("frames", json!(48_000)),
        ("sample_rate", json!(48_000)),
        ("bit_depth", json!(16)),
        ("channels", json!(2)),
        ("container", json!("wav")),
        ("codec", json!("pcm")),
        ("size_bytes", json!(bytes.len())),
        ("browser_playable", json!(true)),
    ] {
        assert_eq!(media[field], expected, "{field}");
    }
    assert!(version["loudness"]["integrated_lufs"].is_number(), "{version}");
    assert_eq!((&version["is_current"], current(&studio).await), (&json!(true), version["id"].clone()));

    let job = version["job_id"].as_str().expect("a job");
    let job = studio.ada.get(&format!("/api/v1/jobs/{job}")).await.ok(200);
    assert_eq!((&job["state"], &job["kind"]), (&json!("succeeded"), &json!("version.process")));
    assert_eq!(job["subject"], json!({"type": "version", "id": version["id"]}));
    let path = format!("/api/v1/jobs/{}", id(&job));
    studio.ada.post_empty(&format!("{path}/cancel")).await.problem("conflict");
    let ben = studio.app.user("ben").await;
    ben.get(&path).await.problem("not_found");
    let jobs = studio.ada.get(&format!("/api/v1/projects/{}/jobs", studio.project)).await.ok(200);
    assert_eq!(jobs["items"], json!([job]));
}

#[tokio::test]
async fn a_request_sent_twice_makes_one_version() {
    let studio = Studio::open().await;
    let body = json!({"upload_id": studio.upload(&sound(100, 1)).await, "label": "one"});
    let path = format!("/api/v1/tracks/{}/versions", studio.track);
    let send = |body: &Value| studio.ada.post(&path, body.clone()).header("idempotency-key", "k");
    let (first, second) = (send(&body).await.ok(201), send(&body).await);
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(second.ok(201)["id"], first["id"]);
    send(&json!({"upload_id": body["upload_id"], "label": "two"})).await.problem("idempotency_mismatch");
    assert_eq!(numbers(&studio, "").await, [1]);
    assert_eq!(studio.ada.post(&path, body).await.faults(), ["/upload_id"]);
}

#[tokio::test]
async fn two_at_once_get_two_numbers() {
    let studio = Studio::open().await;
    let (one, two) = (studio.upload(&sound(100, 1)).await, studio.upload(&sound(100, 2)).await);
    let path = format!("/api/v1/tracks/{}/versions", studio.track);
    let make = |upload: &str| studio.ada.post(&path, json!({"upload_id": upload}));
    let (one, two) = tokio::join!(make(&one), make(&two));
    let mut given = [one.ok(201)["number"].as_i64(), two.ok(201)["number"].as_i64()];
    given.sort();
    assert_eq!(given, [Some(1), Some(2)]);
}

#[tokio::test]
async fn lists_are_newest_first_filtered_and_in_pages() {
    let studio = Studio::careless().await;
    for seed in 0..3 {
        studio.version(&sound(300, seed)).await;
    }
    studio.version(&broken_sound()).await;
    assert_eq!(numbers(&studio, "").await, [4, 3, 2, 1]);
    assert_eq!(numbers(&studio, "?status=ready").await, [3, 2, 1]);
    assert_eq!(numbers(&studio, "?status=failed").await, [4]);
    let path = format!("/api/v1/tracks/{}/versions", studio.track);
    assert_eq!(studio.ada.get(&format!("{path}?status=loud")).await.faults(), ["?status"]);
    let page = studio.ada.get(&format!("{path}?limit=3")).await.ok(200);
    let cursor = page["next_cursor"].as_str().expect("there is more");
    assert_eq!(numbers(&studio, &format!("?limit=3&cursor={cursor}")).await, [1]);
}

#[tokio::test]
async fn descriptions_are_patched() {
    let studio = Studio::open().await;
    let version = studio.version(&sound(300, 1)).await;
    let path = format!("/api/v1/versions/{}", id(&version));
    let tag = studio.ada.get(&path).await.header("etag").to_owned();
    let patch =
        json!({"label": " Loud ", "tags": ["Live", "live"], "metadata": {"mic": "SM57", "room": "B"}});
    let changed = studio.ada.patch(&path, patch).header("if-match", &tag).await.ok(200);
    assert_eq!((&changed["label"], &changed["tags"]), (&json!("Loud"), &json!(["live"])));
    studio.ada.patch(&path, json!({})).header("if-match", &tag).await.problem("revision_conflict");
    let patch = json!({"label": null, "metadata": {"room": null, "amp": "AC30"}});
    let changed = studio.ada.patch(&path, patch).await.ok(200);
    assert_eq!(
        (&changed["label"], &changed["metadata"]),
        (&Value::Null, &json!({"mic": "SM57", "amp": "AC30"}))
    );
    assert_eq!(studio.ada.patch(&path, json!({"metadata": null})).await.ok(200)["metadata"], json!({}));
    let odd = json!({"number": 7, "label": "", "metadata": {"a": 1}});
    assert_eq!(studio.ada.patch(&path, odd).await.faults(), ["/label", "/metadata/a", "/number"]);
    let kept =
        studio.ada.get(&path).header("if-none-match", studio.ada.get(&path).await.header("etag")).await;
    assert_eq!(kept.status, 304);
}

#[tokio::test]
async fn the_current_version_is_chosen_deleted_and_restored() {
    let studio = Studio::careless().await;
    let ada = &studio.ada;
    let mut ids = vec![];
    for seed in 0..3 {
        studio.app.clock.advance_ms(1000);
        ids.push(id(&studio.version(&sound(300, seed)).await));
    }
    assert_eq!(current(&studio).await, json!(ids[2]));
    let choose = format!("/api/v1/tracks/{}/current-version", studio.track);
    studio.app.clock.advance_ms(1000);
    let track = ada.put(&choose, json!({"version_id": ids[0]})).await.ok(200);
    assert_eq!(track["current_version_id"], json!(ids[0]));
    assert_eq!(ada.get(&format!("/api/v1/versions/{}", ids[0])).await.ok(200)["is_current"], json!(true));
    let stranger = json!({"version_id": studio.project});
    assert_eq!(ada.put(&choose, stranger).await.faults(), ["/version_id"]);

    ada.delete(&format!("/api/v1/versions/{}", ids[0])).await.ok(204);
    ada.get(&format!("/api/v1/versions/{}", ids[0])).await.problem("not_found");
    assert_eq!(current(&studio).await, json!(ids[2]), "the newest other one plays");
    assert_eq!(numbers(&studio, "").await, [3, 2]);
    let restored = ada.post_empty(&format!("/api/v1/versions/{}/restore", ids[0])).await.ok(200);
    assert_eq!((&restored["number"], &restored["is_current"]), (&json!(1), &json!(false)));
    ada.post_empty(&format!("/api/v1/versions/{}/restore", ids[0])).await.problem("conflict");

    let broken = studio.version(&broken_sound()).await;
    ada.put(&choose, json!({"version_id": broken["id"]})).await.problem("corrupt_audio");
    ada.post_empty(&format!("/api/v1/projects/{}/archive", studio.project)).await.ok(200);
    ada.delete(&format!("/api/v1/versions/{}", ids[1])).await.problem("project_archived");
    ada.put(&choose, json!({"version_id": ids[1]})).await.problem("project_archived");
}

#[tokio::test]
async fn others_learn_nothing() {
    let studio = Studio::open().await;
    let version = format!("/api/v1/versions/{}", id(&studio.version(&sound(300, 1)).await));
    let versions = format!("/api/v1/tracks/{}/versions", studio.track);
    let ben = studio.app.user("ben").await;
    for path in [&version, &versions, &format!("{version}/stream"), &format!("{version}/download")] {
        ben.get(path).await.problem("not_found");
        studio.app.anonymous().get(path).await.problem("unauthenticated");
    }
    for path in ["waveform", "waveform.dat", "peaks"] {
        ben.get(&format!("{version}/{path}")).await.problem("not_found");
    }
    ben.patch(&version, json!({})).await.problem("not_found");
    ben.delete(&version).await.problem("not_found");
    ben.post_empty(&format!("{version}/restore")).await.problem("not_found");
    ben.post(&format!("{version}/stream-url"), json!({})).await.problem("not_found");
    ben.post(&versions, json!({"upload_id": studio.project})).await.problem("not_found");
}
