//! Point 7 of the audio design's "Streaming": in a real browser everything that plays has its length, can be sought in, and lines up with
//! its waveform; AIFF and ALAC play through their previews.

use crate::{
    browser,
    recordings::corpus,
    support::studio::{Studio, aiff, id, noise, pcm},
};
use serde_json::{Value, json};
use std::fs;

/// How close to the asked place the browser must be, in seconds.
const SEEK_TOLERANCE_S: f64 = 0.1;
/// How close the browser's duration must be to the version's, in seconds.
const DURATION_TOLERANCE_S: f64 = 0.05;
/// The pixel that is compared, in sample frames.
const SAMPLES_PER_PIXEL: usize = 256;
/// How far apart two waveforms are looked at, in pixels.
const LAG_MAX: usize = 6;
const RATE: usize = 48_000;
/// The forms of a recording that browsers play.
const PLAYABLE: [(&str, &str); 6] =
    [("wav", "24"), ("wav", "32f"), ("flac", "16"), ("mp3", ""), ("vorbis", ""), ("opus", "")];

/// Six seconds: noise whose loudness goes up and down, so that a shift shows.
fn swell(seed: u32) -> Vec<i16> {
    let loud = |at: usize| [0, 1, 3, 8, 2, 5, 0, 7, 4, 6][at / 1_500 % 10];
    noise(6 * RATE * 2, seed).into_iter().enumerate().map(|(at, sample)| sample / 9 * loud(at / 2)).collect()
}

/// Everything that is played: its name and its version.
async fn everything(studio: &Studio) -> Vec<(String, Value)> {
    let master = studio.version(&pcm(2, &swell(1))).await;
    let mut all = vec![("wav 16".to_owned(), master.clone())];
    for (format, depth) in PLAYABLE {
        let wish = if depth.is_empty() {
            json!({"format": format})
        } else {
            json!({"format": format, "bit_depth": depth})
        };
        let path = format!("/api/v1/versions/{}/renditions", id(&master));
        let job = studio.ada.post(&path, wish).await.ok(202);
        studio.app.idle().await;
        let file = studio.ada.get(&format!("/api/v1/jobs/{}/result", id(&job))).await;
        all.push((format!("{format} {depth}"), studio.version(&file.body).await));
    }
    all.push(("aiff by its preview".to_owned(), studio.version(&aiff(4 * RATE, 2)).await));
    if let Some(corpus) = corpus() {
        for (name, file) in [
            ("aac", "021_lofty-rs_m4a_codec_aac.m4a"),
            ("alac by its preview", "022_lofty-rs_m4a_codec_alac.m4a"),
        ] {
            let bytes = fs::read(corpus.join("files").join(file)).expect("a listed file");
            all.push((name.to_owned(), studio.version(&bytes).await));
        }
    }
    all
}

/// A link that a browser can open.
async fn link(studio: &Studio, version: &Value) -> String {
    let made =
        studio.ada.post(&format!("/api/v1/versions/{}/stream-url", id(version)), json!({})).await.ok(200);
    format!("{}{}", studio.app.url, made["url"].as_str().expect("an address"))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_plays_where_it_should_in_a_browser() {
    if !browser::is_here().expect("a browser where everything is tested") {
        return;
    }
    let studio = Studio::open().await;
    let all = everything(&studio).await;
    let mut arguments = vec![format!("{}/", studio.app.url)];
    for (_, version) in &all {
        arguments.push(link(&studio, version).await);
    }
    let said = tokio::task::spawn_blocking(move || browser::run("play.mjs", &arguments));
    let said = said.await.expect("no panic").expect("the browser");
    assert_eq!(said.len(), all.len());
    for ((name, version), said) in all.iter().zip(said) {
        assert!(said["error"].is_null(), "{name}: {said}");
        let number =
            |field: &str| said[field].as_f64().unwrap_or_else(|| panic!("{name}: no {field}: {said}"));
        let length = version["media"]["duration_ms"].as_f64().expect("a length") / 1000.0;
        let (duration, at) = (number("duration"), number("currentTime"));
        assert!((duration - length).abs() < DURATION_TOLERANCE_S, "{name}: {duration} s of {length} s");
        assert!((at - duration * 0.8).abs() < SEEK_TOLERANCE_S, "{name}: at {at} s of {duration} s");
        assert!(number("playedOnTo") > at, "{name}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_lies_under_its_waveform() {
    if !browser::is_here().expect("a browser where everything is tested") {
        return;
    }
    let studio = Studio::open().await;
    let all = everything(&studio).await;
    let all: Vec<_> =
        all.into_iter().filter(|(name, _)| ["mp3 ", "aac", "flac 16"].contains(&name.as_str())).collect();
    assert!(all.len() >= 2, "a file with a LAME tag and one without loss");
    let mut arguments = vec![RATE.to_string(), SAMPLES_PER_PIXEL.to_string()];
    for (_, version) in &all {
        arguments.push(link(&studio, version).await);
    }
    let heard = tokio::task::spawn_blocking(move || browser::run("peaks.mjs", &arguments));
    let heard = heard.await.expect("no panic").expect("the browser");
    for ((name, version), heard) in all.iter().zip(heard) {
        let path =
            format!("/api/v1/versions/{}/peaks?bits=16&samples_per_pixel={SAMPLES_PER_PIXEL}", id(version));
        let shown = studio.ada.get(&path).await.ok(200);
        let numbers = |list: &Value| -> Vec<f64> {
            list.as_array()
                .expect("numbers")
                .iter()
                .map(|number| number.as_f64().expect("a number"))
                .collect()
        };
        let shown: Vec<f64> = numbers(&shown["peaks"][0]).chunks(2).map(|pair| pair[1]).collect();
        let lag = lag(&shown, &numbers(&heard["peaks"]));
        assert!(lag.abs() <= 1, "{name}: the browser is {lag} pixels away from the waveform");
    }
}

/// By how many pixels the second waveform comes after the first, where they fit best.
fn lag(shown: &[f64], heard: &[f64]) -> i64 {
    let reach = LAG_MAX as i64;
    let length = shown.len().min(heard.len()) - 2 * LAG_MAX;
    let apart = |lag: i64| -> f64 {
        let from = (LAG_MAX as i64 + lag) as usize;
        let pairs = shown[LAG_MAX..LAG_MAX + length].iter().zip(&heard[from..from + length]);
        pairs.map(|(shown, heard)| (shown - heard).abs()).sum()
    };
    (-reach..=reach).min_by(|a, b| apart(*a).total_cmp(&apart(*b))).expect("there are lags")
}

#[test]
fn a_shift_is_found() {
    let shown: Vec<f64> = (0..100).map(|at| f64::from(at * at % 17)).collect();
    let heard: Vec<f64> = [0.0, 0.0, 0.0].into_iter().chain(shown.iter().copied()).collect();
    assert_eq!((lag(&shown, &heard), lag(&shown, &shown)), (3, 0));
}
