//! Features of signals whose answer is known.

use std::f64::consts::TAU;

use super::*;

fn track(rate: u32, channels: usize, samples: &[i16]) -> Features {
    let mut tracker = Tracker::new(channels, rate);
    samples.chunks(777 * channels).for_each(|part| tracker.push(part));
    tracker.finish()
}

fn tone(rate: u32, hz: f64, seconds: f64) -> Vec<i16> {
    let n = (f64::from(rate) * seconds) as usize;
    (0..n).map(|i| (8000.0 * (TAU * hz * i as f64 / f64::from(rate)).sin()) as i16).collect()
}

#[test]
fn tracks_run_by_the_clock_at_any_rate() {
    for rate in [1_000, 8_000, 22_050, 44_100, 48_000, 96_000, 192_000] {
        let features = track(rate, 1, &tone(rate, 100.0, 10.0));
        assert_eq!((features.onsets.len(), features.chroma.len()), (2000, 100), "{rate} Hz");
    }
}

#[test]
fn a_click_is_an_onset_where_it_happens() {
    let mut samples = vec![0i16; 44_100];
    for at in [11_025, 33_075] {
        samples[at..at + 40].fill(12_000);
    }
    let onsets = track(44_100, 1, &samples).onsets;
    let mut strongest: Vec<usize> = (0..onsets.len()).collect();
    strongest.sort_by_key(|&i| std::cmp::Reverse(onsets[i]));
    let mut found = [strongest[0], strongest[1]];
    found.sort_unstable();
    assert_eq!(found, [50, 150], "5 ms steps at 0.25 s and 0.75 s");
    assert_eq!(onsets.iter().filter(|&&o| o > 0).count(), 2, "silence has no onsets");
}

#[test]
fn a_tone_has_the_chroma_of_its_note() {
    for (hz, class) in [(440.0, 9), (261.63, 0), (110.0, 9), (880.0, 9), (184.997, 6)] {
        for rate in [44_100, 48_000, 96_000] {
            let row = track(rate, 1, &tone(rate, hz, 2.0)).chroma[15];
            assert_eq!(row[class], 255, "{hz} Hz at {rate}: {row:?}");
            assert_eq!(row.iter().filter(|&&c| c > 128).count(), 1, "{hz} Hz at {rate}: {row:?}");
        }
    }
    assert_eq!(track(44_100, 1, &[0; 44_100]).chroma[5], [0; CLASSES]);
}

#[test]
fn channels_are_averaged() {
    let mono = tone(44_100, 440.0, 1.0);
    let stereo: Vec<i16> = mono.iter().flat_map(|&s| [s, s]).collect();
    let three: Vec<i16> = mono.iter().flat_map(|&s| [s, s, s]).collect();
    let expected = track(44_100, 1, &mono);
    assert_eq!(track(44_100, 2, &stereo).chroma, expected.chroma);
    assert_eq!(track(44_100, 3, &three).onsets.len(), expected.onsets.len());
}

#[test]
fn blobs_survive_the_trip_and_scraps_are_refused() {
    let features = track(44_100, 1, &tone(44_100, 440.0, 1.0));
    let blob = features.to_bytes();
    assert_eq!(Features::from_bytes(&blob), Some(features));
    for cut in [0, 3, 15, 16, blob.len() - 1] {
        assert_eq!(Features::from_bytes(&blob[..cut]), None, "cut at {cut}");
    }
}
