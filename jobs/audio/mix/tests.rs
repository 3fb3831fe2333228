//! The file is what the faders say: a null test against NumPy (`reference.py` beside this file), then the rest.

use std::f64::consts::TAU;

use sha2::{Digest, Sha256};

use super::*;
use crate::wav;

const RATE: u32 = 48_000;

fn stem(sample_rate: u32, channels: u16, samples: &[i16]) -> Stem {
    let mut file = Vec::new();
    wav::write_pcm16(&mut file, sample_rate, channels, samples).expect("memory");
    Stem { input: Arc::new(file), volume: 1.0, pan: 0.0, start_ms: 0 }
}

/// The generator of `reference.py`.
fn noise(seed: u64, count: usize) -> Vec<i16> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 48) as i16 >> 2
    };
    (0..count).map(|_| next()).collect()
}

fn reference_stems() -> Vec<Stem> {
    [
        (1, 2, 96_000, 0.8, 0.0, 0),
        (2, 1, 48_000, 1.3, -0.35, 250),
        (3, 2, 60_000, 0.5, 0.6, -125),
        (4, 1, 30_000, 1.0, 1.0, 1501),
    ]
    .map(|(seed, channels, frames, volume, pan, start_ms)| Stem {
        volume,
        pan,
        start_ms,
        ..stem(RATE, channels, &noise(seed, frames * usize::from(channels)))
    })
    .to_vec()
}

fn plan(range_ms: Option<(u64, u64)>) -> Plan {
    Plan { sample_rate: RATE, range_ms, target_lufs: None, ceiling_dbtp: None }
}

fn mix(stems: &[Stem], plan: &Plan) -> Result<(Mixed, Vec<f64>), AudioError> {
    let mut sound = Vec::new();
    let mut sink = |block: &[f64]| {
        sound.extend_from_slice(block);
        Ok(())
    };
    let cancel = AtomicBool::new(false);
    let mixed = render(stems, plan, &Limits::default(), &mut |_| {}, &cancel, &mut sink)?;
    assert_eq!(mixed.frames * 2, sound.len() as u64);
    Ok((mixed, sound))
}

fn digest(sound: &[f64]) -> String {
    let word =
        |sample: &f64| (sample * 8_388_608.0).round_ties_even().clamp(-8_388_608.0, 8_388_607.0) as i32;
    let bytes: Vec<u8> = sound.iter().flat_map(|sample| word(sample).to_le_bytes()[..3].to_vec()).collect();
    Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_mix_equals_the_sum_on_paper() {
    for (range_ms, frames, expected) in [
        (None, 102_048, "9359cb7a0d0beacbd8ea3890defa1387eadf7ea8269c589ec5a47962de405fe7"),
        (Some((400, 1700)), 62_400, "3309f59445a2eb7d85d8f5b4ab67998e714c34ae5d1bb1ca6bb0b41d3e9b0993"),
    ] {
        let (mixed, sound) = mix(&reference_stems(), &plan(range_ms)).expect("readable");
        assert_eq!((mixed.frames, digest(&sound).as_str()), (frames, expected), "{range_ms:?}");
    }
}

#[test]
fn inverted_sound_cancels_to_nothing() {
    let sound = noise(9, 20_000);
    let inverted: Vec<i16> = sound.iter().map(|s| -s).collect();
    let (_, sum) = mix(&[stem(RATE, 2, &sound), stem(RATE, 2, &inverted)], &plan(None)).expect("readable");
    assert!(sum.iter().all(|&s| s == 0.0));
}

fn tone(rate: u32, hz: f64, seconds: f64, peak: f64) -> Vec<i16> {
    let frames = (seconds * f64::from(rate)) as usize;
    (0..frames).map(|i| (32_767.0 * peak * (TAU * hz * i as f64 / f64::from(rate)).sin()) as i16).collect()
}

#[test]
fn stems_of_other_rates_and_channels_play_in_time() {
    // The same tone at three rates, once upside down: what is left of two of them is rounding.
    let down: Vec<i16> = tone(96_000, 500.0, 1.0, 0.5).iter().map(|s| -s).collect();
    let (_, sum) =
        mix(&[stem(44_100, 1, &tone(44_100, 500.0, 1.0, 0.5)), stem(96_000, 1, &down)], &plan(None))
            .expect("readable");
    let edge = 2 * 4800;
    let left = sum[edge..sum.len() - edge].iter().fold(0.0, |high: f64, s| high.max(s.abs()));
    assert!(left < 3.0 / 32_768.0, "{left}");

    let six: Vec<i16> = tone(RATE, 500.0, 0.5, 0.5).iter().flat_map(|&s| [s, 0, 0, 0, 0, 0]).collect();
    let (mixed, sum) = mix(&[stem(RATE, 6, &six)], &plan(None)).expect("readable");
    assert_eq!(mixed.frames, 24_000);
    assert!(sum.as_chunks::<2>().0.iter().all(|[_, r]| *r == 0.0) && sum.iter().any(|s| s.abs() > 0.1));
}

#[test]
fn a_loudness_target_is_reached_and_the_ceiling_kept() {
    let quiet = Stem { volume: 0.1, ..stem(RATE, 1, &tone(RATE, 997.0, 5.0, 0.5)) };
    let to = |target_lufs, ceiling_dbtp| Plan { target_lufs: Some(target_lufs), ceiling_dbtp, ..plan(None) };
    let (mixed, _) = mix(std::slice::from_ref(&quiet), &to(-16.0, Some(-1.0))).expect("readable");
    let reached = mixed.loudness.integrated_lufs.expect("sound");
    assert!((reached + 16.0).abs() < 0.05 && mixed.gain_db > 10.0, "{mixed:?}");

    // Noise in bursts has a crest that does not fit under the ceiling any more.
    let bursts: Vec<i16> = noise(7, 480_000)
        .iter()
        .enumerate()
        .map(|(i, s)| if i % 48_000 < 2400 { *s } else { s / 16 })
        .collect();
    for target in [-14.0, -9.0] {
        let (mixed, sound) = mix(&[stem(RATE, 2, &bursts)], &to(target, Some(-1.5))).expect("readable");
        let peak = mixed.loudness.true_peak_dbtp.expect("sound");
        assert!(peak <= -1.45 && peak > -2.5, "{target}: {mixed:?}");
        assert_eq!(sound.len(), 480_000);
    }
    let (untouched, _) = mix(&[quiet], &Plan { ceiling_dbtp: Some(-1.0), ..plan(None) }).expect("readable");
    assert_eq!(untouched.gain_db, 0.0);
}

#[test]
fn silence_gaps_and_nothing() {
    let early = stem(RATE, 1, &noise(1, 4800));
    let late = Stem { start_ms: 10_000, ..early.clone() };
    let (mixed, sound) = mix(&[early.clone(), late.clone()], &plan(None)).expect("readable");
    assert_eq!(mixed.frames, 480_000 + 4800);
    assert!(sound[9600..960_000].iter().all(|&s| s == 0.0));
    assert_eq!(sound[960_000..], sound[..9600]);
    let nothing = |stems: &[Stem], plan: Plan| matches!(mix(stems, &plan), Err(AudioError::Empty));
    assert!(nothing(&[], plan(None)));
    assert!(nothing(std::slice::from_ref(&late), plan(Some((20_000, 30_000)))));
    assert!(nothing(&[Stem { start_ms: -200, ..early.clone() }], plan(None)));
    let silent = stem(RATE, 1, &[0; 48_000]);
    let target = Plan { target_lufs: Some(-14.0), ceiling_dbtp: Some(-1.0), ..plan(None) };
    let (mixed, _) = mix(&[silent], &target).expect("silence is sound too");
    assert_eq!((mixed.gain_db, mixed.loudness.integrated_lufs), (0.0, None));
    assert_eq!(
        natural_rate(&[stem(44_100, 1, &[0; 10]), early], &Limits::default()).expect("readable"),
        Some(RATE)
    );
}

#[test]
fn progress_grows_and_cancel_stops() {
    let stems = reference_stems();
    let target = Plan { target_lufs: Some(-14.0), ..plan(None) };
    let mut seen = Vec::new();
    let go = AtomicBool::new(false);
    render(&stems, &target, &Limits::default(), &mut |f| seen.push(f), &go, &mut |_| Ok(()))
        .expect("readable");
    assert!(seen.is_sorted() && seen.len() > 4 && seen.iter().all(|f| (0.0..=1.0).contains(f)), "{seen:?}");
    let stop = AtomicBool::new(true);
    let stopped = render(&stems, &target, &Limits::default(), &mut |_| {}, &stop, &mut |_| Ok(()));
    assert!(matches!(stopped, Err(AudioError::Cancelled)));
}
