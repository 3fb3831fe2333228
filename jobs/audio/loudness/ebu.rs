//! The 25 signals of EBU Tech 3341 (1–6, 9–23) and Tech 3342 (1–4) that can be made by rule; the others are
//! recordings. Each is made at 48 kHz, and the meter must stay within the tolerance of the table.

use std::f64::consts::TAU;

use realfft::RealFftPlanner;

use super::*;

const RATE: u32 = 48_000;
/// The finest step at which a value is read.
const STEP: f64 = 0.01;

/// Stretches of a stereo tone of 1 kHz: seconds and dBFS.
fn tone(stretches: &[(f64, f64)]) -> Vec<f32> {
    let mut out = Vec::new();
    for &(seconds, dbfs) in stretches {
        let gain = 10f64.powf(dbfs / 20.0);
        for _ in 0..(seconds * f64::from(RATE)).round() as usize {
            let value = gain * (TAU * 1000.0 * (out.len() / 2) as f64 / f64::from(RATE)).sin();
            out.extend([value as f32; 2]);
        }
    }
    out
}

fn measure(samples: &[f32], channels: u32) -> Loudness {
    let mut meter = Meter::new(channels, RATE);
    samples.chunks(4800 * channels as usize).for_each(|part| meter.push(Samples::F32(part)));
    meter.finish().0
}

/// A value of the running meter after every `step` seconds of stereo.
fn readings(samples: &[f32], step: f64, read: fn(&EbuR128) -> Result<f64, Error>) -> Vec<f64> {
    let mut meter = Meter::new(2, RATE);
    let block = (step * f64::from(RATE)).round() as usize * 2;
    let mut value = |part| {
        meter.push(Samples::F32(part));
        read(meter.meter.as_ref().expect("a meter for 48 kHz")).expect("a mode that is on")
    };
    samples.chunks(block).map(&mut value).collect()
}

#[track_caller]
fn assert_within(name: impl std::fmt::Display, found: f64, expected: f64, over: f64, under: f64) {
    assert!(
        found <= expected + over + 1e-9 && found >= expected - under - 1e-9,
        "signal {name}: {found}, not {expected}"
    );
}

const BEEPS: [(f64, f64); 5] = [(10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)];

#[test]
fn integrated_loudness_of_signals_1_to_6() {
    for (name, stretches, expected) in [
        (1, &[(20.0, -23.0)][..], -23.0),
        (2, &[(20.0, -33.0)], -33.0),
        (3, &BEEPS[1..4], -23.0),
        (4, &BEEPS, -23.0),
        (5, &[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)], -23.0),
    ] {
        let found = measure(&tone(stretches), 2).integrated_lufs.expect("loud enough");
        assert_within(name, found, expected, 0.1, 0.1);
    }
    let levels = [-28.0f64, -28.0, -24.0, -30.0, -30.0].map(|dbfs| 10f64.powf(dbfs / 20.0));
    let surround: Vec<f32> = (0..20 * RATE as usize)
        .flat_map(|i| levels.map(|gain| (gain * (TAU * 1000.0 * i as f64 / f64::from(RATE)).sin()) as f32))
        .collect();
    assert_within(6, measure(&surround, 5).integrated_lufs.expect("loud enough"), -23.0, 0.1, 0.1);
}

#[test]
fn short_term_loudness_of_signals_9_to_11() {
    const EVERY: f64 = 0.05;
    let steady = tone(&[(1.34, -20.0), (1.66, -30.0)].repeat(5));
    for value in &readings(&steady, EVERY, EbuR128::loudness_shortterm)[60..] {
        assert_within(9, *value, -23.0, 0.1, 0.1);
    }
    for i in 0..20 {
        let shifted = tone(&[(f64::from(i) * 0.15, -200.0), (3.0, -23.0), (1.0, -200.0)]);
        let highest =
            readings(&shifted, EVERY, EbuR128::loudness_shortterm).into_iter().fold(f64::MIN, f64::max);
        assert_within(format!("10-{i}"), highest, -23.0, 0.1, 0.1);
    }
    let rising =
        |i| [(f64::from(i) * 0.15, -200.0), (3.0, f64::from(i) - 38.0), (3.0 - f64::from(i) * 0.15, -200.0)];
    let values =
        readings(&tone(&(0..20).flat_map(rising).collect::<Vec<_>>()), EVERY, EbuR128::loudness_shortterm);
    for (i, segment) in values.chunks(120).enumerate() {
        let highest = segment.iter().copied().fold(f64::MIN, f64::max);
        assert_within(format!("11-{i}"), highest, i as f64 - 38.0, 0.1, 0.1);
    }
}

#[test]
fn momentary_loudness_of_signals_12_to_14() {
    let steady = tone(&[(0.18, -20.0), (0.22, -30.0)].repeat(25));
    for value in &readings(&steady, STEP, EbuR128::loudness_momentary)[100..] {
        assert_within(12, *value, -23.0, 0.1, 0.1);
    }
    for i in 0..20 {
        let shifted = tone(&[(f64::from(i) * 0.02, -200.0), (0.4, -23.0), (1.0, -200.0)]);
        let highest =
            readings(&shifted, STEP, EbuR128::loudness_momentary).into_iter().fold(f64::MIN, f64::max);
        assert_within(format!("13-{i}"), highest, -23.0, 0.1, 0.1);
    }
    let rising =
        |i| [(f64::from(i) * 0.02, -200.0), (0.4, f64::from(i) - 38.0), (0.4 - f64::from(i) * 0.02, -200.0)];
    let values =
        readings(&tone(&(0..20).flat_map(rising).collect::<Vec<_>>()), STEP, EbuR128::loudness_momentary);
    for (i, segment) in values.chunks(80).enumerate() {
        let highest = segment.iter().copied().fold(f64::MIN, f64::max);
        assert_within(format!("14-{i}"), highest, i as f64 - 38.0, 0.1, 0.1);
    }
}

fn true_peak(samples: impl Iterator<Item = f64>) -> f64 {
    let stereo: Vec<f32> = samples.flat_map(|s| [s as f32; 2]).collect();
    measure(&stereo, 2).true_peak_dbtp.expect("sound")
}

#[test]
fn true_peak_of_signals_15_to_19() {
    for (name, parts, degrees, gain, expected) in [
        (15, 4.0, 0.0, 0.5, -6.0),
        (16, 4.0, 45.0, 0.5, -6.0),
        (17, 6.0, 60.0, 0.5, -6.0),
        (18, 8.0, 67.5, 0.5, -6.0),
        (19, 4.0, 45.0, 1.41, 3.0),
    ] {
        let phase = |i| TAU * (f64::from(i) / parts + degrees / 360.0);
        // Faded in and out: an abrupt edge is a peak of its own.
        let fade = |i: u32| f64::from(i.min(RATE - i).min(480)) / 480.0;
        assert_within(
            name,
            true_peak((0..RATE).map(|i| gain * fade(i) * phase(i).sin())),
            expected,
            0.2,
            0.4,
        );
    }
}

/// A tone of fs/4 at half of full scale with one period at full scale, made at 4 · fs, low-passed to fs/2, and
/// taken every fourth sample from each of four beginnings.
#[test]
fn true_peak_of_signals_20_to_23() {
    const LENGTH: usize = 1 << 17;
    const PERIOD: usize = 16;
    let middle = LENGTH / 2..LENGTH / 2 + PERIOD;
    let mut fine: Vec<f64> = (0..LENGTH)
        .map(|i| if middle.contains(&i) { 1.0 } else { 0.5 } * (TAU * i as f64 / PERIOD as f64).sin())
        .collect();
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(LENGTH), planner.plan_fft_inverse(LENGTH));
    let mut spectrum = forward.make_output_vec();
    forward.process(&mut fine, &mut spectrum).expect("the right lengths");
    spectrum[LENGTH / 8 + 1..].fill(Default::default());
    inverse.process(&mut spectrum, &mut fine).expect("the right lengths");
    for offset in 0..4 {
        let taken = fine.iter().skip(offset).step_by(4).map(|s| s / LENGTH as f64);
        assert_within(20 + offset, true_peak(taken), 0.0, 0.2, 0.4);
    }
}

#[test]
fn loudness_range_of_tech_3342_signals_1_to_4() {
    for (name, stretches, expected) in [
        (1, &[(20.0, -20.0), (20.0, -30.0)][..], 10.0),
        (2, &[(20.0, -20.0), (20.0, -15.0)], 5.0),
        (3, &[(20.0, -40.0), (20.0, -20.0)], 20.0),
        (4, &[(20.0, -50.0), (20.0, -35.0), (20.0, -20.0), (20.0, -35.0), (20.0, -50.0)], 15.0),
    ] {
        assert_within(name, measure(&tone(stretches), 2).lra.expect("loud enough"), expected, 1.0, 1.0);
    }
}
