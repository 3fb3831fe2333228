//! The trash is emptied after 30 days, and nothing of what lay there is left.

use crate::support::{
    App, Person,
    studio::{Studio, id, sound},
};
use serde_json::json;
use service::purge::Purged;

const DAY_MS: i64 = 24 * 3600 * 1000;

async fn purge(app: &App) -> Purged {
    let instance = app.server().instance();
    instance.service.purge_trash(&instance.operator()).await.expect("the store works")
}

async fn later(app: &App, days: i64) -> Person {
    app.clock.advance_ms(days * DAY_MS);
    app.login("ada").await
}

#[tokio::test]
async fn versions_tracks_and_projects_go_after_thirty_days() {
    let studio = Studio::open().await;
    let (app, ada) = (&studio.app, &studio.ada);
    let project = format!("/api/v1/projects/{}", studio.project);
    let (one, two) = (studio.version(&sound(4800, 1)).await, studio.version(&sound(4800, 2)).await);
    ada.delete(&format!("/api/v1/versions/{}", id(&one))).await.ok(204);
    let used = studio.used_bytes().await;
    assert_eq!(purge(app).await, Purged::default());
    let ada = later(app, 29).await;
    assert_eq!(purge(app).await, Purged::default());
    ada.delete(&format!("/api/v1/tracks/{}", studio.track)).await.ok(204);
    let ada = later(app, 2).await;
    assert_eq!(purge(app).await, Purged { versions: 1, ..Purged::default() });
    ada.post_empty(&format!("/api/v1/versions/{}/restore", id(&one))).await.problem("not_found");
    assert_eq!(ada.get("/api/v1/me/storage").await.ok(200)["used_bytes"], json!(used / 2));
    let trash = ada.get(&format!("{project}/trash")).await.ok(200);
    assert_eq!(trash["items"].as_array().unwrap().len(), 1, "the track was deleted later");

    let ada = later(app, 30).await;
    assert_eq!(purge(app).await, Purged { tracks: 1, versions: 1, ..Purged::default() });
    ada.get(&format!("/api/v1/versions/{}", id(&two))).await.problem("not_found");
    assert_eq!(ada.get("/api/v1/me/storage").await.ok(200)["used_bytes"], json!(0));

    ada.post(&format!("{project}/tracks"), json!({"name": "Alive"})).await.ok(201);
    ada.ask(reqwest::Method::PUT, &format!("{project}/star")).await.ok(204);
    ada.delete(&project).await.ok(204);
    let ada = later(app, 31).await;
    assert_eq!(purge(app).await, Purged { projects: 1, tracks: 1, versions: 0 });
    ada.post_empty(&format!("{project}/restore")).await.problem("not_found");
    assert_eq!(ada.get("/api/v1/projects?filter=trash").await.ok(200)["items"], json!([]));
    assert_eq!(purge(app).await, Purged::default());
}

#[tokio::test]
async fn what_is_in_the_trash_is_counted_right() {
    let studio = Studio::open().await;
    studio.version(&sound(4800, 1)).await;
    studio.ada.delete(&format!("/api/v1/tracks/{}", studio.track)).await.ok(204);
    let project = studio.ada.get(&format!("/api/v1/projects/{}", studio.project)).await.ok(200);
    assert_eq!(project["counts"]["versions"], json!(0));
    // The server compares every counter when it is dropped.
}
