//! The course of loudness, and the edges where a meter has nothing to say.

use std::f64::consts::TAU;

use super::*;

const RATE: u32 = 48_000;

/// Stereo sine of 1 kHz in stretches of (seconds, dBFS).
fn sine(stretches: &[(f64, f64)]) -> Vec<f32> {
    let mut out = Vec::new();
    for &(seconds, dbfs) in stretches {
        let gain = 10f64.powf(dbfs / 20.0);
        for i in 0..(seconds * f64::from(RATE)) as usize {
            let value = (gain * (TAU * 1000.0 * i as f64 / f64::from(RATE)).sin()) as f32;
            out.extend_from_slice(&[value, value]);
        }
    }
    out
}

fn measure(samples: &[f32], channels: u32) -> Loudness {
    let mut meter = Meter::new(channels, RATE);
    samples.chunks(4096 * channels as usize).for_each(|part| meter.push(Samples::F32(part)));
    meter.finish().0
}

#[test]
fn the_curve_follows_the_sound_and_thins_out_when_it_is_long() {
    let mut meter = Meter::new(2, RATE);
    meter.push(Samples::F32(&sine(&[(5.0, -23.0), (5.0, -33.0), (4.5, -200.0)])));
    let curve = meter.finish().1;
    assert_eq!((curve.step_ms, curve.lufs.len()), (1000, 14));
    assert_eq!([curve.lufs[3], curve.lufs[9], curve.lufs[13]], [Some(-23.0), Some(-33.0), None]);

    let mut meter = Meter::new(1, 8_000);
    let seconds = CURVE_VALUES_MAX * 2 + 2;
    let hum: [i16; 8_000] = std::array::from_fn(|i| if i / 8 % 2 == 0 { 9_000 } else { -9_000 });
    for second in 0..seconds {
        meter.push(Samples::I16(if second < 4000 { &[0; 8_000] } else { &hum }));
    }
    let curve = meter.finish().1;
    assert_eq!((curve.step_ms, curve.lufs.len()), (4000, seconds / 4));
    assert_eq!(
        curve.lufs.iter().position(Option::is_some),
        Some(1000),
        "second 4004 is the first with sound"
    );
}

#[test]
fn mono_counts_once() {
    let stereo = sine(&[(5.0, -23.0)]);
    let mono: Vec<f32> = stereo.chunks(2).map(|frame| frame[0]).collect();
    let found = measure(&mono, 1).integrated_lufs.expect("loud enough");
    assert!((found + 26.0).abs() < 0.1, "{found} LUFS");
}

#[test]
fn silence_and_scraps_have_no_loudness() {
    assert_eq!(measure(&vec![0.0; 96_000], 2), Loudness::default());
    let short = measure(&sine(&[(0.39, -10.0)]), 2);
    assert_eq!((short.integrated_lufs, short.lra), (None, None));
    assert_eq!(short.sample_peak_dbfs, Some(-10.0));
    assert_eq!(measure(&[f32::NAN; 96_000], 2).integrated_lufs, None);
}
