//! Review over HTTP: statuses by hand, approvals, and what the rule of the project makes of them.

use crate::members::join;
use crate::support::{
    Person,
    band::Band,
    studio::{id, sound},
};
use serde_json::{Value, json};

struct Take {
    band: Band,
    version: String,
}

impl Take {
    async fn new() -> Self {
        let band = Band::meet().await;
        let version = format!("/api/v1/versions/{}", id(&band.studio.version(&sound(4_800, 1)).await));
        Self { band, version }
    }

    async fn set(&self, who: &Person, review: Value) -> Value {
        who.put(&format!("{}/review", self.version), review).await.ok(200)
    }

    async fn say(&self, who: &Person, decision: &str) {
        let path = format!("{}/approvals/me", self.version);
        let said = who.put(&path, json!({"decision": decision, "note": "so"})).await.ok(200);
        assert_eq!((&said["decision"], &said["principal"]["id"]), (&json!(decision), &json!(who.id)));
    }

    async fn withdraw(&self, who: &Person) {
        who.delete(&format!("{}/approvals/me", self.version)).await.ok(204);
    }

    async fn status(&self) -> String {
        let version = self.band.vic.get(&self.version).await.ok(200);
        version["review_status"].as_str().expect("a status").to_owned()
    }

    async fn rule(&self, rule: &str) {
        self.band.settings(json!({"approval_rule": rule})).await;
    }
}

#[tokio::test]
async fn a_review_is_asked_for_and_answered() {
    let take = Take::new().await;
    let (ada, ben, vic) = (take.band.ada(), &take.band.ben, &take.band.vic);
    assert_eq!(take.status().await, "none");
    let mut live = vic.listen(&format!("{}/events?types=version.*", take.band.project())).await;
    let asked = take.set(ben, json!({"status": "in_review", "reviewers": [vic.id]})).await;
    assert_eq!((&asked["review_status"], &asked["reviewers"]), (&json!("in_review"), &json!([vic.id])));
    let told = live.hear().await;
    assert_eq!(
        (&told["type"], &told["data"]["review_status"]),
        (&json!("version.review_status_changed"), &json!("in_review"))
    );
    take.say(vic, "approve").await;
    assert_eq!(live.hear().await["type"], "version.approved");
    assert_eq!(take.status().await, "in_review", "without a rule people decide");
    take.say(ada, "request_changes").await;
    assert_eq!(live.hear().await["type"], "version.changes_requested");
    take.say(ada, "request_changes").await;
    take.withdraw(ada).await;
    take.withdraw(ada).await;
    assert_eq!(live.hear().await["type"], "version.approval_withdrawn");
    let version = vic.get(&take.version).await.ok(200);
    let approvals = version["approvals"].as_array().expect("approvals");
    assert_eq!(approvals.len(), 1);
    assert_eq!((&approvals[0]["principal"]["name"], &approvals[0]["note"]), (&json!("vic"), &json!("so")));
    let list = vic.get(&format!("/api/v1/tracks/{}/versions", take.band.studio.track)).await.ok(200);
    assert!(list["items"][0].get("approvals").is_none());
    assert_eq!(list["items"][0]["review_status"], "in_review");

    let tag = format!("\"r{}\"", version["revision"]);
    let approved = ben.put(&format!("{}/review", take.version), json!({"status": "approved"}));
    assert_eq!(approved.header("if-match", &tag).await.ok(200)["review_status"], "approved");
    let stale = ben.put(&format!("{}/review", take.version), json!({"status": "rejected"}));
    stale.header("if-match", &tag).await.problem("revision_conflict");
    let strange = json!({"status": "in_review", "reviewers": [ada.id, take.band.eve.id]});
    assert_eq!(ben.put(&format!("{}/review", take.version), strange).await.faults(), ["/reviewers/1"]);
    let odd = json!({"status": "great"});
    assert_eq!(ben.put(&format!("{}/review", take.version), odd).await.faults(), ["/status"]);
}

#[tokio::test]
async fn one_owner_decides_where_the_rule_says_so() {
    let take = Take::new().await;
    let (ada, ben, vic) = (take.band.ada(), &take.band.ben, &take.band.vic);
    take.rule("any_owner").await;
    take.say(vic, "approve").await;
    assert_eq!(take.status().await, "none");
    ben.put(&format!("{}/review", take.version), json!({"status": "approved"})).await.problem("conflict");
    take.set(ben, json!({"status": "in_review"})).await;
    take.say(ben, "request_changes").await;
    assert_eq!(take.status().await, "in_review", "an editor is no owner");
    take.say(ada, "approve").await;
    assert_eq!(take.status().await, "approved");
    take.withdraw(ada).await;
    assert_eq!(take.status().await, "in_review");
    take.say(ada, "request_changes").await;
    assert_eq!(take.status().await, "changes_requested");
    take.set(ben, json!({"status": "rejected"})).await;
    take.withdraw(ada).await;
    assert_eq!(take.status().await, "rejected", "that stays until somebody decides");
}

#[tokio::test]
async fn everybody_decides_where_the_rule_says_so() {
    let take = Take::new().await;
    let (ada, ben, vic) = (take.band.ada(), &take.band.ben, &take.band.vic);
    take.rule("all_members").await;
    take.say(ada, "approve").await;
    take.say(ben, "approve").await;
    assert_eq!(take.status().await, "none");
    take.say(vic, "request_changes").await;
    assert_eq!(take.status().await, "changes_requested");
    take.say(vic, "approve").await;
    assert_eq!(take.status().await, "approved");
    take.withdraw(vic).await;
    assert_eq!(take.status().await, "in_review");
    take.band.settings(json!({"viewer_can_comment": false})).await;
    let path = format!("{}/approvals/me", take.version);
    vic.put(&path, json!({"decision": "approve"})).await.problem("forbidden");
    take.say(ben, "request_changes").await;
    take.say(ben, "approve").await;
    assert_eq!(take.status().await, "approved", "viewers are not asked who may not say");
}

#[tokio::test]
async fn open_reviews_are_weighed_again_when_members_or_settings_change() {
    let take = Take::new().await;
    let (app, project) = (&take.band.studio.app, take.band.project());
    let (ada, ben, vic) = (take.band.ada(), &take.band.ben, &take.band.vic);
    let member = |who: &Person| format!("{project}/members/{}", who.id);
    take.set(ben, json!({"status": "in_review", "reviewers": [ada.id]})).await;
    take.say(ada, "approve").await;
    take.say(vic, "request_changes").await;
    take.rule("all_members").await;
    app.idle().await;
    assert_eq!(take.status().await, "changes_requested");
    take.say(vic, "approve").await;
    assert_eq!(take.status().await, "in_review", "Ben has not decided");
    let mut live = ada.listen(&format!("{project}/events?types=version.*")).await;
    ada.delete(&member(ben)).await.ok(204);
    assert_eq!(live.until("version.review_status_changed").await.data["data"]["review_status"], "approved");
    app.idle().await;
    app.clock.advance_ms(1_000);
    join(ada, &project, ben, "editor").await;
    app.idle().await;
    assert_eq!(take.status().await, "approved", "that was decided by those who were there");

    take.set(ada, json!({"status": "in_review"})).await;
    take.say(vic, "request_changes").await;
    take.rule("any_owner").await;
    app.idle().await;
    assert_eq!(take.status().await, "approved", "the owner approved, and nobody else counts");
    take.set(ada, json!({"status": "in_review"})).await;
    take.withdraw(ada).await;
    ada.patch(&member(vic), json!({"role": "owner"})).await.ok(200);
    app.idle().await;
    assert_eq!(take.status().await, "changes_requested", "Vic is an owner now");
}

#[tokio::test]
async fn others_may_not_decide() {
    let take = Take::new().await;
    let (ada, vic, eve) = (take.band.ada(), &take.band.vic, &take.band.eve);
    let (mine, review) = (format!("{}/approvals/me", take.version), format!("{}/review", take.version));
    let (good, asked) = (json!({"decision": "approve"}), json!({"status": "in_review"}));
    vic.put(&review, asked.clone()).await.problem("forbidden");
    for (path, body) in [(&mine, &good), (&review, &asked)] {
        eve.put(path, body.clone()).await.problem("not_found");
        take.band.studio.app.anonymous().put(path, body.clone()).await.problem("unauthenticated");
    }
    eve.delete(&mine).await.problem("not_found");
    take.say(vic, "approve").await;
    ada.delete(&take.version).await.ok(204);
    vic.put(&mine, good.clone()).await.problem("not_found");
    ada.post_empty(&format!("{}/restore", take.version)).await.ok(200);
    ada.post_empty(&format!("{}/archive", take.band.project())).await.ok(200);
    vic.delete(&mine).await.problem("project_archived");
    ada.post_empty(&format!("{}/unarchive", take.band.project())).await.ok(200);
    ada.delete(&take.version).await.ok(204);
    take.band.studio.app.clock.advance_ms(31 * 24 * 3600 * 1000);
    let instance = take.band.studio.app.server().instance();
    instance.service.purge_trash(&instance.operator()).await.expect("the store works");
    // The server compares every counter when it is dropped.
}
