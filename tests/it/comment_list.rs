//! Lists of comments over HTTP: filters, orders, pages, and what is not for everybody.

use crate::support::{
    band::{Band, at, bodies, text},
    studio::{id, sound},
};
use serde_json::{Value, json};

/// A band that has talked.
async fn talked() -> (Band, String) {
    let band = Band::meet().await;
    let version = id(&band.studio.version(&sound(48_000, 1)).await);
    let track = band.studio.track.clone();
    let said = [
        (band.ada(), json!({"body": "song", "start_ms": 90_000})),
        (&band.ben, json!({"body": "track, café", "track_id": track, "start_ms": 500, "end_ms": 700})),
        (&band.vic, json!({"body": "take", "version_id": version, "start_ms": 200})),
        (
            &band.ben,
            json!({"body": "team take", "version_id": version, "start_ms": 100, "visibility": "team"}),
        ),
        (&band.vic, json!({"body": "no time", "version_id": version})),
    ];
    for (who, comment) in said {
        band.studio.app.clock.advance_ms(1);
        band.say(who, comment).await;
    }
    (band, version)
}

#[tokio::test]
async fn every_filter_finds_its_own() {
    let (band, version) = talked().await;
    let root = band.ben.get(&format!("{}?q=take&author_id={}", band.comments(), band.vic.id)).await.ok(200);
    let take = &root["items"][0];
    let reply = json!({"body": "same CAFE opinion", "parent_id": take["id"]});
    band.say(band.ada(), reply).await;
    band.ben.post(&format!("{}/resolve", at(take)), json!({})).await.ok(200);
    let track = &band.studio.track;
    let (ada, vic) = (&band.ada().id, &band.vic.id);
    for (query, expected) in [
        (String::new(), vec!["no time", "team take", "take", "track, café", "song"]),
        ("state=all".to_owned(), vec!["no time", "team take", "take", "track, café", "song"]),
        ("sort=timeline".to_owned(), vec!["team take", "take", "track, café", "song", "no time"]),
        (format!("track_id={track}"), vec!["no time", "team take", "take", "track, café"]),
        (format!("track_id={track}&sort=timeline"), vec!["team take", "take", "track, café", "no time"]),
        (format!("version_id={version}"), vec!["no time", "team take", "take"]),
        (format!("version_id={version}&track_id={track}"), vec!["no time", "team take", "take"]),
        (format!("version_id={version}&sort=timeline&state=open"), vec!["team take", "no time"]),
        ("state=open".to_owned(), vec!["no time", "team take", "track, café", "song"]),
        ("state=resolved".to_owned(), vec!["take"]),
        (format!("author_id={vic}"), vec!["no time", "take"]),
        (format!("author_id={ada}"), vec!["same CAFE opinion", "song"]),
        (format!("author_id={ada}&sort=timeline"), vec!["song", "same CAFE opinion"]),
        (format!("author_id={vic}&state=open"), vec!["no time"]),
        ("has_time=true".to_owned(), vec!["team take", "take", "track, café", "song"]),
        ("has_time=false".to_owned(), vec!["no time"]),
        ("from_ms=700".to_owned(), vec!["track, café", "song"]),
        ("to_ms=200".to_owned(), vec!["team take", "take"]),
        ("from_ms=150&to_ms=600&sort=timeline".to_owned(), vec!["take", "track, café"]),
        ("q=cafe".to_owned(), vec!["same CAFE opinion", "track, café"]),
        ("q=team%20TAKE".to_owned(), vec!["team take"]),
        (format!("q=opinion&version_id={version}"), vec!["same CAFE opinion"]),
        ("q=nothing".to_owned(), vec![]),
        (format!("author_id={}", band.studio.project), vec![]),
    ] {
        assert_eq!(band.find(&band.ben, &query).await, expected, "{query}");
    }
    let list = band.comments();
    for faulty in
        ["state=closed", "sort=created_at", "mentions=you", "has_time=maybe", "from_ms=x", "limit=0"]
    {
        band.ben.get(&format!("{list}?{faulty}")).await.problem("validation_failed");
    }
}

#[tokio::test]
async fn pages_go_through_everything_once() {
    let (band, version) = talked().await;
    for query in [
        "sort=timeline".to_owned(),
        "sort=-created_at".to_owned(),
        format!("version_id={version}&sort=timeline"),
        format!("version_id={version}"),
        "q=take".to_owned(),
        "has_time=true&sort=timeline".to_owned(),
    ] {
        let whole = band.find(&band.ben, &query).await;
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = band.ben.get(&format!("{}?{query}&limit=1{cursor}", band.comments())).await.ok(200);
            found.extend(bodies(&page));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, whole, "{query}");
        let foreign = band.vic.get(&format!("{}?{query}&limit=1{cursor}", band.comments())).await;
        foreign.problem("validation_failed");
    }
}

#[tokio::test]
async fn what_is_for_the_team_leaks_nowhere() {
    let (band, version) = talked().await;
    let team = band.ben.get(&format!("{}?q=team", band.comments())).await.ok(200)["items"][0].clone();
    band.say(band.ada(), json!({"body": "team reply @vic", "parent_id": team["id"]})).await;
    for query in ["", "sort=timeline", "q=team", "state=open", "mentions=me", "has_time=true&to_ms=150"] {
        assert!(!band.find(&band.vic, query).await.iter().any(|body| body.contains("team")), "{query}");
    }
    assert_eq!(band.find(&band.vic, &format!("version_id={version}&sort=timeline&limit=1")).await, ["take"]);
    for path in ["", "/replies", "/history", "/reactions"] {
        band.vic.get(&format!("{}{path}", at(&team))).await.problem("not_found");
    }
    band.vic.delete(&at(&team)).await.problem("not_found");
    band.vic.ask(reqwest::Method::PUT, &format!("{}/pin", at(&team))).await.problem("not_found");
    band.vic.post(&band.comments(), json!({"body": "x", "visibility": "team"})).await.problem("forbidden");
    assert_eq!((band.open(&band.vic).await, band.open(&band.ben).await), ((4, 3), (5, 4)));
    let counts = async |who: &crate::support::Person| {
        let path = format!("/api/v1/tracks/{}/versions", band.studio.track);
        who.get(&path).await.ok(200)["items"][0]["comment_counts"]["open"].clone()
    };
    assert_eq!((counts(&band.vic).await, counts(&band.ben).await), (json!(2), json!(3)));
    let log = format!("/api/v1/projects/{}/events/log?limit=200", band.studio.project);
    let about = |log: &Value| {
        let events = log["items"].as_array().expect("events").iter();
        events.filter(|event| event["type"] == "comment.created").count()
    };
    assert_eq!(about(&band.vic.get(&log).await.ok(200)), 4);
    assert_eq!(about(&band.ben.get(&log).await.ok(200)), 6);
}

#[tokio::test]
async fn the_same_request_twice_writes_one_comment() {
    let band = Band::meet().await;
    let send = |body: &str| band.ben.post(&band.comments(), text(body)).header("idempotency-key", "k");
    let first = send("once").await;
    let again = send("once").await;
    assert_eq!(again.ok(201), first.ok(201));
    assert_eq!(again.header("idempotency-replayed"), "true");
    send("twice").await.problem("idempotency_mismatch");
    assert_eq!(band.find(&band.vic, "").await, ["once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_the_same_time_are_all_heard() {
    let band = Band::meet().await;
    let root = band.say(band.ada(), json!({"body": "root", "track_id": band.studio.track})).await;
    let people = [band.ada(), &band.ben, &band.vic];
    let said = (0..12).map(|n| {
        let comment = match n % 2 {
            0 => json!({"body": format!("{n}"), "parent_id": root["id"]}),
            _ => json!({"body": format!("{n}"), "track_id": band.studio.track}),
        };
        let comments = band.comments();
        async move { people[n % 3].post(&comments, comment).await.ok(201) }
    });
    futures::future::join_all(said).await;
    assert_eq!(band.ada().get(&at(&root)).await.ok(200)["reply_count"], json!(6));
    assert_eq!(band.open(&band.vic).await, (7, 7));
}

#[tokio::test]
async fn what_is_searched_for_is_bounded() {
    let band = Band::meet().await;
    let ask =
        async |chars: usize| band.ben.get(&format!("{}?q={}", band.comments(), "é".repeat(chars))).await;
    ask(model::limits::SEARCH_CHARS_MAX).await.ok(200);
    assert_eq!(ask(model::limits::SEARCH_CHARS_MAX + 1).await.faults(), ["?q"]);
}
