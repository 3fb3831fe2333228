//! Registering, logging in, refreshing, recovering, seen from outside.

use crate::{
    admin::administrator,
    support::{App, Heard, PASSWORD, Person},
};
use serde_json::{Value, json};

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const REGISTER: &str = "/api/v1/auth/register";

fn credentials(name: &str, password: &str) -> Value {
    json!({"email": format!("{name}@example.org"), "password": password})
}

fn registration(name: &str) -> Value {
    json!({"email": format!("{name}@example.org"), "name": name, "password": PASSWORD})
}

fn address(name: &str) -> Value {
    json!({"email": format!("{name}@example.org")})
}

/// What two people could tell two answers apart by.
fn visible(heard: &Heard) -> (u16, Value) {
    let mut body = heard.json();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (heard.status, body)
}

/// The secret at the end of the link in the last mail to somebody.
async fn mailed_token(app: &App, name: &str) -> String {
    app.idle().await;
    let mail = app.outbox.to(&format!("{name}@example.org")).pop().expect("a mail arrived");
    let link = mail.text.split_whitespace().find(|word| word.contains("/#/")).expect("it has a link");
    assert!(link.starts_with(&app.url), "{link} leads to {}", app.url);
    link.rsplit('/').next().expect("it has an end").to_owned()
}

async fn refresh(person: &Person) -> Heard {
    let token = person.refresh_token.as_deref().expect("a refresh token");
    person.post(REFRESH, json!({"refresh_token": token})).await
}

#[tokio::test]
async fn people_register_log_in_and_out() {
    let app = App::start().await;
    let first = app.user("ada").await;
    app.anonymous().post(REGISTER, registration("ada")).await.problem("conflict");
    let body = json!({"email": " ADA@Example.org ", "password": PASSWORD, "device_name": "Laptop"});
    let login = app.anonymous().post(LOGIN, body).await.ok(200);
    assert_eq!((&login["user"]["handle"], &login["user"]["status"]), (&json!("ada"), &json!("active")));
    assert_eq!(login["expires_at"], "2026-11-22T10:57:00.000Z", "a quarter of an hour");
    let second = app.anonymous().logged_in(&login);
    second.post_empty("/api/v1/auth/logout").await.ok(204);
    second.get("/api/v1/me").await.problem("unauthenticated");
    refresh(&second).await.problem("unauthenticated");
    first.get("/api/v1/me").await.ok(200);
}

#[tokio::test]
async fn every_fault_of_a_registration_is_told_at_once() {
    let app = App::start().await;
    let body = json!({"email": "nobody", "name": "", "password": "short", "admin": true});
    let faults = app.anonymous().post(REGISTER, body).await.faults();
    assert_eq!(faults, ["/admin", "/email", "/name", "/password"]);
    for weak in ["Passw0rd", "12345678", "ada@example.org"] {
        let body = json!({"email": "ada@example.org", "name": "Ada", "password": weak});
        assert_eq!(app.anonymous().post(REGISTER, body).await.faults(), ["/password"], "{weak}");
    }
}

#[tokio::test]
async fn an_access_token_lapses_and_a_refresh_token_is_good_once() {
    let app = App::start().await;
    let first = app.user("ada").await;
    app.clock.advance_ms(15 * 60 * 1000);
    first.get("/api/v1/me").await.problem("token_expired");
    let second = first.logged_in(&refresh(&first).await.ok(200));
    second.get("/api/v1/me").await.ok(200);
    refresh(&first).await.problem("unauthenticated");
    second.get("/api/v1/me").await.problem("unauthenticated");
    refresh(&second).await.problem("unauthenticated");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike_and_then_waited_for() {
    let app = App::start().await;
    app.user("ada").await;
    let nobody = app.anonymous();
    let known = nobody.post(LOGIN, credentials("ada", "wrong password")).await;
    known.problem("wrong_login");
    assert_eq!(visible(&known), visible(&nobody.post(LOGIN, credentials("eve", "wrong password")).await));
    assert_eq!(visible(&known), visible(&nobody.post(LOGIN, json!({"email": "?", "password": ""})).await));
    for _ in 0..4 {
        nobody.post(LOGIN, credentials("ada", "wrong password")).await.problem("wrong_login");
    }
    let waits = nobody.post(LOGIN, credentials("ada", PASSWORD)).await;
    waits.problem("rate_limited");
    assert_eq!(waits.header("retry-after"), "1");
    app.clock.advance_ms(1000);
    nobody.post(LOGIN, credentials("ada", PASSWORD)).await.ok(200);
}

#[tokio::test]
async fn with_mail_nobody_learns_who_has_an_account() {
    let app = App::with_mail().await;
    let nobody = app.anonymous();
    let new = nobody.post(REGISTER, registration("ada")).await;
    assert_eq!(new.ok(201), json!({"verification_required": true}));
    assert_eq!(visible(&new), visible(&nobody.post(REGISTER, registration("ada")).await));
    let unproven = nobody.post(LOGIN, credentials("ada", PASSWORD)).await;
    assert_eq!(visible(&unproven), visible(&nobody.post(LOGIN, credentials("eve", PASSWORD)).await));
    for path in ["/api/v1/auth/password/forgot", "/api/v1/auth/email/resend"] {
        let known = nobody.post(path, address("ada")).await;
        known.ok(202);
        assert_eq!(visible(&known), visible(&nobody.post(path, address("eve")).await), "{path}");
    }
    app.idle().await;
    assert!(app.outbox.to("eve@example.org").is_empty());
    let subjects: Vec<_> = app.outbox.to("ada@example.org").into_iter().map(|mail| mail.subject).collect();
    // The first verification mail may have been sent before the second one voided its link.
    assert!(subjects.iter().any(|it| it == "You have an account already"), "{subjects:?}");
    assert!(subjects.iter().any(|it| it == "Confirm your e-mail address"), "{subjects:?}");
    assert!(subjects.iter().any(|it| it == "Set a new password"), "{subjects:?}");
}

#[tokio::test]
async fn an_address_is_proven_and_a_password_reset_by_mail() {
    let app = App::with_mail().await;
    let nobody = app.anonymous();
    nobody.post(REGISTER, registration("ada")).await.ok(201);
    let token = mailed_token(&app, "ada").await;
    nobody.post("/api/v1/auth/email/verify", json!({"token": token})).await.ok(204);
    nobody.post("/api/v1/auth/email/verify", json!({"token": token})).await.problem("gone");
    let ada = nobody.logged_in(&nobody.post(LOGIN, credentials("ada", PASSWORD)).await.ok(200));
    assert!(ada.get("/api/v1/me").await.ok(200)["email_verified_at"].is_string());

    nobody.post("/api/v1/auth/password/forgot", address("ada")).await.ok(202);
    let token = mailed_token(&app, "ada").await;
    let reset = |password: &str| {
        nobody.post("/api/v1/auth/password/reset", json!({"token": token, "new_password": password}))
    };
    assert_eq!(reset("password1").await.faults(), ["/new_password"]);
    reset("a different groove").await.ok(204);
    reset("a third groove").await.problem("gone");
    ada.get("/api/v1/me").await.problem("unauthenticated");
    refresh(&ada).await.problem("unauthenticated");
    nobody.post(LOGIN, credentials("ada", PASSWORD)).await.problem("wrong_login");
    nobody.post(LOGIN, credentials("ada", "a different groove")).await.ok(200);
    app.idle().await;
    let last = app.outbox.to("ada@example.org").pop().expect("a mail arrived");
    assert_eq!(last.subject, "Your password was changed");
}

#[tokio::test]
async fn an_invitation_lets_one_person_in() {
    let app = App::with(|config, _world| config.registration = None).await;
    let boss = administrator(&app, "boss").await;
    let nobody = app.anonymous();
    nobody.post(REGISTER, registration("ada")).await.problem("forbidden");
    let invite = boss.post("/api/v1/admin/registration-invites", json!({})).await.ok(201);
    let mut body = registration("ada");
    body["invite_token"] = invite["token"].clone();
    nobody.post(REGISTER, body.clone()).await.ok(201);
    body["email"] = json!("eve@example.org");
    nobody.post(REGISTER, body).await.problem("gone");
    let member = app.login("ada").await;
    member.post("/api/v1/admin/registration-invites", json!({})).await.problem("forbidden");
}

#[tokio::test]
async fn revoked_logins_stop_at_once() {
    let app = App::start().await;
    let (here, there) = (app.user("ada").await, app.login("ada").await);
    let sessions = here.get("/api/v1/me/sessions").await.ok(200);
    let items = sessions["items"].as_array().expect("items");
    assert_eq!((items.len(), &sessions["next_cursor"]), (2, &Value::Null));
    let other = items.iter().find(|session| session["current"] == false).expect("another login");
    let path = format!("/api/v1/me/sessions/{}", other["id"].as_str().expect("an id"));
    app.user("bob").await.delete(&path).await.problem("not_found");
    here.delete(&path).await.ok(204);
    there.get("/api/v1/me").await.problem("unauthenticated");
    let third = app.login("ada").await;
    here.delete("/api/v1/me/sessions").await.ok(204);
    third.get("/api/v1/me").await.problem("unauthenticated");
    here.get("/api/v1/me").await.ok(200);
}
