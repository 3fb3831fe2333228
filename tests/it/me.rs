//! One's own account and other people, seen from outside.

use crate::{
    admin::administrator,
    support::{App, PASSWORD, Person},
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

const ME: &str = "/api/v1/me";
const TOKENS: &str = "/api/v1/me/tokens";

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let red = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, Rgb([200, 10, 10])));
    red.write_to(&mut bytes, ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}

#[tokio::test]
async fn a_profile_is_read_and_changed_by_revision() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    app.user("bob").await;
    let read = ada.get(ME).await;
    assert_eq!(ada.get(ME).header("if-none-match", read.header("etag")).await.status, 304);
    let me = read.ok(200);
    assert_eq!((&me["name"], &me["revision"], &me["used_bytes"]), (&json!("ada"), &json!(1), &json!(0)));
    assert_eq!(me["preferences"]["playback"]["target_lufs"], -14.0);
    let patch = json!({"name": "Ada L.", "bio": "Plays the engine.", "timezone": "Europe/London"});
    let changed = ada.patch(ME, patch).header("if-match", read.header("etag")).await.ok(200);
    assert_eq!((&changed["name"], &changed["bio"]), (&json!("Ada L."), &json!("Plays the engine.")));
    let late = ada.patch(ME, json!({"name": "Late"})).header("if-match", read.header("etag")).await;
    assert_eq!(late.problem("revision_conflict")["current"]["name"], "Ada L.");
    assert!(ada.patch(ME, json!({"bio": null})).await.ok(200).get("bio").is_none());
    ada.patch(ME, json!({"handle": "bob"})).await.problem("conflict");
    assert_eq!(ada.patch(ME, json!({"handle": "countess"})).await.ok(200)["handle"], "countess");
    let faults = ada.patch(ME, json!({"handle": "All!", "locale": "?", "role": "admin"})).await.faults();
    assert_eq!(faults, ["/handle", "/locale", "/role"]);
}

#[tokio::test]
async fn preferences_are_a_merge_patch() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let path = "/api/v1/me/preferences";
    let before = ada.get(path).await.ok(200);
    let patch = json!({"theme": "dark", "playback": {"quality": "low"}, "week_starts_on": 7});
    let after = ada.patch(path, patch).await.ok(200);
    assert_eq!((&after["theme"], &after["playback"]["quality"]), (&json!("dark"), &json!("low")));
    assert_eq!(after["playback"]["loudness_match"], before["playback"]["loudness_match"]);
    assert_eq!(ada.get(path).await.ok(200), after);
    let wrong = json!({"playback": {"target_lufs": 3}, "week_starts_on": 8, "colour": "red"});
    assert_eq!(
        ada.patch(path, wrong).await.faults(),
        ["/colour", "/playback/target_lufs", "/week_starts_on"]
    );
}

#[tokio::test]
async fn a_picture_is_made_safe_and_shown_to_those_who_may_see_the_person() {
    let app = App::start().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let boss = administrator(&app, "boss").await;
    let put = |content_type: &str, bytes: Vec<u8>| {
        ada.ask(reqwest::Method::PUT, "/api/v1/me/avatar").body(content_type, bytes)
    };
    let me = put("image/png", picture(900, 700)).await.ok(200);
    let path = me["avatar_url"].as_str().expect("an address").to_owned();
    let shown = ada.get(&path).await;
    assert_eq!((shown.status, shown.header("content-type")), (200, "image/jpeg"));
    let decoded = image::load_from_memory(&shown.body).expect("a picture");
    assert_eq!((decoded.width(), decoded.height()), (512, 512));
    assert_eq!(ada.get(&path).header("if-none-match", shown.header("etag")).await.status, 304);
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    boss.get(&path).await;
    bob.get(&path).await.problem("not_found");
    app.anonymous().get(&path).await.problem("unauthenticated");

    put("image/svg+xml", b"<svg/>".to_vec()).await.problem("validation_failed");
    put("text/plain", b"hello".to_vec()).await.problem("unsupported_media_type");
    put("image/png", vec![0; 5_000_001]).await.problem("payload_too_large");
    assert_eq!(
        put("application/octet-stream", picture(900, 700)).await.ok(200)["avatar_hash"],
        me["avatar_hash"]
    );
    assert_ne!(put("image/png", picture(40, 40)).await.ok(200)["avatar_hash"], me["avatar_hash"]);
    ada.delete("/api/v1/me/avatar").await.ok(204);
    ada.delete("/api/v1/me/avatar").await.ok(204);
    ada.get(&path).await.problem("not_found");
    assert!(ada.get(ME).await.ok(200).get("avatar_url").is_none());
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_other_logins() {
    let app = App::start().await;
    let (here, there) = (app.user("ada").await, app.login("ada").await);
    let change = |current: &str, new: &str| {
        here.post("/api/v1/me/password", json!({"current_password": current, "new_password": new}))
    };
    assert_eq!(change("wrong", "a different groove").await.faults(), ["/current_password"]);
    assert_eq!(change(PASSWORD, "letmein1").await.faults(), ["/new_password"]);
    change(PASSWORD, "a different groove").await.ok(204);
    there.get(ME).await.problem("unauthenticated");
    here.get(ME).await.ok(200);
}

#[tokio::test]
async fn without_mail_a_new_address_counts_at_once() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    app.user("bob").await;
    let change = |email: &str, password: &str| {
        ada.post("/api/v1/me/email", json!({"new_email": email, "password": password}))
    };
    assert_eq!(change("lovelace@example.org", "wrong").await.faults(), ["/password"]);
    change("bob@example.org", PASSWORD).await.problem("conflict");
    change("lovelace@example.org", PASSWORD).await.ok(202);
    app.login("lovelace").await;
}

async fn token(person: &Person, body: Value) -> (String, Person) {
    let made = person.post(TOKENS, body).await.ok(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    (id, person.with_token(made["secret"].as_str().expect("a secret")))
}

#[tokio::test]
async fn a_personal_token_does_what_its_scopes_say_until_it_is_revoked() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (id, script) = token(&ada, json!({"name": "reader", "scopes": ["projects:read"]})).await;
    script.get("/api/v1/projects").await.ok(200);
    script.post("/api/v1/projects", json!({"name": "Demo"})).await.problem("forbidden");
    script.get(ME).await.problem("forbidden");
    let (_, account) = token(&ada, json!({"name": "account", "scopes": ["account:write"]})).await;
    account.get(ME).await.ok(200);
    account.post(TOKENS, json!({"name": "more", "scopes": ["projects:write"]})).await.problem("forbidden");
    account.delete("/api/v1/me/sessions").await.problem("forbidden");

    let listed = ada.get(TOKENS).await;
    assert!(!listed.text().contains(script.token.as_deref().expect("a token")), "never the secret");
    let reader = listed.json()["items"][0].clone();
    assert_eq!((&reader["name"], &reader["scopes"]), (&json!("reader"), &json!(["projects:read"])));
    assert!(
        script.token.as_deref().unwrap_or_default().starts_with(reader["prefix"].as_str().expect("a prefix"))
    );
    app.user("bob").await.delete(&format!("{TOKENS}/{id}")).await.problem("not_found");
    ada.delete(&format!("{TOKENS}/{id}")).await.ok(204);
    script.get("/api/v1/projects").await.problem("unauthenticated");
}

#[tokio::test]
async fn a_token_for_some_projects_sees_no_others() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let make = async |name: &str| {
        let made = ada.post("/api/v1/projects", json!({"name": name})).await.ok(201);
        made["id"].as_str().expect("an id").to_owned()
    };
    let (open, shut) = (make("Open").await, make("Shut").await);
    let body = json!({"name": "one", "scopes": ["projects:write"], "project_ids": [open]});
    let (_, script) = token(&ada, body).await;
    script.get(&format!("/api/v1/projects/{open}")).await.ok(200);
    script.get(&format!("/api/v1/projects/{shut}")).await.problem("not_found");
}

#[tokio::test]
async fn a_repeated_request_for_a_token_makes_one_and_shows_no_secret() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let ask = || {
        ada.post(TOKENS, json!({"name": "script", "scopes": ["projects:read"]}))
            .header("idempotency-key", "k")
    };
    let (first, again) = (ask().await.ok(201), ask().await);
    assert_eq!((&again.ok(201)["id"], again.header("idempotency-replayed")), (&first["id"], "true"));
    assert!(first["secret"].is_string() && again.json().get("secret").is_none());
    let faults = ada
        .post(
            TOKENS,
            json!({"name": "", "scopes": ["projects:read", "project:read", "projects"], "expires_at": "x"}),
        )
        .await
        .faults();
    assert_eq!(faults, ["/expires_at", "/name", "/scopes/1", "/scopes/2"]);
    let past = json!({"name": "old", "scopes": ["projects:read"], "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(ada.post(TOKENS, past).await.faults(), ["/expires_at"]);
    assert_eq!(ada.post(TOKENS, json!({"name": "none", "scopes": []})).await.faults(), ["/scopes"]);
}
