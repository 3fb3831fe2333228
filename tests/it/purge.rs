//! The trash is emptied after 30 days, and nothing of what lay there is left.

use crate::support::{
    App, Person,
    studio::{Studio, id, sound},
};
use serde_json::{Value, json};
use std::time::Duration;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// So many days later, after the trash was emptied. The clock starts the same job, and may be at it already.
async fn later(app: &App, days: i64) -> Person {
    app.clock.advance_ms(days * DAY_MS);
    let instance = app.server().instance();
    instance.service.purge_trash(&instance.operator()).await.expect("the store works");
    app.login("ada").await
}

/// Waits until a list holds so many items, or none is there any more.
async fn left(person: &Person, path: &str, count: usize) {
    for _ in 0..500 {
        let list = person.get(path).await.ok(200);
        if list["items"].as_array().is_some_and(|items| items.len() == count) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} never held {count} items");
}

async fn used(person: &Person) -> Value {
    person.get("/api/v1/me/storage").await.ok(200)["used_bytes"].clone()
}

#[tokio::test]
async fn versions_tracks_and_projects_go_after_thirty_days() {
    let studio = Studio::open().await;
    let (app, ada) = (&studio.app, &studio.ada);
    let project = format!("/api/v1/projects/{}", studio.project);
    let (trash, tracks) = (format!("{project}/trash"), format!("{project}/tracks"));
    let (one, two) = (studio.version(&sound(4800, 1)).await, studio.version(&sound(4800, 2)).await);
    ada.delete(&format!("/api/v1/versions/{}", id(&one))).await.ok(204);
    let all = studio.used_bytes().await;
    let ada = later(app, 29).await;
    left(&ada, &trash, 1).await;
    assert_eq!(used(&ada).await, json!(all), "not before its time");
    ada.delete(&format!("/api/v1/tracks/{}", studio.track)).await.ok(204);
    left(&ada, &trash, 2).await;
    let ada = later(app, 2).await;
    left(&ada, &trash, 1).await;
    assert_eq!(used(&ada).await, json!(all / 2));
    ada.post_empty(&format!("/api/v1/versions/{}/restore", id(&one))).await.problem("not_found");

    let ada = later(app, 30).await;
    left(&ada, &trash, 0).await;
    ada.get(&format!("/api/v1/versions/{}", id(&two))).await.problem("not_found");
    assert_eq!(used(&ada).await, json!(0));

    ada.post(&tracks, json!({"name": "Alive"})).await.ok(201);
    ada.ask(reqwest::Method::PUT, &format!("{project}/star")).await.ok(204);
    ada.delete(&project).await.ok(204);
    left(&ada, "/api/v1/projects?filter=trash", 1).await;
    let ada = later(app, 31).await;
    left(&ada, "/api/v1/projects?filter=trash", 0).await;
    ada.post_empty(&format!("{project}/restore")).await.problem("not_found");
    app.idle().await;
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
