//! The second look at two recordings: the sound itself around the strongest common passage.
//!
//! Features are 5 ms apart and blind to what carries them; correlating the sound tells the shift to a fraction of a
//! millisecond, and whether both are one performance.

use std::sync::Arc;

use super::{Alignment, align};
use crate::convert::{Converter, Form, Shape, to_f64};
use crate::correlation::correlate;
use crate::error::AudioError;
use crate::features::{Features, ONSETS_PER_S};
use crate::limits::Limits;
use crate::read_at::ReadAt;
use crate::source::Source;

/// Rate at which the sound is compared, Hz: speech and the body of music lie below half of it.
const RATE: u32 = 8_000;
/// Length of the passage, and how far from the first guess it is looked for, milliseconds.
const PASSAGE_MS: u64 = 8_000;
const REACH_MS: u64 = 250;
/// The passage is sought up to here, so that no long recording is decoded to its end: five minutes.
const LATEST_MS: u64 = 5 * 60 * 1000;
/// Correlation of the sound above which both are the same performance. Different takes stay below 0.2.
const SAME: f32 = 0.35;

/// How far recording `b` is shifted against recording `a`, to a millisecond where both hold the same performance.
///
/// # Errors
/// Any of `AudioError` from reading either.
pub fn align_recordings(
    (a, features_a): (Arc<dyn ReadAt>, &Features),
    (b, features_b): (Arc<dyn ReadAt>, &Features),
    limits: &Limits,
) -> Result<Alignment, AudioError> {
    let guess = align(features_a, features_b);
    let Some(start) = strongest_passage(features_a, features_b, guess.offset_ms) else { return Ok(guess) };
    let from_b = (start as i64 + guess.offset_ms).saturating_sub_unsigned(REACH_MS);
    let x = passage(a, start as i64, PASSAGE_MS, limits)?;
    let y = passage(b, from_b, PASSAGE_MS + 2 * REACH_MS, limits)?;
    let Some((lag, likeness)) = best_lag(&x, &y) else { return Ok(guess) };
    if likeness < SAME {
        return Ok(guess);
    }
    let late_ms = (lag as f64 * 1000.0 / f64::from(RATE)).round() as i64;
    let confidence = guess.confidence.max((likeness * 100.0).round() / 100.0);
    Ok(Alignment { offset_ms: from_b + late_ms - start as i64, confidence })
}

/// Where in `a` the passage with the strongest onsets of both begins, milliseconds; none without an overlap.
fn strongest_passage(a: &Features, b: &Features, offset_ms: i64) -> Option<u64> {
    let steps = |ms: u64| (ms * ONSETS_PER_S / 1000) as usize;
    let shift = offset_ms * ONSETS_PER_S as i64 / 1000;
    let (from_a, from_b) = ((-shift).max(0) as usize, shift.max(0) as usize);
    let pairs = a.onsets.iter().skip(from_a).zip(b.onsets.iter().skip(from_b));
    let mut sums = vec![0u64];
    for (&p, &q) in pairs.take(steps(LATEST_MS)) {
        sums.push(sums[sums.len() - 1] + u64::from(p.min(q)));
    }
    let length = steps(PASSAGE_MS).min(sums.len() - 1);
    let starts = 0..sums.len() - length;
    let best = starts.max_by_key(|&start| (sums[start + length] - sums[start], std::cmp::Reverse(start)))?;
    (length > 0).then(|| (from_a + best) as u64 * 1000 / ONSETS_PER_S)
}

/// Mono sound at [`RATE`] from a time, silence where the recording has none.
fn passage(
    input: Arc<dyn ReadAt>,
    from_ms: i64,
    length_ms: u64,
    limits: &Limits,
) -> Result<Vec<f32>, AudioError> {
    let frames = |ms: u64| (ms * u64::from(RATE) / 1000) as usize;
    let mut source = Source::open(input, limits)?;
    let given = Shape { sample_rate: source.probe().sample_rate, channels: source.probe().channels };
    let form = Form::of(source.probe());
    let mut converter = Converter::new(given, form, Shape { sample_rate: RATE, channels: 1 }, Form::Floats)?;
    let wanted = frames(length_ms);
    let mut out = vec![0.0; if from_ms < 0 { frames(from_ms.unsigned_abs()).min(wanted) } else { 0 }];
    let mut skip = frames(u64::try_from(from_ms).unwrap_or(0));
    let mut decoded = Vec::new();
    while out.len() < wanted {
        let (sound, ended) = match source.next_block()? {
            Some(block) => {
                to_f64(block.samples, &mut decoded);
                (converter.push(&decoded), false)
            }
            None => (converter.finish(), true),
        };
        let skipped = skip.min(sound.len());
        skip -= skipped;
        let room = wanted - out.len();
        out.extend(sound[skipped..].iter().take(room).map(|&s| s as f32));
        if ended {
            break;
        }
    }
    out.resize(wanted, 0.0);
    Ok(out)
}

/// The lag of `x` within the longer `y` with the highest normalised correlation; none for silence.
fn best_lag(x: &[f32], y: &[f32]) -> Option<(usize, f32)> {
    let products = correlate(x, y)?;
    let square = |s: &f32| f64::from(*s) * f64::from(*s);
    let energy: f64 = x.iter().map(square).sum();
    let mut within: f64 = y[..x.len()].iter().map(square).sum();
    let mut best: Option<(usize, f32)> = None;
    for (lag, &product) in products.iter().enumerate().take(y.len() - x.len() + 1) {
        let likeness = f64::from(product) / (energy * within).sqrt();
        if likeness.is_finite() && best.is_none_or(|(_, highest)| likeness as f32 > highest) {
            best = Some((lag, likeness as f32));
        }
        if let Some(next) = y.get(lag + x.len()) {
            within = (within + square(next) - square(&y[lag])).max(0.0);
        }
    }
    best
}

#[cfg(test)]
mod tests;
