//! Quality as numbers: distortion, aliases, pass band, time, length, dither. A tone is measured by fitting it.

use std::f64::consts::TAU;

use super::*;

/// Pairs of rates in use, down, up and odd.
const RATES: [(u32, u32); 8] = [
    (96_000, 44_100),
    (44_100, 48_000),
    (48_000, 44_100),
    (88_200, 48_000),
    (192_000, 44_100),
    (48_000, 96_000),
    (22_254, 44_100),
    (47_952, 48_000),
];

fn shape(sample_rate: u32, channels: u32) -> Shape {
    Shape { sample_rate, channels }
}

fn convert(from: Shape, given: Form, to: Shape, wanted: Form, sound: &[f64], chunk: usize) -> Vec<f64> {
    let mut converter = Converter::new(from, given, to, wanted).expect("a usual conversion");
    let mut out = Vec::new();
    for part in sound.chunks(chunk * from.channels as usize) {
        out.extend_from_slice(converter.push(part));
    }
    out.extend_from_slice(converter.finish());
    out
}

fn resample(from: u32, to: u32, sound: &[f64]) -> Vec<f64> {
    convert(shape(from, 1), Form::Floats, shape(to, 1), Form::Floats, sound, 5000)
}

fn tone(rate: u32, hz: f64, seconds: f64) -> Vec<f64> {
    let step = TAU * hz / f64::from(rate);
    (0..(seconds * f64::from(rate)) as usize).map(|i| 0.5 * (step * i as f64).sin()).collect()
}

/// The tone of `hz` in the middle of `sound`, as amplitude and phase at time 0, and the power of all the rest.
fn fit(rate: u32, hz: f64, sound: &[f64]) -> (f64, f64, f64) {
    let edge = sound.len() / 4;
    let step = TAU * hz / f64::from(rate);
    let (mut ss, mut sc, mut cc, mut ys, mut yc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let middle = || sound.iter().enumerate().skip(edge).take(sound.len() - 2 * edge);
    for (i, y) in middle() {
        let (s, c) = (step * i as f64).sin_cos();
        (ss, sc, cc) = (ss + s * s, sc + s * c, cc + c * c);
        (ys, yc) = (ys + y * s, yc + y * c);
    }
    let det = ss * cc - sc * sc;
    let (a, b) = ((ys * cc - yc * sc) / det, (yc * ss - ys * sc) / det);
    let rest = middle().map(|(i, y)| {
        let (s, c) = (step * i as f64).sin_cos();
        (y - a * s - b * c).powi(2)
    });
    let power = rest.sum::<f64>() / middle().count() as f64;
    (a.hypot(b), b.atan2(a), power)
}

fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

#[test]
fn distortion_and_noise_are_below_130_db() {
    for (from, to) in RATES {
        for hz in [997.0, 6_001.0] {
            let (amplitude, _, rest) = fit(to, hz, &resample(from, to, &tone(from, hz, 1.0)));
            let thd_n = db(rest.sqrt() / (amplitude / 2f64.sqrt()));
            assert!(thd_n <= -130.0, "{from} to {to}, {hz} Hz: {thd_n:.1} dB");
        }
    }
}

#[test]
fn nothing_above_the_lower_half_rate_comes_back() {
    for (from, to) in RATES.into_iter().filter(|(from, to)| from > to) {
        let half = f64::from(to) / 2.0;
        for part in [0.02, 0.3, 0.7, 0.98] {
            let hz = half + part * (f64::from(from) / 2.0 - half);
            let sound = resample(from, to, &tone(from, hz, 0.5));
            let middle = &sound[sound.len() / 4..sound.len() * 3 / 4];
            let power = middle.iter().map(|s| s * s).sum::<f64>() / middle.len() as f64;
            let alias = db(power.sqrt() / (0.5 / 2f64.sqrt()));
            assert!(alias <= -120.0, "{from} to {to}, {hz:.0} Hz: {alias:.1} dB");
        }
    }
}

#[test]
fn images_of_a_higher_rate_are_silent() {
    for (from, to, hz) in [(44_100, 96_000, 15_000.0), (22_050, 48_000, 9_000.0)] {
        let sound = resample(from, to, &tone(from, hz, 0.5));
        let (amplitude, _, rest) = fit(to, hz, &sound);
        let images = db(rest.sqrt() / (amplitude / 2f64.sqrt()));
        assert!(images <= -120.0, "{from} to {to}: {images:.1} dB");
    }
}

#[test]
fn the_pass_band_is_flat_to_20_khz_and_keeps_time() {
    for (from, to) in RATES {
        let top = 20_000f64.min(f64::from(from.min(to)) * 0.45);
        for hz in [20.0, 1_000.0, 10_000.0 / 22_050.0 * top, 0.9 * top, top] {
            let (amplitude, phase, _) = fit(to, hz, &resample(from, to, &tone(from, hz, 1.0)));
            let gain = db(amplitude / 0.5);
            assert!(gain.abs() <= 0.05, "{from} to {to}, {hz:.0} Hz: {gain:.4} dB");
            let late_ns = phase / (TAU * hz) * 1e9;
            assert!(late_ns.abs() < 20.0, "{from} to {to}, {hz:.0} Hz: {late_ns:.1} ns");
        }
    }
}

#[test]
fn a_click_stays_where_it_is() {
    for (from, to) in RATES {
        let mut sound = vec![0.0; from as usize / 4];
        let at = sound.len() / 3 / 320 * 320;
        sound[at] = 1.0;
        let out = resample(from, to, &sound);
        let loudest = (0..out.len()).max_by(|&a, &b| out[a].abs().total_cmp(&out[b].abs())).expect("sound");
        let expected = at as f64 * f64::from(to) / f64::from(from);
        assert!((loudest as f64 - expected).abs() <= 0.5, "{from} to {to}: {loudest}, not {expected:.2}");
    }
}

#[test]
fn lengths_are_exact_and_pushes_make_no_difference() {
    for (from, to) in RATES.into_iter().chain([(8_000, 44_100), (44_100, 8_000), (11_025, 48_000)]) {
        for frames in [0, 1, 2, 1000, 12_345, from as usize] {
            let sound: Vec<f64> = (0..frames * 2).map(|i| ((i * 37) % 101) as f64 / 101.0 - 0.5).collect();
            let one =
                |chunk| convert(shape(from, 2), Form::Floats, shape(to, 2), Form::Floats, &sound, chunk);
            let whole = one(frames.max(1));
            let expected = (frames as f64 * f64::from(to) / f64::from(from)).round() as usize;
            assert_eq!(whole.len(), expected * 2, "{frames} frames, {from} to {to}");
            assert_eq!(one(701), whole, "{frames} frames, {from} to {to}");
        }
    }
}

#[test]
fn what_needs_no_change_is_not_changed() {
    let words: Vec<i32> = (0..4000i32).map(|i| i.wrapping_mul(1_103_515_245).wrapping_add(12_345)).collect();
    for bits in [8, 16, 20, 24, 32] {
        let kept: Vec<i32> = words.iter().map(|w| w >> (32 - bits) << (32 - bits)).collect();
        let mut sound = Vec::new();
        to_f64(Samples::I32(&kept), &mut sound);
        let integers = Form::Integers { bits };
        for wanted in [integers, Form::Integers { bits: 32 }, Form::Floats] {
            assert_eq!(
                convert(shape(8000, 2), integers, shape(8000, 2), wanted, &sound, 64),
                sound,
                "{bits} bits"
            );
        }
        let doubled = convert(shape(8000, 1), integers, shape(8000, 2), integers, &sound, 64);
        assert!(doubled.as_chunks::<2>().0.iter().zip(&sound).all(|(pair, s)| pair == &[*s, *s]));
    }
    let floats: Vec<f32> = words.iter().map(|&w| w as f32 / 1e9).collect();
    let mut sound = Vec::new();
    to_f64(Samples::F32(&floats), &mut sound);
    let out = convert(shape(8000, 1), Form::Floats, shape(8000, 1), Form::Floats, &sound, 64);
    assert!(out.iter().zip(&floats).all(|(out, float)| *out as f32 == *float));
    to_f64(Samples::F32(&[f32::NAN, f32::INFINITY, -0.5]), &mut sound);
    assert_eq!(sound, [0.0, 0.0, -0.5]);
}

/// Error of 16-bit words in steps, for sound of 24 bits.
fn dither_error(sound: &[f64]) -> Vec<f64> {
    let (given, wanted) = (Form::Integers { bits: 24 }, Form::Integers { bits: 16 });
    let out = convert(shape(48_000, 1), given, shape(48_000, 1), wanted, sound, 999);
    out.iter().zip(sound).map(|(out, sound)| (out - sound) * 32_768.0).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[test]
fn dither_makes_the_error_white_and_free_of_the_sound() {
    // A tone under one step, and one of 1000 steps: the error must be the same noise.
    for steps in [0.4, 1000.0] {
        let sound: Vec<f64> = tone(48_000, 997.0, 4.0).iter().map(|s| s * 2.0 * steps / 32_768.0).collect();
        let error = dither_error(&sound);
        assert!(mean(error.iter().copied()).abs() < 0.01);
        // Rounding 1/12 and two even distributions of 1/12 each, in squared steps.
        let power = mean(error.iter().map(|e| e * e));
        assert!((power - 0.25).abs() < 0.005, "{power} steps²");
        let (harmonics, length) = ([1.0, 2.0, 3.0, 5.0], error.len() as f64);
        for harmonic in harmonics {
            let (found, _, _) = fit(48_000, 997.0 * harmonic, &error);
            // The amplitude of white noise in one bin is √(4 · power / n); eight times that is no chance.
            assert!(found < 8.0 * (4.0 * 0.25 / (length / 2.0)).sqrt(), "harmonic {harmonic}: {found} steps");
        }
        for lag in [1, 2, 48] {
            let products = error.iter().zip(&error[lag..]).map(|(a, b)| a * b);
            assert!(mean(products).abs() < 0.005, "errors {lag} apart are related");
        }
    }
}

#[test]
fn dither_keeps_what_lies_between_two_steps() {
    for between in [0.0, 0.1, 0.25, 0.5, 0.8] {
        let error = dither_error(&vec![between / 32_768.0; 100_000]);
        assert!(mean(error.iter().copied()).abs() < 0.01, "{between} of a step");
        let power = mean(error.iter().map(|e| e * e));
        assert!((power - 0.25).abs() < 0.005, "{between} of a step: {power} steps²");
    }
}

#[test]
fn words_end_at_full_scale() {
    let (wanted, all) = (Form::Integers { bits: 16 }, [1.5, 1.0, -1.0, -3.0]);
    let out = convert(shape(48_000, 1), Form::Floats, shape(48_000, 1), wanted, &all, 4);
    let highest = 32_767.0 / 32_768.0;
    assert_eq!((out[0], out[3]), (highest, -1.0));
    assert!(out.iter().all(|s| (-1.0..=highest).contains(s) && (s * 32_768.0).fract() == 0.0));
}

#[test]
fn channels_and_rate_change_together() {
    let mono = tone(96_000, 997.0, 0.5);
    let six: Vec<f64> = mono.iter().flat_map(|&s| [s, s, 0.0, 0.9, 0.0, 0.0]).collect();
    let out = convert(shape(96_000, 6), Form::Floats, shape(44_100, 2), Form::Floats, &six, 1000);
    let left: Vec<f64> = out.iter().copied().step_by(2).collect();
    let (amplitude, phase, _) = fit(44_100, 997.0, &left);
    assert!((amplitude - 0.5 / (1.0 + 2f64.sqrt())).abs() < 1e-5 && phase.abs() < 1e-4);
    assert!(out.as_chunks::<2>().0.iter().all(|[l, r]| l == r));
    let up = convert(shape(44_100, 1), Form::Floats, shape(48_000, 2), Form::Floats, &mono, 1000);
    assert_eq!(up.len(), (mono.len() as f64 * 48.0 / 44.1).round() as usize * 2);
}

#[test]
fn rates_without_a_common_measure_are_refused_when_they_cost_too_much() {
    let refused = |from, to, channels| {
        Converter::new(shape(from, channels), Form::Floats, shape(to, channels), Form::Floats).is_err()
    };
    assert!(refused(767_999, 48_000, 24));
    assert!(!refused(44_101, 48_000, 2));
}
