//! Loudness by EBU R 128 (ITU-R BS.1770-5, EBU Tech 3341 and 3342), through the `ebur128` crate.
//! Mono counts once. What cannot be measured is absent, never NaN or −∞.

use ebur128::{EbuR128, Mode};
use serde::{Deserialize, Serialize};

use crate::source::Samples;

/// Below this rate the K-weighting filter has no meaning (its shelf lies at 1.7 kHz), Hz.
const MIN_RATE: u32 = 8_000;
/// Samples a second, all channels, up to which three seconds of history are affordable (36 MiB).
const MAX_SAMPLES_PER_S: u64 = 1_536_000;
/// The lowest absolute gate of BS.1770, LUFS: what is below it is silence.
const ABSOLUTE_GATE_LUFS: f64 = -70.0;

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

/// A running measurement.
pub(crate) struct Meter {
    meter: Option<EbuR128>,
    channels: u32,
}

impl Meter {
    pub(crate) fn new(channels: u32, sample_rate: u32) -> Self {
        let affordable = u64::from(channels) * u64::from(sample_rate) <= MAX_SAMPLES_PER_S;
        let mode = Mode::I | Mode::LRA | Mode::TRUE_PEAK | Mode::SAMPLE_PEAK;
        let meter = (affordable && sample_rate >= MIN_RATE)
            .then(|| EbuR128::new(channels, sample_rate, mode).ok())
            .flatten();
        Self { meter, channels }
    }

    pub(crate) fn push(&mut self, samples: Samples<'_>) {
        let Some(meter) = &mut self.meter else { return };
        let taken = match samples {
            Samples::I16(s) => meter.add_frames_i16(s),
            Samples::I32(s) => meter.add_frames_i32(s),
            Samples::F32(s) => meter.add_frames_f32(s),
        };
        if taken.is_err() {
            self.meter = None;
        }
    }

    pub(crate) fn finish(&self) -> Loudness {
        let Some(meter) = &self.meter else { return Loudness::default() };
        let peak = |of: &dyn Fn(u32) -> Option<f64>| {
            let highest = (0..self.channels).filter_map(of).fold(0.0, f64::max);
            (highest > 0.0 && highest.is_finite()).then(|| round(20.0 * highest.log10()))
        };
        let integrated = meter.loudness_global().ok().filter(|l| l.is_finite() && *l >= ABSOLUTE_GATE_LUFS);
        let range = meter.loudness_range().ok().filter(|l| l.is_finite());
        Loudness {
            integrated_lufs: integrated.map(round),
            true_peak_dbtp: peak(&|channel| meter.true_peak(channel).ok()),
            sample_peak_dbfs: peak(&|channel| meter.sample_peak(channel).ok()),
            lra: integrated.and(range).map(round),
        }
    }
}

/// Hundredths are finer than any listener and any two meters.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
