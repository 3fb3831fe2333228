//! Naming a file in milliseconds: container, codec and shape, from its headers alone.
//! The answer is a claim of the file; `analyse` finds the truth.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::AudioError;
use crate::limits::Limits;
use crate::media::{Codec, Container, duration_ms, playable_in_browser};
use crate::read_at::ReadAt;
use crate::source::Source;

/// What a file claims to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// File format.
    pub container: Container,
    /// Coding.
    pub codec: Codec,
    /// Frames a second, Hz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
    /// Bits a sample for lossless codings, none for lossy ones.
    pub bit_depth: Option<u32>,
    /// Sample frames, if the file says so.
    pub frames: Option<u64>,
    /// Whether `frames` is a guess from the bit rate.
    pub frames_estimated: bool,
}

impl Probe {
    /// Length in milliseconds, if the file says so.
    #[must_use]
    pub fn duration_ms(&self) -> Option<u64> {
        self.frames.map(|frames| duration_ms(frames, self.sample_rate))
    }

    /// Whether browsers play the file as it is.
    #[must_use]
    pub fn playable_in_browser(&self) -> bool {
        playable_in_browser(self.container, self.codec, self.bit_depth)
    }
}

/// Names `input` and checks it against `limits`, including the claimed length.
///
/// # Errors
/// Any of `AudioError` but `Cancelled`; `Empty` when the headers already say that there is no sound.
pub fn probe(input: Arc<dyn ReadAt>, limits: &Limits) -> Result<Probe, AudioError> {
    let source = Source::open(input, limits)?;
    let probe = source.probe().clone();
    match probe.frames {
        Some(0) if !probe.frames_estimated => return Err(AudioError::Empty),
        Some(frames) if !probe.frames_estimated => limits.check_length(frames, probe.sample_rate)?,
        _ => {}
    }
    Ok(probe)
}
