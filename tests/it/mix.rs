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
