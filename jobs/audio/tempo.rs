//! Tempo from the onset track: the period at which the onsets repeat best.
//!
//! D. P. W. Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music Research 36 (2007), section 3.2: the
//! autocorrelation of onset strength under a log-Gaussian preference around 120 BPM, where a period is supported by
//! its double and its triple. The period is then refined at its multiples, which measure it the more precisely.

use serde::{Deserialize, Serialize};

use crate::correlation::{centred, correlate};
use crate::features::{Features, ONSETS_PER_S};

/// Onset values that are looked at: 20 minutes.
const STEPS_MAX: usize = 20 * 60 * ONSETS_PER_S as usize;
/// Least length that can tell a tempo: 6 s.
const STEPS_MIN: usize = 6 * ONSETS_PER_S as usize;
/// The range that is searched, BPM.
const BPM: std::ops::RangeInclusive<f32> = 40.0..=240.0;
/// The preferred period, seconds, and the width of the preference, octaves.
const PREFERRED_S: f32 = 0.5;
const OCTAVES: f32 = 0.9;
/// Below this there is no tempo to speak of.
const CONFIDENCE_MIN: f32 = 0.15;
/// Players are not machines: onsets count as simultaneous within about this many steps.
const BLUR: usize = 4;
/// The highest multiple of the period at which it is measured.
const MULTIPLE_MAX: usize = 16;

/// How fast a recording is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tempo {
    /// Beats a minute, to a tenth. May be half or double of what a listener says.
    pub bpm: f32,
    /// 0 to 1: how well the onsets repeat with the beat, as their correlation.
    pub confidence: f32,
}

/// The tempo, or none where nothing repeats.
pub(crate) fn tempo(features: &Features) -> Option<Tempo> {
    let onsets = &features.onsets[..features.onsets.len().min(STEPS_MAX)];
    if onsets.len() < STEPS_MIN {
        return None;
    }
    let strength = blurred(&centred(onsets));
    let r = normalised(&correlate(&strength, &strength)?, strength.len())?;
    let (shortest, longest) = (steps(*BPM.end()), steps(*BPM.start()));
    let best = (shortest..=longest).max_by(|&a, &b| score(&r, a).total_cmp(&score(&r, b)))?;
    let period = refine(&r, best);
    let confidence = r[best].clamp(0.0, 1.0);
    let bpm = 60.0 * ONSETS_PER_S as f32 / period;
    (confidence >= CONFIDENCE_MIN && BPM.contains(&bpm.round()))
        .then(|| Tempo { bpm: (bpm * 10.0).round() / 10.0, confidence: (confidence * 100.0).round() / 100.0 })
}

fn steps(bpm: f32) -> usize {
    (60.0 * ONSETS_PER_S as f32 / bpm).round() as usize
}

/// Each value spread over its neighbours by a triangle.
fn blurred(values: &[f32]) -> Vec<f32> {
    let at = |i: usize, d: usize| {
        values.get(i + d).copied().unwrap_or(0.0) + i.checked_sub(d).map_or(0.0, |j| values[j])
    };
    (0..values.len())
        .map(|i| values[i] + (1..BLUR).map(|d| at(i, d) * (1.0 - d as f32 / BLUR as f32)).sum::<f32>())
        .collect()
}

/// The autocorrelation as a fraction of lag 0, corrected for the shorter overlap of long lags; half the length.
fn normalised(products: &[f32], length: usize) -> Option<Vec<f32>> {
    let energy = products[0];
    let overlap = |lag: usize| length as f32 / (length - lag) as f32;
    (energy > 0.0).then(|| (0..length / 2).map(|lag| products[lag] / energy * overlap(lag)).collect())
}

fn score(r: &[f32], period: usize) -> f32 {
    let at = |lag: usize| r.get(lag).copied().unwrap_or(0.0);
    let around = |lag: usize| 0.5 * at(lag) + 0.25 * at(lag - 1) + 0.25 * at(lag + 1);
    let octaves = (period as f32 / ONSETS_PER_S as f32 / PREFERRED_S).log2() / OCTAVES;
    let preference = (-0.5 * octaves * octaves).exp();
    preference * (at(period) + around(2 * period).max(around(3 * period)))
}

/// The period in steps, from the peaks near its doubled, fourfold … multiples while they are there.
fn refine(r: &[f32], period: usize) -> f32 {
    let mut refined = peak(r, period, 2).unwrap_or(period as f32);
    let mut multiple = 2;
    while multiple <= MULTIPLE_MAX {
        let expected = (refined * multiple as f32).round() as usize;
        let Some(found) = peak(r, expected, multiple + 1) else { break };
        if r[found.round() as usize] < r[period] / 2.0 {
            break;
        }
        refined = found / multiple as f32;
        multiple *= 2;
    }
    refined
}

/// The highest point within `reach` of `lag`, between the steps by a parabola; none at the edges.
fn peak(r: &[f32], lag: usize, reach: usize) -> Option<f32> {
    let (from, to) = (lag.checked_sub(reach)?.max(1), lag + reach);
    if to + 1 >= r.len() {
        return None;
    }
    let top = (from..=to).max_by(|&a, &b| r[a].total_cmp(&r[b]))?;
    let (before, here, after) = (r[top - 1], r[top], r[top + 1]);
    let bend = before - 2.0 * here + after;
    let shift = if bend < 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
    Some(top as f32 + shift.clamp(-0.5, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hits at `bpm`, with `jitter` steps of pseudo-random unsteadiness and weaker ones between them.
    fn beats(bpm: f64, seconds: u64, jitter: u64) -> Features {
        let mut onsets = vec![0u8; (seconds * ONSETS_PER_S) as usize];
        let period = 60.0 * ONSETS_PER_S as f64 / bpm;
        let mut state = 7u64;
        for half in 0..(onsets.len() as f64 / period * 2.0) as usize {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (half as f64 * period / 2.0) as u64 + (state >> 33) % (jitter + 1);
            if let Some(onset) = onsets.get_mut(at as usize) {
                *onset = if half % 2 == 0 { 200 } else { 60 };
            }
        }
        Features { onsets, chroma: Vec::new() }
    }

    #[test]
    fn steady_beats_are_measured_to_a_fraction() {
        // The slow one counts as its half beats, the fast one as every second.
        for (bpm, counted) in [(72.0, 144.0), (174.0, 87.0)]
            .into_iter()
            .chain([90.0, 100.0, 119.9, 128.0, 140.0].map(|b| (b, b)))
        {
            for jitter in [0, 3] {
                let found = tempo(&beats(bpm, 60, jitter)).expect("it beats");
                assert!((f64::from(found.bpm) - counted).abs() < 0.3, "{bpm}: {found:?}");
                assert!(found.confidence > 0.3, "{bpm}: {found:?}");
            }
        }
    }

    #[test]
    fn noise_and_scraps_have_no_tempo() {
        let mut state = 3u64;
        let onsets = (0..12_000).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as u8
        });
        assert_eq!(tempo(&Features { onsets: onsets.collect(), chroma: Vec::new() }), None);
        assert_eq!(tempo(&Features { onsets: vec![0; 12_000], chroma: Vec::new() }), None);
        assert_eq!(tempo(&beats(120.0, 5, 0)), None);
    }
}
