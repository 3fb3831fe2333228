//! The instance as those see it who run it: settings, figures, jobs, accounts that go; and finding people.

use crate::{
    admin::administrator,
    members::{join, project},
    support::{
        App, Person,
        studio::{Studio, broken_sound, id, sound},
    },
};
use model::ports::{Mail, MailError, Mailer};
use serde_json::{Value, json};
use std::sync::Arc;

const SETTINGS: &str = "/api/v1/admin/settings";

#[tokio::test]
async fn members_may_nothing_of_it() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    for path in ["settings", "stats", "jobs", "users"] {
        ada.get(&format!("/api/v1/admin/{path}")).await.problem("forbidden");
    }
    ada.patch(SETTINGS, json!({"quota_bytes": 1})).await.problem("forbidden");
    ada.post_empty(&format!("/api/v1/admin/jobs/{}/retry", ada.id)).await.problem("forbidden");
    ada.delete(&format!("/api/v1/admin/users/{}", ada.id)).await.problem("forbidden");
    ada.get(&format!("/api/v1/admin/users/{}", ada.id)).await.problem("forbidden");
}

#[tokio::test]
async fn settings_are_decided_where_the_configuration_says_nothing() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    let before = boss.get(SETTINGS).await.ok(200);
    assert_eq!((&before["registration"], &before["revision"]), (&json!("open"), &json!(0)));
    assert_eq!((&before["configured"], before.get("quota_bytes")), (&json!(["registration"]), None));
    boss.patch(SETTINGS, json!({"registration": "closed"})).await.problem("conflict");
    let change = json!({"quota_bytes": 1000, "site_url": "https://music.example/"});
    let after = boss.patch(SETTINGS, change).await.ok(200);
    assert_eq!(
        (&after["quota_bytes"], &after["site_url"], &after["revision"]),
        (&json!(1000), &json!("https://music.example"), &json!(1))
    );
    assert_eq!((&before["mood_min_group_size"], &before["mail"]), (&json!(3), &json!(false)));
    let grown = boss.patch(SETTINGS, json!({"mood_min_group_size": 7})).await.ok(200);
    assert_eq!((&grown["mood_min_group_size"], &grown["quota_bytes"]), (&json!(7), &json!(1000)));
    for people in [2, 11] {
        let odd = boss.patch(SETTINGS, json!({"mood_min_group_size": people})).await;
        assert_eq!(odd.faults(), ["/mood_min_group_size"]);
    }
    boss.patch(SETTINGS, json!({"quota_bytes": 5}))
        .header("if-match", "\"r0\"")
        .await
        .problem("revision_conflict");
    assert_eq!(
        boss.patch(SETTINGS, json!({"quota_bytes": -1, "site_url": "x y"})).await.faults(),
        ["/quota_bytes", "/site_url"]
    );

    let studio = Studio::on(app).await;
    assert_eq!(studio.ada.get("/api/v1/me/storage").await.ok(200)["quota_bytes"], json!(1000));
    let upload = json!({"project_id": studio.project, "filename": "take.wav", "size_bytes": 1001});
    studio.ada.post("/api/v1/uploads", upload.clone()).await.problem("quota_exceeded");
    boss.patch(SETTINGS, json!({"quota_bytes": null})).await.ok(200);
    studio.ada.post("/api/v1/uploads", upload).await.ok(201);
}

/// A mail server that is out of order.
struct Broken;

#[async_trait::async_trait]
impl Mailer for Broken {
    async fn send(&self, _mail: Mail) -> Result<(), MailError> {
        Err(MailError::Permanent("550 no such mailbox".to_owned()))
    }
}

#[tokio::test]
async fn the_mail_server_is_tried_out() {
    const TEST: &str = "/api/v1/admin/mail/test";
    let to = json!({"to": "boss@example.org"});
    let app = App::with_mail().await;
    let boss = administrator(&app, "boss").await;
    assert_eq!(boss.post(TEST, to.clone()).await.ok(200)["ok"], json!(true));
    assert_eq!(app.outbox.to("boss@example.org").last().expect("a mail").subject, "Mail works");
    assert_eq!(boss.post(TEST, json!({"to": "nobody"})).await.faults(), ["/to"]);
    let noted = boss.get("/api/v1/admin/audit?action=mail.tested").await.ok(200);
    assert_eq!(noted["items"].as_array().map(Vec::len), Some(1), "{noted}");

    let app = App::with(|_config, world| world.mailer = Some(Arc::new(Broken))).await;
    let boss = administrator(&app, "boss").await;
    let told = boss.post(TEST, to.clone()).await.ok(200);
    assert_eq!((&told["ok"], &told["smtp_log"]), (&json!(false), &json!("550 no such mailbox")));
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    boss.post(TEST, to.clone()).await.problem("conflict");
    app.user("ada").await.post(TEST, to).await.problem("forbidden");
}

#[tokio::test]
async fn figures_say_how_much_there_is() {
    let studio = Studio::open().await;
    let boss = administrator(&studio.app, "boss").await;
    studio.version(&sound(4_800, 1)).await;
    studio.version(&sound(4_800, 1)).await;
    let stats = boss.get("/api/v1/admin/stats").await.ok(200);
    assert_eq!(stats["users"], json!({"active": 2, "disabled": 0, "administrators": 1}));
    assert_eq!(stats["projects"], json!({"active": 1, "trashed": 0, "tracks": 1, "versions": 2}));
    let size = i64::try_from(sound(4_800, 1).len()).expect("it is small");
    assert_eq!(stats["storage"]["version_bytes"], json!(2 * size));
    assert!(stats["storage"]["blobs"].as_i64().is_some_and(|blobs| blobs >= 1), "{stats}");
    assert!(stats["storage"]["disk_free_bytes"].as_i64().is_some_and(|bytes| bytes > 0), "{stats}");
    assert_eq!((&stats["jobs"]["running"], &stats["jobs"]["failed"]), (&json!(0), &json!(0)));
    studio.ada.delete(&format!("/api/v1/projects/{}", studio.project)).await.ok(204);
    let stats = boss.get("/api/v1/admin/stats").await.ok(200);
    assert_eq!((&stats["projects"]["active"], &stats["projects"]["trashed"]), (&json!(0), &json!(1)));
}

async fn jobs(boss: &Person, query: &str) -> Vec<Value> {
    let page = boss.get(&format!("/api/v1/admin/jobs?limit=200{query}")).await.ok(200);
    page["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn jobs_are_listed_and_failed_ones_tried_again() {
    let studio = Studio::careless().await;
    let boss = administrator(&studio.app, "boss").await;
    studio.version(&sound(4_800, 1)).await;
    let broken = studio.version(&broken_sound()).await;
    assert_eq!(broken["status"], json!("failed"));
    let processed = jobs(&boss, "&kind=version.process").await;
    assert_eq!(processed.len(), 2);
    let done = jobs(&boss, "&kind=version.process&state=succeeded").await;
    let failed: Vec<_> = processed.iter().filter(|job| !done.contains(job)).collect();
    let (done, failed) = (&done[0], failed[0]);
    assert_eq!(jobs(&boss, "&kind=nothing").await, Vec::<Value>::new());
    assert_eq!(boss.get("/api/v1/admin/jobs?state=odd").await.faults(), ["?state"]);
    let first = boss.get("/api/v1/admin/jobs?limit=1&kind=version.process").await.ok(200);
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let second =
        boss.get(&format!("/api/v1/admin/jobs?limit=1&kind=version.process&cursor={cursor}")).await.ok(200);
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);

    let retry = |job: &Value| format!("/api/v1/admin/jobs/{}/retry", id(job));
    boss.post_empty(&retry(done)).await.problem("conflict");
    let again = boss.post_empty(&retry(failed)).await.ok(202);
    assert_eq!((&again["state"], &again["attempts"]), (&json!("queued"), &json!(0)));
    studio.app.idle().await;
    let after = boss.get(&format!("/api/v1/jobs/{}", id(failed))).await.ok(200);
    assert_eq!((&after["state"], &after["attempts"]), (&failed["state"], &failed["attempts"]));
    let version = studio.ada.get(&format!("/api/v1/versions/{}", id(&broken))).await.ok(200);
    assert_eq!(version["status"], json!("failed"));
    boss.post_empty(&format!("/api/v1/admin/jobs/{}/retry", boss.id)).await.problem("not_found");
}

#[tokio::test]
async fn an_account_goes_and_what_it_made_stays() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let (alone, shared) = (project(&ada).await, project(&ben).await);
    join(&ben, &shared, &ada, "owner").await;
    let said = ada.post(&format!("{shared}/comments"), json!({"body": "Mine"})).await.ok(201);
    let user = format!("/api/v1/admin/users/{}", ada.id);
    assert_eq!(boss.get(&user).await.ok(200)["name"], json!("ada"));
    boss.delete(&user).await.problem("last_owner");
    assert_eq!(ada.get("/api/v1/me").await.ok(200)["name"], json!("ada"), "nothing happened");
    assert_eq!(boss.delete(&format!("{user}?transfer_to={}", ada.id)).await.faults(), ["?transfer_to"]);
    boss.delete(&format!("/api/v1/admin/users/{}", boss.id)).await.problem("conflict");

    boss.delete(&format!("{user}?transfer_to={}", ben.id)).await.ok(204);
    boss.delete(&format!("{user}?transfer_to={}", ben.id)).await.ok(204);
    ada.get("/api/v1/me").await.problem("unauthenticated");
    let gone = boss.get(&user).await.ok(200);
    assert_eq!((&gone["status"], &gone["name"]), (&json!("deleted"), &json!("Deleted account")));
    assert!(!gone.to_string().contains("ada"), "{gone}");
    assert_eq!(ben.get(&alone).await.ok(200)["my_role"], json!("owner"));
    let comment = ben.get(&format!("/api/v1/comments/{}", id(&said))).await.ok(200);
    assert_eq!((&comment["body"], &comment["author"]["name"]), (&json!("Mine"), &json!("Deleted account")));
    let members = ben.get(&format!("{shared}/members")).await.ok(200);
    assert_eq!(members["items"].as_array().map(Vec::len), Some(1));
    boss.patch(&user, json!({"status": "active"})).await.problem("conflict");
    // The address is free again.
    app.user("ada").await;
}

#[tokio::test]
async fn people_are_found_by_those_who_may_know_them() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    let (ada, ben, eve) = (app.user("ada").await, app.user("ben").await, app.user("eve").await);
    let path = project(&ada).await;
    join(&ada, &path, &ben, "viewer").await;
    let found = async |who: &Person, query: &str| {
        let found = who.get(&format!("/api/v1/users{query}")).await.ok(200);
        let names = found["items"].as_array().expect("items").iter();
        names.map(|user| user["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(&ada, "").await, ["ada", "ben"]);
    assert_eq!(found(&ben, "?q=AD").await, ["ada"]);
    assert_eq!(found(&ada, "?q=eve").await, [""; 0]);
    assert_eq!(found(&eve, "").await, ["eve"]);
    assert_eq!(found(&boss, "").await, ["ada", "ben", "boss", "eve"]);
    app.anonymous().get("/api/v1/users").await.problem("unauthenticated");
}
