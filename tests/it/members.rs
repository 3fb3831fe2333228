//! Members over HTTP: roles, removal, leaving, handing over, and what ends with a membership.

use crate::support::{
    App, Person,
    socket::Socket,
    studio::{Studio, id, sound},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Lets somebody into a project by a link; `project` is its path.
pub(crate) async fn join(owner: &Person, project: &str, who: &Person, role: &str) {
    let invitation = match role {
        "owner" => json!({"email": format!("{}@example.org", name(who).await), "role": role}),
        _ => json!({"link": true, "role": role}),
    };
    let made = owner.post(&format!("{project}/invitations"), invitation).await.ok(201);
    let token = made["token"].as_str().expect("a token");
    let member = who.post_empty(&format!("/api/v1/invitations/{token}/accept")).await.ok(200);
    assert_eq!((&member["role"], &member["user"]["id"]), (&json!(role), &json!(who.id)));
}

async fn name(who: &Person) -> String {
    who.get("/api/v1/me").await.ok(200)["name"].as_str().expect("a name").to_owned()
}

/// A project of this person: its path.
pub(crate) async fn project(owner: &Person) -> String {
    format!("/api/v1/projects/{}", id(&owner.post("/api/v1/projects", json!({"name": "Band"})).await.ok(201)))
}

fn member(project: &str, who: &Person) -> String {
    format!("{project}/members/{}", who.id)
}

async fn roles(person: &Person, project: &str) -> Vec<(String, String)> {
    let page = person.get(&format!("{project}/members")).await.ok(200);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let items = page["items"].as_array().expect("a list");
    items.iter().map(|item| (text(&item["user"]["name"]), text(&item["role"]))).collect()
}

#[tokio::test]
async fn a_part_is_given_changed_and_taken() {
    let app = App::start().await;
    let (ada, ben, cleo) = (app.user("ada").await, app.user("ben").await, app.user("cleo").await);
    let path = project(&ada).await;
    join(&ada, &path, &ben, "editor").await;
    join(&ada, &path, &cleo, "viewer").await;
    let expected = [("ada", "owner"), ("ben", "editor"), ("cleo", "viewer")];
    let expected: Vec<_> = expected.map(|(name, role)| (name.to_owned(), role.to_owned())).into();
    assert_eq!(roles(&cleo, &path).await, expected);

    let role = |role: &str| json!({"role": role});
    ben.patch(&member(&path, &cleo), role("editor")).await.problem("forbidden");
    ben.patch(&member(&path, &ben), role("owner")).await.problem("forbidden");
    cleo.post(&format!("{path}/tracks"), json!({"name": "Bass"})).await.problem("forbidden");
    let changed = ada.patch(&member(&path, &cleo), role("editor")).header("if-match", "\"r1\"").await;
    assert_eq!((&changed.ok(200)["role"], &changed.ok(200)["revision"]), (&json!("editor"), &json!(2)));
    ada.patch(&member(&path, &cleo), role("viewer"))
        .header("if-match", "\"r1\"")
        .await
        .problem("revision_conflict");
    cleo.post(&format!("{path}/tracks"), json!({"name": "Bass"})).await.ok(201);
    assert_eq!(ada.patch(&member(&path, &cleo), role("singer")).await.faults(), ["/role"]);
    ada.patch(&format!("{path}/members/{}", uuid::Uuid::nil()), role("viewer")).await.problem("not_found");

    ada.patch(&member(&path, &ada), role("editor")).await.problem("last_owner");
    ada.delete(&member(&path, &ada)).await.problem("last_owner");
    ben.delete(&member(&path, &cleo)).await.problem("forbidden");
    ben.delete(&member(&path, &ben)).await.ok(204);
    ben.get(&path).await.problem("not_found");
    ada.delete(&member(&path, &cleo)).await.ok(204);
    ada.delete(&member(&path, &cleo)).await.problem("not_found");
    assert_eq!(ada.get(&path).await.ok(200)["counts"]["members"], json!(1));

    let events = ada.get(&format!("{path}/events/log?limit=200")).await.ok(200);
    let kinds: Vec<&str> =
        events["items"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    for kind in
        ["member.joined", "member.role_changed", "member.left", "member.removed", "invitation.accepted"]
    {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
}

#[tokio::test]
async fn a_project_is_handed_over() {
    let app = App::start().await;
    let (ada, ben, eve) = (app.user("ada").await, app.user("ben").await, app.user("eve").await);
    let path = project(&ada).await;
    join(&ada, &path, &ben, "viewer").await;
    let to = |person: &Person| json!({"user_id": person.id});
    let transfer = format!("{path}/transfer");
    assert_eq!(ada.post(&transfer, to(&eve)).await.faults(), ["/user_id"]);
    ada.post(&transfer, to(&ada)).await.problem("conflict");
    ben.post(&transfer, to(&ben)).await.problem("forbidden");
    assert_eq!(ada.get(&path).await.ok(200)["owner_id"], json!(ada.id));
    assert_eq!(ada.post(&transfer, to(&ben)).await.ok(200)["role"], json!("owner"));
    let seen = ada.get(&path).await.ok(200);
    assert_eq!((&seen["owner_id"], &seen["my_role"]), (&json!(ben.id), &json!("editor")));
    ada.post(&transfer, to(&ada)).await.problem("forbidden");

    ben.patch(&member(&path, &ada), json!({"role": "owner"})).await.ok(200);
    ben.delete(&member(&path, &ben)).await.ok(204);
    assert_eq!(ada.get(&path).await.ok(200)["owner_id"], json!(ada.id), "somebody who is here is named");
}

#[tokio::test]
async fn of_two_owners_who_demote_each_other_one_stays() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    for round in 0..12 {
        let path = project(&ada).await;
        join(&ada, &path, &ben, "editor").await;
        ada.patch(&member(&path, &ben), json!({"role": "owner"})).await.ok(200);
        let demote = json!({"role": "viewer"});
        let (one, other) = match round % 3 {
            // Each other, themselves, and leaving at once.
            0 => tokio::join!(
                ada.patch(&member(&path, &ben), demote.clone()).into_future(),
                ben.patch(&member(&path, &ada), demote).into_future()
            ),
            1 => tokio::join!(
                ada.patch(&member(&path, &ada), demote.clone()).into_future(),
                ben.patch(&member(&path, &ben), demote).into_future()
            ),
            _ => tokio::join!(
                ada.delete(&member(&path, &ada)).into_future(),
                ben.delete(&member(&path, &ben)).into_future()
            ),
        };
        let worked = [&one, &other].iter().filter(|heard| heard.status < 300).count();
        assert_eq!(worked, 1, "round {round}: {} {}", one.text(), other.text());
        let left = if ada.get(&path).await.status == 200 { &ada } else { &ben };
        let owners = roles(left, &path).await.into_iter().filter(|(_, role)| role == "owner").count();
        assert_eq!(owners, 1, "round {round}");
    }
}

#[tokio::test]
async fn everything_of_a_removed_member_ends_at_once() {
    let studio = Studio::open().await;
    let (app, ada) = (&studio.app, &studio.ada);
    let ben = app.user("ben").await;
    let path = format!("/api/v1/projects/{}", studio.project);
    join(ada, &path, &ben, "editor").await;
    let version = studio.version(&sound(4800, 1)).await;
    let version = format!("/api/v1/versions/{}", id(&version));
    let link = ben.post(&format!("{version}/stream-url"), json!({"quality": "original"})).await.ok(200);
    let link = link["url"].as_str().expect("a link").trim_start_matches(&app.url).to_owned();
    let nobody = app.anonymous();
    assert_eq!(nobody.get(&link).await.status, 200);
    let token = json!({"name": "script", "scopes": ["projects:read"]});
    let token = ben.post("/api/v1/me/tokens", token).await.ok(201);
    let script = ben.with_token(token["secret"].as_str().expect("a secret"));
    script.get(&path).await.ok(200);
    let upload = json!({"project_id": studio.project, "filename": "a.wav", "size_bytes": 100});
    let upload = format!("/api/v1/uploads/{}", id(&ben.post("/api/v1/uploads", upload).await.ok(201)));
    let ticket = ben.post("/api/v1/realtime/tickets", json!({})).await.ok(200);
    let ticket = ticket["ticket"].as_str().expect("a ticket").to_owned();
    // Open streams: they end by themselves.
    let streams = [
        ben.get(&format!("{path}/events")).into_future(),
        nobody.get(&format!("{path}/events?ticket={ticket}")).into_future(),
    ];
    let streams: Vec<_> = streams.into_iter().map(tokio::spawn).collect();
    tokio::time::sleep(Duration::from_millis(300)).await;

    ada.delete(&member(&path, &ben)).await.ok(204);
    for stream in streams {
        let ended = tokio::time::timeout(Duration::from_secs(10), stream).await;
        ended.expect("the stream ends").expect("it is read");
    }
    for gone in [
        ben.get(&path),
        ben.get(&version),
        ben.get(&format!("{version}/stream?quality=original")),
        script.get(&path),
        nobody.get(&link),
        ben.ask(Method::PUT, &format!("{upload}/content")).body("application/octet-stream", vec![0; 100]),
        ben.delete(&member(&path, &ben)),
    ] {
        gone.await.problem("not_found");
    }
    let again = nobody.get(&format!("{path}/events?ticket={ticket}")).await;
    assert!(again.status == 404 || again.status == 401, "{}", again.text());
}

#[tokio::test]
async fn an_open_stream_of_a_removed_member_ends_within_a_second() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let path = project(&ada).await;
    let mut delays = Vec::new();
    for _ in 0..5 {
        join(&ada, &path, &ben, "editor").await;
        let mut socket = Socket::open(&app, &ben, "").await;
        socket.say(json!({"type": "presence.update", "project_id": path.rsplit('/').next()})).await;
        socket.until("presence.joined").await;
        let mut stream = ben.listen(&format!("{path}/events")).await;
        ada.delete(&member(&path, &ben)).await.ok(204);
        let removed = Instant::now();
        while stream.next().await.is_some() {}
        while socket.next().await.is_some() {}
        delays.push(removed.elapsed());
        // No invitation from before the removal lets them in again.
        app.clock.advance_ms(1_000);
    }
    // One slow moment of the machine is none of the server's.
    delays.sort();
    assert!(delays[delays.len() / 2] < Duration::from_secs(1), "{delays:?}");
}

#[tokio::test]
async fn whoever_is_removed_during_a_transfer_has_uploaded_nothing() {
    let studio = Studio::open().await;
    let (ada, ben) = (&studio.ada, studio.app.user("ben").await);
    let path = format!("/api/v1/projects/{}", studio.project);
    join(ada, &path, &ben, "editor").await;
    let upload = json!({"project_id": studio.project, "filename": "a.wav", "size_bytes": 200});
    let upload = format!("/api/v1/uploads/{}", id(&ben.post("/api/v1/uploads", upload).await.ok(201)));
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let chunks =
        futures::stream::unfold(receiver, |mut from| async { from.recv().await.map(|it| (it, from)) });
    let put = ben.ask(Method::PUT, &format!("{upload}/content"));
    let put = put.body("application/octet-stream", reqwest::Body::wrap_stream(chunks));
    let put = tokio::spawn(put.into_future());
    sender.send(Ok(vec![1; 100])).await.expect("the server reads");
    while studio.app.parts().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ada.delete(&member(&path, &ben)).await.ok(204);
    sender.send(Ok(vec![2; 100])).await.expect("the server reads");
    drop(sender);
    put.await.expect("it is answered").problem("not_found");
}

#[tokio::test]
async fn viewers_download_only_where_the_project_lets_them() {
    let studio = Studio::open().await;
    let (ada, ben) = (&studio.ada, studio.app.user("ben").await);
    let path = format!("/api/v1/projects/{}", studio.project);
    join(ada, &path, &ben, "viewer").await;
    let version = studio.version(&sound(4800, 1)).await;
    let download = format!("/api/v1/versions/{}/download", id(&version));
    ben.get(&download).await.problem("forbidden");
    let can = |capabilities: &Value| capabilities.as_array().expect("a list").contains(&json!("download"));
    assert!(!can(&ben.get(&path).await.ok(200)["capabilities"]));
    ben.patch(&format!("{path}/settings"), json!({"viewer_can_download": true})).await.problem("forbidden");
    ada.patch(&format!("{path}/settings"), json!({"viewer_can_download": true})).await.ok(200);
    assert_eq!(ben.get(&download).await.body, sound(4800, 1));
    assert!(can(&ben.get(&path).await.ok(200)["capabilities"]));
    ada.patch(&format!("{path}/settings"), json!({"viewer_can_download": false})).await.ok(200);
    ben.get(&download).await.problem("forbidden");
}

#[tokio::test]
async fn an_archived_project_keeps_its_members_but_lets_them_go() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let path = project(&ada).await;
    join(&ada, &path, &ben, "editor").await;
    ada.post_empty(&format!("{path}/archive")).await.ok(200);
    ada.patch(&member(&path, &ben), json!({"role": "viewer"})).await.problem("project_archived");
    ada.post(&format!("{path}/invitations"), json!({"link": true, "role": "viewer"}))
        .await
        .problem("project_archived");
    ada.get(&format!("{path}/invitations")).await.ok(200);
    ben.delete(&member(&path, &ben)).await.ok(204);
}

#[tokio::test]
async fn whom_to_mention() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let path = project(&ada).await;
    join(&ada, &path, &ben, "viewer").await;
    app.user("eve").await;
    let list = async |q: &str| {
        let found = ben.get(&format!("{path}/mentionables?q={q}")).await.ok(200);
        let items = found["items"].as_array().expect("a list").clone();
        items.iter().map(|item| item["handle"].as_str().expect("a handle").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ["all", "editors", "ada", "ben"]);
    assert_eq!(list("A").await, ["all", "ada"]);
    assert_eq!(list("@b").await, ["ben"]);
    assert_eq!(list("eve").await, Vec::<String>::new());
    app.user("zoe").await.get(&format!("{path}/mentionables")).await.problem("not_found");
}
