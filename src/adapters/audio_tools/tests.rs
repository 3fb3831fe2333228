//! Windows of a real pyramid, and children that are no good. Real children are asked in the integration tests.

use super::*;
use audio::{Limits, wav};
use std::sync::Arc;
use tempfile::TempDir;

const WHOLE: WaveformQuery = WaveformQuery {
    zoom: Zoom::SamplesPerPixel(256),
    channels: WaveformChannels::Mono,
    bits: WaveformBits::Eight,
    start_ms: None,
    end_ms: None,
};

/// The pyramid of a second of stereo.
fn pyramid(dir: &TempDir) -> File {
    let input = dir.path().join("take.wav");
    let samples: Vec<i16> = (0..96_000).map(|n| ((n % 200) * 100) as i16).collect();
    wav::write_pcm16(&mut File::create(&input).unwrap(), 48_000, 2, &samples).unwrap();
    let (pyramid, features) = (dir.path().join("pyramid"), dir.path().join("features"));
    let work = Work::Analyse { input, pyramid: pyramid.clone(), features, preview: None };
    let task = Task { work, limits: Limits::default(), resources: Resources::ANALYSE };
    audio::child::perform(&task, &mut Vec::new()).unwrap();
    File::open(pyramid).unwrap()
}

fn tools(binary: &str) -> Arc<dyn AudioTools> {
    Arc::new(AudioChild::new(Decoder::new(binary.into())))
}

#[test]
fn a_window_is_read_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let (pyramid, tools) = (pyramid(&dir), tools("unused"));
    let dat = tools.window(&pyramid, WHOLE, WaveformForm::Dat).unwrap();
    let pixels = 48_000_usize.div_ceil(256);
    assert_eq!(dat.len(), 20 + 2 * pixels);
    assert_eq!(dat[..8], [1, 0, 0, 0, 1, 0, 0, 0], "version 1, 8 bits");
    let split = WaveformQuery { channels: WaveformChannels::Split, bits: WaveformBits::Sixteen, ..WHOLE };
    assert_eq!(tools.window(&pyramid, split, WaveformForm::Dat).unwrap().len(), 24 + 8 * pixels);
    let narrow = WaveformQuery { zoom: Zoom::Width(50), ..WHOLE };
    let json: serde_json::Value =
        serde_json::from_slice(&tools.window(&pyramid, narrow, WaveformForm::Json).unwrap()).unwrap();
    assert_eq!((json["samples_per_pixel"].as_u64(), json["length"].as_u64()), (Some(1024), Some(47)));
    let half = WaveformQuery { start_ms: Some(500), ..WHOLE };
    let peaks: serde_json::Value =
        serde_json::from_slice(&tools.window(&pyramid, half, WaveformForm::Peaks).unwrap()).unwrap();
    assert_eq!(peaks["duration"].as_f64(), Some(1.0));
    assert_eq!(peaks["peaks"][0].as_array().unwrap().len(), 2 * (pixels - 93));
}

#[test]
fn what_is_not_stored_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (pyramid, tools) = (pyramid(&dir), tools("unused"));
    let ask = |query| tools.window(&pyramid, query, WaveformForm::Dat).unwrap_err();
    let odd = ask(WaveformQuery { zoom: Zoom::SamplesPerPixel(300), ..WHOLE });
    assert!(matches!(odd, WaveformError::NoSuchLevel(levels) if levels.starts_with(&[256, 512, 1024])));
    let behind = ask(WaveformQuery { start_ms: Some(2000), ..WHOLE });
    assert_eq!(behind, WaveformError::EmptyWindow);
    let backwards = ask(WaveformQuery { start_ms: Some(500), end_ms: Some(100), ..WHOLE });
    assert_eq!(backwards, WaveformError::EmptyWindow);
    let other = File::open(dir.path().join("take.wav")).unwrap();
    let damaged = tools.window(&other, WHOLE, WaveformForm::Dat);
    assert!(matches!(damaged, Err(WaveformError::Damaged(_))), "{damaged:?}");
}

#[tokio::test]
async fn a_child_that_says_nothing_sensible_blames_the_file() {
    for binary in ["true", "false", "echo"] {
        let refused = tools(binary).probe(Path::new("/dev/null")).await;
        assert!(matches!(refused, Err(AudioRefusal::File { .. })), "{binary}: {refused:?}");
    }
    let missing = tools("/there/is/no/such/program").probe(Path::new("/dev/null")).await;
    assert!(matches!(missing, Err(AudioRefusal::Engine(_))), "{missing:?}");
}
