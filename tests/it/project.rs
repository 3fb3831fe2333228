//! Projects over HTTP: the life of one, who sees it, how it is found again.

use crate::support::{App, Person};
use reqwest::Method;
use serde_json::{Value, json};

/// A project of this name; its path.
async fn made(person: &Person, name: &str) -> String {
    let made = person.post("/api/v1/projects", json!({"name": name})).await.ok(201);
    format!("/api/v1/projects/{}", made["id"].as_str().expect("an id"))
}

fn names(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("a list has items");
    items.iter().map(|project| project["name"].as_str().expect("a project has a name")).collect()
}

#[tokio::test]
async fn the_life_of_a_project() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let new = json!({"name": " Späte Tage ", "bpm": 92.5, "time_signature": "7/8", "color": "#E8B84B"});
    let project = ada.post("/api/v1/projects", new).await.ok(201);
    let path = format!("/api/v1/projects/{}", project["id"].as_str().expect("an id"));
    assert_eq!((&project["name"], &project["slug"]), (&json!("Späte Tage"), &json!("spate-tage")));
    assert_eq!((&project["color"], &project["starred"]), (&json!("#e8b84b"), &json!(false)));
    assert_eq!(
        project["counts"],
        json!({"tracks": 0, "versions": 0, "open_comments": 0, "members": 1, "checkpoints": 0})
    );
    assert!(project.get("description").is_none(), "what is absent is left out");

    ada.delete(&path).header("if-match", "\"r7\"").await.problem("revision_conflict");
    ada.delete(&path).await.ok(204);
    ada.get(&path).await.problem("not_found");
    ada.patch(&path, json!({"name": "Ghost"})).await.problem("not_found");
    let trash = ada.get("/api/v1/projects?filter=trash").await.ok(200);
    assert_eq!(names(&trash), ["Späte Tage"]);
    assert!(trash["items"][0]["deleted_at"].is_string());
    let restored = ada.post_empty(&format!("{path}/restore")).await.ok(200);
    assert_eq!((&restored["time_signature"], restored.get("deleted_at")), (&json!("7/8"), None));
    ada.post_empty(&format!("{path}/restore")).await.problem("conflict");
}

#[tokio::test]
async fn every_fault_of_a_new_project_is_named() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let faulty = json!({"name": " ", "bpm": 5, "color": "red", "tags": ["ok", ""], "tempo": 120});
    let faults = ada.post("/api/v1/projects", faulty).await.faults();
    assert_eq!(faults, ["/bpm", "/color", "/name", "/tags/1", "/tempo"]);
}

#[tokio::test]
async fn strangers_cannot_tell_it_from_nothing() {
    let app = App::start().await;
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let path = made(&ada, "Secret").await;
    for refused in [
        eve.get(&path),
        eve.patch(&path, json!({"name": "Mine"})),
        eve.delete(&path),
        eve.post_empty(&format!("{path}/archive")),
        eve.ask(Method::PUT, &format!("{path}/star")),
        eve.get(&format!("{path}/members")),
        eve.get(&format!("{path}/settings")),
        eve.get(&format!("{path}/cover")),
        eve.get(&format!("{path}/tracks")),
        eve.get(&format!("{path}/mix")),
        eve.get(&format!("{path}/trash")),
    ] {
        refused.await.problem("not_found");
    }
    assert_eq!(names(&eve.get("/api/v1/projects").await.ok(200)), Vec::<&str>::new());
    let members = ada.get(&format!("{path}/members")).await.ok(200);
    let ada_herself = &members["items"][0];
    assert_eq!((&ada_herself["role"], &ada_herself["user"]["id"]), (&json!("owner"), &json!(ada.id)));
    assert_eq!(members["next_cursor"], Value::Null);
}

#[tokio::test]
async fn an_archived_project_refuses_every_write() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let path = made(&ada, "Old").await;
    let track = ada.post(&format!("{path}/tracks"), json!({"name": "Bass"})).await.ok(201);
    let track = format!("/api/v1/tracks/{}", track["id"].as_str().expect("an id"));
    let archived = ada.post_empty(&format!("{path}/archive")).await.ok(200);
    assert_eq!(archived["archived_by"], json!(ada.id));
    for refused in [
        ada.patch(&path, json!({"name": "New"})),
        ada.patch(&format!("{path}/settings"), json!({"viewer_can_comment": false})),
        ada.post(&format!("{path}/tracks"), json!({"name": "Drums"})),
        ada.patch(&track, json!({"volume": 0.5})),
        ada.delete(&track),
        ada.put(&format!("{path}/mix"), json!({"tracks": {}})),
        ada.delete(&format!("{path}/cover")),
    ] {
        refused.await.problem("project_archived");
    }
    assert_eq!(names(&ada.get("/api/v1/projects?filter=archived").await.ok(200)), ["Old"]);
    assert_eq!(names(&ada.get("/api/v1/projects?filter=my").await.ok(200)), Vec::<&str>::new());
    let back = ada.post_empty(&format!("{path}/unarchive")).await.ok(200);
    assert!(back.get("archived_at").is_none());
    ada.patch(&path, json!({"name": "New"})).await.ok(200);
}

#[tokio::test]
async fn lists_are_searched_sorted_and_paged() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    for name in ["Übung", "Café Noir", "album", "Zum Schluss"] {
        made(&ada, name).await;
    }
    let list = async |query: &str| ada.get(&format!("/api/v1/projects?{query}")).await;
    assert_eq!(names(&list("sort=name").await.ok(200)), ["album", "Café Noir", "Übung", "Zum Schluss"]);
    assert_eq!(names(&list("q=CAFE").await.ok(200)), ["Café Noir"]);
    let first = list("sort=-name&limit=3").await.ok(200);
    assert_eq!(names(&first), ["Zum Schluss", "Übung", "Café Noir"]);
    let cursor = first["next_cursor"].as_str().expect("there is more");
    let second = list(&format!("sort=-name&limit=3&cursor={cursor}")).await.ok(200);
    assert_eq!((names(&second), &second["next_cursor"]), (vec!["album"], &Value::Null));
    assert_eq!(list(&format!("sort=name&limit=3&cursor={cursor}")).await.faults(), ["?cursor"]);
    assert_eq!(list("sort=size").await.faults(), ["?sort"]);
    assert_eq!(list("sort=size&limit=0").await.faults(), ["?limit", "?sort"], "all faults at once");
}

#[tokio::test]
async fn settings_stars_and_storage() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let path = made(&ada, "Shared").await;
    let settings = ada.get(&format!("{path}/settings")).await.ok(200);
    let expected = json!({"viewer_can_comment": true, "viewer_can_download": false, "mood_visibility": "members",
        "emotion_analysis": true, "approval_rule": "none", "access_requests": false, "revision": 1});
    assert_eq!(settings, expected);
    let changed = ada.patch(&format!("{path}/settings"), json!({"approval_rule": "any_owner"})).await;
    assert_eq!(changed.ok(200)["approval_rule"], json!("any_owner"));
    assert_eq!(changed.header("etag"), "\"r2\"");
    let star = format!("{path}/star");
    ada.ask(Method::PUT, &star).await.ok(204);
    assert_eq!(ada.get(&path).await.ok(200)["starred"], json!(true));
    ada.delete(&star).await.ok(204);
    assert_eq!(ada.get(&path).await.ok(200)["starred"], json!(false));
    let storage = ada.get("/api/v1/me/storage").await.ok(200);
    assert_eq!((&storage["used_bytes"], &storage["by_project"]), (&json!(0), &json!([])));
}

/// The smallest PNG there is: one pixel.
pub(crate) const PIXEL: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
    0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0, 5, 0, 1, 0xff, 0x89, 0x99, 0x3d, 0x1d, 0, 0, 0, 0, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

#[tokio::test]
async fn a_cover_is_shown_and_taken_off() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let path = made(&ada, "Cover").await;
    let cover = format!("{path}/cover");
    let put =
        |content_type: &str, bytes: &[u8]| ada.ask(Method::PUT, &cover).body(content_type, bytes.to_vec());
    ada.get(&cover).await.problem("not_found");
    assert_eq!(put("image/png", PIXEL).await.ok(200)["cover_url"], json!(cover));
    let shown = ada.get(&cover).await;
    assert_eq!((shown.status, shown.header("x-content-type-options")), (200, "nosniff"));
    assert!(shown.header("content-type").starts_with("image/"));
    assert_eq!(ada.get(&cover).header("if-none-match", shown.header("etag")).await.status, 304);
    put("image/png", b"no picture").await.problem("validation_failed");
    put("text/plain", PIXEL).await.problem("unsupported_media_type");
    put("image/png", &vec![0; 5_000_001]).await.problem("payload_too_large");
    ada.delete(&cover).await.ok(204);
    ada.get(&cover).await.problem("not_found");
}
