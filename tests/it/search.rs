//! Search and activity: what is found, by whom, and what nobody else hears of it.

use crate::{
    admin::administrator,
    support::{
        App, Person,
        band::{Band, at, text},
    },
    track::song,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How soon what is written is found.
const PROMPT: Duration = Duration::from_secs(1);
/// Longer than anything takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

async fn search(who: &Person, query: &str) -> Value {
    who.get(&format!("/api/v1/search?q={query}")).await.ok(200)
}

/// The answer once it has so many hits.
async fn until(who: &Person, query: &str, total: i64) -> Value {
    let since = Instant::now();
    loop {
        let found = search(who, query).await;
        if found["total"] == total && found["incomplete"] == false {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "{query}: {found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn texts<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let items = list["items"].as_array().or(list.as_array()).expect("a list").iter();
    items.map(|item| item[name].as_str().expect("a text")).collect()
}

fn snippets(found: &Value) -> Vec<&str> {
    let items = found["items"].as_array().expect("items").iter();
    items.map(|item| item["snippet"]["text"].as_str().expect("a text")).collect()
}

/// Nothing at all, wherever one looks.
async fn blind(who: &Person, query: &str) {
    let found = search(who, query).await;
    assert_eq!((&found["items"], &found["total"]), (&json!([]), &json!(0)), "{query}");
    assert_eq!(found["facets"], json!({"types": [], "projects": []}), "{query}");
    assert!(found.get("next_cursor").is_none());
    assert_eq!(who.get(&format!("/api/v1/search/suggest?q={query}")).await.ok(200), json!([]), "{query}");
}

#[tokio::test]
async fn what_is_written_is_found_within_a_second() {
    let band = Band::meet().await;
    let mut delays = Vec::new();
    for take in 1..=5 {
        band.say(&band.ben, text(&format!("The tambourine drags, take {take}"))).await;
        let since = Instant::now();
        until(&band.vic, "tambourine&type=comment", take).await;
        delays.push(since.elapsed());
    }
    // One slow moment of the machine is none of the index's.
    delays.sort();
    assert!(delays[delays.len() / 2] < PROMPT, "{delays:?}");
}

#[tokio::test]
async fn hits_show_what_was_asked_for() {
    let band = Band::meet().await;
    let ada = band.ada();
    let on_track = json!({"body": "Die Snares sind zu läut, bitte leiser!", "track_id": band.studio.track});
    let said = band.say(ada, on_track).await;
    band.say(ada, text("Übersteuerung im Refrain")).await;
    let found = until(ada, "SNARE+laut&type=comment", 1).await;
    let hit = &found["items"][0];
    assert_eq!((&hit["type"], &hit["id"], &hit["title"]), (&json!("comment"), &said["id"], &json!("Drums")));
    assert_eq!((&hit["url"], &hit["author_id"]), (&json!(at(&said)), &json!(ada.id)));
    assert_eq!(hit["project"], json!({"id": band.studio.project, "name": "Song"}));
    assert_eq!(hit["snippet"]["text"], "Die Snares sind zu läut, bitte leiser!");
    assert_eq!(hit["snippet"]["highlights"], json!([{"start": 4, "end": 10}, {"start": 19, "end": 23}]));
    assert_eq!(found["facets"]["types"], json!([{"type": "comment", "count": 1}]));
    assert_eq!(
        found["facets"]["projects"][0],
        json!({"id": band.studio.project, "name": "Song", "count": 1})
    );
    assert_eq!((&found["close"], hit.get("score")), (&json!(false), None));

    until(ada, "übersteuerung", 1).await;
    let close = search(ada, "übersteurung").await;
    assert_eq!((&close["close"], snippets(&close)), (&json!(true), vec!["Übersteuerung im Refrain"]));
    assert_eq!(close["items"][0]["snippet"]["highlights"], json!([{"start": 0, "end": 13}]));
    for prefix in ["ubers", "Übersteuerung im refr"] {
        let suggested = ada.get(&format!("/api/v1/search/suggest?q={prefix}")).await.ok(200);
        assert_eq!(texts(&suggested, "type"), ["comment"], "{prefix}");
    }
    let track = ada.get("/api/v1/search/suggest?q=dru").await.ok(200);
    assert_eq!((&track[0]["type"], &track[0]["title"]), (&json!("track"), &json!("Drums")));
    until(ada, "drums&type=activity", 2).await;
    assert_eq!(search(ada, "%3F!").await["total"], 0);
    ada.get("/api/v1/search").await.problem("validation_failed");
    ada.get("/api/v1/search?q=x&type=secret").await.problem("validation_failed");
    ada.get(&format!("/api/v1/search?q={}", "x".repeat(201))).await.problem("validation_failed");
}

#[tokio::test]
async fn checkpoints_are_found_by_name_until_they_are_deleted() {
    let band = Band::meet().await;
    let kept = json!({"name": "Before the bassoon", "description": "As we played it in Lisbon."});
    let kept = band.ben.post(&format!("{}/checkpoints", band.project()), kept).await.ok(201);
    let found = until(&band.vic, "lisbon&type=checkpoint", 1).await;
    let (hit, id) = (&found["items"][0], kept["id"].as_str().expect("an id"));
    assert_eq!((&hit["id"], &hit["title"]), (&kept["id"], &json!("Before the bassoon")));
    assert_eq!(hit["url"], format!("/api/v1/checkpoints/{id}"));
    blind(&band.eve, "bassoon").await;
    band.ben.delete(&format!("/api/v1/checkpoints/{id}")).await.ok(204);
    until(&band.vic, "bassoon&type=checkpoint", 0).await;
}

#[tokio::test]
async fn outsiders_find_count_and_guess_nothing() {
    let band = Band::meet().await;
    let (project, words) = (band.project(), "glockenspiel");
    band.say(&band.ben, text("The glockenspiel is too loud")).await;
    until(&band.ben, "glockenspiel", 1).await;
    let (own, _) = song(&band.eve, &["Glock"]).await;
    until(&band.eve, "glock&type=track", 1).await;
    for query in ["glockenspiel", "glockenspeil", "glockensp"] {
        let found = search(&band.eve, query).await;
        let seen = found["facets"]["projects"].as_array().expect("facets");
        assert!(seen.iter().all(|facet| own.ends_with(facet["id"].as_str().expect("an id"))), "{found}");
        assert!(texts(&found, "type").iter().all(|kind| *kind != "comment"), "{found}");
    }
    blind(&band.eve, words).await;
    let foreign = format!("/api/v1/search?q={words}&project_id={}", band.studio.project);
    band.eve.get(&foreign).await.problem("not_found");
    band.eve.get(&format!("{project}/activity")).await.problem("not_found");
    assert_eq!(band.eve.get("/api/v1/activity?kind=comment.*").await.ok(200)["items"], json!([]));
    band.studio.app.anonymous().get("/api/v1/search?q=x").await.problem("unauthenticated");

    let owner = administrator(&band.studio.app, "root").await;
    blind(&owner, words).await;
    assert_eq!(owner.get(&foreign).await.ok(200)["total"], 1, "administrators may look into every project");

    band.ada().delete(&format!("{project}/members/{}", band.ben.id)).await.ok(204);
    blind(&band.ben, words).await;
    band.ada().delete(&project).await.ok(204);
    blind(band.ada(), words).await;
    assert_eq!(band.ada().get("/api/v1/activity").await.ok(200)["items"], json!([]));
    band.ada().post_empty(&format!("{project}/restore")).await.ok(200);
    assert_eq!(search(&band.vic, words).await["total"], 1);
}

#[tokio::test]
async fn what_the_team_says_is_found_by_the_team() {
    let band = Band::meet().await;
    band.say(&band.ben, json!({"body": "secretly I like the kazoo", "visibility": "team"})).await;
    let seen = until(&band.ben, "kazoo", 1).await;
    assert_eq!(seen["facets"]["types"], json!([{"type": "comment", "count": 1}]));
    blind(&band.vic, "kazoo").await;
    blind(&band.vic, "kazo").await;
    let feed = format!("{}/activity?kind=comment.created", band.project());
    assert_eq!(texts(&band.ben.get(&feed).await.ok(200), "type"), ["comment.created"]);
    assert_eq!(band.vic.get(&feed).await.ok(200)["items"], json!([]));
    until(&band.ben, "comment+created&type=activity", 1).await;
    blind(&band.vic, "comment+created").await;
}

#[tokio::test]
async fn the_index_says_what_the_rows_say_now() {
    let band = Band::meet().await;
    let ada = band.ada();
    let track = format!("/api/v1/tracks/{}", band.studio.track);
    let said = band.say(ada, json!({"body": "more cowbell", "track_id": band.studio.track})).await;
    let reply = json!({"body": "less cowbell", "parent_id": said["id"]});
    let reply = band.say(&band.ben, reply).await;
    until(ada, "cowbell", 2).await;
    ada.patch(&at(&said), json!({"body": "more triangle"})).await.ok(200);
    until(ada, "cowbell", 1).await;
    until(ada, "triangle", 1).await;
    ada.patch(&track, json!({"name": "Percussion"})).await.ok(200);
    until(ada, "percussion&type=track", 1).await;
    until(ada, "drums&type=track", 0).await;
    // The track takes what is said on it along, and brings it back.
    ada.delete(&track).await.ok(204);
    for query in ["cowbell&type=comment", "triangle&type=comment", "percussion&type=track"] {
        until(ada, query, 0).await;
    }
    ada.post_empty(&format!("{track}/restore")).await.ok(200);
    for query in ["cowbell&type=comment", "triangle&type=comment", "percussion&type=track"] {
        until(ada, query, 1).await;
    }
    band.ben.delete(&at(&reply)).await.ok(204);
    until(ada, "cowbell&type=comment", 0).await;
}

#[tokio::test]
async fn hits_are_filtered_and_paged() {
    let band = Band::meet().await;
    for number in 0..25 {
        let who = if number % 5 == 0 { &band.ben } else { band.ada() };
        band.say(who, text(&format!("shaker number {number}"))).await;
        band.studio.app.clock.advance_ms(20_000);
    }
    let (ada, ben) = (band.ada(), &band.ben);
    until(ada, "shaker", 25).await;
    let hers = search(ada, &format!("shaker&author_id={}", ben.id)).await;
    assert_eq!((hers["total"].as_i64(), texts(&hers, "type").len()), (Some(5), 5));
    // The test began at 10:42, and so did the first comment.
    let early = search(ada, "shaker&from=2026-11-22T10:43:00Z&to=2026-11-22T10:43:40Z").await;
    assert_eq!(early["total"], 2);
    let (mut ids, mut next) = (Vec::new(), String::new());
    loop {
        let page = search(ada, &format!("shaker&limit=10{next}")).await;
        assert_eq!(page["total"], 25);
        ids.extend(texts(&page, "id").into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    let pages = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((pages, ids.len()), (25, 25));
    ada.get(&format!("/api/v1/search?q=other&limit=10{next}x")).await.problem("validation_failed");
}

#[tokio::test]
async fn feeds_are_filtered_by_kind_person_track_time_and_words() {
    let band = Band::meet().await;
    let (ada, project) = (band.ada(), band.project());
    let (other, _) = song(&band.ben, &["Bass"]).await;
    band.studio.app.clock.advance_ms(600_000);
    band.say(&band.ben, json!({"body": "hm", "track_id": band.studio.track})).await;
    let kinds = async |who: &Person, query: &str| -> Vec<String> {
        let feed = who.get(query).await.ok(200);
        texts(&feed, "type").into_iter().map(str::to_owned).collect()
    };
    let feed = format!("{project}/activity");
    let all = kinds(ada, &feed).await;
    assert_eq!(
        (all[0].as_str(), all.last().map(String::as_str)),
        ("comment.created", Some("project.created"))
    );
    assert_eq!(kinds(ada, &format!("{feed}?kind=track.created")).await, ["track.created"]);
    assert_eq!(
        kinds(ada, &format!("{feed}?kind=track.*,comment.*")).await,
        ["comment.created", "track.created"]
    );
    let on_track = format!("{feed}?track_id={}", band.studio.track);
    assert_eq!(kinds(ada, &on_track).await, ["comment.created", "track.created"]);
    let by_ben = format!("{feed}?kind=comment.*&actor_id={}", band.ben.id);
    assert_eq!(kinds(ada, &by_ben).await, ["comment.created"]);
    assert_eq!(kinds(ada, &format!("{feed}?from=2026-11-22T10:50:00Z")).await, ["comment.created"]);
    assert_eq!(kinds(ada, &format!("{feed}?to=2026-11-22T10:50:00Z")).await, all[1..]);
    assert_eq!(kinds(ada, &format!("{feed}?q=BEN+drums")).await, ["comment.created"]);
    let entry = &ada.get(&feed).await.ok(200)["items"][0];
    assert_eq!((&entry["title"], &entry["actor"]["name"]), (&json!("Drums"), &json!("ben")));
    ada.get(&format!("{feed}?kind=%00")).await.problem("validation_failed");

    let mine = band.ben.get("/api/v1/activity?limit=2").await.ok(200);
    assert_eq!(texts(&mine, "type"), ["comment.created", "track.created"]);
    assert!(other.ends_with(mine["items"][1]["project_id"].as_str().expect("a project")));
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page = band.ben.get(&format!("/api/v1/activity?limit=2{next}")).await.ok(200);
        seen.extend(texts(&page, "id").into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    let whole = band.ben.get("/api/v1/activity?limit=200").await.ok(200);
    assert_eq!(seen, texts(&whole, "id"));
}

#[tokio::test]
async fn administrators_have_the_index_made_anew() {
    let band = Band::meet().await;
    let said = band.say(&band.ben, text("the theremin wobbles")).await;
    let track = json!({"name": "Gone", "kind": "stem"});
    let track = band.ada().post(&format!("{}/tracks", band.project()), track).await.ok(201);
    let gone = json!({"body": "a theremin on a track that goes", "track_id": track["id"]});
    band.say(&band.ben, gone).await;
    band.ada().delete(&format!("/api/v1/tracks/{}", track["id"].as_str().expect("an id"))).await.ok(204);
    until(&band.ben, "deleted&type=activity", 1).await;
    until(&band.ben, "theremin", 1).await;
    let before = search(&band.ben, "created&type=activity").await["total"].clone();
    band.ben.post_empty("/api/v1/admin/search/reindex").await.problem("forbidden");
    let root = administrator(&band.studio.app, "root").await;
    let job = root.post_empty("/api/v1/admin/search/reindex").await.ok(202);
    band.studio.app.idle().await;
    let job = format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id"));
    assert_eq!(root.get(&job).await.ok(200)["state"], "succeeded");
    let found = until(&band.ben, "theremin", 1).await;
    assert_eq!(found["items"][0]["id"], said["id"]);
    assert_eq!(search(&band.ben, "created&type=activity").await["total"], before);
    band.say(&band.ben, text("another theremin")).await;
    until(&band.ben, "theremin", 2).await;
    let app: &App = &band.studio.app;
    assert!(app.server().instance().service.search_followed().borrow().gt(&0));
}
