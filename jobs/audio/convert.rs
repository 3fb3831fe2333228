//! From one shape of sound to another: channels, sample rate, word length, in this order, as a stream.
//!
//! Between stages sound is interleaved `f64` with full scale ±1, which holds every integer of up to 32 bits and every
//! `f32` exactly. What needs no change comes out as it is; the number of frames is exact, and nothing moves in time.

use serde::{Deserialize, Serialize};

use crate::error::AudioError;
use crate::media::Codec;
use crate::probe::Probe;
use crate::source::Samples;

mod channels;
mod resample;
mod words;

use channels::Matrix;
use resample::Resampler;
use words::Quantiser;

/// The shape of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// Frames a second, Hz.
    pub sample_rate: u32,
    /// Channels, in the order of WAV and FLAC.
    pub channels: u32,
}

/// What a sample may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Multiples of 2^(1 − bits), from −1 to 1 less one step.
    Integers {
        /// Bits a sample, 1 to 32.
        bits: u32,
    },
    /// Anything finite.
    Floats,
}

impl Form {
    /// What the samples of a recording are once they are decoded.
    #[must_use]
    pub fn of(probe: &Probe) -> Self {
        match probe.codec {
            Codec::Pcm | Codec::Flac | Codec::Alac => {
                Self::Integers { bits: probe.bit_depth.unwrap_or(32).clamp(1, 32) }
            }
            Codec::Alaw | Codec::Mulaw | Codec::ImaAdpcm | Codec::MsAdpcm => Self::Integers { bits: 16 },
            Codec::PcmFloat
            | Codec::Mp1
            | Codec::Mp2
            | Codec::Mp3
            | Codec::Aac
            | Codec::Vorbis
            | Codec::Opus => Self::Floats,
        }
    }

    /// Whether everything of this form can be written in `other`.
    fn fits(self, other: Self) -> bool {
        match (self, other) {
            (_, Self::Floats) => true,
            (Self::Integers { bits }, Self::Integers { bits: room }) => bits <= room,
            (Self::Floats, Self::Integers { .. }) => false,
        }
    }
}

/// Replaces `out` by the samples in the working form. What is not finite becomes silence.
pub fn to_f64(samples: Samples<'_>, out: &mut Vec<f64>) {
    out.clear();
    match samples {
        Samples::I16(s) => out.extend(s.iter().map(|&v| f64::from(v) / 32_768.0)),
        Samples::I32(s) => out.extend(s.iter().map(|&v| f64::from(v) / 2_147_483_648.0)),
        Samples::F32(s) => out.extend(s.iter().map(|&v| if v.is_finite() { f64::from(v) } else { 0.0 })),
    }
}

/// A running conversion.
pub struct Converter {
    /// Channels are reduced before the rate changes, and added after it: less work.
    fewer: Option<Matrix>,
    resampler: Option<Resampler>,
    more: Option<Matrix>,
    quantiser: Option<Quantiser>,
    mixed: Vec<f64>,
    resampled: Vec<f64>,
    ready: Vec<f64>,
}

impl Converter {
    /// From a stream of shape `from` whose samples are of `given` form, to shape `to` in `wanted` form.
    ///
    /// # Errors
    /// `Unsupported` when the two rates have so little in common that the filter would not fit in memory.
    pub fn new(from: Shape, given: Form, to: Shape, wanted: Form) -> Result<Self, AudioError> {
        let matrix = (from.channels != to.channels).then(|| Matrix::new(from.channels, to.channels));
        let resampler = (from.sample_rate != to.sample_rate)
            .then(|| Resampler::new(from.sample_rate, to.sample_rate, from.channels.min(to.channels)))
            .transpose()?;
        let untouched = resampler.is_none() && matrix.as_ref().is_none_or(Matrix::is_copy);
        let quantiser = match wanted {
            Form::Floats => None,
            Form::Integers { .. } if untouched && given.fits(wanted) => None,
            Form::Integers { bits } => Some(Quantiser::new(bits)),
        };
        let (fewer, more) = if to.channels < from.channels { (matrix, None) } else { (None, matrix) };
        Ok(Self {
            fewer,
            resampler,
            more,
            quantiser,
            mixed: Vec::new(),
            resampled: Vec::new(),
            ready: Vec::new(),
        })
    }

    /// Takes whole interleaved frames and returns what they complete.
    pub fn push<'s>(&'s mut self, interleaved: &'s [f64]) -> &'s [f64] {
        let mut sound = interleaved;
        if let Some(matrix) = &self.fewer {
            self.mixed.clear();
            matrix.apply(sound, &mut self.mixed);
            sound = &self.mixed;
        }
        if let Some(resampler) = &mut self.resampler {
            self.resampled.clear();
            resampler.push(sound, &mut self.resampled);
            sound = &self.resampled;
        }
        complete(self.more.as_ref(), self.quantiser.as_mut(), sound, &mut self.ready)
    }

    /// Returns what is left. In all, round(frames · to / from) frames have then come out.
    pub fn finish(&mut self) -> &[f64] {
        self.resampled.clear();
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut self.resampled);
        }
        complete(self.more.as_ref(), self.quantiser.as_mut(), &self.resampled, &mut self.ready)
    }
}

/// The stages after the rate is right; what needs none of them is not copied.
fn complete<'s>(
    more: Option<&Matrix>,
    quantiser: Option<&mut Quantiser>,
    input: &'s [f64],
    ready: &'s mut Vec<f64>,
) -> &'s [f64] {
    ready.clear();
    match (more, &quantiser) {
        (None, None) => return input,
        (None, Some(_)) => ready.extend_from_slice(input),
        (Some(matrix), _) => matrix.apply(input, ready),
    }
    if let Some(quantiser) = quantiser {
        quantiser.quantise(ready);
    }
    ready
}

#[cfg(test)]
mod tests;
