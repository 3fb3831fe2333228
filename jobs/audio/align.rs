//! How far one recording is shifted against another, from their feature tracks.
//!
//! The onset tracks are cross-correlated (normalised over the overlap, so that a short excerpt can match), the best
//! candidates are weighed by how well their chroma agrees, and confidence is the winner's score reduced by how
//! close the best other candidate comes: a loop matches itself in many places, and says so.

use serde::{Deserialize, Serialize};

use crate::correlation::{centred, correlate};
use crate::features::{CHROMA_PER_S, CLASSES, Features, ONSETS_PER_S};

mod sound;

pub use sound::align_recordings;

/// Onset values of each recording that are compared: 30 minutes.
const MAX_STEPS: usize = 30 * 60 * ONSETS_PER_S as usize;
/// Overlap below which a match means nothing: 2 s.
const MIN_OVERLAP: usize = 2 * ONSETS_PER_S as usize;
/// Candidates that are weighed by chroma.
const CANDIDATES: usize = 8;
/// Candidates closer than this are the same: 100 ms.
const SAME: usize = ONSETS_PER_S as usize / 10;
/// Chroma rows compared for one candidate.
const MAX_ROWS: usize = 600;
/// How quickly a second candidate destroys confidence: one within a third of the best does so entirely.
const DISTINCTNESS: f32 = 3.0;

/// The shift between two recordings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Alignment {
    /// What happens in `a` at time t happens in `b` at t + `offset_ms`.
    pub offset_ms: i64,
    /// 0 (no idea) to 1 (certain). Below 0.3 the offset should not be used.
    pub confidence: f32,
}

/// Compares two feature tracks.
#[must_use]
pub fn align(a: &Features, b: &Features) -> Alignment {
    let (x, y) = (centred(compared(&a.onsets)), centred(compared(&b.onsets)));
    let candidates = best_lags(&x, &y);
    let mut weighed: Vec<(f32, i64)> =
        candidates.into_iter().map(|(score, lag)| (score * chroma_agreement(a, b, lag), lag)).collect();
    weighed.sort_by(|p, q| q.0.total_cmp(&p.0));
    let Some(&(best, lag)) = weighed.first() else { return Alignment { offset_ms: 0, confidence: 0.0 } };
    let second = weighed.get(1).map_or(0.0, |w| w.0.max(0.0));
    let distinct = if best > 0.0 { (DISTINCTNESS * (1.0 - second / best)).clamp(0.0, 1.0) } else { 0.0 };
    let confidence = (best.clamp(0.0, 1.0) * distinct * 100.0).round() / 100.0;
    Alignment { offset_ms: lag * 1000 / ONSETS_PER_S as i64, confidence }
}

fn compared(onsets: &[u8]) -> &[u8] {
    &onsets[..onsets.len().min(MAX_STEPS)]
}

/// The best separate lags with their normalised correlation, best first.
fn best_lags(x: &[f32], y: &[f32]) -> Vec<(f32, i64)> {
    let Some(products) = correlate(x, y) else { return Vec::new() };
    let (ex, ey) = (energy_until(x), energy_until(y));
    let least = MIN_OVERLAP.max(x.len().min(y.len()) / 4);
    let mut scored: Vec<(f32, i64)> = (-(x.len() as i64)..y.len() as i64)
        .filter_map(|lag| {
            let (from_x, from_y) = ((-lag).max(0) as usize, lag.max(0) as usize);
            let overlap = x.len().saturating_sub(from_x).min(y.len().saturating_sub(from_y));
            if overlap < least {
                return None;
            }
            let energy = (ex[from_x + overlap] - ex[from_x]) * (ey[from_y + overlap] - ey[from_y]);
            let product = products[lag.rem_euclid(products.len() as i64) as usize];
            (energy > 0.0).then(|| (product / energy.sqrt() as f32, lag))
        })
        .collect();
    scored.sort_by(|p, q| q.0.total_cmp(&p.0));
    let mut best: Vec<(f32, i64)> = Vec::with_capacity(CANDIDATES);
    for &(score, lag) in &scored {
        if best.len() == CANDIDATES {
            break;
        }
        if best.iter().all(|&(_, other)| lag.abs_diff(other) as usize > SAME) {
            best.push((score, lag));
        }
    }
    best
}

fn energy_until(values: &[f32]) -> Vec<f64> {
    let mut sum = 0.0;
    std::iter::once(0.0)
        .chain(values.iter().map(|&v| {
            sum += f64::from(v) * f64::from(v);
            sum
        }))
        .collect()
}

/// ½ to 1: mean cosine of the chroma rows that fall together at `lag`, or ¾ where there are none.
fn chroma_agreement(a: &Features, b: &Features, lag: i64) -> f32 {
    let shift = (lag as f64 * CHROMA_PER_S as f64 / ONSETS_PER_S as f64).round() as i64;
    let (from_a, from_b) = ((-shift).max(0) as usize, shift.max(0) as usize);
    let pairs = a.chroma.iter().skip(from_a).zip(b.chroma.iter().skip(from_b));
    let overlap = pairs.len();
    let step = overlap.div_ceil(MAX_ROWS).max(1);
    let cosines: Vec<f32> = pairs.step_by(step).filter_map(|(p, q)| cosine(p, q)).collect();
    if cosines.is_empty() {
        return 0.75;
    }
    0.5 + 0.5 * cosines.iter().sum::<f32>() / cosines.len() as f32
}

fn cosine(p: &[u8; CLASSES], q: &[u8; CLASSES]) -> Option<f32> {
    let dot = |u: &[u8; CLASSES], v: &[u8; CLASSES]| {
        u.iter().zip(v).map(|(&m, &n)| f32::from(m) * f32::from(n)).sum::<f32>()
    };
    let norms = dot(p, p) * dot(q, q);
    (norms > 0.0).then(|| dot(p, q) / norms.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Onsets of a made-up performance: pseudo-random hits, each step from one generator.
    fn performance(seed: u64, steps: usize) -> Features {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        };
        let onsets = (0..steps).map(|_| if next() % 23 == 0 { (next() % 200) as u8 } else { 0 }).collect();
        let chroma = (0..steps / 20).map(|_| std::array::from_fn(|_| (next() % 256) as u8)).collect();
        Features { onsets, chroma }
    }

    fn shifted(features: &Features, steps: usize) -> Features {
        let mut onsets = vec![0; steps];
        onsets.extend_from_slice(&features.onsets);
        let mut chroma = vec![[0; CLASSES]; steps / 20];
        chroma.extend_from_slice(&features.chroma);
        Features { onsets, chroma }
    }

    #[test]
    fn a_shift_is_found_in_both_directions() {
        let a = performance(1, 12_000);
        for steps in [0, 1, 37, 400, 3000] {
            let b = shifted(&a, steps);
            let expected = steps as i64 * 5;
            let forth = align(&a, &b);
            assert_eq!(forth.offset_ms, expected);
            assert!(forth.confidence > 0.8, "{forth:?}");
            assert_eq!(align(&b, &a).offset_ms, -expected);
        }
    }

    #[test]
    fn an_excerpt_is_found_in_its_song() {
        let song = performance(2, 40_000);
        let part =
            Features { onsets: song.onsets[10_000..14_000].to_vec(), chroma: song.chroma[500..700].to_vec() };
        let found = align(&part, &song);
        assert_eq!(found.offset_ms, 50_000);
        assert!(found.confidence > 0.8, "{found:?}");
    }

    #[test]
    fn strangers_loops_and_silence_give_no_confidence() {
        let strangers = align(&performance(3, 12_000), &performance(4, 12_000));
        assert!(strangers.confidence < 0.2, "{strangers:?}");
        let bar = performance(5, 400);
        let looped = Features { onsets: bar.onsets.repeat(30), chroma: bar.chroma.repeat(30) };
        let same = align(&looped, &looped);
        assert!(same.confidence < 0.3, "{same:?}");
        let silent = Features { onsets: vec![0; 4000], chroma: vec![[0; CLASSES]; 200] };
        assert_eq!(align(&silent, &silent).confidence, 0.0);
        assert_eq!(align(&Features::default(), &bar).confidence, 0.0);
    }
}
