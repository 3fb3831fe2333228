//! Loudness by EBU R 128 (ITU-R BS.1770-5, EBU Tech 3341 and 3342), through the `ebur128` crate.
//! Mono counts once. What cannot be measured is absent, never NaN or −∞.

use ebur128::{Channel, EbuR128, Error, Mode};
use serde::{Deserialize, Serialize};

use crate::source::Samples;

/// Below this rate the K-weighting filter has no meaning (its shelf lies at 1.7 kHz), Hz.
const MIN_RATE: u32 = 8_000;
/// Samples a second, all channels, up to which three seconds of history are affordable (36 MiB).
const MAX_SAMPLES_PER_S: u64 = 1_536_000;
/// The lowest absolute gate of BS.1770, LUFS: what is below it is silence.
const ABSOLUTE_GATE_LUFS: f64 = -70.0;
/// Time between two values of the short-term curve of a short recording, milliseconds.
const STEP_MS: u32 = 1_000;
/// Most values of the short-term curve; a longer recording has a wider step.
pub const CURVE_VALUES_MAX: usize = 2_048;

/// The loudness of a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Loudness {
    /// Integrated loudness, LUFS; none for silence and under 400 ms.
    pub integrated_lufs: Option<f64>,
    /// Highest true peak of all channels, dBTP; none for silence.
    pub true_peak_dbtp: Option<f64>,
    /// Highest sample of all channels, dBFS; none for silence.
    pub sample_peak_dbfs: Option<f64>,
    /// Loudness range, LU; none where there is no integrated loudness.
    pub lra: Option<f64>,
}

/// Short-term loudness over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Time between two values, milliseconds: one second, or 2^k seconds for a long recording.
    pub step_ms: u32,
    /// Loudness of the three seconds that end at (index + 1) · `step_ms`, LUFS; none for silence.
    pub lufs: Vec<Option<f32>>,
}

/// A running measurement.
pub(crate) struct Meter {
    meter: Option<EbuR128>,
    channels: usize,
    /// Samples until the next value of the curve.
    until_value: usize,
    samples_per_value: usize,
    curve: Vec<Option<f32>>,
    /// Seconds per value: 2^k. The value at `index` is of second (index + 1) · stride.
    stride: u32,
    seconds: u32,
}

impl Meter {
    pub(crate) fn new(channels: u32, sample_rate: u32) -> Self {
        let affordable = u64::from(channels) * u64::from(sample_rate) <= MAX_SAMPLES_PER_S;
        let mode = Mode::I | Mode::LRA | Mode::TRUE_PEAK | Mode::SAMPLE_PEAK;
        let meter = (affordable && sample_rate >= MIN_RATE)
            .then(|| EbuR128::new(channels, sample_rate, mode).ok())
            .flatten()
            .and_then(|mut meter| {
                let named =
                    positions(channels as usize).is_none_or(|map| meter.set_channel_map(&map).is_ok());
                named.then_some(meter)
            });
        let samples_per_value = (sample_rate as usize * channels as usize).max(1);
        Self {
            meter,
            channels: channels as usize,
            until_value: samples_per_value,
            samples_per_value,
            curve: Vec::new(),
            stride: 1,
            seconds: 0,
        }
    }

    pub(crate) fn push(&mut self, samples: Samples<'_>) {
        match samples {
            Samples::I16(s) => self.feed(s, EbuR128::add_frames_i16),
            Samples::I32(s) => self.feed(s, EbuR128::add_frames_i32),
            Samples::F32(s) => self.feed(s, EbuR128::add_frames_f32),
        }
    }

    /// The same for the working form between stages: whole frames of full scale ±1.
    pub(crate) fn push_f64(&mut self, samples: &[f64]) {
        self.feed(samples, EbuR128::add_frames_f64);
    }

    fn feed<T>(&mut self, samples: &[T], add: fn(&mut EbuR128, &[T]) -> Result<(), Error>) {
        let mut rest = samples;
        while !rest.is_empty() {
            let Some(meter) = &mut self.meter else { return };
            let (now, later) = rest.split_at(self.until_value.min(rest.len()));
            if add(meter, now).is_err() {
                self.meter = None;
                return;
            }
            self.until_value -= now.len();
            if self.until_value == 0 {
                self.until_value = self.samples_per_value;
                self.second();
            }
            rest = later;
        }
    }

    /// Another second is over: keeps its value if the stride says so. A full curve loses every second value.
    fn second(&mut self) {
        self.seconds += 1;
        if !self.seconds.is_multiple_of(self.stride) {
            return;
        }
        if self.curve.len() == CURVE_VALUES_MAX {
            let mut odd = true;
            self.curve.retain(|_| {
                odd = !odd;
                odd
            });
            self.stride *= 2;
            return;
        }
        let value = self.meter.as_ref().and_then(|meter| meter.loudness_shortterm().ok());
        let audible = value.filter(|lufs| lufs.is_finite() && *lufs >= ABSOLUTE_GATE_LUFS);
        self.curve.push(audible.map(|lufs| (lufs * 10.0).round() as f32 / 10.0));
    }

    pub(crate) fn finish(self) -> (Loudness, Curve) {
        let Some(meter) = &self.meter else { return Default::default() };
        let peak = |of: &dyn Fn(u32) -> Option<f64>| {
            let highest = (0..self.channels as u32).filter_map(of).fold(0.0, f64::max);
            (highest > 0.0 && highest.is_finite()).then(|| round(20.0 * highest.log10()))
        };
        let integrated = meter.loudness_global().ok().filter(|l| l.is_finite() && *l >= ABSOLUTE_GATE_LUFS);
        let range = meter.loudness_range().ok().filter(|l| l.is_finite());
        let loudness = Loudness {
            integrated_lufs: integrated.map(round),
            true_peak_dbtp: peak(&|channel| meter.true_peak(channel).ok()),
            sample_peak_dbfs: peak(&|channel| meter.sample_peak(channel).ok()),
            lra: integrated.and(range).map(round),
        };
        (loudness, Curve { step_ms: self.stride * STEP_MS, lufs: self.curve })
    }
}

/// Where the channels stand when there are more than the meter knows of itself; the order of WAV and FLAC for 7
/// and 8 channels, and plain weight 1 for each channel of a bundle of stems.
fn positions(channels: usize) -> Option<Vec<Channel>> {
    use Channel::{
        Center, Left, LeftSurround, Mm090, Mm135, Mp090, Mp135, Mp180, Right, RightSurround, Unused,
    };
    match channels {
        0..=6 => None,
        7 => Some(vec![Left, Right, Center, Unused, Mp180, LeftSurround, RightSurround]),
        8 => Some(vec![Left, Right, Center, Unused, Mp135, Mm135, Mp090, Mm090]),
        more => Some(vec![Left; more]),
    }
}

/// Hundredths are finer than any listener and any two meters.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod ebu;
#[cfg(test)]
mod tests;
