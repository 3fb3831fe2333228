//! Who is there: over real WebSockets and live streams.

use crate::support::{
    Person,
    band::{Band, text},
    live::Live,
    socket::Socket,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How soon a comment of one client is with the other.
const PROMPT: Duration = Duration::from_secs(1);

fn here(band: &Band, position_ms: i64) -> Value {
    json!({
        "type": "presence.update", "project_id": band.studio.project, "track_id": band.studio.track,
        "position_ms": position_ms,
    })
}

async fn present(band: &Band, who: &Person) -> Vec<Value> {
    let list = who.get(&format!("{}/presence", band.project())).await.ok(200);
    list.as_array().expect("a list").clone()
}

/// Waits until so many people are there.
async fn count(band: &Band, people: usize) -> Vec<Value> {
    let since = Instant::now();
    loop {
        let list = present(band, band.ada()).await;
        if list.len() == people {
            return list;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{list:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn people_see_each_other_come_move_and_go() {
    let band = Band::meet().await;
    let app = &band.studio.app;
    let mut hers = Socket::open(app, band.ada(), "?types=presence.*").await;
    let mut stream = band.vic.listen(&format!("{}/events?types=presence.*", band.project())).await;
    let mut his = Socket::open(app, &band.ben, "?types=presence.*").await;
    his.say(here(&band, 1_000)).await;
    for joined in [hers.until("presence.joined").await, stream.until("presence.joined").await.data] {
        assert_eq!(joined["data"]["user"], json!({"id": band.ben.id, "name": "ben"}));
        assert_eq!(
            (&joined["data"]["position_ms"], &joined["data"]["playing"]),
            (&json!(1_000), &json!(false))
        );
        assert_eq!((&joined["project_id"], joined.get("id")), (&json!(band.studio.project), None));
    }
    assert_eq!(present(&band, &band.vic).await[0]["track_id"], json!(band.studio.track));
    let members = band.vic.get(&format!("{}/members", band.project())).await.ok(200);
    let of = |name: &str| {
        let found = members["items"].as_array().expect("a list").iter().find(|it| it["user"]["name"] == name);
        found.expect("a member").get("presence").cloned()
    };
    assert_eq!(
        (of("ben").map(|it| it["track_id"].clone()), of("ada")),
        (Some(json!(band.studio.track)), None)
    );

    // A second tab is the same person; the one that plays says where.
    let mut tab = Socket::open(app, &band.ben, "?types=presence.*").await;
    let mut playing = here(&band, 5_000);
    playing["playing"] = json!(true);
    tab.say(playing).await;
    assert_eq!(hers.until("presence.updated").await["data"]["tabs"], 2);
    assert_eq!(stream.until("presence.updated").await.data["data"]["position_ms"], 5_000);
    let list = present(&band, band.ada()).await;
    assert_eq!((list.len(), &list[0]["playing"]), (1, &json!(true)));
    drop(tab);
    assert_eq!(hers.until("presence.updated").await["data"]["position_ms"], 1_000);
    his.say(json!({"type": "presence.leave", "project_id": band.studio.project})).await;
    assert_eq!(hers.until("presence.left").await["data"]["user"]["id"], json!(band.ben.id));
    assert_eq!(present(&band, band.ada()).await, Vec::<Value>::new());
    band.eve.get(&format!("{}/presence", band.project())).await.problem("not_found");
}

#[tokio::test]
async fn a_lost_network_is_noticed() {
    let band = Band::meet().await;
    let app = &band.studio.app;
    let mut hers = Socket::open(app, band.ada(), "?types=presence.*").await;
    let mut his = Socket::open(app, &band.ben, "?types=presence.*").await;
    his.say(here(&band, 0)).await;
    hers.until("presence.joined").await;
    // Hers gives a sign of life in time; nothing comes from his any more, though its connection stands.
    app.clock.advance_ms(30_000);
    hers.say(json!({"type": "ping"})).await;
    hers.until("pong").await;
    app.clock.advance_ms(15_000);
    assert_eq!(present(&band, &band.vic).await, Vec::<Value>::new());
    hers.until("presence.left").await;
    while his.next().await.is_some() {}
    hers.say(json!({"type": "ping"})).await;
    hers.until("pong").await;
}

#[tokio::test]
async fn who_does_not_want_to_be_seen_is_not() {
    let band = Band::meet().await;
    let app = &band.studio.app;
    let mut his = Socket::open(app, &band.ben, "?types=presence.*").await;
    his.say(here(&band, 0)).await;
    count(&band, 1).await;
    let mut hers = Socket::open(app, band.ada(), "?types=presence.*").await;
    band.ben.patch("/api/v1/me/preferences", json!({"show_presence": false})).await.ok(200);
    assert_eq!(hers.until("presence.left").await["data"]["user"]["id"], json!(band.ben.id));
    assert_eq!(present(&band, &band.vic).await, Vec::<Value>::new(), "at once, whatever their tabs say");
    his.say(here(&band, 10)).await;
    count(&band, 0).await;
}

#[tokio::test]
async fn commands_are_checked() {
    let band = Band::meet().await;
    let app = &band.studio.app;
    let mut eve = Socket::open(app, &band.eve, "?types=presence.*").await;
    eve.say(here(&band, 0)).await;
    assert_eq!(eve.until("command.refused").await["data"]["code"], "not_found");
    let mut ben = Socket::open(app, &band.ben, "?types=presence.*").await;
    let mut foreign = here(&band, 0);
    foreign["track_id"] = json!(band.eve.id);
    for (command, code) in [
        (foreign, "not_found"),
        (here(&band, -1), "validation_failed"),
        (json!({"type": "presence.update"}), "malformed_request"),
        (json!({"type": "shout"}), "malformed_request"),
    ] {
        ben.say(command).await;
        assert_eq!(ben.until("command.refused").await["data"]["code"], code);
    }
    assert_eq!(present(&band, band.ada()).await, Vec::<Value>::new());
    assert!(Socket::try_open(app, &app.anonymous(), "").await.is_none());
    band.ben.get("/api/v1/ws").await.problem("malformed_request");
    let ticket = band.ben.post("/api/v1/realtime/tickets", json!({})).await.ok(200);
    let query = format!("?ticket={}", ticket["ticket"].as_str().expect("a ticket"));
    Socket::open(app, &app.anonymous(), &query).await;
}

#[tokio::test]
async fn a_removed_member_hears_nothing_more() {
    let band = Band::meet().await;
    let app = &band.studio.app;
    let mut socket = Socket::open(app, &band.ben, "").await;
    let mut stream = band.ben.listen(&format!("{}/events", band.project())).await;
    socket.say(here(&band, 0)).await;
    count(&band, 1).await;
    band.ada().delete(&format!("{}/members/{}", band.project(), band.ben.id)).await.ok(204);
    band.say(band.ada(), text("now he is gone")).await;
    while let Some(told) = socket.next().await {
        assert_ne!(told["type"], "comment.created");
    }
    while let Some(frame) = stream.next().await {
        assert_ne!(frame.event, "comment.created");
    }
    count(&band, 0).await;
}

#[tokio::test]
async fn a_comment_of_one_client_is_with_the_other_at_once_and_after_a_pause_nothing_is_lost() {
    let band = Band::meet().await;
    let app = &band.studio.app;
    let events = format!("{}/events?types=comment.created", band.project());
    let mut socket = Socket::open(app, &band.ben, "?types=comment.created").await;
    let mut stream = band.vic.listen(&events).await;
    let (mut delays, mut last) = (Vec::new(), (String::new(), String::new()));
    for take in 0..5 {
        let said = band.say(band.ada(), text(&format!("take {take}"))).await;
        let since = Instant::now();
        let told = socket.until("comment.created").await;
        let frame = stream.until("comment.created").await;
        assert_eq!((&told["data"]["id"], &frame.data["data"]["id"]), (&said["id"], &said["id"]));
        delays.push(since.elapsed());
        last = (told["position"].as_str().expect("a place").to_owned(), frame.id.expect("a place"));
    }
    // One slow moment of the machine is none of the server's.
    delays.sort();
    assert!(delays[delays.len() / 2] < PROMPT, "{delays:?}");

    // Thirty seconds without a network, in which the band goes on.
    drop((socket, stream));
    let mut missed = Vec::new();
    for second in 0..30 {
        app.clock.advance_ms(1_000);
        let said = band.say(band.ada(), text(&format!("second {second}"))).await;
        missed.push(said["id"].clone());
    }
    let mut socket = Socket::open(app, &band.ben, &format!("?types=comment.created&after={}", last.0)).await;
    let mut stream = Live::open(band.vic.get(&events).header("last-event-id", &last.1)).await;
    for id in &missed {
        assert_eq!(socket.next().await.expect("the socket goes on")["data"]["id"], *id);
        assert_eq!(stream.hear().await["data"]["id"], *id);
    }
    let next = band.say(band.ada(), text("back again")).await;
    assert_eq!(socket.next().await.expect("the socket goes on")["data"]["id"], next["id"]);
    assert_eq!(stream.hear().await["data"]["id"], next["id"]);
}
