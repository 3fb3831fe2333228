//! The song has its length, is heard, never clips, is the same every time, and its takes are really different.

use super::*;

/// Root mean square of all samples, 1 is full scale.
fn loudness(frames: &[[f32; 2]]) -> f64 {
    let samples = frames.as_flattened();
    (samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// The cosine between two signals: 1 for the same up to loudness, near 0 for strangers.
fn likeness(one: &[[f32; 2]], other: &[[f32; 2]]) -> f64 {
    let product = |a: &[[f32; 2]], b: &[[f32; 2]]| -> f64 {
        a.as_flattened().iter().zip(b.as_flattened()).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
    };
    product(one, other) / (product(one, one) * product(other, other)).sqrt()
}

fn seconds_of(frames: &[[f32; 2]], range: std::ops::Range<usize>) -> &[[f32; 2]] {
    let rate = SAMPLE_RATE as usize;
    &frames[range.start * rate..range.end * rate]
}

#[test]
fn every_take_is_whole_heard_and_within_full_scale() {
    let mut sum = vec![[0.0f32; 2]; song::frames()];
    for stem in Stem::ALL {
        let takes: Vec<_> = stem.takes().iter().map(Take::samples).collect();
        assert!((2..=3).contains(&takes.len()), "{stem:?}");
        for (take, frames) in stem.takes().iter().zip(&takes) {
            assert_eq!(take.stem, stem);
            assert_eq!(frames.len(), 24 * SAMPLE_RATE as usize, "{take:?}");
            let peak = frames.as_flattened().iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
            assert!((peak - stem.peak()).abs() < 1e-3, "{take:?} peaks at {peak}");
            assert!(loudness(frames) > 0.01, "{take:?} is too quiet: {}", loudness(frames));
            assert!(loudness(seconds_of(frames, 20..22)) > 0.005, "{take:?} stops before the end");
            let mean = frames.as_flattened().iter().map(|&s| f64::from(s)).sum::<f64>() / frames.len() as f64;
            assert!(mean.abs() < 0.01 * f64::from(peak), "{take:?} has an offset of {mean}");
        }
        for pair in takes.windows(2) {
            assert!(likeness(&pair[0], &pair[1]).abs() < 0.9, "{stem:?}: two takes sound the same");
        }
        let latest = takes.last().expect("at least two takes");
        sum.as_flattened_mut().iter_mut().zip(latest.as_flattened()).for_each(|(sum, s)| *sum += s);
    }
    let peak = sum.as_flattened().iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
    assert!(peak <= 1.0, "the mix of the latest takes clips: {peak}");
}

#[test]
fn a_take_is_the_same_every_time() {
    // The two with state in them: noise, and filters with an echo.
    for take in [Stem::Drums.takes()[2], Stem::Lead.takes()[1]] {
        assert!(take.samples() == take.samples(), "{take:?}");
    }
}

#[test]
fn the_beat_is_where_the_tempo_says() {
    let frames = Stem::Drums.takes()[0].samples();
    let beat = (SAMPLE_RATE * 60 / TEMPO_BPM) as usize;
    // The snare of "Straight" comes on beats 1 and 3 of each bar, counted from 0.
    for at in [1, 3, 5, 4 * BARS as usize - 1].map(|n| n * beat) {
        let (before, after) = (&frames[at - 1_000..at], &frames[at..at + 1_000]);
        assert!(loudness(after) > 3.0 * loudness(before), "no snare at frame {at}");
    }
}

#[test]
fn a_take_is_a_wav_file() {
    let take = &Stem::Bass.takes()[1];
    let file = take.wav();
    assert_eq!(take.file_name(), "bass-walking.wav");
    assert_eq!((&file[..4], &file[8..16], &file[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!((number(4), number(40)), (file.len() - 8, file.len() - 44));
    assert_eq!((number(24), number(28)), (44_100, 176_400));
    assert_eq!(file.len(), 44 + 4 * song::frames());
}
