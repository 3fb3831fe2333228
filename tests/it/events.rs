//! The event log and tickets over HTTP.

use crate::{support::App, track::song};
use serde_json::json;

#[tokio::test]
async fn members_read_what_happened_and_strangers_nothing() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (project, _) = song(&ada, &["Drums"]).await;
    let log = format!("{project}/events/log");
    let events = ada.get(&log).await.ok(200);
    let kinds: Vec<&str> =
        events["items"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["project.created", "track.created"]);
    app.user("eve").await.get(&log).await.problem("not_found");
}

#[tokio::test]
async fn a_ticket_is_given_to_who_is_logged_in() {
    let app = App::start().await;
    let ticket = app.user("ada").await.post("/api/v1/realtime/tickets", json!({})).await.ok(200);
    assert!(ticket["ticket"].as_str().is_some_and(|secret| secret.len() >= 32));
    assert_eq!(ticket["expires_in"], 60);
}
