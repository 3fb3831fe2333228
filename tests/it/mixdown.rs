//! Mixdowns: what is downloaded is what the faders say.

use crate::{
    members::join,
    support::{
        Person,
        studio::{Studio, id, noise, pcm, samples},
    },
};
use serde_json::{Value, json};
use std::f64::consts::FRAC_PI_4;

const FRAMES: usize = 30_000;

/// A song of two mono stems and a stereo one, 600 ms each.
struct Song {
    studio: Studio,
    tracks: Vec<String>,
}

impl Song {
    async fn of(stems: &[(u16, u32)]) -> Self {
        let studio = Studio::open().await;
        let mut tracks = Vec::new();
        for (channels, seed) in stems {
            let body = json!({"name": format!("Stem {seed}"), "kind": "stem"});
            let tracks_path = format!("/api/v1/projects/{}/tracks", studio.project);
            let track = id(&studio.ada.post(&tracks_path, body).await.ok(201));
            let bytes = pcm(*channels, &quiet(*channels, *seed));
            let body = json!({"upload_id": studio.upload(&bytes).await});
            studio.ada.post(&format!("/api/v1/tracks/{track}/versions"), body).await.ok(201);
            tracks.push(track);
        }
        studio.app.idle().await;
        Self { studio, tracks }
    }

    async fn fade(&self, track: usize, fader: Value) {
        let body = json!({"tracks": {&self.tracks[track]: fader}});
        self.studio.ada.put(&format!("/api/v1/projects/{}/mix", self.studio.project), body).await.ok(200);
    }

    fn path(&self) -> String {
        format!("/api/v1/projects/{}/mixdowns", self.studio.project)
    }

    async fn mixed(&self, by: &Person, order: Value) -> Vec<u8> {
        let job = by.post(&self.path(), order).await.ok(202);
        assert_eq!(job["kind"], "mixdown.render");
        self.studio.app.idle().await;
        let job = by.get(&format!("/api/v1/jobs/{}", id(&job))).await.ok(200);
        assert_eq!(job["state"], "succeeded", "{job}");
        let file = by.get(job["result"]["file_url"].as_str().expect("a result")).await;
        assert_eq!(file.status, 200, "{}", file.text());
        file.body.to_vec()
    }
}

/// Noise that three of do not clip.
fn quiet(channels: u16, seed: u32) -> Vec<i16> {
    noise(FRAMES * usize::from(channels), seed).into_iter().map(|sample| sample / 8).collect()
}

/// A stem as a console plays it: constant power for one channel, balance for two, from a place in the song on.
fn play(mix: &mut [f64], channels: u16, seed: u32, (volume, pan): (f64, f64), at: usize) {
    let sound: Vec<f64> =
        quiet(channels, seed).into_iter().map(|sample| f64::from(sample) / 32_768.0).collect();
    let angle = (pan + 1.0) * FRAC_PI_4;
    for (frame, out) in sound.chunks(usize::from(channels)).zip(mix[at * 2..].chunks_mut(2)) {
        let (left, right) = (frame[0], frame[usize::from(channels) - 1]);
        let scale = if channels == 1 { 1.0 } else { std::f64::consts::SQRT_2 };
        let gain = |part: f64| if channels == 1 { part } else { (part * scale).min(1.0) };
        out[0] += volume * left * gain(angle.cos());
        out[1] += volume * right * gain(angle.sin());
    }
}

/// The largest difference to what a file says, in steps of 16 bits.
fn distance(expected: &[f64], found: &[i16]) -> f64 {
    assert_eq!(expected.len(), found.len());
    let steps = expected.iter().zip(found).map(|(e, f)| (e * 32_768.0 - f64::from(*f)).abs());
    steps.fold(0.0, f64::max)
}

#[tokio::test]
async fn a_mixdown_is_what_the_faders_say() {
    let song = Song::of(&[(1, 1), (1, 2), (2, 3)]).await;
    song.fade(0, json!({"volume": 0.5, "pan": -1.0})).await;
    song.fade(1, json!({"volume": 1.5, "pan": 0.25})).await;
    let offset = json!({"start_offset_ms": 250});
    song.studio.ada.patch(&format!("/api/v1/tracks/{}", song.tracks[2]), offset).await.ok(200);
    let file = song.mixed(&song.studio.ada, json!({"format": "wav", "bit_depth": "16"})).await;
    let mut expected = vec![0.0; (FRAMES + 12_000) * 2];
    play(&mut expected, 1, 1, (0.5, -1.0), 0);
    play(&mut expected, 1, 2, (1.5, 0.25), 0);
    play(&mut expected, 2, 3, (1.0, 0.0), 12_000);
    // Dither adds less than two steps.
    let far = distance(&expected, &samples(&file));
    assert!(far <= 2.0, "{far} steps from what the faders say");

    // A window is a part of the same, and a solo in the order leaves the shared mix alone.
    let inline = json!({
        "format": "wav", "bit_depth": "16", "range_ms": {"start": 100, "end": 400},
        "mix": {"tracks": {&song.tracks[1]: {"soloed": true}}},
    });
    let file = song.mixed(&song.studio.ada, inline).await;
    let mut alone = vec![0.0; FRAMES * 2];
    play(&mut alone, 1, 2, (1.5, 0.25), 0);
    let far = distance(&alone[4_800 * 2..19_200 * 2], &samples(&file));
    assert!(far <= 2.0, "{far} steps from the solo");
    let mix = song.studio.ada.get(&format!("/api/v1/projects/{}/mix", song.studio.project)).await.ok(200);
    assert_eq!(mix["tracks"][&song.tracks[1]]["soloed"], false);
}

#[tokio::test]
async fn a_mixdown_meets_its_loudness_in_any_format() {
    let song = Song::of(&[(2, 1), (2, 2)]).await;
    let file = song.mixed(&song.studio.ada, json!({"format": "flac", "loudness_target": -23.0})).await;
    let version = song.studio.version(&file).await;
    assert_eq!(version["media"]["codec"], "flac", "{version}");
    let loudness = version["loudness"]["integrated_lufs"].as_f64().expect("it is heard");
    assert!((loudness + 23.0).abs() < 0.2, "{loudness} LUFS");
    let mp3 = song.mixed(&song.studio.ada, json!({"format": "mp3", "bitrate": 192_000})).await;
    assert_eq!(song.studio.version(&mp3).await["media"]["codec"], "mp3");
}

#[tokio::test]
async fn versions_can_be_chosen_and_repeats_are_recognised() {
    let song = Song::of(&[(1, 1)]).await;
    let take = json!({"upload_id": song.studio.upload(&pcm(1, &quiet(1, 9))).await, "make_current": false});
    let take =
        song.studio.ada.post(&format!("/api/v1/tracks/{}/versions", song.tracks[0]), take).await.ok(201);
    song.studio.app.idle().await;
    let order = json!({"format": "wav", "bit_depth": "16", "version_ids": [id(&take)]});
    let ask = || song.studio.ada.post(&song.path(), order.clone()).header("idempotency-key", "once");
    let (first, second) = (ask().await.ok(202), ask().await.ok(202));
    assert_eq!(id(&first), id(&second));
    song.studio.app.idle().await;
    let file = song.studio.ada.get(&format!("/api/v1/jobs/{}/result", id(&first))).await;
    let mut expected = vec![0.0; FRAMES * 2];
    play(&mut expected, 1, 9, (1.0, 0.0), 0);
    let far = distance(&expected, &samples(&file.body));
    assert!(far <= 2.0, "{far} steps from the chosen take");
}

#[tokio::test]
async fn what_cannot_be_mixed_is_said() {
    let song = Song::of(&[(1, 1)]).await;
    let ada = &song.studio.ada;
    let nobody = "0192f3c1-0000-7000-8000-000000000000";
    let odd = json!({
        "format": "wav", "range_ms": {"start": 5, "end": 5}, "loudness_target": 3.0,
        "mix": {"tracks": {"x": {"volume": 7.0}}},
    });
    let faults = ada.post(&song.path(), odd).await.faults();
    assert_eq!(faults, ["/loudness_target", "/mix/tracks/x", "/mix/tracks/x/volume", "/range_ms"]);
    let strange = json!({"format": "wav", "version_ids": [nobody]});
    assert_eq!(ada.post(&song.path(), strange).await.faults(), ["/version_ids/0"]);
    let strange = json!({"format": "wav", "mix": {"tracks": {nobody: {"muted": true}}}});
    assert_eq!(ada.post(&song.path(), strange).await.faults(), [format!("/mix/tracks/{nobody}")]);
    let silent = json!({"format": "wav", "mix": {"tracks": {&song.tracks[0]: {"muted": true}}}});
    ada.post(&song.path(), silent).await.problem("conflict");

    let ben = song.studio.app.user("ben").await;
    let order = json!({"format": "wav"});
    ben.post(&song.path(), order.clone()).await.problem("not_found");
    join(&song.studio.ada, &format!("/api/v1/projects/{}", song.studio.project), &ben, "viewer").await;
    ben.post(&song.path(), order.clone()).await.problem("forbidden");
    let settings = json!({"viewer_can_download": true});
    ada.patch(&format!("/api/v1/projects/{}/settings", song.studio.project), settings).await.ok(200);
    song.mixed(&ben, order).await;
}
