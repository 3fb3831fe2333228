//! Renditions as JSON and as parameters.

use super::Time;
use crate::http::body::Input;
use model::{Violations, rendition};
use poem_openapi::{Enum, Object};
use serde_json::{Value, json};
use service::playback::DownloadForm;
use uuid::Uuid;

/// A file format that Backline writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum RenditionFormat {
    /// WAV.
    Wav,
    /// AIFF.
    Aiff,
    /// FLAC.
    Flac,
    /// MP3.
    Mp3,
    /// Ogg Vorbis.
    Vorbis,
    /// Ogg Opus.
    Opus,
}

impl From<RenditionFormat> for rendition::Format {
    fn from(format: RenditionFormat) -> Self {
        match format {
            RenditionFormat::Wav => Self::Wav,
            RenditionFormat::Aiff => Self::Aiff,
            RenditionFormat::Flac => Self::Flac,
            RenditionFormat::Mp3 => Self::Mp3,
            RenditionFormat::Vorbis => Self::Vorbis,
            RenditionFormat::Opus => Self::Opus,
        }
    }
}

impl From<rendition::Format> for RenditionFormat {
    fn from(format: rendition::Format) -> Self {
        match format {
            rendition::Format::Wav => Self::Wav,
            rendition::Format::Aiff => Self::Aiff,
            rendition::Format::Flac => Self::Flac,
            rendition::Format::Mp3 => Self::Mp3,
            rendition::Format::Vorbis => Self::Vorbis,
            rendition::Format::Opus => Self::Opus,
        }
    }
}

/// How fine a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum BitDepth {
    /// 16-bit integers.
    #[oai(rename = "16")]
    Sixteen,
    /// 24-bit integers.
    #[oai(rename = "24")]
    TwentyFour,
    /// 32-bit floating point; WAV alone has it.
    #[oai(rename = "32f")]
    Float,
}

impl From<BitDepth> for rendition::BitDepth {
    fn from(depth: BitDepth) -> Self {
        match depth {
            BitDepth::Sixteen => Self::Sixteen,
            BitDepth::TwentyFour => Self::TwentyFour,
            BitDepth::Float => Self::Float,
        }
    }
}

impl From<rendition::BitDepth> for BitDepth {
    fn from(depth: rendition::BitDepth) -> Self {
        match depth {
            rendition::BitDepth::Sixteen => Self::Sixteen,
            rendition::BitDepth::TwentyFour => Self::TwentyFour,
            rendition::BitDepth::Float => Self::Float,
        }
    }
}

/// The form of a download.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum DownloadFormat {
    /// As it was uploaded.
    #[default]
    Original,
    /// WAV.
    Wav,
    /// FLAC.
    Flac,
    /// MP3.
    Mp3,
    /// Ogg Opus.
    Opus,
}

impl DownloadFormat {
    /// With this many bits a sample.
    pub fn with(self, bit_depth: Option<BitDepth>) -> DownloadForm {
        let format = match self {
            Self::Original => None,
            Self::Wav => Some(rendition::Format::Wav),
            Self::Flac => Some(rendition::Format::Flac),
            Self::Mp3 => Some(rendition::Format::Mp3),
            Self::Opus => Some(rendition::Format::Opus),
        };
        DownloadForm { format, bit_depth: bit_depth.map(Into::into) }
    }
}

/// A recording in another form that is wanted.
#[derive(Clone, Copy, Debug, Object)]
pub struct CreateRendition {
    /// The format.
    pub format: RenditionFormat,
    /// Bits of a sample, for WAV, AIFF and FLAC; without it, as many as the recording has.
    pub bit_depth: Option<BitDepth>,
    /// Bits a second, for MP3, Ogg Vorbis and Opus.
    pub bitrate: Option<i64>,
    /// The sample rate in Hz; without it, that of the recording as far as the format has it.
    pub sample_rate: Option<i64>,
}

impl Input for CreateRendition {
    type Value = rendition::Wish;

    fn example() -> Value {
        json!({"format": "mp3", "bitrate": 192_000})
    }

    fn parse(self) -> Result<rendition::Wish, Violations> {
        let Self { format, bit_depth, bitrate, sample_rate } = self;
        let bit_depth = bit_depth.map(Into::into);
        Ok(rendition::Wish { format: format.into(), bit_depth, bitrate, sample_rate })
    }
}

/// What a rendition was first made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum RenditionKind {
    /// To be played; the preview of what browsers cannot play.
    StreamHigh,
    /// To be played over a weak connection.
    StreamLow,
    /// To be played without loss.
    Lossless,
    /// To be kept.
    Download,
}

/// How far a rendition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum RenditionState {
    /// Its job is queued or running.
    Making,
    /// It is there.
    Ready,
    /// It cannot be made.
    Failed,
}

/// A recording in another form.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Rendition {
    /// The version it was asked for; others with the same bytes share it.
    pub version_id: Uuid,
    /// What it was first made for.
    pub kind: RenditionKind,
    /// The format.
    pub format: RenditionFormat,
    /// Bits of a sample.
    pub bit_depth: Option<BitDepth>,
    /// Bits a second that were asked for.
    pub bitrate: Option<i64>,
    /// The sample rate that was asked for, in Hz.
    pub sample_rate: Option<i32>,
    /// How far it is.
    pub state: RenditionState,
    /// Its length.
    pub bytes: Option<i64>,
    /// The SHA-256 of its bytes in hexadecimal.
    pub blob_sha256: Option<String>,
    /// The job that makes or made it.
    pub job_id: Uuid,
    /// When it was asked for.
    pub created_at: Time,
    /// When this last changed.
    pub updated_at: Time,
}

impl Rendition {
    /// As the rendition of this version.
    pub fn of(version_id: Uuid, row: &rendition::Rendition) -> Self {
        let (state, made) = match &row.state {
            rendition::RenditionState::Making => (RenditionState::Making, None),
            rendition::RenditionState::Ready { made } => (RenditionState::Ready, Some(made)),
            rendition::RenditionState::Failed { .. } => (RenditionState::Failed, None),
        };
        Self {
            version_id,
            kind: match row.kind {
                rendition::RenditionKind::StreamHigh => RenditionKind::StreamHigh,
                rendition::RenditionKind::StreamLow => RenditionKind::StreamLow,
                rendition::RenditionKind::Lossless => RenditionKind::Lossless,
                rendition::RenditionKind::Download => RenditionKind::Download,
            },
            format: row.recipe.format().into(),
            bit_depth: row.recipe.bit_depth().map(Into::into),
            bitrate: row.recipe.kbps().map(|kbps| i64::from(kbps) * 1000),
            sample_rate: row.recipe.sample_rate().and_then(|hz| i32::try_from(hz).ok()),
            state,
            bytes: made.map(|made| i64::try_from(made.size_bytes).unwrap_or(i64::MAX)),
            blob_sha256: made.map(|made| hex::encode(made.sha256)),
            job_id: row.job_id.uuid(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}
