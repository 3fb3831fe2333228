//! Comments over HTTP: written, answered, changed, settled, deleted; who may, and what others hear of it.

use crate::{
    members::join,
    support::{
        band::{Band, at, bodies, text},
        studio::{id, sound},
    },
};
use model::limits;
use serde_json::{Value, json};

#[tokio::test]
async fn a_comment_stands_where_it_was_written() {
    let band = Band::meet().await;
    let version = id(&band.studio.version(&sound(48_000, 1)).await);
    let new = json!({"body": " snare too loud @ben ", "version_id": version, "start_ms": 420, "end_ms": 475});
    let made = band.vic.post(&band.comments(), new).await;
    let comment = made.ok(201);
    assert_eq!(made.header("location"), at(&comment));
    for (field, expected) in [
        ("body", json!("snare too loud @ben")),
        ("project_id", json!(band.studio.project)),
        ("track_id", json!(band.studio.track)),
        ("version_id", json!(version)),
        ("start_ms", json!(420)),
        ("end_ms", json!(475)),
        ("state", json!("open")),
        ("visibility", json!("everyone")),
        ("pinned", json!(false)),
        ("mentions", json!([band.ben.id])),
        ("reactions", json!([])),
        ("reply_count", json!(0)),
        ("edit_count", json!(0)),
        ("revision", json!(1)),
    ] {
        assert_eq!(comment[field], expected, "{field}");
    }
    assert_eq!((&comment["author"]["kind"], &comment["author"]["name"]), (&json!("user"), &json!("vic")));
    for absent in ["parent_id", "checkpoint_id", "resolved_at", "placement", "deleted_at", "replies"] {
        assert!(comment.get(absent).is_none(), "{absent}");
    }
    let read = band.ben.get(&at(&comment)).await;
    assert_eq!(read.ok(200), comment);
    band.ben.get(&at(&comment)).header("if-none-match", read.header("etag")).await.ok(304);
    band.eve.get(&at(&comment)).await.problem("not_found");
    assert_eq!(band.open(&band.vic).await, (1, 1));
    let version = band.vic.get(&format!("/api/v1/versions/{version}")).await.ok(200);
    assert_eq!(version["comment_counts"], json!({"open": 1, "resolved": 0}));
}

#[tokio::test]
async fn faulty_comments_hear_of_every_fault() {
    let band = Band::meet().await;
    let version = id(&band.studio.version(&sound(48_000, 1)).await);
    let (ada, comments) = (band.ada(), band.comments());
    for (new, faults) in [
        (
            json!({"body": " ", "start_ms": -1, "end_ms": 5, "colour": 1}),
            vec!["/body", "/colour", "/start_ms"],
        ),
        (json!({"body": "x", "end_ms": 5}), vec!["/start_ms"]),
        (json!({"body": "x", "start_ms": 5, "end_ms": 5}), vec!["/end_ms"]),
        (json!({"body": "x".repeat(10_001)}), vec!["/body"]),
        (json!({"body": "é".repeat(7_700)}), vec!["/body"]),
        (json!({"body": "x", "version_id": version, "start_ms": 2_001}), vec!["/start_ms"]),
        (json!({"body": "x", "version_id": version, "start_ms": 900, "end_ms": 2_001}), vec!["/end_ms"]),
        (json!({"body": "x", "visibility": "band"}), vec!["/visibility"]),
    ] {
        assert_eq!(ada.post(&comments, new.clone()).await.faults(), faults, "{new}");
    }
    let other = json!({"name": "Bass", "kind": "stem"});
    let other =
        id(&ada.post(&format!("/api/v1/projects/{}/tracks", band.studio.project), other).await.ok(201));
    let new = json!({"body": "x", "version_id": version, "track_id": other});
    assert_eq!(ada.post(&comments, new).await.faults(), ["/track_id"]);
    assert_eq!(band.open(ada).await, (0, 0));
}

#[tokio::test]
async fn a_thread_is_one_level_deep_and_stands_in_one_place() {
    let band = Band::meet().await;
    let root =
        band.say(band.ada(), json!({"body": "root", "track_id": band.studio.track, "start_ms": 5})).await;
    let answer = |body: &str| json!({"body": body, "parent_id": root["id"]});
    let first = band.say(&band.vic, answer("first")).await;
    band.say(&band.ben, answer("second")).await;
    assert_eq!((&first["track_id"], &first["parent_id"]), (&json!(band.studio.track), &root["id"]));
    assert!(first.get("start_ms").is_none() && first.get("state").is_none());
    let comments = band.comments();
    let deeper = json!({"body": "x", "parent_id": first["id"]});
    assert_eq!(band.ben.post(&comments, deeper).await.faults(), ["/parent_id"]);
    let elsewhere =
        json!({"body": "x", "parent_id": root["id"], "track_id": band.studio.track, "start_ms": 1});
    assert_eq!(band.ben.post(&comments, elsewhere).await.faults(), ["/start_ms", "/track_id"]);
    let hidden = json!({"body": "x", "parent_id": root["id"], "visibility": "team"});
    assert_eq!(band.ben.post(&comments, hidden).await.faults(), ["/visibility"]);
    band.ben.patch(&at(&first), json!({"start_ms": 3})).await.problem("forbidden");
    assert_eq!(band.vic.patch(&at(&first), json!({"start_ms": 3})).await.faults(), ["/start_ms"]);

    assert_eq!(band.find(&band.vic, "").await, ["root"], "a list is of threads");
    let replies = format!("{}/replies", at(&root));
    assert_eq!(bodies(&band.vic.get(&replies).await.ok(200)), ["first", "second"]);
    let page = band.vic.get(&format!("{replies}?limit=1")).await.ok(200);
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let rest = band.vic.get(&format!("{replies}?limit=1&cursor={cursor}")).await.ok(200);
    assert_eq!((bodies(&rest), &rest["next_cursor"]), (vec!["second".to_owned()], &Value::Null));
    let whole = band.vic.get(&format!("{}?include=replies", at(&root))).await.ok(200);
    assert_eq!(bodies(&json!({"items": whole["replies"]})), ["first", "second"]);
    assert_eq!(whole["reply_count"], json!(2));
    band.ben.post(&format!("{}/resolve", at(&first)), json!({})).await.problem("conflict");
    band.ben.ask(reqwest::Method::PUT, &format!("{}/pin", at(&first))).await.problem("conflict");
}

#[tokio::test]
async fn an_edit_keeps_what_was_said_before() {
    let band = Band::meet().await;
    let comment = band.say(&band.vic, text("teh snare, @ada")).await;
    let (path, history) = (at(&comment), format!("{}/history", at(&comment)));
    for other in [&band.ben, band.ada()] {
        other.patch(&path, text("mine")).await.problem("forbidden");
    }
    band.eve.patch(&path, text("mine")).await.problem("not_found");
    band.studio.app.clock.advance_ms(1_000);
    let edited = band.vic.patch(&path, text("the snare, @ben")).header("if-match", "\"r1\"").await.ok(200);
    assert_eq!((&edited["edit_count"], &edited["revision"]), (&json!(1), &json!(2)));
    assert_eq!(edited["mentions"], json!([band.ben.id]));
    assert!(edited["edited_at"].as_str() > edited["created_at"].as_str());
    band.vic.patch(&path, text("late")).header("if-match", "\"r1\"").await.problem("revision_conflict");
    band.vic.delete(&path).header("if-match", "\"r1\"").await.problem("revision_conflict");
    let moved = band.vic.patch(&path, json!({"start_ms": 7, "end_ms": 9})).await.ok(200);
    assert_eq!((&moved["edit_count"], &moved["end_ms"]), (&json!(1), &json!(9)), "moving is no edit");
    assert_eq!(band.vic.patch(&path, json!({"start_ms": 9})).await.faults(), ["/end_ms"]);
    let cleared = band.vic.patch(&path, json!({"start_ms": null})).await.ok(200);
    assert!(cleared.get("start_ms").is_none() && cleared.get("end_ms").is_none());
    let same = band.vic.patch(&path, text("the snare, @ben")).await.ok(200);
    assert_eq!(same["revision"], cleared["revision"], "nothing changed, nothing is written");
    let edits = band.ben.get(&history).await.ok(200);
    assert_eq!(edits["items"].as_array().map(Vec::len), Some(1));
    let edit = &edits["items"][0];
    assert_eq!((&edit["number"], &edit["body_before"]), (&json!(1), &json!("teh snare, @ada")));
    assert_eq!((&edit["edited_by"]["id"], &edit["at"]), (&json!(band.vic.id), &edited["edited_at"]));
    band.eve.get(&history).await.problem("not_found");
}

#[tokio::test]
async fn mentions_follow_the_person() {
    let band = Band::meet().await;
    let comment = band.say(band.ada(), text("@ben @all @eve @nobody ben@ada.org")).await;
    assert_eq!(comment["mentions"], json!([band.ben.id]), "eve cannot see it");
    assert_eq!(comment["mention_groups"], json!(["all"]));
    band.ben.patch("/api/v1/me", json!({"handle": "drummer"})).await.ok(200);
    let read = band.vic.get(&at(&comment)).await.ok(200);
    assert_eq!(read["body"], json!("@drummer @all @eve @nobody ben@ada.org"));
    let by_id =
        band.say(band.ada(), json!({"body": format!("@[{}]", band.vic.id), "visibility": "team"})).await;
    assert_eq!(by_id["mentions"], json!([]), "a viewer does not see what is for the team");
    let mine = "mentions=me&sort=-created_at";
    band.say(band.ada(), text("@editors: bounce it")).await;
    assert_eq!(
        band.find(&band.ben, mine).await,
        ["@editors: bounce it", "@drummer @all @eve @nobody ben@ada.org"]
    );
    assert_eq!(band.find(&band.vic, mine).await, ["@drummer @all @eve @nobody ben@ada.org"]);
    let reply = json!({"body": "@vic listen", "parent_id": comment["id"]});
    band.say(&band.ben, reply).await;
    assert_eq!(band.find(&band.vic, "mentions=me&limit=1").await, ["@vic listen"], "replies are found too");
    assert_eq!(band.find(&band.vic, "mentions=me&sort=timeline").await.len(), 2);
}

#[tokio::test]
async fn a_thread_is_settled_and_opened_again() {
    let band = Band::meet().await;
    let version = id(&band.studio.version(&sound(4_000, 1)).await);
    let fixed = id(&band.studio.version(&sound(4_000, 2)).await);
    let comment = band.say(&band.vic, json!({"body": "click at the end", "version_id": version})).await;
    let (resolve, reopen) = (format!("{}/resolve", at(&comment)), format!("{}/reopen", at(&comment)));
    let how = json!({"resolved_in_version_id": fixed, "note": "gone, @vic"});
    let done = band.ben.post(&resolve, how).header("if-match", "\"r1\"").await.ok(200);
    assert_eq!((&done["state"], &done["resolved_by"]), (&json!("resolved"), &json!(band.ben.id)));
    assert_eq!((&done["resolved_in_version_id"], &done["reply_count"]), (&json!(fixed), &json!(1)));
    let note = band.vic.get(&format!("{}/replies", at(&comment))).await.ok(200);
    assert_eq!(
        (&note["items"][0]["body"], &note["items"][0]["mentions"]),
        (&json!("gone, @vic"), &json!([band.vic.id]))
    );
    assert_eq!(band.open(&band.vic).await, (0, 0));
    let counts = band.vic.get(&format!("/api/v1/versions/{version}")).await.ok(200)["comment_counts"].clone();
    assert_eq!(counts, json!({"open": 0, "resolved": 1}));
    assert_eq!(band.ben.post(&resolve, json!({})).await.ok(200)["revision"], done["revision"]);
    band.ben.post(&resolve, json!({"note": "again"})).await.problem("conflict");
    band.ben.post(&resolve, json!({"resolved_in_version_id": version})).await.problem("conflict");
    band.ben.post_empty(&reopen).header("if-match", "\"r1\"").await.problem("revision_conflict");
    let open = band.vic.post_empty(&reopen).await.ok(200);
    assert!(open["state"] == "open" && open.get("resolved_at").is_none(), "its author may");
    assert_eq!(band.vic.post_empty(&reopen).await.ok(200)["revision"], open["revision"]);
    band.vic.post(&resolve, json!({})).await.ok(200);
    let other = band.say(band.ada(), text("of somebody else")).await;
    band.vic.post(&format!("{}/resolve", at(&other)), json!({})).await.problem("forbidden");
}

#[tokio::test]
async fn pins_are_for_those_who_work_on_it() {
    let band = Band::meet().await;
    let comment = band.say(&band.vic, text("the chords")).await;
    let pin = format!("{}/pin", at(&comment));
    let put = |who: &crate::support::Person| who.ask(reqwest::Method::PUT, &pin);
    put(&band.vic).await.problem("forbidden");
    put(&band.eve).await.problem("not_found");
    for _ in 0..2 {
        put(&band.ben).await.ok(204);
    }
    let pinned = band.vic.get(&at(&comment)).await.ok(200);
    assert_eq!((&pinned["pinned"], &pinned["revision"]), (&json!(true), &json!(2)));
    band.ada().delete(&pin).await.ok(204);
    assert_eq!(band.vic.get(&at(&comment)).await.ok(200)["pinned"], json!(false));
}

#[tokio::test]
async fn what_is_deleted_says_nothing_and_holds_its_replies() {
    let band = Band::meet().await;
    let root = band.say(&band.vic, json!({"body": "secret @ben", "track_id": band.studio.track})).await;
    band.vic.patch(&at(&root), text("less secret")).await.ok(200);
    let replies =
        [json!({"body": "one", "parent_id": root["id"]}), json!({"body": "two", "parent_id": root["id"]})];
    let one = band.say(&band.ben, replies[0].clone()).await;
    let two = band.say(&band.ben, replies[1].clone()).await;
    band.vic.ask(reqwest::Method::PUT, &format!("{}/reactions/%F0%9F%91%8D", at(&root))).await.ok(200);
    band.ben.delete(&at(&root)).await.problem("forbidden");
    band.vic.delete(&at(&root)).await.ok(204);
    let left = band.ben.get(&at(&root)).await.ok(200);
    assert_eq!((&left["body"], &left["mentions"], &left["reactions"]), (&json!(""), &json!([]), &json!([])));
    assert_eq!((&left["deleted_by"], &left["reply_count"]), (&json!(band.vic.id), &json!(2)));
    assert!(left.get("state").is_none());
    let history = band.ben.get(&format!("{}/history", at(&root))).await.ok(200);
    assert_eq!(history["items"], json!([]), "what it said is gone");
    assert_eq!(band.find(&band.ben, "").await, [""], "it holds the place of its replies");
    assert_eq!(band.find(&band.ben, "state=open").await, [""; 0]);
    assert_eq!(band.find(&band.ben, &format!("author_id={}", band.vic.id)).await, [""; 0]);
    assert_eq!(band.open(&band.vic).await, (0, 0));
    band.vic.patch(&at(&root), text("again")).await.problem("not_found");
    band.ada().delete(&at(&root)).await.problem("not_found");
    band.ben
        .post(&band.comments(), json!({"body": "three", "parent_id": root["id"]}))
        .await
        .problem("not_found");
    band.ada().delete(&at(&one)).await.ok(204);
    assert_eq!(band.ben.get(&at(&root)).await.ok(200)["reply_count"], json!(1));
    band.ben.delete(&at(&two)).await.ok(204);
    band.ben.get(&at(&root)).await.problem("not_found");
    assert_eq!(band.find(&band.ben, "").await, [""; 0]);
}

#[tokio::test]
async fn viewers_comment_if_the_project_lets_them() {
    let band = Band::meet().await;
    let mine = band.say(&band.vic, text("mine")).await;
    band.settings(json!({"viewer_can_comment": false})).await;
    band.vic.post(&band.comments(), text("more")).await.problem("forbidden");
    band.vic.patch(&at(&mine), text("more")).await.problem("forbidden");
    band.vic
        .ask(reqwest::Method::PUT, &format!("{}/reactions/%F0%9F%91%8D", at(&mine)))
        .await
        .problem("forbidden");
    band.vic.get(&at(&mine)).await.ok(200);
    band.say(&band.ben, text("editors do")).await;
    let role = band.vic.get(&format!("/api/v1/projects/{}", band.studio.project)).await.ok(200);
    assert!(!role["capabilities"].as_array().expect("a list").contains(&json!("comment")));
}

#[tokio::test]
async fn an_archived_project_is_read_only() {
    let band = Band::meet().await;
    let comment = band.say(&band.ben, text("last words")).await;
    let project = format!("/api/v1/projects/{}", band.studio.project);
    band.ada().post_empty(&format!("{project}/archive")).await.ok(200);
    let path = at(&comment);
    band.ben.post(&band.comments(), text("x")).await.problem("project_archived");
    band.ben.patch(&path, text("x")).await.problem("project_archived");
    band.ben.delete(&path).await.problem("project_archived");
    band.ben.post(&format!("{path}/resolve"), json!({})).await.problem("project_archived");
    band.ben.post_empty(&format!("{path}/reopen")).await.problem("project_archived");
    for place in ["pin", "reactions/%F0%9F%91%8D"] {
        band.ben.ask(reqwest::Method::PUT, &format!("{path}/{place}")).await.problem("project_archived");
        band.ben.delete(&format!("{path}/{place}")).await.problem("project_archived");
    }
    assert_eq!(band.find(&band.vic, "").await, ["last words"]);
    band.ada().post_empty(&format!("{project}/unarchive")).await.ok(200);
    band.ben.patch(&path, text("more words")).await.ok(200);
}

#[tokio::test]
async fn whoever_leaves_keeps_their_name_on_what_they_said() {
    let band = Band::meet().await;
    let comment = band.say(&band.ben, text("I was here")).await;
    band.say(band.ada(), text("@ben come back")).await;
    band.ada().delete(&format!("{}/members/{}", band.project(), band.ben.id)).await.ok(204);
    band.ben.get(&at(&comment)).await.problem("not_found");
    band.ben.patch(&at(&comment), text("x")).await.problem("not_found");
    band.ben.post(&band.comments(), text("x")).await.problem("not_found");
    let read = band.vic.get(&at(&comment)).await.ok(200);
    assert_eq!((&read["author"]["name"], &read["body"]), (&json!("ben"), &json!("I was here")));
    let later = band.say(band.ada(), text("@ben?")).await;
    assert_eq!((&later["mentions"], &later["body"]), (&json!([]), &json!("@ben?")));
    band.ada().delete(&at(&comment)).await.ok(204);
    // Only an invitation made after the removal lets them in again.
    band.studio.app.clock.advance_ms(1);
    join(band.ada(), &band.project(), &band.ben, "viewer").await;
    assert_eq!(band.find(&band.ben, "mentions=me").await, ["@ben come back"]);
}

#[tokio::test]
async fn ids_of_another_project_are_not_there() {
    let band = Band::meet().await;
    let ada = band.ada();
    let version = id(&band.studio.version(&sound(4_000, 1)).await);
    let comment = band.say(ada, text("here")).await;
    let other = id(&ada.post("/api/v1/projects", json!({"name": "Other"})).await.ok(201));
    let elsewhere = format!("/api/v1/projects/{other}/comments");
    let nothing = "0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f";
    for (field, value) in [
        ("track_id", band.studio.track.as_str()),
        ("version_id", version.as_str()),
        ("parent_id", comment["id"].as_str().expect("an id")),
        ("checkpoint_id", nothing),
    ] {
        ada.post(&elsewhere, json!({"body": "x", field: value})).await.problem("not_found");
        ada.post(&band.comments(), json!({"body": "x", field: nothing})).await.problem("not_found");
        if field != "parent_id" {
            ada.get(&format!("{elsewhere}?{field}={value}")).await.problem("not_found");
        }
    }
    let there = ada.post(&elsewhere, text("there")).await.ok(201);
    let resolve = |comment: &Value| format!("{}/resolve", at(comment));
    ada.post(&resolve(&there), json!({"resolved_in_version_id": version})).await.problem("not_found");
    band.eve.get(&elsewhere).await.problem("not_found");
    for path in ["", "/replies", "/history", "/reactions"] {
        band.eve.get(&format!("{}{path}", at(&comment))).await.problem("not_found");
        ada.get(&format!("/api/v1/comments/{nothing}{path}")).await.problem("not_found");
    }
    band.eve.post(&resolve(&comment), json!({})).await.problem("not_found");
    band.eve.delete(&at(&comment)).await.problem("not_found");
    band.studio.app.anonymous().get(&at(&comment)).await.problem("unauthenticated");
}

#[tokio::test]
async fn comments_go_to_the_trash_with_their_track() {
    let band = Band::meet().await;
    let track = format!("/api/v1/tracks/{}", band.studio.track);
    band.studio.version(&sound(4_000, 1)).await;
    let comment = band.say(&band.vic, json!({"body": "on the track", "track_id": band.studio.track})).await;
    band.say(&band.ben, json!({"body": "for us", "track_id": band.studio.track, "visibility": "team"})).await;
    band.say(&band.vic, text("on the song")).await;
    band.ada().delete(&track).await.ok(204);
    band.vic.get(&at(&comment)).await.problem("not_found");
    band.vic
        .post(&band.comments(), json!({"body": "x", "parent_id": comment["id"]}))
        .await
        .problem("not_found");
    assert_eq!(band.find(&band.vic, "").await, ["on the song"]);
    let project = format!("/api/v1/projects/{}", band.studio.project);
    assert_eq!(band.ben.get(&project).await.ok(200)["counts"]["open_comments"], json!(1));
    band.ada().post_empty(&format!("{track}/restore")).await.ok(200);
    assert_eq!(band.find(&band.vic, "").await, ["on the song", "on the track"]);
    assert_eq!((band.open(&band.vic).await, band.open(&band.ben).await), ((2, 1), (3, 2)));
    band.ada().delete(&track).await.ok(204);
}

#[tokio::test]
async fn comments_go_for_good_with_what_they_are_about() {
    let band = Band::meet().await;
    let version = id(&band.studio.version(&sound(4_000, 1)).await);
    let root = band.say(&band.vic, json!({"body": "root", "version_id": version})).await;
    let reply = band.say(&band.ben, json!({"body": "reply", "parent_id": root["id"]})).await;
    band.say(&band.ben, json!({"body": "for us", "track_id": band.studio.track, "visibility": "team"})).await;
    band.say(&band.ben, text("on the song")).await;
    band.vic.ask(reqwest::Method::PUT, &format!("{}/reactions/%F0%9F%91%8D", at(&reply))).await.ok(200);
    band.vic.patch(&at(&root), text("root, changed")).await.ok(200);
    let upload = band.studio.upload(&sound(4_000, 2)).await;
    let next = json!({"upload_id": upload, "carry_comments": "unresolved"});
    let versions = format!("/api/v1/tracks/{}/versions", band.studio.track);
    band.ada().post(&versions, next).await.ok(201);
    band.studio.app.idle().await;

    let instance = band.studio.app.server().instance();
    let month_later = async || {
        band.studio.app.clock.advance_ms(limits::TRASH_TTL_MS + 1);
        instance.service.purge_trash(&instance.operator()).await.expect("the store works");
        band.studio.app.login("ada").await
    };
    band.ada().delete(&format!("/api/v1/tracks/{}", band.studio.track)).await.ok(204);
    let ada = month_later().await;
    assert_eq!(band.find(&ada, "").await, ["on the song"]);
    ada.get(&at(&root)).await.problem("not_found");
    ada.delete(&format!("/api/v1/projects/{}", band.studio.project)).await.ok(204);
    month_later().await;
    // The server compares every counter when it is dropped.
}

#[tokio::test]
async fn one_browser_hears_what_another_one_says() {
    let band = Band::meet().await;
    let events = format!("/api/v1/projects/{}/events?types=comment.*,reaction.*", band.studio.project);
    let (mut vic, mut ben) =
        (band.vic.listen(&events).await, band.ben.listen("/api/v1/events?types=comment.*").await);
    band.say(&band.ben, json!({"body": "for us", "visibility": "team"})).await;
    let heard = ben.hear().await;
    assert_eq!((&heard["type"], &heard["data"]["body"]), (&json!("comment.created"), &json!("for us")));
    let comment = band.say(band.ada(), json!({"body": "for all, @vic", "start_ms": 42_000})).await;
    let heard = vic.hear().await;
    assert_eq!((&heard["type"], &heard["resource"]["id"]), (&json!("comment.created"), &comment["id"]));
    assert_eq!((&heard["actor"]["name"], &heard["data"]["start_ms"]), (&json!("ada"), &json!(42_000)));
    let reaction = format!("{}/reactions/%F0%9F%A5%81", at(&comment));
    band.vic.ask(reqwest::Method::PUT, &reaction).await.ok(200);
    let heard = vic.hear().await;
    assert_eq!(heard["type"], "reaction.added");
    assert_eq!(
        (&heard["data"]["reactions"][0]["emoji"], &heard["data"]["reactions"][0]["count"]),
        (&json!("🥁"), &json!(1))
    );
    assert!(heard["data"]["reactions"][0].get("me").is_none(), "an event is the same for everybody");
    band.ada().patch(&at(&comment), text("for everybody")).await.ok(200);
    band.ben.ask(reqwest::Method::PUT, &format!("{}/pin", at(&comment))).await.ok(204);
    band.ben.post(&format!("{}/resolve", at(&comment)), json!({})).await.ok(200);
    band.ben.post_empty(&format!("{}/reopen", at(&comment))).await.ok(200);
    band.vic.delete(&reaction).await.ok(200);
    band.ada().delete(&at(&comment)).await.ok(204);
    for kind in [
        "comment.updated",
        "comment.pinned",
        "comment.resolved",
        "comment.reopened",
        "reaction.removed",
        "comment.deleted",
    ] {
        let heard = vic.hear().await;
        assert_eq!(heard["type"], kind);
        assert_eq!(heard["resource"]["id"], comment["id"]);
    }
}
