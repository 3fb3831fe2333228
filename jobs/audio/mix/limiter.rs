//! A true-peak limiter with look-ahead: linear below its ceiling, delay taken out.
//!
//! The peak between frames is found by fourfold interpolation (ITU-R BS.1770-5, annex 2). The gain it asks for is
//! held over the look-ahead by a sliding minimum and smoothed by a mean over the same time, which therefore arrives
//! at the peak exactly when the peak does; afterwards it recovers exponentially.

use std::collections::VecDeque;
use std::f64::consts::PI;

/// Frames on each side that the interpolation uses.
const REACH: usize = 6;
/// Frames of history for it.
const TAPS: usize = 2 * REACH;
/// How long before a peak the gain begins to fall, seconds.
const LOOK_AHEAD_S: f64 = 0.005;
/// How long the gain takes to recover by two thirds, seconds.
const RELEASE_S: f64 = 0.1;

pub(super) struct Limiter {
    ceiling: f64,
    kernel: [[f64; TAPS]; 3],
    /// The most that interpolation can make of a sample.
    overshoot: f64,
    /// Frames of the mean; the sliding minimum covers two more, for the peaks on both sides of a frame.
    window: usize,
    recovery: f64,
    /// Frames that wait for their gain, the latest [`TAPS`] of them also for their peak.
    waiting: VecDeque<[f64; 2]>,
    /// Frames since one that could come near the ceiling.
    harmless: usize,
    /// Gains asked for, as (frame, gain), falling from front to back in age and rising in gain.
    lowest: VecDeque<(u64, f64)>,
    /// Gains of the mean's window.
    recent: VecDeque<f64>,
    sum: f64,
    held: f64,
    /// Frames whose peak is known.
    judged: u64,
    taken: u64,
    given: u64,
}

impl Limiter {
    /// `ceiling` is linear, above 0.
    pub(super) fn new(ceiling: f64, sample_rate: u32) -> Self {
        let kernel = kernel();
        let overshoot = kernel.iter().map(|phase| phase.iter().map(|h| h.abs()).sum()).fold(1.0, f64::max);
        let window = ((LOOK_AHEAD_S * f64::from(sample_rate)) as usize).max(1);
        Self {
            ceiling,
            kernel,
            overshoot,
            window,
            recovery: 1.0 - (-1.0 / (RELEASE_S * f64::from(sample_rate))).exp(),
            // As if silence had gone before.
            waiting: VecDeque::from(vec![[0.0; 2]; TAPS - 1]),
            harmless: TAPS,
            lowest: VecDeque::new(),
            recent: VecDeque::from(vec![1.0; window]),
            sum: window as f64,
            held: 1.0,
            judged: 0,
            taken: 0,
            given: 0,
        }
    }

    /// Takes a frame and appends those whose gain is settled.
    pub(super) fn push(&mut self, frame: [f64; 2], out: &mut Vec<f64>) {
        self.taken += 1;
        self.step(frame, out);
    }

    /// Appends what still waits.
    pub(super) fn finish(&mut self, out: &mut Vec<f64>) {
        while self.given < self.taken {
            self.step([0.0; 2], out);
        }
    }

    fn step(&mut self, frame: [f64; 2], out: &mut Vec<f64>) {
        self.waiting.push_back(frame);
        let level = frame[0].abs().max(frame[1].abs());
        self.harmless = if level * self.overshoot > self.ceiling { 0 } else { self.harmless + 1 };
        let wanted = if self.harmless >= TAPS { 1.0 } else { (self.ceiling / self.peak()).min(1.0) };
        let gain = self.smooth(wanted);
        // The history, the reach of the interpolation and the mean lie between a frame and its gain.
        if self.judged < (REACH + self.window) as u64 {
            return;
        }
        let late = TAPS - 1 + self.window - 1 - (REACH - 1);
        let at = self.waiting.len() - 1 - late;
        out.extend(self.waiting[at].map(|sample| sample * gain));
        self.given += 1;
        self.waiting.drain(..at);
    }

    /// The highest true peak from the frame [`REACH`] back to the one after it.
    fn peak(&self) -> f64 {
        let mut peak = f64::MIN_POSITIVE;
        let start = self.waiting.len() - TAPS;
        for channel in 0..2 {
            let past: [f64; TAPS] = std::array::from_fn(|i| self.waiting[start + i][channel]);
            peak = peak.max(past[REACH - 1].abs());
            for phase in &self.kernel {
                peak = peak.max(phase.iter().zip(&past).map(|(h, s)| h * s).sum::<f64>().abs());
            }
        }
        peak
    }

    /// The mean of the held minima after another gain was asked for.
    fn smooth(&mut self, wanted: f64) -> f64 {
        while self.lowest.back().is_some_and(|&(_, gain)| gain >= wanted) {
            self.lowest.pop_back();
        }
        self.lowest.push_back((self.judged, wanted));
        while self.lowest.front().is_some_and(|&(frame, _)| frame + self.window as u64 + 2 <= self.judged) {
            self.lowest.pop_front();
        }
        self.judged += 1;
        let minimum = self.lowest.front().map_or(1.0, |&(_, gain)| gain);
        self.held = minimum.min(self.held + (1.0 - self.held) * self.recovery);
        self.recent.push_back(self.held);
        self.sum += self.held - self.recent.pop_front().unwrap_or(1.0);
        (self.sum / self.window as f64).min(1.0)
    }
}

/// Three interpolators, for ¼, ½ and ¾ of the way from tap `REACH` − 1 to the next: sinc under a Hann window.
fn kernel() -> [[f64; TAPS]; 3] {
    std::array::from_fn(|phase| {
        std::array::from_fn(|tap| {
            let x = tap as f64 - (REACH - 1) as f64 - (phase + 1) as f64 / 4.0;
            0.5 * (1.0 + (PI * x / REACH as f64).cos()) * (PI * x).sin() / (PI * x)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(ceiling: f64, sound: &[[f64; 2]]) -> Vec<[f64; 2]> {
        let mut limiter = Limiter::new(ceiling, 48_000);
        let mut out = Vec::new();
        sound.iter().for_each(|&frame| limiter.push(frame, &mut out));
        limiter.finish(&mut out);
        out.as_chunks().0.to_vec()
    }

    fn noise(frames: usize, level: impl Fn(usize) -> f64) -> Vec<[f64; 2]> {
        let mut state = 5u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / 8_388_608.0 - 1.0
        };
        (0..frames).map(|i| [next() * level(i), next() * level(i)]).collect()
    }

    #[test]
    fn quiet_sound_passes_untouched_and_in_time() {
        for frames in [0, 1, 5, 100, 5000] {
            let sound = noise(frames, |_| 0.4);
            assert_eq!(limit(0.9, &sound), sound, "{frames} frames");
        }
    }

    #[test]
    fn no_frame_passes_the_ceiling_and_time_stays() {
        let sound = noise(48_000, |i| if i / 4000 % 2 == 0 { 0.2 } else { 3.0 });
        let out = limit(0.8, &sound);
        assert_eq!(out.len(), sound.len());
        let highest = out.iter().flatten().fold(0.0, |high: f64, s| high.max(s.abs()));
        assert!(highest <= 0.8 + 1e-9 && highest > 0.5, "{highest}");
        // Both sides get the same gain, and it never turns the sound around.
        assert!(
            out.iter()
                .zip(&sound)
                .all(|(o, s)| (o[0] * s[1] - o[1] * s[0]).abs() < 1e-9 && o[0] * s[0] >= 0.0)
        );
    }

    #[test]
    fn a_peak_between_the_samples_is_caught() {
        // fs/4 at 45°: the samples are at −3 dB of the wave.
        let sound: Vec<[f64; 2]> = (0..9600).map(|i| [(PI * (f64::from(i) / 2.0 + 0.25)).sin(); 2]).collect();
        let out = limit(0.5, &sound);
        let samples = out[4800..].iter().fold(0.0, |high: f64, f| high.max(f[0].abs()));
        assert!((samples - 0.5 / 2f64.sqrt()).abs() < 0.01, "{samples}");
    }

    #[test]
    fn gain_recovers_after_the_peak() {
        let mut sound = vec![[0.3; 2]; 48_000];
        sound[10_000] = [2.0; 2];
        let out = limit(0.5, &sound);
        assert!((out[10_000][0] - 0.5).abs() < 0.05, "{}", out[10_000][0]);
        assert_eq!(out[9_000], [0.3; 2]);
        assert!((out[47_000][0] - 0.3).abs() < 1e-3);
    }
}
