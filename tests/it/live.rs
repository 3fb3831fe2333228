//! Live streams over real sockets: they begin, tell at once, go on where they ended, and end with the login.

use crate::{
    support::{
        App, Person,
        live::{Frame, Live},
        studio::{Studio, sound},
    },
    track::song,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const MINE: &str = "/api/v1/events";
/// How long after its commit an event may reach an open stream.
const PROMPT: Duration = Duration::from_secs(1);
/// How long after its end a login's streams may go on; a busy machine counts in.
const CUT_OFF: Duration = Duration::from_secs(5);

async fn ticket(person: &Person) -> String {
    let ticket = person.post("/api/v1/realtime/tickets", json!({})).await.ok(200);
    ticket["ticket"].as_str().expect("a ticket").to_owned()
}

/// Every position in the log of a project.
async fn logged(person: &Person, project: &str) -> Vec<String> {
    let (mut positions, mut after) = (Vec::new(), String::new());
    loop {
        let page = person.get(&format!("{project}/events/log?limit=200{after}")).await.ok(200);
        let items = page["items"].as_array().expect("items").iter();
        positions.extend(items.map(|event| event["position"].as_str().expect("a position").to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { return positions };
        after = format!("&after={next}");
    }
}

#[tokio::test]
async fn an_event_is_told_within_a_second_of_its_commit() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (project, _) = song(&ada, &[]).await;
    let mut streams = [
        ada.listen(MINE).await,
        ada.listen(&format!("{project}/events")).await,
        Live::open(app.anonymous().get(&format!("{MINE}?ticket={}", ticket(&ada).await))).await,
    ];
    let mut delays = Vec::new();
    for take in 0..9 {
        let changed = ada.patch(&project, json!({"description": format!("take {take}")})).await.ok(200);
        let committed = Instant::now();
        for stream in &mut streams {
            let frame = stream.next().await.expect("the stream goes on");
            assert_eq!(frame.event, "project.updated");
            assert_eq!(frame.data["resource"]["revision"], changed["revision"]);
            assert_eq!(frame.data["data"]["description"], changed["description"]);
            assert_eq!(frame.data["actor"]["name"], "ada");
        }
        delays.push(committed.elapsed());
    }
    // One slow moment of the machine is none of the stream's.
    delays.sort();
    assert!(delays[delays.len() / 2] < PROMPT, "{delays:?}");
}

#[tokio::test]
async fn a_stream_goes_on_where_it_ended_and_loses_nothing() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (project, _) = song(&ada, &[]).await;
    let events = format!("{project}/events");
    let mut live = ada.listen(&events).await;
    let writer = tokio::spawn({
        let (ada, project) = (ada.clone(), project.clone());
        async move {
            for take in 0..60 {
                ada.patch(&project, json!({"description": format!("take {take}")})).await.ok(200);
            }
        }
    });
    let mut heard: Vec<String> = Vec::new();
    while heard.len() < 60 {
        let Frame { id, .. } = live.next().await.expect("the stream goes on");
        heard.push(id.expect("what is logged has a place"));
        if heard.len().is_multiple_of(7) {
            let last = heard.last().expect("it was just pushed").clone();
            drop(live);
            // As a browser does it, and as a program may.
            live = if heard.len().is_multiple_of(2) {
                Live::open(ada.get(&events).header("last-event-id", &last)).await
            } else {
                ada.listen(&format!("{events}?after={last}")).await
            };
        }
    }
    writer.await.expect("the writer");
    let all = logged(&ada, &project).await;
    assert_eq!(heard, all[1..], "the first entry is the project itself, made before the stream");

    let mut late = Live::open(ada.get(&events).header("last-event-id", &all[0])).await;
    for position in &all[1..] {
        assert_eq!(late.next().await.and_then(|frame| frame.id).as_ref(), Some(position));
    }
    let mut lost = ada.listen(&format!("{events}?after=of-another-log")).await;
    assert_eq!(lost.next().await.map(|frame| frame.event).as_deref(), Some("sync.reset"));
}

#[tokio::test]
async fn a_ticket_opens_one_stream_and_only_that_one_again() {
    let app = App::start().await;
    let (ada, nobody) = (app.user("ada").await, app.anonymous());
    let (project, _) = song(&ada, &[]).await;
    let secret = ticket(&ada).await;
    let path = format!("{project}/events?ticket={secret}");
    let mut first = nobody.listen(&path).await;
    nobody.get(&format!("{MINE}?ticket={secret}")).await.problem("unauthenticated");
    nobody.get(&format!("{path}&types=track.*")).await.problem("unauthenticated");
    nobody.get(&format!("{project}?ticket={secret}")).await.problem("unauthenticated");
    let mut second = nobody.listen(&path).await;
    assert!(first.next().await.is_none(), "one connection at a time");
    ada.patch(&project, json!({"name": "Tune"})).await.ok(200);
    assert_eq!(second.next().await.map(|frame| frame.event).as_deref(), Some("project.updated"));

    let late = ticket(&ada).await;
    app.clock.advance_ms(60_001);
    nobody.get(&format!("{MINE}?ticket={late}")).await.problem("unauthenticated");
    nobody.get(MINE).await.problem("unauthenticated");
}

#[tokio::test]
async fn a_login_that_ends_takes_its_streams_with_it() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (project, _) = song(&ada, &[]).await;
    let eve = app.user("eve").await;
    eve.get(&format!("{project}/events")).await.problem("not_found");
    let other = app.login("ada").await;
    let secret = ticket(&ada).await;
    let mut ended = [
        ada.listen(MINE).await,
        Live::open(app.anonymous().get(&format!("{project}/events?ticket={secret}"))).await,
    ];
    let mut goes_on = other.listen(MINE).await;
    ada.post_empty("/api/v1/auth/logout").await.ok(204);
    let since = Instant::now();
    for stream in &mut ended {
        while stream.next().await.is_some() {}
    }
    assert!(since.elapsed() < CUT_OFF, "{:?}", since.elapsed());
    other.patch(&project, json!({"name": "Tune"})).await.ok(200);
    goes_on.until("project.updated").await;
}

/// The event's data are what a GET answers now.
async fn same_as(person: &Person, frame: &Frame, path: &str) -> Value {
    let mut now = person.get(path).await.ok(200);
    for name in ["my_role", "capabilities", "starred"] {
        now.as_object_mut().expect("an object").remove(name);
    }
    assert_eq!(frame.data["data"], now, "{} {path}", frame.event);
    now
}

#[tokio::test]
async fn data_is_the_resource_as_it_is_now() {
    let studio = Studio::open().await;
    let ada = &studio.ada;
    let project = format!("/api/v1/projects/{}", studio.project);
    let first = logged(ada, &project).await.swap_remove(0);
    let version = studio.version(&sound(48_000, 3)).await;
    let path = format!("/api/v1/versions/{}", version["id"].as_str().expect("an id"));
    let job = format!("/api/v1/jobs/{}", version["job_id"].as_str().expect("an id"));
    // The job has ended: what is told of its beginning shows how things are now.
    let mut live = ada.listen(&format!("{project}/events?after={first}")).await;
    assert_eq!(same_as(ada, &live.until("version.created").await, &path).await["status"], "ready");
    let told = live.until("job.started").await;
    assert_eq!(same_as(ada, &told, &job).await["state"], "succeeded");
    assert_eq!(
        (&told.data["actor"]["kind"], &told.data["resource"]["type"]),
        (&json!("system"), &json!("job"))
    );
    same_as(ada, &live.until("version.ready").await, &path).await;
    same_as(ada, &live.until("job.succeeded").await, &job).await;
    ada.patch(&path, json!({"label": "the one"})).await.ok(200);
    assert_eq!(same_as(ada, &live.until("version.updated").await, &path).await["label"], "the one");
    let track = format!("/api/v1/tracks/{}", studio.track);
    ada.patch(&track, json!({"name": "Kit"})).await.ok(200);
    same_as(ada, &live.until("track.updated").await, &track).await;
    ada.delete(&path).await.ok(204);
    assert!(live.until("version.deleted").await.data.get("data").is_none());
}

#[tokio::test]
async fn a_person_hears_of_their_own_account_and_of_nobody_elses() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let (mut hers, mut his) = (ada.listen(MINE).await, ben.listen(MINE).await);
    ben.patch("/api/v1/me", json!({"name": "Benjamin"})).await.ok(200);
    ada.patch("/api/v1/me", json!({"name": "Ada L."})).await.ok(200);
    for (stream, person, name) in [(&mut hers, &ada, "Ada L."), (&mut his, &ben, "Benjamin")] {
        let told = stream.next().await.expect("the stream goes on");
        assert_eq!((told.event.as_str(), &told.data["resource"]["id"]), ("user.updated", &json!(person.id)));
        assert_eq!((&told.data["data"]["name"], &told.data["data"]["id"]), (&json!(name), &json!(person.id)));
        assert_eq!(told.data["data"]["email"], person.get("/api/v1/me").await.ok(200)["email"]);
    }
}
