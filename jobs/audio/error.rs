//! What can go wrong with a recording, each with a stable code and a sentence that a musician understands.
//! `Display` is that public sentence; private context is in the source chain and in `detail`.

use std::io;

/// Why a recording was refused or could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// The bytes are no audio that we know, or a known kind that we cannot decode; `what` names it.
    #[error(
        "This is {what}, which Backline cannot read. Please upload WAV, AIFF, FLAC, MP3, Ogg Vorbis, Opus or M4A."
    )]
    Unsupported {
        /// The kind of file, with its article, for example "a Speex recording".
        what: &'static str,
    },
    /// A known kind whose contents are broken beyond use.
    #[error("This file is damaged: {what}. Please export it again and upload the new file.")]
    Corrupt {
        /// What is wrong, as a clause.
        what: &'static str,
    },
    /// A sound file without a single frame of sound.
    #[error("This file holds no sound.")]
    Empty,
    /// Longer than the limit.
    #[error("This recording is longer than {limit_s} seconds, the longest that Backline takes.")]
    TooLong {
        /// The limit in seconds.
        limit_s: u64,
    },
    /// More channels than the limit.
    #[error("This recording has {found} channels; Backline takes at most {limit}.")]
    TooManyChannels {
        /// Channels in the file.
        found: u32,
        /// The limit.
        limit: u32,
    },
    /// A sample rate outside the supported range.
    #[error("This recording has a sample rate of {found} Hz; Backline takes {min} to {max} Hz.")]
    SampleRate {
        /// The rate in the file, Hz.
        found: u32,
        /// Lowest supported rate, Hz.
        min: u32,
        /// Highest supported rate, Hz.
        max: u32,
    },
    /// No such output format, or one that cannot hold this sound.
    #[error("Backline does not write this audio format.")]
    Target,
    /// The output format ends before the sound.
    #[error("This recording is too long for one {format} file. Please choose WAV or FLAC.")]
    TooLarge {
        /// The name of the format.
        format: &'static str,
    },
    /// An encoder failed; nothing is wrong with the recording.
    #[error("The recording could not be encoded.")]
    Encoder(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The caller asked to stop.
    #[error("The work was cancelled.")]
    Cancelled,
    /// Reading the input or writing a result failed; nothing is wrong with the recording.
    #[error("The recording could not be read from or written to storage.")]
    Io(#[from] io::Error),
}

impl AudioError {
    /// Wraps the failure of a codec.
    pub(crate) fn encoder(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Encoder(error.into())
    }

    /// The stable machine name of this failure, as in problem documents and job reasons.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } | Self::SampleRate { .. } => "unsupported_audio",
            Self::Corrupt { .. } => "corrupt_audio",
            Self::Empty => "empty_audio",
            Self::TooLong { .. } | Self::TooLarge { .. } => "too_long",
            Self::TooManyChannels { .. } => "too_many_channels",
            Self::Target => "unsupported_format",
            Self::Encoder(_) => "encoder_failed",
            Self::Cancelled => "cancelled",
            Self::Io(_) => "storage_error",
        }
    }

    /// Whether the recording itself is at fault, so that trying again cannot help.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Unsupported { .. }
            | Self::SampleRate { .. }
            | Self::Corrupt { .. }
            | Self::Empty
            | Self::TooLong { .. }
            | Self::TooManyChannels { .. }
            | Self::Target
            | Self::TooLarge { .. } => true,
            Self::Encoder(_) | Self::Cancelled | Self::Io(_) => false,
        }
    }
}

/// Shorthand for a damaged file.
pub(crate) fn corrupt<T>(what: &'static str) -> Result<T, AudioError> {
    Err(AudioError::Corrupt { what })
}

/// Shorthand for a kind of file that cannot be read.
pub(crate) fn unsupported<T>(what: &'static str) -> Result<T, AudioError> {
    Err(AudioError::Unsupported { what })
}
