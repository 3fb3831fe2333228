//! Bounds of the engine. Formats are bounded here; the resources of the child process are bounded in `child`.

use serde::{Deserialize, Serialize};

use crate::error::AudioError;

/// What a recording may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest recording, seconds.
    pub max_duration_s: u64,
    /// Most channels.
    pub max_channels: u32,
    /// Lowest sample rate, Hz.
    pub min_sample_rate: u32,
    /// Highest sample rate, Hz.
    pub max_sample_rate: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_duration_s: 12 * 3600, max_channels: 24, min_sample_rate: 1_000, max_sample_rate: 768_000 }
    }
}

impl Limits {
    /// Refuses a stream whose shape is outside these limits.
    ///
    /// # Errors
    /// `SampleRate`, `TooManyChannels`, or `Corrupt` for zero channels.
    pub fn check_shape(&self, sample_rate: u32, channels: u32) -> Result<(), AudioError> {
        if channels == 0 {
            return Err(AudioError::Corrupt { what: "it claims to have no channels" });
        }
        if channels > self.max_channels {
            return Err(AudioError::TooManyChannels { found: channels, limit: self.max_channels });
        }
        if !(self.min_sample_rate..=self.max_sample_rate).contains(&sample_rate) {
            return Err(AudioError::SampleRate {
                found: sample_rate,
                min: self.min_sample_rate,
                max: self.max_sample_rate,
            });
        }
        Ok(())
    }

    /// Refuses a stream that has run longer than allowed.
    ///
    /// # Errors
    /// `TooLong`.
    pub fn check_length(&self, frames: u64, sample_rate: u32) -> Result<(), AudioError> {
        if frames > self.max_duration_s.saturating_mul(u64::from(sample_rate)) {
            return Err(AudioError::TooLong { limit_s: self.max_duration_s });
        }
        Ok(())
    }
}
