//! What holds for every operation, seen from outside of a real server.

use crate::support::{App, Person};
use serde_json::{Value, json};

const PROJECTS: &str = "/api/v1/projects";

async fn project(person: &Person, name: &str) -> (String, Value) {
    let project = person.post(PROJECTS, json!({"name": name})).await.ok(201);
    (format!("{PROJECTS}/{}", project["id"].as_str().expect("an id")), project)
}

#[tokio::test]
async fn a_project_is_made_read_changed_and_guarded_by_its_revision() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let made = ada.post(PROJECTS, json!({"name": "Demo", "tags": ["Rock", "rock"], "bpm": 120})).await;
    let project = made.ok(201);
    let place = made.header("location").to_owned();
    assert_eq!(place, format!("{PROJECTS}/{}", project["id"].as_str().expect("an id")));
    assert_eq!(
        (&project["revision"], &project["tags"], &project["my_role"]),
        (&json!(1), &json!(["rock"]), &json!("owner"))
    );
    let tag = made.header("etag").to_owned();
    assert_eq!(ada.get(&place).header("if-none-match", &tag).await.status, 304);

    app.clock.advance_ms(1500);
    let changed =
        ada.patch(&place, json!({"name": "Song", "bpm": null})).header("if-match", &tag).await.ok(200);
    assert_eq!((&changed["name"], &changed["revision"]), (&json!("Song"), &json!(2)));
    assert!(changed.get("bpm").is_none());
    assert_eq!(changed["updated_at"], "2026-11-22T10:42:01.500Z");

    let late = ada
        .patch(&place, json!({"name": "Late"}))
        .header("if-match", &tag)
        .await
        .problem("revision_conflict");
    assert_eq!((&late["current"]["name"], &late["current"]["revision"]), (&json!("Song"), &json!(2)));
}

#[tokio::test]
async fn a_repeated_request_makes_one_thing() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let ask =
        |name: &str, key: &str| ada.post(PROJECTS, json!({"name": name})).header("idempotency-key", key);
    let first = ask("Demo", "k1").await;
    let again = ask("Demo", "k1").await;
    assert_eq!(first.ok(201)["id"], again.ok(201)["id"]);
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    ask("Other", "k1").await.problem("idempotency_mismatch");
    assert_ne!(ask("Demo", "k2").await.ok(201)["id"], first.json()["id"]);
    let ben = app.user("ben").await;
    let other = ben.post(PROJECTS, json!({"name": "Demo"})).header("idempotency-key", "k1").await.ok(201);
    assert_ne!(other["id"], first.json()["id"]);
}

#[tokio::test]
async fn strangers_and_typos_are_turned_away_the_same_way_everywhere() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let (place, _) = project(&ada, "Demo").await;
    ben.get(&place).await.problem("not_found");
    app.anonymous().get(&place).await.problem("unauthenticated");
    ada.with_token("blp_nonsense").get(&place).await.problem("unauthenticated");
    ada.get("/api/v1/nothing").await.problem("not_found");
    ada.get(&format!("{PROJECTS}/nothing")).await.problem("not_found");
    let refused = ada.delete("/api/v1/info").await;
    refused.problem("method_not_allowed");
    assert_eq!(refused.header("allow"), "GET, HEAD");
    let faults =
        ada.post(PROJECTS, json!({"name": "", "bpm": "fast", "tags": ["a", ""], "nmae": "x"})).await.faults();
    assert_eq!(faults, ["/bpm", "/name", "/nmae", "/tags/1"]);
    ada.ask(reqwest::Method::POST, PROJECTS).body("text/plain", "x").await.problem("unsupported_media_type");
    ada.ask(reqwest::Method::POST, PROJECTS).body("application/json", "{").await.problem("malformed_request");
}

#[tokio::test]
async fn what_the_state_does_not_allow_is_a_conflict() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (place, _) = project(&ada, "Demo").await;
    assert!(ada.post_empty(&format!("{place}/archive")).await.ok(200)["archived_at"].is_string());
    ada.patch(&place, json!({"name": "Song"})).await.problem("project_archived");
    let order = json!({"track_ids": ["00000000-0000-0000-0000-000000000000"]});
    ada.post_empty(&format!("{place}/unarchive")).await.ok(200);
    ada.put(&format!("{place}/tracks/order"), order).await.problem("order_conflict");
}

#[tokio::test]
async fn lists_are_walked_by_cursors_bound_to_caller_and_filter() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    for number in 0..5 {
        project(&ada, &format!("Song {number}")).await;
    }
    let first = ada.get(&format!("{PROJECTS}?limit=2")).await;
    let cursor = first.ok(200)["next_cursor"].as_str().expect("there is more").to_owned();
    let next = format!("{PROJECTS}?limit=2&cursor={cursor}");
    assert_eq!(first.header("link"), format!("<{next}>; rel=\"next\""));
    assert_eq!(ada.get(&next).await.ok(200)["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(ben.get(&next).await.faults(), ["?cursor"]);
    assert_eq!(ada.get(&format!("{next}&filter=archived")).await.faults(), ["?cursor"]);
    assert_eq!(ada.get(&format!("{PROJECTS}?limit=201")).await.faults(), ["?limit"]);
}

#[tokio::test]
async fn a_server_without_an_administrator_answers_only_setup_health_and_docs() {
    let app = App::with(|config, _world| config.registration = None).await;
    let nobody = app.anonymous();
    let refused = nobody.get(PROJECTS).await;
    refused.problem("setup_required");
    assert!(!refused.header("retry-after").is_empty());
    for path in [
        "/",
        "/healthz",
        "/readyz",
        "/api/openapi.json",
        "/api/docs",
        "/problems/setup_required",
        "/api/v1/setup",
        "/api/v1/info",
    ] {
        assert_eq!(nobody.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_pages_are_whole_without_a_network() {
    let app = App::start().await;
    let nobody = app.anonymous();
    for path in ["/", "/api/docs", "/problems/not_found"] {
        let page = nobody.get(path).await;
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        let foreign = ["src=\"http", "href=\"http", "src=\"//", "@import"];
        assert!(
            foreign.iter().all(|word| !page.text().contains(word)),
            "{path} loads something from elsewhere"
        );
    }
    nobody.get("/problems/nonsense").await.problem("not_found");
    assert_eq!(nobody.get("/api/openapi.json").await.text(), api::openapi::json());
    nobody.get("/metrics").await.problem("unauthenticated");
}
