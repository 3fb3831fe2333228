//! Invitations and requests over HTTP: by link, by e-mail, with and without a mail server, and everybody at once.

use crate::{
    members::{join, project},
    support::{App, PASSWORD, Person, studio::id},
};
use futures::future::join_all;
use model::{
    account::{InstanceRole, RegistrationPolicy},
    text::{Email, PersonName},
};
use serde_json::{Value, json};
use service::{NewUser, Password};

const DAY_MS: i64 = 24 * 3600 * 1000;

fn token(invitation: &Value) -> String {
    invitation["token"].as_str().unwrap_or_else(|| panic!("no token: {invitation}")).to_owned()
}

async fn link(owner: &Person, path: &str, max_uses: i64) -> Value {
    let link = json!({"link": true, "role": "editor", "max_uses": max_uses});
    owner.post(&format!("{path}/invitations"), link).await.ok(201)
}

async fn accept(who: &Person, token: &str) -> crate::support::Heard {
    who.post_empty(&format!("/api/v1/invitations/{token}/accept")).await
}

async fn members(owner: &Person, path: &str) -> i64 {
    owner.get(path).await.ok(200)["counts"]["members"].as_i64().expect("a number")
}

#[tokio::test]
async fn a_link_brings_people_in() {
    let app = App::start().await;
    let (ada, ben, cleo) = (app.user("ada").await, app.user("ben").await, app.user("cleo").await);
    let path = project(&ada).await;
    let body = json!({"link": true, "role": "viewer", "message": "Come in", "max_uses": 2});
    let send = || ada.post(&format!("{path}/invitations"), body.clone()).header("idempotency-key", "k");
    let made = send().await.ok(201);
    assert_eq!(send().await.ok(201)["id"], made["id"], "a repeat makes no second one");
    assert_eq!((&made["state"], &made["uses"], &made["max_uses"]), (&json!("pending"), &json!(0), &json!(2)));
    let token = token(&made);
    assert!(made["url"].as_str().expect("a link").ends_with(&format!("/#/invitation/{token}")));

    let preview = format!("/api/v1/invitations/{token}");
    let seen = app.anonymous().get(&preview).await.ok(200);
    let expected = json!({"project_name": "Band", "inviter": "ada", "role": "viewer", "state": "pending",
        "expires_at": made["expires_at"]});
    assert_eq!(seen, expected);
    app.anonymous().post_empty(&format!("{preview}/accept")).await.problem("unauthenticated");
    app.anonymous().get("/api/v1/invitations/nonsense").await.problem("not_found");
    ben.get(&path).await.problem("not_found");
    ben.post_empty(&format!("{preview}/decline")).await.ok(204);

    let member = accept(&ben, &token).await.ok(200);
    assert_eq!((&member["role"], &member["invited_by"]), (&json!("viewer"), &json!(ada.id)));
    assert_eq!(accept(&ben, &token).await.ok(200), member, "once more changes nothing");
    assert_eq!(ben.get(&path).await.ok(200)["my_role"], json!("viewer"));
    ben.get(&format!("{path}/invitations")).await.problem("forbidden");
    accept(&cleo, &token).await.ok(200);
    accept(&app.user("dora").await, &token).await.problem("gone");
    let seen = app.anonymous().get(&preview).await.ok(200);
    assert_eq!(
        (&seen["state"], seen.get("project_name")),
        (&json!("accepted"), None),
        "no word of the project"
    );
    let listed = ada.get(&format!("{path}/invitations")).await.ok(200);
    let listed = &listed["items"][0];
    assert_eq!((&listed["accepted_by"], &listed["uses"]), (&json!([ben.id, cleo.id]), &json!(2)));
    assert!(listed.get("url").is_none());
}

#[tokio::test]
async fn every_fault_of_an_invitation_is_named() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let path = format!("{}/invitations", project(&ada).await);
    let faults = async |body: Value| ada.post(&path, body).await.faults();
    assert_eq!(faults(json!({"role": "viewer"})).await, ["/email"]);
    assert_eq!(faults(json!({"role": "viewer", "link": true, "email": "a@example.org"})).await, ["/email"]);
    assert_eq!(
        faults(json!({"role": "chief", "email": "nobody", "max_uses": 0})).await,
        ["/email", "/max_uses", "/role"]
    );
    assert_eq!(faults(json!({"role": "owner", "link": true})).await, ["/role"]);
    assert_eq!(
        faults(json!({"role": "viewer", "email": "a@example.org", "max_uses": 3})).await,
        ["/max_uses"]
    );
    let past = json!({"role": "viewer", "link": true, "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(faults(past).await, ["/expires_at"]);
    ada.post(&path, json!({"role": "viewer", "email": "ada@example.org"})).await.problem("conflict");
    let ben = json!({"role": "viewer", "email": "ben@example.org"});
    ada.post(&path, ben.clone()).await.ok(201);
    ada.post(&path, ben).await.problem("conflict");
}

#[tokio::test]
async fn links_lapse_are_taken_back_and_sent_again() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let path = project(&ada).await;
    let (lapsing, revoked) = (link(&ada, &path, 5).await, link(&ada, &path, 5).await);
    let one = |invitation: &Value| format!("{path}/invitations/{}", id(invitation));
    ada.delete(&one(&revoked)).await.ok(204);
    ada.delete(&one(&revoked)).await.ok(204);
    accept(&ben, &token(&revoked)).await.problem("gone");
    ada.post_empty(&format!("{}/resend", one(&revoked))).await.problem("conflict");
    app.clock.advance_ms(14 * DAY_MS);
    let (ada, ben) = (app.login("ada").await, app.login("ben").await);
    accept(&ben, &token(&lapsing)).await.problem("gone");
    let again = ada.post_empty(&format!("{}/resend", one(&lapsing))).await.ok(202);
    assert_eq!((&again["state"], &again["token"]), (&json!("pending"), &lapsing["token"]));
    accept(&ben, &token(&lapsing)).await.ok(200);

    let other = project(&ada).await;
    let swapped = format!("{other}/invitations/{}", id(&again));
    ada.delete(&swapped).await.problem("not_found");
    ada.post_empty(&format!("{swapped}/resend")).await.problem("not_found");
}

#[tokio::test]
async fn a_mail_invites_one_person() {
    let app = App::with_mail().await;
    let ada = registered(&app, "ada").await;
    let path = project(&ada).await;
    let body = json!({"email": "Ben@example.org", "role": "owner", "message": "You sing"});
    let made = ada.post(&format!("{path}/invitations"), body).await.ok(201);
    app.idle().await;
    let mails = app.outbox.to("ben@example.org");
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains(made["url"].as_str().expect("a link")), "{}", mails[0].text);
    assert!(mails[0].text.contains("“Band”") && mails[0].text.contains("You sing"), "{}", mails[0].text);
    ada.post_empty(&format!("{path}/invitations/{}/resend", id(&made))).await.ok(202);
    app.idle().await;
    assert_eq!(app.outbox.to("ben@example.org").len(), 2);

    let eve = registered(&app, "eve").await;
    accept(&eve, &token(&made)).await.problem("forbidden");
    eve.post_empty(&format!("/api/v1/invitations/{}/decline", token(&made))).await.problem("forbidden");
    assert_eq!(eve.get("/api/v1/me/invitations").await.ok(200)["items"], json!([]));
    let ben = registered(&app, "ben").await;
    let waiting = ben.get("/api/v1/me/invitations").await.ok(200);
    assert_eq!(waiting["items"][0]["project_name"], json!("Band"));
    accept(&ben, &token(&waiting["items"][0])).await.ok(200);
    assert_eq!(ben.get(&path).await.ok(200)["my_role"], json!("owner"));
    assert_eq!(ben.get("/api/v1/me/invitations").await.ok(200)["items"], json!([]));

    let body = json!({"email": "eve@example.org", "role": "viewer"});
    let no = ada.post(&format!("{path}/invitations"), body).await.ok(201);
    eve.post_empty(&format!("/api/v1/invitations/{}/decline", token(&no))).await.ok(204);
    accept(&eve, &token(&no)).await.problem("gone");
    let listed = ada.get(&format!("{path}/invitations?limit=1")).await.ok(200);
    assert_eq!(listed["items"][0]["state"], json!("declined"));
}

/// Somebody who has proven their address.
async fn registered(app: &App, name: &str) -> Person {
    let body = json!({"email": format!("{name}@example.org"), "name": name, "password": PASSWORD});
    app.anonymous().post("/api/v1/auth/register", body).await.ok(201);
    app.idle().await;
    let mails = app.outbox.to(&format!("{name}@example.org"));
    let mail = mails.last().expect("a mail");
    let token = mail.text.split("/#/verify-email/").nth(1).expect("a link").split_whitespace().next();
    app.anonymous().post("/api/v1/auth/email/verify", json!({"token": token})).await.ok(204);
    app.login(name).await
}

#[tokio::test]
async fn an_address_that_nobody_has_proven_is_told_of_no_invitation() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let path = project(&ada).await;
    let body = json!({"email": "ben@example.org", "role": "viewer"});
    let made = ada.post(&format!("{path}/invitations"), body).await.ok(201);
    let ben = app.user("ben").await;
    assert_eq!(ben.get("/api/v1/me/invitations").await.ok(200)["items"], json!([]));
    accept(&ben, &token(&made)).await.ok(200);
}

#[tokio::test]
async fn an_invitation_lets_its_person_register() {
    let app = App::with(|config, _| config.registration = Some(RegistrationPolicy::Invite)).await;
    let instance = app.server().instance();
    let new = NewUser {
        email: Email::parse("ada@example.org").unwrap(),
        name: PersonName::parse("ada").unwrap(),
        role: InstanceRole::Admin,
        password: Some(Password::parse(PASSWORD).unwrap()),
    };
    instance.service.create_user_offline(&instance.operator(), &new).await.unwrap();
    let ada = app.login("ada").await;
    let path = project(&ada).await;
    let body = json!({"email": "ben@example.org", "role": "viewer"});
    let made = ada.post(&format!("{path}/invitations"), body).await.ok(201);
    let open = link(&ada, &path, 5).await;
    let register = async |name: &str, token: &str| {
        let body = json!({"email": format!("{name}@example.org"), "name": name, "password": PASSWORD,
            "invite_token": token});
        app.anonymous().post("/api/v1/auth/register", body).await
    };
    register("eve", &token(&made)).await.problem("gone");
    register("ben", &token(&open)).await.problem("gone");
    register("ben", &token(&made)).await.ok(201);
    let ben = app.login("ben").await;
    ben.get(&path).await.problem("not_found");
    accept(&ben, &token(&made)).await.ok(200);
    ada.delete(&format!("{path}/members/{}", ben.id)).await.ok(204);
    register("dora", &token(&made)).await.problem("gone");
}

#[tokio::test]
async fn of_many_at_once_as_many_come_in_as_a_link_allows() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let path = project(&ada).await;
    let mut people = vec![];
    for n in 0..10 {
        people.push(app.user(&format!("person{n}")).await);
    }
    let made = link(&ada, &path, 3).await;
    let token = token(&made);
    // Everybody twice, all at once.
    let heard = join_all(people.iter().chain(&people).map(|who| accept(who, &token))).await;
    let inside = join_all(people.iter().map(|who| async { who.get(&path).await.status == 200 })).await;
    assert_eq!(inside.iter().filter(|inside| **inside).count(), 3);
    assert_eq!(members(&ada, &path).await, 4);
    for (n, heard) in heard.iter().enumerate() {
        assert!([200, 410].contains(&heard.status), "{n}: {}", heard.text());
        assert!(heard.status == 410 || inside[n % 10], "{n} was told that they are in");
    }
    assert_eq!(ada.get(&format!("{path}/invitations")).await.ok(200)["items"][0]["uses"], json!(3));
}

#[tokio::test]
async fn taking_back_and_accepting_at_once_leaves_one_truth() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    for _ in 0..10 {
        let path = project(&ada).await;
        let made = link(&ada, &path, 1).await;
        let secret = token(&made);
        let revoke = ada.delete(&format!("{path}/invitations/{}", id(&made))).into_future();
        let (revoked, accepted) = tokio::join!(revoke, accept(&ben, &secret));
        revoked.ok(204);
        let inside = ben.get(&path).await.status == 200;
        assert_eq!(inside, accepted.status == 200, "{}", accepted.text());
        assert_eq!(members(&ada, &path).await, if inside { 2 } else { 1 });
    }
}

#[tokio::test]
async fn nobody_comes_back_by_an_old_link() {
    let app = App::start().await;
    let (ada, ben, cleo) = (app.user("ada").await, app.user("ben").await, app.user("cleo").await);
    let path = project(&ada).await;
    join(&ada, &path, &ben, "owner").await;
    let (of_ada, of_ben) = (link(&ada, &path, 9).await, link(&ben, &path, 9).await);
    app.clock.advance_ms(1_000);
    ada.delete(&format!("{path}/members/{}", ben.id)).await.ok(204);
    accept(&ben, &token(&of_ada)).await.problem("gone");
    accept(&ben, &token(&of_ben)).await.problem("gone");
    accept(&cleo, &token(&of_ben)).await.problem("gone");
    accept(&cleo, &token(&of_ada)).await.ok(200);
    app.clock.advance_ms(1_000);
    let fresh = link(&ada, &path, 9).await;
    accept(&ben, &token(&fresh)).await.ok(200);

    cleo.delete(&format!("{path}/members/{}", cleo.id)).await.ok(204);
    accept(&cleo, &token(&of_ada)).await.ok(200);
    assert_eq!(members(&ada, &path).await, 3, "who left may come back");
}

#[tokio::test]
async fn an_invitation_into_a_closed_project_waits_or_is_void() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let path = project(&ada).await;
    let made = link(&ada, &path, 1).await;
    ada.post_empty(&format!("{path}/archive")).await.ok(200);
    accept(&ben, &token(&made)).await.problem("project_archived");
    ada.delete(&path).await.ok(204);
    accept(&ben, &token(&made)).await.problem("gone");
    let seen = app.anonymous().get(&format!("/api/v1/invitations/{}", token(&made))).await.ok(200);
    assert_eq!(seen["state"], json!("revoked"));
}

#[tokio::test]
async fn people_ask_to_be_let_in_where_a_project_says_so() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let path = project(&ada).await;
    let ask = format!("{path}/access-requests");
    let please = json!({"message": "I play the bass"});
    ben.post(&ask, please.clone()).await.problem("not_found");
    ada.patch(&format!("{path}/settings"), json!({"access_requests": true})).await.ok(200);
    let asked = ben.post(&ask, please.clone()).await.ok(202);
    assert_eq!((&asked["state"], &asked["user"]["name"]), (&json!("pending"), &json!("ben")));
    assert_eq!(ben.post(&ask, please.clone()).await.ok(202)["id"], asked["id"]);
    ben.get(&ask).await.problem("not_found");
    ada.post(&ask, json!({})).await.problem("conflict");
    let listed = ada.get(&ask).await.ok(200);
    assert_eq!(listed["items"], json!([asked]));
    let decide = format!("{ask}/{}/decide", id(&asked));
    let no = ada.post(&decide, json!({"decision": "decline"})).await.ok(200);
    assert_eq!((&no["state"], &no["decided_by"]), (&json!("declined"), &json!(ada.id)));
    ada.post(&decide, json!({"decision": "approve"})).await.problem("conflict");
    ben.post(&ask, please.clone()).await.problem("conflict");

    app.clock.advance_ms(DAY_MS + 1);
    let (ada, ben) = (app.login("ada").await, app.login("ben").await);
    ben.post(&ask, please).await.ok(202);
    let other = project(&ada).await;
    let swapped = format!("{other}/access-requests/{}/decide", id(&asked));
    ada.post(&swapped, json!({"decision": "approve"})).await.problem("not_found");
    let approve = json!({"decision": "approve", "role": "editor"});
    let (one, two) = tokio::join!(
        ada.post(&decide, approve.clone()).into_future(),
        ada.post(&decide, json!({"decision": "decline"})).into_future()
    );
    assert_eq!([one.status, two.status].iter().filter(|status| **status == 200).count(), 1);
    let inside = ben.get(&path).await.status == 200;
    assert_eq!(inside, one.status == 200);
    assert_eq!(members(&ada, &path).await, if inside { 2 } else { 1 });
}

#[tokio::test]
async fn old_invitations_are_forgotten() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let path = project(&ada).await;
    let made = link(&ada, &path, 2).await;
    accept(&ben, &token(&made)).await.ok(200);
    app.clock.advance_ms(45 * DAY_MS);
    let instance = app.server().instance();
    // The clock starts the same job, and may be at it already.
    instance.service.expire_invitations(&instance.operator()).await.expect("works");
    app.idle().await;
    let ada = app.login("ada").await;
    assert_eq!(ada.get(&format!("{path}/invitations")).await.ok(200)["items"], json!([]));
    app.anonymous().get(&format!("/api/v1/invitations/{}", token(&made))).await.problem("not_found");
}
