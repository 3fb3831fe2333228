//! What guests of a share link hear, see, say and keep: within what the link shows, and nothing else.

use crate::{
    share::{guest, link},
    support::{
        Person,
        live::Live,
        studio::{Studio, id, sound},
    },
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How long after its end a link's streams may go on; a busy machine counts in.
const CUT_OFF: Duration = Duration::from_secs(5);

/// A studio with two takes of one track and one of another.
struct Shop {
    studio: Studio,
    old: String,
    new: String,
    other_track: String,
    other: String,
}

impl Shop {
    async fn open() -> Self {
        let mut studio = Studio::open().await;
        let old = id(&studio.version(&sound(4_800, 1)).await);
        let new = id(&studio.version(&sound(9_600, 2)).await);
        let tracks = format!("/api/v1/projects/{}/tracks", studio.project);
        let bass = id(&studio.ada.post(&tracks, json!({"name": "Bass", "kind": "stem"})).await.ok(201));
        let drums = std::mem::replace(&mut studio.track, bass.clone());
        let other = id(&studio.version(&sound(4_800, 3)).await);
        studio.track = drums;
        Self { studio, old, new, other_track: bass, other }
    }
    fn project(&self) -> String {
        format!("/api/v1/projects/{}", self.studio.project)
    }
    async fn link(&self, body: Value) -> Value {
        link(&self.studio.ada, &self.studio.project, body).await
    }
    /// A guest who may do this with what is named.
    async fn guest(&self, kind: &str, scope: &str, rights: Value) -> Person {
        let mut body = rights;
        body["scope"] = json!({"type": kind, "id": scope});
        guest(&self.studio.app, &self.link(body).await, "Grace").await
    }
    async fn say(&self, who: &Person, body: Value) -> crate::support::Heard {
        who.post(&format!("{}/comments", self.project()), body).await
    }
}

fn version(id: &str) -> String {
    format!("/api/v1/versions/{id}")
}

async fn names(who: &Person, path: &str) -> Vec<String> {
    let found = who.get(path).await.ok(200);
    let items = found["items"].as_array().expect("items").iter();
    items.map(|item| item["name"].as_str().or(item["id"].as_str()).expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn a_guest_hears_and_sees_what_the_link_shows() {
    let shop = Shop::open().await;
    let (project, track) = (shop.project(), shop.studio.track.clone());
    let all = shop.guest("project", &shop.studio.project, json!({"can_see_versions": true})).await;
    let some = shop.guest("project", &shop.studio.project, json!({})).await;
    let drums = shop.guest("track", &track, json!({})).await;
    let one = shop.guest("version", &shop.old, json!({})).await;
    let tracks = format!("{project}/tracks");
    let seen = async |who: &Person| names(who, &tracks).await;
    assert_eq!(seen(&all).await, ["Drums", "Bass"]);
    assert_eq!(seen(&some).await, ["Drums", "Bass"]);
    assert_eq!(seen(&drums).await, ["Drums"]);
    assert_eq!(seen(&one).await, Vec::<String>::new());
    let takes = format!("/api/v1/tracks/{track}/versions");
    assert_eq!(names(&all, &takes).await, [shop.new.clone(), shop.old.clone()]);
    assert_eq!(names(&some, &takes).await.join(" "), shop.new);
    assert_eq!(names(&drums, &takes).await.join(" "), shop.new);
    one.get(&takes).await.problem("not_found");
    assert_eq!(drums.get(&format!("/api/v1/tracks/{track}")).await.ok(200)["version_count"], json!(1));
    for (who, heard) in [
        (&all, [true, true, true]),
        (&some, [false, true, true]),
        (&drums, [false, true, false]),
        (&one, [true, false, false]),
    ] {
        for (take, heard) in [&shop.old, &shop.new, &shop.other].into_iter().zip(heard) {
            for form in ["", "/stream", "/waveform", "/waveform.dat", "/peaks", "/analysis"] {
                let answer = who.get(&format!("{}{form}", version(take))).await;
                if heard {
                    assert_eq!(answer.status, 200, "{form}: {}", answer.text());
                } else {
                    answer.problem("not_found");
                }
            }
            let link = who.post(&format!("{}/stream-url", version(take)), json!({"ttl_s": 60})).await;
            assert_eq!(link.status, if heard { 200 } else { 404 });
        }
    }
    all.get(&format!("{}/download", version(&shop.new))).await.problem("forbidden");
    one.get(&format!("{}/download", version(&shop.new))).await.problem("not_found");
    let keeper = shop.guest("version", &shop.old, json!({"can_download": true})).await;
    assert_eq!(keeper.get(&format!("{}/download", version(&shop.old))).await.body, sound(4_800, 1));
    keeper.get(&format!("/api/v1/tracks/{}", shop.other_track)).await.problem("not_found");
}

#[tokio::test]
async fn the_content_of_a_link_is_for_its_guests() {
    let shop = Shop::open().await;
    let studio = &shop.studio;
    for (kind, scope, tracks, takes) in
        [("project", &studio.project, 2, 0), ("track", &studio.track, 1, 0), ("version", &shop.old, 0, 1)]
    {
        let made = shop.link(json!({"scope": {"type": kind, "id": scope}, "title": "Listen"})).await;
        let path = format!("/api/v1/share/{}/content", made["token"].as_str().expect("a token"));
        let visitor = guest(&studio.app, &made, "Grace").await;
        let content = visitor.get(&path).await.ok(200);
        assert_eq!((&content["title"], &content["scope"]["type"]), (&json!("Listen"), &json!(kind)));
        assert_eq!(
            (&content["project"]["name"], &content["guest"]["name"]),
            (&json!("Song"), &json!("Grace"))
        );
        assert_eq!(content["tracks"].as_array().map(Vec::len), Some(tracks));
        assert_eq!(usize::from(content.get("version").is_some()), takes);
        studio.ada.get(&path).await.problem("forbidden");
        studio.app.anonymous().get(&path).await.problem("unauthenticated");
        let other = shop.guest("project", &studio.project, json!({})).await;
        other.get(&path).await.problem("not_found");
    }
    let gone = shop.link(json!({"scope": {"type": "version", "id": shop.old}})).await;
    let visitor = guest(&studio.app, &gone, "Grace").await;
    studio.ada.delete(&version(&shop.old)).await.ok(204);
    let token = gone["token"].as_str().expect("a token");
    visitor.get(&format!("/api/v1/share/{token}/content")).await.problem("not_found");
    studio.app.anonymous().get(&format!("/api/v1/share/{token}")).await.problem("gone");
}

#[tokio::test]
async fn guests_speak_with_their_name_where_the_link_lets_them() {
    let shop = Shop::open().await;
    let (ada, track) = (&shop.studio.ada, shop.studio.track.clone());
    let talks = json!({"can_comment": true, "can_see_comments": true});
    let grace = shop.guest("track", &track, talks.clone()).await;
    let made =
        shop.say(&grace, json!({"body": "Louder", "version_id": shop.new, "start_ms": 10})).await.ok(201);
    assert_eq!((&made["author"]["kind"], &made["author"]["name"]), (&json!("guest"), &json!("Grace")));
    let path = format!("/api/v1/comments/{}", id(&made));
    assert_eq!(ada.get(&path).await.ok(200)["author"], made["author"]);
    grace.patch(&path, json!({"body": "Much louder"})).await.ok(200);
    let reacted = grace.ask(reqwest::Method::PUT, &format!("{path}/reactions/%F0%9F%94%A5")).await.ok(200);
    assert_eq!(
        (&reacted[0]["me"], &reacted[0]["first_principals"][0]["name"]),
        (&json!(true), &json!("Grace"))
    );
    let who = ada.get(&format!("{path}/reactions")).await.ok(200)["items"][0].clone();
    assert!(who.to_string().contains("Grace"), "{who}");

    // Not elsewhere, not for the team, not what others said, not to settle or pin.
    shop.say(&grace, json!({"body": "x", "track_id": shop.other_track})).await.problem("not_found");
    shop.say(&grace, json!({"body": "x", "version_id": shop.old})).await.problem("not_found");
    shop.say(&grace, json!({"body": "x"})).await.problem("not_found");
    shop.say(&grace, json!({"body": "x", "track_id": track, "visibility": "team"}))
        .await
        .problem("forbidden");
    let hers = shop.say(ada, json!({"body": "Mine", "version_id": shop.new})).await.ok(201);
    let hers = format!("/api/v1/comments/{}", id(&hers));
    grace.patch(&hers, json!({"body": "x"})).await.problem("forbidden");
    grace.delete(&hers).await.problem("forbidden");
    grace.post_empty(&format!("{path}/resolve")).await.problem("forbidden");
    let reply = shop.say(&grace, json!({"body": "Yes", "parent_id": hers.rsplit('/').next()})).await.ok(201);
    assert_eq!(reply["parent_id"], hers.rsplit('/').next().expect("an id"));

    // What stands elsewhere, or is for the team, is not there.
    let there = shop.say(ada, json!({"body": "Bass", "version_id": shop.other})).await.ok(201);
    let team = shop.say(ada, json!({"body": "T", "track_id": track, "visibility": "team"})).await.ok(201);
    let old = shop.say(ada, json!({"body": "Old", "version_id": shop.old})).await.ok(201);
    for hidden in [&there, &team, &old] {
        grace.get(&format!("/api/v1/comments/{}", id(hidden))).await.problem("not_found");
        shop.say(&grace, json!({"body": "x", "parent_id": id(hidden)})).await.problem("not_found");
    }
    let list = format!("{}/comments", shop.project());
    let listed = grace.get(&list).await.ok(200);
    let said: Vec<_> = listed["items"].as_array().expect("items").iter().map(|item| &item["body"]).collect();
    assert_eq!(said, ["Mine", "Much louder"]);
    assert_eq!(grace.get(&format!("{list}?q=Bass")).await.ok(200)["items"], json!([]));

    // Who may only speak sees their own; who may only look says nothing.
    let blind = shop.guest("track", &track, json!({"can_comment": true})).await;
    let own = shop.say(&blind, json!({"body": "Blind", "track_id": track})).await.ok(201);
    assert_eq!(blind.get(&list).await.ok(200)["items"], json!([own]));
    blind.get(&path).await.problem("not_found");
    let mute = shop.guest("track", &track, json!({"can_see_comments": true})).await;
    shop.say(&mute, json!({"body": "x", "track_id": track})).await.problem("forbidden");
    mute.get(&path).await.ok(200);
    mute.patch(&path, json!({"body": "x"})).await.problem("forbidden");

    ada.post_empty(&format!("{}/archive", shop.project())).await.ok(200);
    shop.say(&grace, json!({"body": "x", "track_id": track})).await.problem("project_archived");
}

#[tokio::test]
async fn a_repeated_comment_of_a_guest_is_made_once() {
    let shop = Shop::open().await;
    let grace = shop.guest("project", &shop.studio.project, json!({"can_comment": true})).await;
    let comments = format!("{}/comments", shop.project());
    let send = || grace.post(&comments, json!({"body": "Once"})).header("idempotency-key", "k");
    let first = send().await.ok(201);
    assert_eq!(id(&send().await.ok(201)), id(&first));
}

#[tokio::test]
async fn a_guest_hears_of_what_the_link_shows_until_it_closes() {
    let shop = Shop::open().await;
    let (studio, track) = (&shop.studio, shop.studio.track.clone());
    let rights = json!({"scope": {"type": "track", "id": track}, "can_see_comments": true});
    let made = shop.link(rights).await;
    let grace = guest(&studio.app, &made, "Grace").await;
    let events = format!("{}/events", shop.project());
    let mut live = grace.listen(&events).await;
    let ticket = grace.post("/api/v1/realtime/tickets", json!({})).await.ok(200);
    let by_ticket = format!("{events}?ticket={}", ticket["ticket"].as_str().expect("a ticket"));
    let mut other = Live::open(studio.app.anonymous().get(&by_ticket)).await;
    let url = grace.post(&format!("{}/stream-url", version(&shop.new)), json!({"ttl_s": 600})).await.ok(200);
    let url = url["url"].as_str().expect("a link").to_owned();
    let url = url.find("/api/").map(|at| url[at..].to_owned()).expect("a path");
    assert_eq!(studio.app.anonymous().get(&url).await.status, 200);
    grace.get("/api/v1/events").await.problem("forbidden");

    // Things of others, of the team and of the house pass by; then something of theirs.
    shop.say(&studio.ada, json!({"body": "Bass", "version_id": shop.other})).await.ok(201);
    shop.say(&studio.ada, json!({"body": "T", "track_id": track, "visibility": "team"})).await.ok(201);
    studio.ada.patch(&shop.project(), json!({"description": "Secret"})).await.ok(200);
    shop.link(json!({"scope": {"type": "project"}})).await;
    shop.say(&studio.ada, json!({"body": "Here", "version_id": shop.new})).await.ok(201);
    studio.ada.patch(&format!("/api/v1/tracks/{track}"), json!({"name": "Kit"})).await.ok(200);
    for stream in [&mut live, &mut other] {
        let heard = stream.hear().await;
        assert_eq!((&heard["type"], &heard["data"]["body"]), (&json!("comment.created"), &json!("Here")));
        assert_eq!(stream.hear().await["type"], "track.updated");
    }
    let closed = Instant::now();
    studio.ada.delete(&format!("/api/v1/share-links/{}", id(&made))).await.ok(204);
    grace.get(&format!("{}/tracks", shop.project())).await.problem("unauthenticated");
    studio.app.anonymous().get(&url).await.problem("unauthenticated");
    studio.app.anonymous().get(&by_ticket).await.problem("unauthenticated");
    for stream in [&mut live, &mut other] {
        assert!(stream.next().await.is_none(), "nothing is told any more");
    }
    assert!(closed.elapsed() < CUT_OFF, "{:?}", closed.elapsed());
}

/// Uploads these bytes as a guest, to this project.
async fn sent(grace: &Person, project: &str, bytes: &[u8]) -> String {
    let upload = json!({"project_id": project, "filename": "overdub.wav", "size_bytes": bytes.len()});
    let upload = id(&grace.post("/api/v1/uploads", upload).await.ok(201));
    let put = grace.ask(reqwest::Method::PUT, &format!("/api/v1/uploads/{upload}/content"));
    put.body("audio/wav", bytes.to_vec()).await.ok(200);
    upload
}

#[tokio::test]
async fn a_guest_uploads_a_take_where_the_link_lets_them() {
    let shop = Shop::open().await;
    let (studio, project) = (&shop.studio, shop.studio.project.clone());
    let bytes = sound(4_800, 9);
    let drums = format!("/api/v1/tracks/{}/versions", studio.track);
    let before = studio.used_bytes().await;
    let listener = shop.guest("track", &studio.track, json!({})).await;
    let upload = json!({"project_id": project, "filename": "a.wav", "size_bytes": 10});
    listener.post("/api/v1/uploads", upload.clone()).await.problem("forbidden");

    let rights =
        json!({"scope": {"type": "track", "id": studio.track}, "can_upload": true, "can_see_versions": true});
    let made = shop.link(rights).await;
    assert_eq!(made["can_upload"], json!(true));
    let grace = guest(&studio.app, &made, "Grace").await;
    let take = sent(&grace, &project, &bytes).await;
    assert_eq!(studio.used_bytes().await, before + bytes.len() as i64, "whoever made the link pays");
    for other in [&listener, &studio.ada] {
        other.get(&format!("/api/v1/uploads/{take}")).await.problem("not_found");
        let stolen = other.post(&drums, json!({"upload_id": take})).await;
        assert!(stolen.status == 403 || stolen.faults() == ["/upload_id"], "{}", stolen.text());
    }
    let elsewhere = format!("/api/v1/tracks/{}/versions", shop.other_track);
    grace.post(&elsewhere, json!({"upload_id": take})).await.problem("not_found");
    let version = grace.post(&drums, json!({"upload_id": take, "label": "Overdub"})).await.ok(201);
    assert_eq!(version["uploaded_by"]["kind"], json!("guest"));
    studio.app.idle().await;
    let seen = studio.ada.get(&format!("/api/v1/versions/{}", id(&version))).await.ok(200);
    assert_eq!((&seen["status"], &seen["is_current"]), (&json!("ready"), &json!(false)));
    assert_eq!(
        grace.get(&format!("/api/v1/versions/{}", id(&version))).await.ok(200)["label"],
        json!("Overdub")
    );

    // So many at a time, and none once the link is closed.
    let mut open = Vec::new();
    let declared = loop {
        let declared = grace.post("/api/v1/uploads", upload.clone()).await;
        if declared.status != 201 {
            break declared;
        }
        open.push(id(&declared.json()));
    };
    declared.problem("conflict");
    assert_eq!(open.len(), model::limits::GUEST_UPLOADS_MAX);
    grace.delete(&format!("/api/v1/uploads/{}", open[0])).await.ok(204);
    studio.ada.delete(&format!("/api/v1/share-links/{}", id(&made))).await.ok(204);
    let put = grace.ask(reqwest::Method::PUT, &format!("/api/v1/uploads/{}/content", open[1]));
    put.body("audio/wav", vec![0; 10]).await.problem("unauthenticated");
}

#[tokio::test]
async fn no_guest_speaks_beside_a_link_that_closes() {
    let shop = Shop::open().await;
    for _ in 0..5 {
        let made = shop.link(json!({"scope": {"type": "project"}, "can_comment": true})).await;
        let grace = guest(&shop.studio.app, &made, "Grace").await;
        let link = format!("/api/v1/share-links/{}", id(&made));
        let say = async {
            let mut said = 0;
            while shop.say(&grace, json!({"body": "Still here"})).await.status == 201 {
                said += 1;
            }
            said
        };
        let close = async {
            shop.studio.ada.delete(&link).await.ok(204);
            let comments = format!("{}/comments?limit=200", shop.project());
            shop.studio.ada.get(&comments).await.ok(200)["items"].as_array().map(Vec::len)
        };
        let (said, seen) = tokio::join!(say, close);
        let comments = format!("{}/comments?limit=200", shop.project());
        let after = shop.studio.ada.get(&comments).await.ok(200)["items"].as_array().map(Vec::len);
        assert_eq!(seen, after, "nothing was said after the link was closed ({said} before)");
    }
}

/// The operations that let guests in.
const WELCOMED: &[&str] = &[
    "addReaction",
    "compareVersions",
    "createComment",
    "createRealtimeTicket",
    "createStreamUrl",
    "createUpload",
    "createVersion",
    "deleteComment",
    "deleteMyApproval",
    "deleteUpload",
    "diffCheckpoint",
    "downloadVersion",
    "getAnalysis",
    "getCheckpoint",
    "getComment",
    "getPeaks",
    "getProjectCover",
    "getSharedContent",
    "getTrack",
    "getUpload",
    "getVersion",
    "getWaveform",
    "getWaveformDat",
    "listCheckpoints",
    "listComments",
    "listReactions",
    "listReplies",
    "listTracks",
    "listVersions",
    "putMyApproval",
    "putUploadContent",
    "removeReaction",
    "streamProjectEvents",
    "streamVersion",
    "updateComment",
    "uploadVersion",
];

/// Every operation answers a guest on purpose: those that name the scheme let them in, those that ask for nobody do not
/// look, and all others refuse.
#[tokio::test]
async fn every_operation_knows_whether_it_is_for_guests() {
    let shop = Shop::open().await;
    let rights = json!({"can_comment": true, "can_download": true, "can_see_comments": true,
        "can_see_versions": true, "can_approve": true, "can_upload": true});
    let grace = shop.guest("project", &shop.studio.project, rights).await;
    let document: Value = serde_json::from_str(api::openapi::json()).expect("the document is JSON");
    let ids = BTreeMap::from([
        ("project_id", shop.studio.project.as_str()),
        ("track_id", shop.studio.track.as_str()),
        ("version_id", shop.new.as_str()),
        ("user_id", shop.studio.ada.id.as_str()),
    ]);
    let (mut welcome, mut refused) = (vec![], 0);
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let schemes = operation["security"].as_array().cloned().unwrap_or_default();
            if schemes.is_empty() {
                continue;
            }
            if schemes.iter().any(|scheme| scheme.get("guest").is_some()) {
                welcome.push(operation["operationId"].as_str().expect("an id").to_owned());
                continue;
            }
            let parts = path.split('/').map(|part| {
                match part.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                    Some(name) => ids.get(name).copied().unwrap_or("00000000-0000-0000-0000-000000000000"),
                    None => part,
                }
            });
            let method = method.to_uppercase().parse().expect("a method");
            let answer = grace.ask(method, &parts.collect::<Vec<_>>().join("/")).await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.text());
            answer.problem("forbidden");
            refused += 1;
        }
    }
    assert!(refused > 80, "{refused}");
    welcome.sort();
    assert_eq!(welcome, WELCOMED);
}
