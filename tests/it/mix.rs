//! The shared mix over HTTP.

use crate::{support::App, track::song};
use serde_json::json;

#[tokio::test]
async fn a_whole_console_moves_in_one_write() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (path, ids) = song(&ada, &["Drums", "Bass", "Lead"]).await;
    let mix = format!("{path}/mix");
    let flat = ada.get(&mix).await.ok(200);
    assert_eq!(
        flat["tracks"][&ids[0]],
        json!({"volume": 1.0, "pan": 0.0, "muted": false, "soloed": false, "audible": true})
    );
    let moves = json!({"tracks": {&ids[0]: {"volume": 0.5, "soloed": true}, &ids[1]: {"soloed": true, "muted": true}}});
    let moved = ada.put(&mix, moves).await.ok(200);
    let audible: Vec<_> = ids.iter().map(|id| &moved["tracks"][id]["audible"]).collect();
    assert_eq!(audible, [&json!(true), &json!(false), &json!(false)]);
    assert_eq!(ada.get(&mix).await.ok(200), moved);
    assert_eq!(ada.get(&format!("/api/v1/tracks/{}", ids[0])).await.ok(200)["volume"], json!(0.5));

    let faulty = json!({"tracks": {&ids[0]: {"volume": 9}, "nonsense": {}}});
    let expected = [format!("/tracks/{}/volume", ids[0]), "/tracks/nonsense".to_owned()];
    assert_eq!(ada.put(&mix, faulty).await.faults(), expected);
    let typo = json!({"tracks": {&ids[0]: {"gain": 1}}});
    assert_eq!(ada.put(&mix, typo).await.faults(), [format!("/tracks/{}/gain", ids[0])]);
    let stranger = json!({"tracks": {&ids[0]: {"volume": 0.1}, "00000000-0000-7000-8000-000000000000": {"volume": 0.1}}});
    assert_eq!(ada.put(&mix, stranger).await.faults().len(), 1);
    assert_eq!(ada.get(&mix).await.ok(200), moved, "all or nothing");
}

#[tokio::test]
async fn a_fader_that_is_dragged_is_told_once_in_five_seconds() {
    let app = App::start().await;
    let ada = app.user("ada").await;
    let (path, ids) = song(&ada, &["Drums", "Bass"]).await;
    let told = async || {
        let log = ada.get(&format!("{path}/events/log?limit=200")).await.ok(200);
        let items = log["items"].as_array().expect("a list").clone();
        items
            .into_iter()
            .filter(|event| event["type"].as_str().is_some_and(|it| it.starts_with("mix.")))
            .collect()
    };
    let drag = async |id: &str| {
        for step in 0..10 {
            let volume = json!({"volume": f64::from(step) / 10.0});
            ada.patch(&format!("/api/v1/tracks/{id}"), volume).await.ok(200);
        }
    };
    drag(&ids[0]).await;
    drag(&ids[1]).await;
    app.idle().await;
    let first: Vec<serde_json::Value> = told().await;
    assert_eq!(first.len(), 1, "the first move at once, no other one yet: {first:?}");
    app.clock.advance_ms(5_000);
    let mut all: Vec<serde_json::Value> = told().await;
    while all.len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        all = told().await;
    }
    assert_eq!((&all[1]["type"], &all[1]["actor"]["name"]), (&json!("mix.updated"), &json!("ada")));
    app.clock.advance_ms(60_000);
    app.idle().await;
    assert_eq!(told().await.len(), 2, "all that moved in between is told together");
}
