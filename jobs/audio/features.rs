//! A small picture of a recording for alignment: onset strength 200 times and chroma 10 times a second, by the
//! clock and not by frames, so that recordings at different rates compare directly.
//!
//! Blob, little-endian: magic `BLFT`, version u16 = 1, zero u16, onset count u32, chroma row count u32; then one byte
//! an onset and twelve a chroma row, from C. An onset is 8 · log2 of how far the energy of 5 ms rose above its recent
//! mean, summed over the sound and its difference signal (which favours highs). Chroma folds an FFT of about 0.37 s
//! from 55 Hz to 2 kHz into pitch classes, the strongest being 255; quiet rows are zero.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Onset values a second.
pub const ONSETS_PER_S: u64 = 200;
/// Chroma rows a second.
pub const CHROMA_PER_S: u64 = 10;
/// Pitch classes.
pub const CLASSES: usize = 12;

const MAGIC: &[u8; 4] = b"BLFT";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 16;
/// Rate to which the sound is reduced for chroma, Hz, about.
const CHROMA_RATE: u32 = 5_512;
const FFT_LEN: usize = 2048;
/// Frames handled at once, small enough to stay in the cache.
const PART: usize = 4096;
/// Energy of a sample that counts as silence: −90 dBFS.
const FLOOR: f32 = 1e-9;
/// Steps of an onset value per doubling of energy.
const STEPS: f32 = 8.0;
/// Weight of the past in the running mean of energy, per 5 ms.
const MEMORY: f32 = 0.8;

/// The feature track of a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// Onset strength, one value per 5 ms.
    pub onsets: Vec<u8>,
    /// Chroma, one row per 100 ms.
    pub chroma: Vec<[u8; CLASSES]>,
}

impl Features {
    /// The blob that the module describes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES + self.onsets.len() + self.chroma.len() * CLASSES);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&(self.onsets.len() as u32).to_le_bytes());
        out.extend_from_slice(&(self.chroma.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.onsets);
        out.extend_from_slice(self.chroma.as_flattened());
        out
    }

    /// Reads a blob back; none if it is no feature track of a version that we know, or is cut off.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, body) = bytes.split_first_chunk::<HEADER_BYTES>()?;
        if &head[..4] != MAGIC || u16::from_le_bytes([head[4], head[5]]) != VERSION {
            return None;
        }
        let onsets = u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
        let rows = u32::from_le_bytes([head[12], head[13], head[14], head[15]]) as usize;
        if body.len() != onsets.checked_add(rows.checked_mul(CLASSES)?)? {
            return None;
        }
        let (onsets, chroma) = body.split_at(onsets);
        Some(Self { onsets: onsets.to_vec(), chroma: chroma.as_chunks().0.to_vec() })
    }
}

/// Follows the sound and collects its features.
pub(crate) struct Tracker {
    channels: usize,
    onsets: Onsets,
    chroma: Chroma,
    mono: Vec<f32>,
}

impl Tracker {
    pub(crate) fn new(channels: usize, sample_rate: u32) -> Self {
        let onsets = Onsets::new(sample_rate);
        Self { channels, onsets, chroma: Chroma::new(sample_rate), mono: Vec::with_capacity(PART) }
    }

    /// Takes whole interleaved frames.
    pub(crate) fn push(&mut self, interleaved: &[i16]) {
        let scale = 1.0 / (32768.0 * self.channels as f32);
        for part in interleaved.chunks(PART * self.channels) {
            self.mono.clear();
            match self.channels {
                1 => self.mono.extend(part.iter().map(|&s| f32::from(s) * scale)),
                2 => self.mono.extend(
                    part.as_chunks::<2>()
                        .0
                        .iter()
                        .map(|&[l, r]| (i32::from(l) + i32::from(r)) as f32 * scale),
                ),
                n => self.mono.extend(
                    part.chunks_exact(n).map(|f| f.iter().map(|&s| i32::from(s)).sum::<i32>() as f32 * scale),
                ),
            }
            self.onsets.push(&self.mono);
            self.chroma.push(&self.mono);
        }
    }

    pub(crate) fn finish(mut self) -> Features {
        self.onsets.finish();
        self.chroma.finish();
        Features { onsets: self.onsets.out, chroma: self.chroma.out }
    }
}

/// The frame at which step `index` of a track of `per_s` steps a second begins.
fn border(index: u64, per_s: u64, rate: u64) -> u64 {
    index.saturating_mul(rate) / per_s
}

struct Onsets {
    rate: u64,
    frame: u64,
    last: f32,
    energy: [f32; 2],
    mean: [f32; 2],
    out: Vec<u8>,
}

impl Onsets {
    fn new(sample_rate: u32) -> Self {
        let rate = u64::from(sample_rate);
        Self { rate, frame: 0, last: 0.0, energy: [0.0; 2], mean: [0.0; 2], out: Vec::new() }
    }

    fn push(&mut self, mono: &[f32]) {
        let mut rest = mono;
        while !rest.is_empty() {
            let end = border(self.out.len() as u64 + 1, ONSETS_PER_S, self.rate);
            let room = (end - self.frame) as usize;
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.energy[0] += energy(now);
            self.energy[1] += step_energy(self.last, now);
            self.last = now.last().copied().unwrap_or(self.last);
            self.frame += now.len() as u64;
            if self.frame == end {
                self.emit();
            }
            rest = later;
        }
    }

    fn finish(&mut self) {
        if self.frame > border(self.out.len() as u64, ONSETS_PER_S, self.rate) {
            self.emit();
        }
    }

    fn emit(&mut self) {
        let frames = (self.rate as f32 / ONSETS_PER_S as f32).max(1.0);
        let mut rise = 0.0;
        for (energy, mean) in self.energy.iter_mut().zip(&mut self.mean) {
            let now = *energy / frames;
            rise += ((now + FLOOR) / (*mean + FLOOR)).log2().max(0.0);
            *mean = MEMORY * *mean + (1.0 - MEMORY) * now;
            *energy = 0.0;
        }
        // A float-to-integer cast saturates, which is the rule for huge rises.
        self.out.push((rise * STEPS) as u8);
    }
}

/// Sum of squares, in lanes so that it vectorises.
fn energy(samples: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (chunks, rest) = samples.as_chunks::<8>();
    for chunk in chunks {
        for (lane, &s) in lanes.iter_mut().zip(chunk) {
            *lane += s * s;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|s| s * s).sum::<f32>()
}

/// Sum of squared steps from sample to sample, beginning with the step from `last`.
fn step_energy(last: f32, samples: &[f32]) -> f32 {
    let Some((&first, after)) = samples.split_first() else { return 0.0 };
    let mut lanes = [0.0f32; 8];
    let (now, rest) = after.as_chunks::<8>();
    for (chunk, before) in now.iter().zip(samples.as_chunks::<8>().0) {
        for ((lane, &s), &b) in lanes.iter_mut().zip(chunk).zip(before) {
            *lane += (s - b) * (s - b);
        }
    }
    let tail = &samples[now.len() * 8..];
    let steps = rest.iter().zip(tail).map(|(s, b)| (s - b) * (s - b)).sum::<f32>();
    (first - last) * (first - last) + lanes.iter().sum::<f32>() + steps
}

struct Chroma {
    rate: u64,
    factor: usize,
    sum: f32,
    summed: usize,
    /// The latest reduced samples, oldest first once full.
    ring: Vec<f32>,
    at: usize,
    reduced: u64,
    classes: Vec<Option<u8>>,
    window: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
    input: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    out: Vec<[u8; CLASSES]>,
}

impl Chroma {
    fn new(sample_rate: u32) -> Self {
        let factor = ((sample_rate + CHROMA_RATE / 2) / CHROMA_RATE).max(1);
        let rate = f64::from(sample_rate) / f64::from(factor);
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(FFT_LEN);
        let class = |bin: usize| {
            let hz = bin as f64 * rate / FFT_LEN as f64;
            let note = (12.0 * (hz / 440.0).log2() + 69.0).round();
            (hz >= 55.0 && hz <= (0.45 * rate).min(2000.0)).then(|| note.rem_euclid(12.0) as u8)
        };
        let hann = |i: usize| (std::f32::consts::PI * i as f32 / FFT_LEN as f32).sin().powi(2);
        Self {
            rate: u64::from(sample_rate),
            factor: factor as usize,
            sum: 0.0,
            summed: 0,
            ring: vec![0.0; FFT_LEN],
            at: 0,
            reduced: 0,
            classes: (0..=FFT_LEN / 2).map(class).collect(),
            window: (0..FFT_LEN).map(hann).collect(),
            input: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            out: Vec::new(),
        }
    }

    fn push(&mut self, mono: &[f32]) {
        let mut rest = mono;
        while !rest.is_empty() {
            let (now, later) = rest.split_at((self.factor - self.summed).min(rest.len()));
            self.sum += now.iter().sum::<f32>();
            self.summed += now.len();
            rest = later;
            if self.summed == self.factor {
                self.ring[self.at] = self.sum / self.factor as f32;
                self.at = (self.at + 1) % FFT_LEN;
                self.reduced += 1;
                (self.sum, self.summed) = (0.0, 0);
                if self.reduced * self.factor as u64
                    >= border(self.out.len() as u64 + 1, CHROMA_PER_S, self.rate)
                {
                    self.emit();
                }
            }
        }
    }

    /// The last row may wait for samples that the reduced rate has not seen.
    fn finish(&mut self) {
        let seen = self.reduced * self.factor as u64 + self.summed as u64;
        if seen >= border(self.out.len() as u64 + 1, CHROMA_PER_S, self.rate) {
            self.emit();
        }
    }

    fn emit(&mut self) {
        let ordered = self.ring[self.at..].iter().chain(&self.ring[..self.at]);
        for ((to, &from), &weight) in self.input.iter_mut().zip(ordered).zip(&self.window) {
            *to = from * weight;
        }
        let done = self.fft.process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch);
        let mut classes = [0.0f32; CLASSES];
        if done.is_ok() {
            for (bin, &class) in self.spectrum.iter().zip(&self.classes) {
                if let Some(class) = class {
                    classes[usize::from(class)] += bin.norm_sqr().sqrt();
                }
            }
        }
        let strongest = classes.iter().copied().fold(0.0, f32::max);
        let quiet = strongest < FFT_LEN as f32 * 1e-4;
        let scale = if quiet { 0.0 } else { 255.0 / strongest };
        self.out.push(classes.map(|class| (class * scale).round() as u8));
    }
}

#[cfg(test)]
mod tests;
