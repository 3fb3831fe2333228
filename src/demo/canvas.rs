//! A stereo buffer that notes are added to, and the few sound sources they are made of.

use std::f32::consts::TAU;

use super::song::{self, SAMPLE_RATE};

/// The end of every note is faded, so that none of them clicks.
const RELEASE_S: f32 = 0.006;
/// Below this the loudest sample counts as silence and is not scaled up.
const SILENCE: f32 = 1e-6;

/// The whole song of one take.
pub(super) struct Canvas {
    frames: Vec<[f32; 2]>,
}

/// Where a note stands: when it starts and how long it lasts in seconds, and from left (−1) to right (1).
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub start_s: f64,
    pub length_s: f64,
    pub pan: f32,
}

impl Canvas {
    pub fn blank() -> Self {
        Self { frames: vec![[0.0; 2]; song::frames()] }
    }

    /// Adds a note. The voice is asked for one sample after another, with the time since the note began in seconds.
    /// What would sound after the end of the song is cut.
    pub fn add(&mut self, place: Place, mut voice: impl FnMut(f32) -> f32) {
        let start = (place.start_s * f64::from(SAMPLE_RATE)).round() as usize;
        let length = (place.length_s * f64::from(SAMPLE_RATE)).round() as usize;
        // Equal power: the sum of the squared gains is 1 at every position.
        let angle = (place.pan + 1.0) * std::f32::consts::FRAC_PI_4;
        let (left, right) = (angle.cos(), angle.sin());
        let available = self.frames.len().saturating_sub(start);
        let length = length.min(available);
        let end_s = length as f32 / SAMPLE_RATE as f32;
        for (index, frame) in self.frames.iter_mut().skip(start).take(length).enumerate() {
            let t = index as f32 / SAMPLE_RATE as f32;
            let sample = voice(t) * ((end_s - t) / RELEASE_S).min(1.0);
            frame[0] += sample * left;
            frame[1] += sample * right;
        }
    }

    /// Repeats everything so far, quieter, with the sides swapped: an echo.
    pub fn echo(&mut self, delay_s: f64, gain: f32) {
        let delay = (delay_s * f64::from(SAMPLE_RATE)).round() as usize;
        for at in delay..self.frames.len() {
            let [left, right] = self.frames[at - delay];
            self.frames[at][0] += gain * right;
            self.frames[at][1] += gain * left;
        }
    }

    /// The frames, rounded off softly and scaled so that the loudest sample is `peak`.
    pub fn finish(mut self, peak: f32) -> Vec<[f32; 2]> {
        let mut loudest = 0.0f32;
        for sample in self.frames.as_flattened_mut() {
            *sample = sample.tanh();
            loudest = loudest.max(sample.abs());
        }
        if loudest > SILENCE {
            let gain = peak / loudest;
            self.frames.as_flattened_mut().iter_mut().for_each(|sample| *sample *= gain);
        }
        self.frames
    }
}

/// A sine, from the time and the frequency.
pub(super) fn sine(t: f32, hertz: f32) -> f32 {
    (TAU * (t * hertz).fract()).sin()
}

/// A fall from 1 towards 0 that reaches 1/e after `seconds`.
pub(super) fn decay(t: f32, seconds: f32) -> f32 {
    (-t / seconds).exp()
}

/// A rise from 0 to 1 over `seconds`.
pub(super) fn attack(t: f32, seconds: f32) -> f32 {
    (t / seconds).min(1.0)
}

/// A sawtooth whose step is rounded, so that it folds little back into the audible range (polyBLEP: Välimäki and
/// Huovilainen, "Antialiasing oscillators in subtractive synthesis", IEEE Signal Processing Magazine 24(2), 2007).
pub(super) struct Saw {
    phase: f32,
}

impl Saw {
    pub fn new() -> Self {
        Self { phase: 0.0 }
    }

    pub fn next(&mut self, hertz: f32) -> f32 {
        let step = hertz / SAMPLE_RATE as f32;
        self.phase = (self.phase + step).fract();
        let near_start = self.phase / step;
        let near_end = (self.phase - 1.0) / step;
        let correction = if near_start < 1.0 {
            2.0 * near_start - near_start * near_start - 1.0
        } else if near_end > -1.0 {
            2.0 * near_end + near_end * near_end + 1.0
        } else {
            0.0
        };
        2.0 * self.phase - 1.0 - correction
    }
}

/// A one-pole low-pass, 6 dB an octave.
pub(super) struct LowPass {
    last: f32,
}

impl LowPass {
    pub fn new() -> Self {
        Self { last: 0.0 }
    }

    pub fn next(&mut self, sample: f32, cutoff_hertz: f32) -> f32 {
        let keep = (-TAU * cutoff_hertz / SAMPLE_RATE as f32).exp();
        self.last = sample + keep * (self.last - sample);
        self.last
    }
}

/// White noise from a xorshift generator (Marsaglia, "Xorshift RNGs", 2003), the same for the same seed.
pub(super) struct Noise {
    state: u32,
}

impl Noise {
    pub fn seeded(seed: u32) -> Self {
        // The generator stays at 0 for ever; the constant keeps small seeds away from each other.
        Self { state: seed.wrapping_mul(0x9E37_79B9) | 1 }
    }

    pub fn next(&mut self) -> f32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        self.state as f32 / (u32::MAX as f32) * 2.0 - 1.0
    }
}
