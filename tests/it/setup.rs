//! The first start, seen from outside.

use crate::support::{App, PASSWORD, Person};
use serde_json::{Value, json};

const SETUP: &str = "/api/v1/setup";

/// A server that nobody has set up, and the secret in the link that it would print.
async fn fresh() -> (App, String) {
    let app = App::with(|config, _world| config.registration = None).await;
    let instance = app.server().instance();
    let link = instance.service.setup_link(&instance.operator()).await.expect("the store can be read");
    let token = link.expect("there is no administrator").token;
    (app, token)
}

fn boss(token: Option<&str>) -> Value {
    let mut body = json!({"email": "boss@example.org", "name": "Boss", "password": PASSWORD});
    if let Some(token) = token {
        body["token"] = json!(token);
    }
    body
}

fn welcome(nobody: &Person, login: &Value) -> Person {
    assert_eq!(login["user"]["role"], "admin");
    nobody.logged_in(login)
}

#[tokio::test]
async fn until_there_is_an_administrator_everything_else_waits() {
    let (app, token) = fresh().await;
    let nobody = app.anonymous();
    assert_eq!(nobody.get(SETUP).await.ok(200)["needs_setup"], true);
    assert_eq!(nobody.get("/api/v1/info").await.ok(200)["registration"], "invite");
    nobody.get("/healthz").await.ok(200);
    nobody.get("/api/openapi.json").await.ok(200);
    for refused in [nobody.get("/api/v1/me").await, nobody.post("/api/v1/auth/login", json!({})).await] {
        refused.problem("setup_required");
        assert_ne!(refused.header("retry-after"), "");
    }
    nobody.post(SETUP, boss(Some("made-up"))).await.problem("gone");
    nobody.post(SETUP, boss(None)).await.problem("gone");

    let login = nobody.post(SETUP, boss(Some(&token))).await;
    assert_eq!(login.header("cache-control"), "no-store");
    let boss_now = welcome(&nobody, &login.ok(201));
    assert_eq!(boss_now.get("/api/v1/me").await.ok(200)["email"], "boss@example.org");
    assert_eq!(nobody.get(SETUP).await.ok(200)["needs_setup"], false);
    nobody.post(SETUP, boss(Some(&token))).await.problem("conflict");
    nobody.get("/api/v1/me").await.problem("unauthenticated");
}

#[tokio::test]
async fn the_token_may_be_sent_as_bearer_and_choices_count() {
    let (app, token) = fresh().await;
    let mut body = boss(None);
    body["registration"] = json!("open");
    body["site_url"] = json!("https://music.example/");
    let holder = app.anonymous().with_token(&token);
    welcome(&holder, &holder.post(SETUP, body).await.ok(201));
    assert_eq!(app.anonymous().get("/api/v1/info").await.ok(200)["registration"], "open");
    app.user("ada").await;
}

#[tokio::test]
async fn every_fault_is_told_at_once_and_the_token_stays() {
    let (app, token) = fresh().await;
    let nobody = app.anonymous();
    let body = json!({
        "token": token, "email": "boss", "name": " ", "password": "password1", "site_url": "ftp://x",
        "registration": "sometimes", "load_demo": true,
    });
    let faults = nobody.post(SETUP, body).await.faults();
    assert_eq!(faults, ["/email", "/load_demo", "/name", "/password", "/registration", "/site_url"]);
    welcome(&nobody, &nobody.post(SETUP, boss(Some(&token))).await.ok(201));
}

#[tokio::test]
async fn the_link_lapses_after_a_day() {
    let (app, token) = fresh().await;
    app.clock.advance_ms(24 * 3600 * 1000);
    app.anonymous().post(SETUP, boss(Some(&token))).await.problem("gone");
}
