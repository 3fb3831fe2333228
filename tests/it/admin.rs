//! Administration of accounts, seen from outside.

use crate::support::{App, PASSWORD, Person};
use model::{
    account::InstanceRole,
    text::{Email, PersonName},
};
use serde_json::{Value, json};
use service::{NewUser, Password};

const USERS: &str = "/api/v1/admin/users";

/// An administrator made by the command line, logged in.
pub(crate) async fn administrator(app: &App, name: &str) -> Person {
    let instance = app.server().instance();
    let new = NewUser {
        email: Email::parse(&format!("{name}@example.org")).expect("an address"),
        name: PersonName::parse(name).expect("a name"),
        role: InstanceRole::Admin,
        password: Some(Password::parse(PASSWORD).expect("a password")),
    };
    instance.service.create_user_offline(&instance.operator(), &new).await.expect("the account is made");
    app.login(name).await
}

fn at(user: &str) -> String {
    format!("{USERS}/{user}")
}

fn handles(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("items");
    items.iter().map(|user| user["handle"].as_str().expect("a handle")).collect()
}

#[tokio::test]
async fn members_may_nothing_of_it() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    ada.get(USERS).await.problem("forbidden");
    ada.post(USERS, json!({"email": "bob@example.org", "name": "Bob"})).await.problem("forbidden");
    ada.patch(&at(&ada.id), json!({"role": "admin"})).await.problem("forbidden");
    ada.post_empty(&format!("{}/password-link", at(&ada.id))).await.problem("forbidden");
    app.anonymous().get(USERS).await.problem("unauthenticated");
}

#[tokio::test]
async fn accounts_are_listed_in_pages_and_found() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    for name in ["ada", "bob", "eve"] {
        app.user(name).await;
    }
    let first = boss.get(&format!("{USERS}?limit=3")).await.ok(200);
    assert_eq!(handles(&first), ["boss", "ada", "bob"]);
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let second = boss.get(&format!("{USERS}?limit=3&cursor={cursor}")).await.ok(200);
    assert_eq!((handles(&second), &second["next_cursor"]), (vec!["eve"], &Value::Null));
    boss.get(&format!("{USERS}?cursor={cursor}&role=admin")).await.problem("validation_failed");
    let found = async |query: &str| boss.get(&format!("{USERS}?{query}")).await.ok(200);
    assert_eq!(handles(&found("q=EVE@").await), ["eve"]);
    assert_eq!(handles(&found("role=admin").await), ["boss"]);
    assert_eq!(handles(&found("status=disabled").await), [""; 0]);
    assert_eq!(boss.get(&format!("{USERS}?role=king&status=x")).await.faults(), ["?role", "?status"]);
    assert_eq!(boss.get(&format!("{USERS}?limit=0")).await.faults(), ["?limit"]);
    assert!(found("q=boss").await["items"][0]["last_seen_at"].is_string());
}

#[tokio::test]
async fn an_account_is_made_by_an_administrator_and_opened_by_a_link() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    let body = json!({"email": "ada@example.org", "name": "Ada", "role": "member"});
    let made = boss.post(USERS, body.clone()).header("idempotency-key", "k").await.ok(201);
    assert_eq!(boss.post(USERS, body.clone()).header("idempotency-key", "k").await.ok(201)["id"], made["id"]);
    boss.post(USERS, body).await.problem("conflict");
    let id = made["id"].as_str().expect("an id");
    let link = boss.post_empty(&format!("{}/password-link", at(id))).await.ok(201);
    let (url, token) = (link["url"].as_str().expect("a link"), link["token"].as_str().expect("a token"));
    assert_eq!(url, format!("{}/#/reset-password/{token}", app.url));
    let body = json!({"token": token, "new_password": PASSWORD});
    app.anonymous().post("/api/v1/auth/password/reset", body).await.ok(204);
    app.login("ada").await;
    boss.get(&format!("/api/v1/users/{id}")).await.ok(200);
}

#[tokio::test]
async fn whoever_is_disabled_is_out_at_once_and_the_last_administrator_stays() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    let ada = app.user("ada").await;
    let disabled = boss.patch(&at(&ada.id), json!({"status": "disabled"})).await.ok(200);
    assert_eq!((&disabled["status"], &disabled["revision"]), (&json!("disabled"), &json!(2)));
    ada.get("/api/v1/me").await.problem("unauthenticated");
    boss.patch(&at(&ada.id), json!({"status": "active", "quota_bytes": 1000})).await.ok(200);
    ada.get("/api/v1/me").await.problem("unauthenticated");
    assert_eq!(app.login("ada").await.get("/api/v1/me").await.ok(200)["quota_bytes"], 1000);
    assert!(
        boss.patch(&at(&ada.id), json!({"quota_bytes": null})).await.ok(200).get("quota_bytes").is_none()
    );

    for change in [json!({"role": "member"}), json!({"status": "disabled"})] {
        boss.patch(&at(&boss.id), change).await.problem("conflict");
    }
    boss.patch(&at(&ada.id), json!({"role": "admin"})).await.ok(200);
    boss.patch(&at(&boss.id), json!({"role": "member"})).await.ok(200);
    boss.get(USERS).await.problem("forbidden");
    let faults =
        app.login("ada").await.patch(&at(&boss.id), json!({"status": "deleted", "role": 7})).await.faults();
    assert_eq!(faults, ["/role", "/status"]);
    app.login("ada").await.patch(&at("nothing"), json!({})).await.problem("not_found");
}
