//! Waveforms: three forms of one stored pyramid.

use crate::support::studio::{Studio, broken_sound, id, sound};
use serde_json::{Value, json};

/// The values of a `.dat`, and samples per pixel, channels and length from its header.
fn dat(bytes: &[u8]) -> (i32, i32, u32, Vec<i16>) {
    let word = |at: usize| i32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let (start, channels) = if word(0) == 1 { (20, 1) } else { (24, word(20)) };
    let values = match word(4) {
        1 => bytes[start..].iter().map(|value| i16::from(*value as i8)).collect(),
        _ => bytes[start..].as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect(),
    };
    (word(12), channels, word(16) as u32, values)
}

async fn recorded() -> (Studio, String) {
    let studio = Studio::open().await;
    let version = studio.version(&sound(100_000, 1)).await;
    let path = format!("/api/v1/versions/{}", id(&version));
    (studio, path)
}

#[tokio::test]
async fn every_form_says_the_same() {
    let (studio, path) = recorded().await;
    for query in
        ["", "?channels=split", "?bits=16", "?samples_per_pixel=1024&channels=split&bits=16", "?width=100"]
    {
        let binary = studio.ada.get(&format!("{path}/waveform.dat{query}")).await;
        assert_eq!((binary.status, binary.header("content-type")), (200, "application/octet-stream"));
        let (samples_per_pixel, channels, length, values) = dat(&binary.body);
        assert_eq!(values.len(), (length as i32 * channels * 2) as usize, "{query}");
        let json = studio.ada.get(&format!("{path}/waveform{query}")).await;
        assert_eq!(json.header("content-type"), "application/json");
        let json = json.ok(200);
        assert_eq!(json["version"], 2);
        assert_eq!(
            (&json["samples_per_pixel"], &json["channels"], &json["length"]),
            (&json!(samples_per_pixel), &json!(channels), &json!(length)),
            "{query}"
        );
        assert_eq!(json["data"], json!(values), "{query}");
        let peaks = studio.ada.get(&format!("{path}/peaks{query}")).await.ok(200);
        assert_eq!(peaks["peaks"].as_array().map(Vec::len), Some(channels as usize));
        let flat: Vec<_> = peaks["peaks"][0].as_array().expect("numbers").iter().map(Value::as_f64).collect();
        assert_eq!(flat.len(), 2 * length as usize, "{query}");
        assert!(flat.iter().all(|value| value.is_some_and(|value| (-1.0..=1.0).contains(&value))));
        assert_eq!(peaks["sample_rate"], 48_000);
    }
    let (level, _, pixels, _) = dat(&studio.ada.get(&format!("{path}/waveform.dat?width=100")).await.body);
    assert_eq!((level, pixels), (1024, 98), "the finest level that fits");
}

#[tokio::test]
async fn a_window_is_a_part_of_the_whole() {
    let (studio, path) = recorded().await;
    let whole = dat(&studio.ada.get(&format!("{path}/waveform.dat")).await.body).3;
    let window = studio.ada.get(&format!("{path}/waveform.dat?start_ms=1000&end_ms=1500")).await;
    let window = dat(&window.body).3;
    let first = 48_000 / 256 * 2;
    assert_eq!(window, whole[first..first + window.len()]);
    assert_eq!(window.len(), 2 * (72_000_usize.div_ceil(256) - 48_000 / 256));
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let (studio, path) = recorded().await;
    let refused = studio.ada.get(&format!("{path}/waveform.dat?samples_per_pixel=300")).await;
    assert_eq!(refused.faults(), ["?samples_per_pixel"]);
    assert!(refused.text().contains("256, 512, 1024"), "{}", refused.text());
    for (query, pointers) in [
        ("?width=0&bits=12&start_ms=-1", vec!["?bits", "?start_ms", "?width"]),
        ("?width=10&samples_per_pixel=256", vec!["?width"]),
        ("?start_ms=5000", vec!["?start_ms"]),
        ("?start_ms=500&end_ms=500", vec!["?start_ms"]),
        ("?channels=both", vec!["?channels"]),
        ("?samples_per_pixel=0", vec!["?samples_per_pixel"]),
    ] {
        for form in ["waveform", "waveform.dat", "peaks"] {
            assert_eq!(
                studio.ada.get(&format!("{path}/{form}{query}")).await.faults(),
                pointers,
                "{form}{query}"
            );
        }
    }
    // Where one pixel holds everything, every coarser level is that pixel.
    let coarse = studio.ada.get(&format!("{path}/waveform.dat?samples_per_pixel=1048576")).await;
    let (level, _, length, _) = dat(&coarse.body);
    assert_eq!((level, length), (1_048_576, 1));
}

#[tokio::test]
async fn a_browser_asks_again_and_gets_nothing_new() {
    let (studio, path) = recorded().await;
    for form in ["waveform", "waveform.dat", "peaks"] {
        let first = studio.ada.get(&format!("{path}/{form}")).await;
        assert_eq!(first.header("cache-control"), "private, no-cache");
        let tag = first.header("etag").to_owned();
        let again = studio.ada.get(&format!("{path}/{form}")).header("if-none-match", &tag).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{form}");
        let other = studio.ada.get(&format!("{path}/{form}?bits=16")).header("if-none-match", &tag).await;
        assert_eq!(other.status, 200, "{form}");
    }
}

#[tokio::test]
async fn a_failed_version_says_why_there_is_no_waveform() {
    let studio = Studio::careless().await;
    let failed = studio.version(&broken_sound()).await;
    let path = format!("/api/v1/versions/{}", id(&failed));
    for form in ["waveform", "waveform.dat", "peaks", "stream"] {
        let problem = studio.ada.get(&format!("{path}/{form}")).await.problem("corrupt_audio");
        assert_eq!(problem["detail"], failed["failure"]["detail"], "{form}");
    }
    assert_eq!(studio.ada.get(&format!("{path}/download")).await.status, 200);
    let job = failed["job_id"].as_str().expect("a job");
    let job = studio.ada.get(&format!("/api/v1/jobs/{job}")).await.ok(200);
    assert_eq!((&job["state"], &job["error"]["code"]), (&json!("failed"), &json!("corrupt_audio")));
}
