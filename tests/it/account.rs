//! An account from registering to a forgotten password, by mail.

use crate::support::{App, PASSWORD};
use serde_json::json;

/// The secret at the end of the link in the newest mail to an address.
async fn mailed_secret(app: &App, address: &str) -> String {
    app.idle().await;
    let mails = app.outbox.to(address);
    let text = &mails.last().unwrap_or_else(|| panic!("no mail to {address}")).text;
    let link = text.split_whitespace().find(|word| word.starts_with("http")).expect("a link");
    link.rsplit('/').next().expect("a secret").to_owned()
}

#[tokio::test]
async fn an_address_is_proved_by_mail_and_a_forgotten_password_is_set_anew() {
    let app = App::with_mail().await;
    let nobody = app.anonymous();
    let ada = json!({"email": "ada@example.org", "name": "Ada", "password": PASSWORD});
    let registered = nobody.post("/api/v1/auth/register", ada).await.ok(201);
    assert_eq!(registered, json!({"verification_required": true}));
    let secret = mailed_secret(&app, "ada@example.org").await;
    nobody.post("/api/v1/auth/email/verify", json!({"token": secret})).await.ok(204);
    nobody.post("/api/v1/auth/email/verify", json!({"token": secret})).await.problem("gone");
    let login = app.login("ada").await;
    assert_eq!(login.get("/api/v1/me").await.ok(200)["id"], login.id);

    nobody.post("/api/v1/auth/password/forgot", json!({"email": "ada@example.org"})).await.ok(202);
    let secret = mailed_secret(&app, "ada@example.org").await;
    let new = json!({"token": secret, "new_password": "another four strings"});
    nobody.post("/api/v1/auth/password/reset", new).await.ok(204);
    login.get("/api/v1/me").await.problem("unauthenticated");
    let old = json!({"email": "ada@example.org", "password": PASSWORD});
    nobody.post("/api/v1/auth/login", old).await.problem("wrong_login");
}

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    app.clock.advance_ms(model::limits::ACCESS_TOKEN_TTL_MS);
    ada.get("/api/v1/me").await.problem("token_expired");
    let again = json!({"refresh_token": ada.refresh_token});
    let ada = ada.logged_in(&ada.with_token("").post("/api/v1/auth/refresh", again.clone()).await.ok(200));
    ada.get("/api/v1/me").await.ok(200);
    ada.post("/api/v1/auth/refresh", again).await.problem("unauthenticated");
    ada.get("/api/v1/me").await.problem("unauthenticated");
}
