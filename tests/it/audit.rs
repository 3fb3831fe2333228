//! The audit log over HTTP: what is written into it, who may read it, and that looking is written down too.

use crate::{
    admin::administrator,
    members::project,
    share::link,
    support::{App, PASSWORD, Person, studio::id},
};
use serde_json::{Value, json};

const AUDIT: &str = "/api/v1/admin/audit";

/// The entries, newest first.
async fn entries(boss: &Person, query: &str) -> Vec<Value> {
    let page = boss.get(&format!("{AUDIT}?limit=200{query}")).await.ok(200);
    page["items"].as_array().expect("items").clone()
}

fn acts(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().expect("an act")).collect()
}

#[tokio::test]
async fn what_matters_is_written_down_and_chained() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    let ada = app.user("ada").await;
    let path = project(&ada).await;
    let made =
        link(&ada, path.rsplit('/').next().expect("an id"), json!({"scope": {"type": "project"}})).await;
    ada.delete(&format!("/api/v1/share-links/{}", id(&made))).await.ok(204);
    ada.post("/api/v1/me/tokens", json!({"name": "script", "scopes": ["projects:read"]})).await.ok(201);
    let wrong = json!({"email": "ada@example.org", "password": "not the right one"});
    app.anonymous().post("/api/v1/auth/login", wrong).await.problem("wrong_login");
    boss.patch(&format!("/api/v1/admin/users/{}", ada.id), json!({"role": "admin"})).await.ok(200);
    let all = entries(&boss, "").await;
    for act in [
        "user.created",
        "session.opened",
        "share_link.created",
        "share_link.revoked",
        "token.created",
        "user.changed",
    ] {
        assert!(acts(&all).contains(&act), "{act}: {:?}", acts(&all));
    }
    let numbers: Vec<i64> = all.iter().map(|entry| entry["number"].as_i64().expect("a number")).collect();
    let last = numbers[0];
    assert_eq!(numbers, (1..=last).rev().collect::<Vec<_>>(), "no gaps");
    assert_eq!(all.last().expect("a first one")["previous_hash"], json!("0".repeat(64)));
    let changed = all.iter().find(|entry| entry["action"] == "user.changed").expect("it is there");
    assert_eq!((&changed["actor"]["name"], &changed["target"]["id"]), (&json!("boss"), &json!(ada.id)));
    assert_eq!(
        (&changed["before"], &changed["after"]),
        (&json!("member active quota default"), &json!("admin active quota default"))
    );

    let shares = entries(&boss, "&action=share_link.*").await;
    assert_eq!(acts(&shares), ["share_link.revoked", "share_link.created"]);
    assert_eq!(acts(&entries(&boss, "&action=share_link.created").await), ["share_link.created"]);
    assert_eq!(acts(&entries(&boss, &format!("&target={}", id(&made))).await).len(), 2);
    assert!(
        entries(&boss, &format!("&actor={}", ada.id)).await.iter().all(|it| it["actor"]["name"] == "ada")
    );
    assert!(entries(&boss, "&from=2999-01-01T00:00:00Z").await.is_empty());
    assert!(entries(&boss, "&to=1999-01-01T00:00:00Z").await.is_empty());
    let first = boss.get(&format!("{AUDIT}?limit=2")).await.ok(200);
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let second = boss.get(&format!("{AUDIT}?limit=2&cursor={cursor}")).await.ok(200);
    let number = |page: &Value, at: usize| page["items"][at]["number"].as_i64().expect("a number");
    assert_eq!(number(&second, 0), number(&first, 1) - 1);
}

#[tokio::test]
async fn only_administrators_read_it_and_their_looking_is_written_down() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    let ada = app.user("ada").await;
    let path = project(&ada).await;
    ada.get(AUDIT).await.problem("forbidden");
    app.anonymous().get(AUDIT).await.problem("unauthenticated");
    for _ in 0..3 {
        boss.get(&path).await.ok(200);
        boss.get(&format!("{path}/tracks")).await.ok(200);
    }
    boss.patch(&path, json!({"description": "Looked after"})).await.ok(200);
    entries(&boss, "").await;
    let seen = entries(&boss, &format!("&actor={}", boss.id)).await;
    let count = |act: &str| acts(&seen).iter().filter(|known| **known == act).count();
    assert_eq!((count("project.viewed"), count("project.administered"), count("audit.read")), (1, 1, 1));
    app.clock.advance_ms(3600 * 1000);
    let boss = app.login("boss").await;
    boss.get(&path).await.ok(200);
    assert_eq!(entries(&boss, "&action=project.viewed").await.len(), 2);
    // What they do as a member is nobody's business.
    let ada = app.login("ada").await;
    ada.get(&path).await.ok(200);
    let own = project(&boss).await;
    boss.get(&own).await.ok(200);
    assert_eq!(entries(&boss, "&action=project.viewed").await.len(), 2);
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    app.anonymous().post("/api/v1/auth/login", login).await.ok(200);
    let logins = entries(&boss, &format!("&action=session.opened&actor={}", ada.id)).await;
    assert_eq!(logins.len(), 3, "registered, logged in, and once more");
}
