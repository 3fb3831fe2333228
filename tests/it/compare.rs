//! Two versions side by side, with real recordings and copies of them that the server itself mixes: later, quieter, in another codec.

use crate::{
    recordings::corpus,
    support::{
        band::{Band, at},
        studio::{Studio, id, sound},
    },
};
use serde_json::{Value, json};
use std::fs;

/// Music of more than a few seconds.
const RECORDINGS: [&str; 4] = [
    "files/005_flac-test-files_45_-_no_total_number_of_samples_set.flac",
    "files/031_data_sorohanro_-_solo-trumpet-06.hq.ogg",
    "files/032_data_admiralbob77_-_Choice_-_Drum-bass.ogg",
    "files/033_wavesurfer.js_demo.wav",
];

/// The current version as a file: so much later, at this volume, in this format.
async fn copy(studio: &Studio, late_ms: i64, volume: f64, format: Value) -> Vec<u8> {
    let track = format!("/api/v1/tracks/{}", studio.track);
    studio.ada.patch(&track, json!({"start_offset_ms": late_ms, "volume": volume})).await.ok(200);
    let order = format!("/api/v1/projects/{}/mixdowns", studio.project);
    let job = id(&studio.ada.post(&order, format).await.ok(202));
    studio.app.idle().await;
    let file = studio.ada.get(&format!("/api/v1/jobs/{job}/result")).await;
    assert_eq!(file.status, 200, "{}", file.text());
    file.body.to_vec()
}

async fn compare(studio: &Studio, a: &str, b: &str) -> Value {
    studio.ada.get(&format!("/api/v1/tracks/{}/compare?a={a}&b={b}", studio.track)).await.ok(200)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[tokio::test]
async fn the_same_music_is_found_and_other_music_is_not() {
    let Some(audio) = corpus() else { return };
    let studio = Studio::open().await;
    let mut originals: Vec<(String, Value)> = Vec::new();
    let copies = [
        (0, 0.4, json!({"format": "flac"})),
        (1_234, 0.5, json!({"format": "mp3", "bitrate": 96_000})),
        (7_777, 0.7, json!({"format": "opus", "bitrate": 64_000})),
        (310, 1.4, json!({"format": "vorbis"})),
    ];
    for (name, (late_ms, volume, format)) in RECORDINGS.iter().zip(copies) {
        let original = studio.version(&fs::read(audio.join(name)).expect("a listed file")).await;
        let made = studio.version(&copy(&studio, late_ms, volume, format).await).await;
        let (a, b) = (id(&original), id(&made));
        let forth = compare(&studio, &a, &b).await;
        assert_eq!(forth["confident"], json!(true), "{name}: {forth}");
        assert!((number(&forth["offset_ms"]) - late_ms as f64).abs() <= 5.0, "{name}, {late_ms} ms: {forth}");
        let back = compare(&studio, &b, &a).await;
        assert!((number(&back["offset_ms"]) + late_ms as f64).abs() <= 5.0, "{name} the other way: {back}");

        let loudness = |version: &Value| number(&version["loudness"]["integrated_lufs"]);
        let delta = loudness(&made) - loudness(&original);
        assert!((number(&forth["loudness_delta_lu"]) - delta).abs() < 1e-9, "{forth}");
        let (up, down) = (number(&forth["gain_db"]["a"]), number(&forth["gain_db"]["b"]));
        let gains = (up - delta.min(0.0)).abs() + (down + delta.max(0.0)).abs();
        assert!(gains < 1e-9, "the louder one is turned down: {forth}");
        let length = |version: &Value| number(&version["media"]["duration_ms"]);
        assert_eq!(number(&forth["duration_delta_ms"]), length(&made) - length(&original));
        originals.push((a, original));
    }
    for (i, (a, _)) in originals.iter().enumerate() {
        for (b, _) in originals.iter().skip(i + 1) {
            let strangers = compare(&studio, a, b).await;
            assert_eq!(strangers["confident"], json!(false), "{strangers}");
            assert!(
                strangers.get("offset_ms").is_none() && number(&strangers["confidence"]) < 0.3,
                "{strangers}"
            );
        }
    }
}

#[tokio::test]
async fn what_differs_and_what_was_settled_is_told() {
    let band = Band::meet().await;
    let studio = &band.studio;
    let first = studio.version(&sound(48_000, 1)).await;
    let a = id(&first);
    let say = async |body: &str| band.say(&band.vic, json!({"body": body, "version_id": a})).await;
    let (open, settled, before, unnamed) =
        (say("open").await, say("settled").await, say("before").await, say("settled anyhow").await);
    band.say(&band.ben, json!({"body": "for us", "version_id": a, "visibility": "team"})).await;
    let resolve = async |comment: &Value, how: Value| {
        band.ben.post(&format!("{}/resolve", at(comment)), how).await.ok(200);
    };
    resolve(&before, json!({"resolved_in_version_id": a})).await;
    let second = studio.version(&sound(60_000, 2)).await;
    let b = id(&second);
    resolve(&settled, json!({"resolved_in_version_id": b})).await;
    resolve(&unnamed, json!({})).await;
    let change = json!({"metadata": {"mic": "ribbon"}});
    band.ben.patch(&format!("/api/v1/versions/{b}"), change).await.ok(200);

    let path = |a: &str, b: &str| format!("/api/v1/tracks/{}/compare?a={a}&b={b}", studio.track);
    let found = band.vic.get(&path(&a, &b)).await.ok(200);
    assert_eq!((&found["a"]["id"], &found["b"]["id"]), (&json!(a), &json!(b)));
    assert_eq!(found["duration_delta_ms"], json!(250));
    assert_eq!(found["metadata_diff"], json!([{"field": "metadata.mic", "b": "ribbon"}]));
    let ids = |list: &Value| -> Vec<String> { list.as_array().expect("a list").iter().map(id).collect() };
    assert_eq!(ids(&found["comments_open"]), [id(&open)]);
    assert_eq!(ids(&found["comments_resolved"]), [id(&unnamed), id(&settled)]);
    let by_ben = band.ben.get(&path(&b, &a)).await.ok(200);
    assert_eq!(ids(&by_ben["comments_open"]).len(), 2, "those for the team too, whichever way round");
    let same = band.vic.get(&path(&a, &a)).await.ok(200);
    assert_eq!((&same["offset_ms"], &same["confident"]), (&json!(0), &json!(true)));

    band.eve.get(&path(&a, &b)).await.problem("not_found");
    let nobody = "0192f3c1-0000-7000-8000-000000000000";
    assert_eq!(band.vic.get(&path(&a, nobody)).await.faults(), ["?b"]);
    band.ben.delete(&format!("/api/v1/versions/{a}")).await.ok(204);
    assert_eq!(band.vic.get(&path(&a, &b)).await.faults(), ["?a"]);
}
