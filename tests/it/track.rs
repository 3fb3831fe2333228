//! Tracks over HTTP: made, ordered, deleted and restored.

use crate::support::{App, Person};
use serde_json::json;

/// A project with tracks of these names: its path, and the ids of the tracks.
pub(crate) async fn song(person: &Person, names: &[&str]) -> (String, Vec<String>) {
    let project = person.post("/api/v1/projects", json!({"name": "Song"})).await.ok(201);
    let path = format!("/api/v1/projects/{}", project["id"].as_str().expect("an id"));
    let mut ids = vec![];
    for name in names {
        let track =
            person.post(&format!("{path}/tracks"), json!({"name": name, "kind": "stem"})).await.ok(201);
        ids.push(track["id"].as_str().expect("an id").to_owned());
    }
    (path, ids)
}

async fn order(person: &Person, path: &str) -> Vec<String> {
    let list = person.get(&format!("{path}/tracks")).await.ok(200);
    let items = list["items"].as_array().expect("tracks").iter();
    items.map(|track| track["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn a_track_is_made_changed_and_read() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (path, ids) = song(&ada, &["Drums"]).await;
    let new = json!({"name": "Bass", "kind": "instrument", "instrument": "fretless", "volume": 0.8, "pan": -0.25,
        "before_id": ids[0]});
    let made = ada.post(&format!("{path}/tracks"), new).await;
    let bass = made.ok(201);
    let track = format!("/api/v1/tracks/{}", bass["id"].as_str().expect("an id"));
    assert_eq!(made.header("location"), track);
    assert_eq!(
        (&bass["volume"], &bass["pan"], &bass["version_count"]),
        (&json!(0.8), &json!(-0.25), &json!(0))
    );
    assert_eq!(order(&ada, &path).await, ["Bass", "Drums"]);
    assert_eq!(ada.get(&path).await.ok(200)["counts"]["tracks"], json!(2));

    let again = async |path: &str| {
        ada.post(&format!("{path}/tracks"), json!({"name": "Keys"})).header("idempotency-key", "k").await
    };
    let (keys, (other, _)) = (again(&path).await.ok(201), song(&ada, &[]).await);
    assert_eq!(again(&path).await.ok(201)["id"], keys["id"]);
    again(&other).await.problem("idempotency_mismatch");
    ada.delete(&format!("/api/v1/tracks/{}", keys["id"].as_str().expect("an id"))).await.ok(204);

    let mixed = ada.patch(&track, json!({"muted": true})).await.ok(200);
    assert_eq!((&mixed["muted"], &mixed["revision"]), (&json!(true), &json!(1)), "mixing is no revision");
    let change = json!({"name": "Low end", "instrument": null});
    let renamed = ada.patch(&track, change).header("if-match", "\"r1\"").await.ok(200);
    assert_eq!((&renamed["name"], &renamed["revision"]), (&json!("Low end"), &json!(2)));
    ada.delete(&track).header("if-match", "\"r1\"").await.problem("revision_conflict");
    assert_eq!(ada.get(&track).await.ok(200), renamed);

    let faulty =
        json!({"name": "", "volume": 3, "pan": -2, "position": "a", "start_offset_ms": 99_000_000_000_i64});
    let faults = ada.patch(&track, faulty).await.faults();
    assert_eq!(faults, ["/name", "/pan", "/position", "/start_offset_ms", "/volume"]);
}

#[tokio::test]
async fn tracks_are_ordered_by_moves_and_as_a_whole() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (path, ids) = song(&ada, &["A", "B", "C"]).await;
    let last = format!("/api/v1/tracks/{}/move", ids[2]);
    ada.post(&last, json!({"before_id": ids[0]})).await.ok(200);
    assert_eq!(order(&ada, &path).await, ["C", "A", "B"]);
    for wrong in [json!({}), json!({"before_id": ids[0], "after_id": ids[1]}), json!({"after_id": ids[2]})] {
        ada.post(&last, wrong).await.problem("validation_failed");
    }

    let list = ada.get(&format!("{path}/tracks")).await;
    let (tag, place) = (list.header("etag"), format!("{path}/tracks/order"));
    let put = |wanted: &[usize]| {
        ada.put(&place, json!({"track_ids": wanted.iter().map(|i| &ids[*i]).collect::<Vec<_>>()}))
    };
    let done = put(&[0, 1, 2]).header("if-match", tag).await.ok(200);
    assert_eq!(done["track_ids"], json!(ids));
    assert_eq!(order(&ada, &path).await, ["A", "B", "C"]);
    put(&[2, 1, 0]).header("if-match", tag).await.problem("revision_conflict");
    put(&[0, 1]).await.problem("order_conflict");
    assert_eq!(put(&[0, 1, 1]).await.faults(), ["/track_ids/2"]);
}

#[tokio::test]
async fn a_deleted_track_waits_in_the_trash() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (path, ids) = song(&ada, &["A", "B", "C"]).await;
    let track = format!("/api/v1/tracks/{}", ids[1]);
    ada.delete(&track).await.ok(204);
    ada.get(&track).await.problem("not_found");
    assert_eq!(order(&ada, &path).await, ["A", "C"]);
    let trash = ada.get(&format!("{path}/trash")).await.ok(200);
    assert_eq!((&trash["items"][0]["type"], &trash["items"][0]["title"]), (&json!("track"), &json!("B")));
    ada.post_empty(&format!("{track}/restore")).await.ok(200);
    assert_eq!(order(&ada, &path).await, ["A", "B", "C"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn moves_at_the_same_time_lose_no_track() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (path, ids) = song(&ada, &["A", "B", "C", "D"]).await;
    let moves = (0..12).map(|n| {
        let (ada, mover, beside) = (ada.clone(), ids[n % 4].clone(), ids[(n + 1 + n / 4) % 4].clone());
        tokio::spawn(async move {
            ada.post(&format!("/api/v1/tracks/{mover}/move"), json!({"after_id": beside})).await.status
        })
    });
    for status in futures::future::join_all(moves).await {
        // Whoever loses five times in a row is told so and nothing is lost.
        assert!(matches!(status.expect("the task ends"), 200 | 409 | 422));
    }
    let mut found = order(&ada, &path).await;
    found.sort();
    assert_eq!(found, ["A", "B", "C", "D"]);
}

/// Half a second of a 440 Hz tone: 8 kHz, 16 bit, mono.
fn tone() -> Vec<u8> {
    let samples: Vec<i16> = (0..4000_i16)
        .map(|n| ((f64::from(n) * 440.0 * std::f64::consts::TAU / 8000.0).sin() * 12_000.0) as i16)
        .collect();
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let length = u32::try_from(data.len()).expect("half a second is short");
    let mut wav = [&b"RIFF"[..], &(36 + length).to_le_bytes(), b"WAVEfmt ", &16_u32.to_le_bytes()].concat();
    for field in [1_u16, 1] {
        wav.extend(field.to_le_bytes());
    }
    wav.extend([8000_u32.to_le_bytes(), 16_000_u32.to_le_bytes()].concat());
    wav.extend([2_u16.to_le_bytes(), 16_u16.to_le_bytes()].concat());
    [wav, b"data".to_vec(), length.to_le_bytes().to_vec(), data].concat()
}

/// Uploads a take, waits until it plays; its id.
async fn take(app: &App, person: &Person, project: &str, track: &str) -> String {
    let wav = tone();
    let project_id = project.rsplit('/').next();
    let new = json!({"filename": "take.wav", "size_bytes": wav.len(), "content_type": "audio/wav",
        "project_id": project_id});
    let upload = person.post("/api/v1/uploads", new).await.ok(201)["id"].clone();
    let content = format!("/api/v1/uploads/{}/content", upload.as_str().expect("an id"));
    person.ask(reqwest::Method::PUT, &content).body("application/octet-stream", wav).await.ok(200);
    let version = person.post(&format!("{track}/versions"), json!({"upload_id": upload})).await.ok(201);
    app.idle().await;
    version["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_take_counts_with_its_track() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (path, ids) = song(&ada, &["Drums", "Bass"]).await;
    let track = format!("/api/v1/tracks/{}", ids[0]);
    let version = take(&app, &ada, &path, &track).await;
    let size = tone().len();

    let tracks = ada.get(&format!("{path}/tracks?include=current_version")).await.ok(200);
    assert_eq!(tracks["items"][0]["current_version"]["id"], json!(version));
    assert_eq!(tracks["items"][0]["current_version"]["media"]["duration_ms"], json!(500));
    assert_eq!(tracks["items"][0]["current_version_id"], json!(version));
    assert!(tracks["items"][1].get("current_version").is_none());
    let plain = ada.get(&format!("{path}/tracks")).await.ok(200);
    assert!(plain["items"][0].get("current_version").is_none());

    let shown = async || {
        let project = ada.get(&path).await.ok(200);
        (
            project["counts"]["tracks"].clone(),
            project["counts"]["versions"].clone(),
            project["size_bytes"].clone(),
        )
    };
    assert_eq!(shown().await, (json!(2), json!(1), json!(size)));
    ada.delete(&track).await.ok(204);
    assert_eq!(shown().await, (json!(1), json!(0), json!(size)), "the trash keeps its bytes");
    ada.post_empty(&format!("{track}/restore")).await.ok(200);
    assert_eq!(shown().await, (json!(2), json!(1), json!(size)));
    let storage = ada.get("/api/v1/me/storage").await.ok(200);
    assert_eq!(
        (&storage["used_bytes"], &storage["by_project"][0]["size_bytes"]),
        (&json!(size), &json!(size))
    );

    ada.delete(&format!("/api/v1/versions/{version}")).await.ok(204);
    let trash = ada.get(&format!("{path}/trash")).await.ok(200);
    assert_eq!(trash["items"].as_array().map(Vec::len), Some(1));
    assert_eq!((&trash["items"][0]["type"], &trash["items"][0]["id"]), (&json!("version"), &json!(version)));
    assert_eq!((&trash["items"][0]["title"], &trash["items"][0]["number"]), (&json!("take.wav"), &json!(1)));
}
