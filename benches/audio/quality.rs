//! The quality of the conversion from 96 to 44.1 kHz, measured here and now.

use std::f64::consts::TAU;

use audio::{Converter, Form, Shape};

const FROM: u32 = 96_000;
const TO: u32 = 44_100;

/// Prints the row.
pub fn print() {
    let (tone, rest) = fit(997.0, &convert(997.0));
    let thd_n = db(rest / (tone / 2f64.sqrt()));
    let alias =
        [22_060.0, 23_000.0, 30_000.0, 47_000.0].map(|hz| db(fit(hz, &convert(hz)).1 / 0.5f64.sqrt()));
    let alias = alias.into_iter().fold(f64::MIN, f64::max);
    let band = [20.0, 1_000.0, 10_000.0, 18_000.0, 20_000.0].map(|hz| db(fit(hz, &convert(hz)).0).abs());
    let band = band.into_iter().fold(0.0, f64::max);
    println!(
        "96 kHz to 44.1 kHz: THD+N {thd_n:.1} dB (must -130), alias {alias:.1} dB (must -120), ±{band:.4} dB to 20 kHz (must 0.05)"
    );
}

fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

/// One second of a full-scale tone, converted.
fn convert(hz: f64) -> Vec<f64> {
    let shape = |sample_rate| Shape { sample_rate, channels: 1 };
    let mut converter =
        Converter::new(shape(FROM), Form::Floats, shape(TO), Form::Floats).expect("usual rates");
    let tone: Vec<f64> = (0..FROM).map(|i| (TAU * hz * f64::from(i) / f64::from(FROM)).sin()).collect();
    [converter.push(&tone).to_vec(), converter.finish().to_vec()].concat()
}

/// Amplitude of the tone in the middle of `sound`, and the effective value of all the rest.
fn fit(hz: f64, sound: &[f64]) -> (f64, f64) {
    let edge = sound.len() / 4;
    let angle = |i: usize| (TAU * hz * i as f64 / f64::from(TO)).sin_cos();
    let middle = || sound.iter().enumerate().skip(edge).take(sound.len() - 2 * edge);
    let sums = middle().map(|(i, y)| (angle(i), y)).fold([0.0; 5], |a, ((s, c), y)| {
        [a[0] + s * s, a[1] + s * c, a[2] + c * c, a[3] + y * s, a[4] + y * c]
    });
    let [ss, sc, cc, ys, yc] = sums;
    let det = ss * cc - sc * sc;
    let (a, b) = ((ys * cc - yc * sc) / det, (yc * ss - ys * sc) / det);
    let rest = middle().map(|(i, y)| {
        let (s, c) = angle(i);
        (y - a * s - b * c).powi(2)
    });
    (a.hypot(b), (rest.sum::<f64>() / middle().count() as f64).sqrt())
}
