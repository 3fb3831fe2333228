//! Renditions: a recording in another form, made from it and fit to be made again. One recipe gives one rendition of a recording.

use crate::{
    BlobHash, JobId, ProjectId, Timestamp, UserId,
    account::Quality,
    media::MediaFacts,
    violation::{Fault, Violation, Violations},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Bitrates of MP3, in kbit/s.
pub const MP3_KBPS: [u16; 9] = [64, 96, 112, 128, 160, 192, 224, 256, 320];
/// Nominal bitrates of Ogg Vorbis in stereo, in kbit/s: each is the quality of its place in this list.
pub const VORBIS_KBPS: [u16; 10] = [64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// Bitrates of Opus, in kbit/s.
pub const OPUS_KBPS: [u16; 9] = [32, 48, 64, 96, 128, 160, 192, 256, 320];
/// Sample rates a rendition may be asked for, in Hz.
pub const SAMPLE_RATES: [u32; 8] = [22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000];
/// The sample rates of MP3 that have every bitrate, in Hz.
const MP3_SAMPLE_RATES: std::ops::RangeInclusive<u32> = 32_000..=48_000;
/// The highest sample rate of Ogg Vorbis that is worth its bits, in Hz.
const VORBIS_SAMPLE_RATE_MAX: u32 = 48_000;
/// The one sample rate of Opus, in Hz.
const OPUS_SAMPLE_RATE: u32 = 48_000;
/// What `high` and a download as MP3 have, in kbit/s.
const HIGH_KBPS: u16 = 256;
/// What `low` has, in kbit/s.
const LOW_KBPS: u16 = 96;
/// What Ogg Vorbis and Opus have unless another bitrate is named, in kbit/s.
const OGG_KBPS: u16 = 160;

/// How fine a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BitDepth {
    /// 16-bit integers.
    Sixteen,
    /// 24-bit integers.
    TwentyFour,
    /// 32-bit floating point.
    Float,
}

impl BitDepth {
    /// The name in parameters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sixteen => "16",
            Self::TwentyFour => "24",
            Self::Float => "32f",
        }
    }

    /// Bytes of one sample.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Sixteen => 2,
            Self::TwentyFour => 3,
            Self::Float => 4,
        }
    }

    /// The least that keeps every bit of a recording; lossy ones hold no more than 16.
    pub fn keeping(media: &MediaFacts) -> Self {
        match media.bit_depth {
            None | Some(0..=16) => Self::Sixteen,
            Some(17..=24) => Self::TwentyFour,
            Some(_) => Self::Float,
        }
    }
}

/// A file format that Backline writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
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

impl Format {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Aiff => "aiff",
            Self::Flac => "flac",
            Self::Mp3 => "mp3",
            Self::Vorbis => "vorbis",
            Self::Opus => "opus",
        }
    }

    /// The end of a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Vorbis => "ogg",
            Self::Wav | Self::Aiff | Self::Flac | Self::Mp3 | Self::Opus => self.as_str(),
        }
    }

    /// The type to serve it with.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Aiff => "audio/aiff",
            Self::Flac => "audio/flac",
            Self::Mp3 => "audio/mpeg",
            Self::Vorbis | Self::Opus => "audio/ogg",
        }
    }

    const fn bitrates(self) -> &'static [u16] {
        match self {
            Self::Wav | Self::Aiff | Self::Flac => &[],
            Self::Mp3 => &MP3_KBPS,
            Self::Vorbis => &VORBIS_KBPS,
            Self::Opus => &OPUS_KBPS,
        }
    }
}

/// How a rendition is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Coding {
    Plain(Format, BitDepth),
    Lossy(Format, u16),
}

/// What a rendition is to be: its format, how fine, and its sample rate where that is not the recording's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipe {
    coding: Coding,
    sample_rate: Option<u32>,
}

/// A recipe as somebody names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The format.
    pub format: Format,
    /// Bits of a sample, for WAV, AIFF and FLAC.
    pub bit_depth: Option<BitDepth>,
    /// Bits a second, for MP3, Ogg Vorbis and Opus.
    pub bitrate: Option<i64>,
    /// The sample rate, in Hz.
    pub sample_rate: Option<i64>,
}

impl Wish {
    /// The recipe; what is not named follows from the recording, or from the format where there is none.
    ///
    /// # Errors
    /// Everything that this format does not have. Pointers are `{lead}bit_depth` and so on: `/` for a body, `?` for parameters.
    pub fn recipe(&self, lead: &str, media: Option<&MediaFacts>) -> Result<Recipe, Violations> {
        let mut faults = Violations::default();
        let sample_rate = self
            .sample_rate
            .and_then(|hz| faults.check(&format!("{lead}sample_rate"), self.parse_sample_rate(hz)));
        let coding = match self.format {
            Format::Wav | Format::Aiff | Format::Flac => {
                if self.bitrate.is_some() {
                    faults.0.push(Violation::new(
                        format!("{lead}bitrate"),
                        "not_here",
                        "this format has no bitrate",
                    ));
                }
                let depth = self.bit_depth.unwrap_or_else(|| self.natural_depth(media));
                if depth == BitDepth::Float && self.format != Format::Wav {
                    let detail = "this format has 16 or 24 bits";
                    faults.0.push(Violation::new(format!("{lead}bit_depth"), "not_here", detail));
                }
                Coding::Plain(self.format, depth)
            }
            Format::Mp3 | Format::Vorbis | Format::Opus => {
                if self.bit_depth.is_some() {
                    let detail = "this format has no bit depth";
                    faults.0.push(Violation::new(format!("{lead}bit_depth"), "not_here", detail));
                }
                let kbps = self.bitrate.and_then(|bits| {
                    faults.check(&format!("{lead}bitrate"), parse_bitrate(self.format, bits))
                });
                let usual = if self.format == Format::Mp3 { HIGH_KBPS } else { OGG_KBPS };
                Coding::Lossy(self.format, kbps.unwrap_or(usual))
            }
        };
        faults.finish(Some(Recipe { coding, sample_rate }))
    }

    fn natural_depth(&self, media: Option<&MediaFacts>) -> BitDepth {
        match (self.format, media.map_or(BitDepth::TwentyFour, BitDepth::keeping)) {
            (Format::Aiff | Format::Flac, BitDepth::Float) => BitDepth::TwentyFour,
            (_, depth) => depth,
        }
    }

    fn parse_sample_rate(&self, hz: i64) -> Result<u32, Fault> {
        let known = SAMPLE_RATES.into_iter().find(|rate| i64::from(*rate) == hz);
        let fits = |rate: &u32| match self.format {
            Format::Mp3 => MP3_SAMPLE_RATES.contains(rate),
            Format::Opus => *rate == OPUS_SAMPLE_RATE,
            Format::Vorbis => *rate <= VORBIS_SAMPLE_RATE_MAX,
            Format::Wav | Format::Aiff | Format::Flac => true,
        };
        known.filter(fits).ok_or_else(|| {
            let rates: Vec<_> = SAMPLE_RATES.iter().filter(|rate| fits(rate)).map(u32::to_string).collect();
            Fault::new("unknown_value", format!("must be one of {}", rates.join(", ")))
        })
    }
}

fn parse_bitrate(format: Format, bits: i64) -> Result<u16, Fault> {
    let known = format.bitrates().iter().copied().find(|kbps| i64::from(*kbps) * 1000 == bits);
    known.ok_or_else(|| {
        let rates: Vec<_> = format.bitrates().iter().map(|kbps| format!("{kbps}000")).collect();
        Fault::new("unknown_value", format!("must be one of {}", rates.join(", ")))
    })
}

impl Recipe {
    /// What every browser plays: a constant bitrate, so that a seek lands where it should.
    pub const HIGH: Self = Self { coding: Coding::Lossy(Format::Mp3, HIGH_KBPS), sample_rate: None };
    /// What a phone on the bus plays.
    pub const LOW: Self = Self { coding: Coding::Lossy(Format::Mp3, LOW_KBPS), sample_rate: None };

    /// Lossless, as fine as the recording, and playable.
    pub fn lossless(media: &MediaFacts) -> Self {
        let depth = BitDepth::keeping(media).min(BitDepth::TwentyFour);
        Self { coding: Coding::Plain(Format::Flac, depth), sample_rate: None }
    }

    /// The format.
    pub const fn format(self) -> Format {
        match self.coding {
            Coding::Plain(format, _) | Coding::Lossy(format, _) => format,
        }
    }
    /// Bits of a sample, where the format has them.
    pub const fn bit_depth(self) -> Option<BitDepth> {
        match self.coding {
            Coding::Plain(_, depth) => Some(depth),
            Coding::Lossy(..) => None,
        }
    }
    /// Kilobits a second, where the format has them.
    pub const fn kbps(self) -> Option<u16> {
        match self.coding {
            Coding::Plain(..) => None,
            Coding::Lossy(_, kbps) => Some(kbps),
        }
    }
    /// The sample rate in Hz, where it is not that of the recording.
    pub const fn sample_rate(self) -> Option<u32> {
        self.sample_rate
    }

    /// The name that the audio engine knows the coding by.
    pub fn target(self) -> String {
        match self.coding {
            Coding::Plain(format, depth) => format!("{}-{}", format.as_str(), depth.as_str()),
            Coding::Lossy(Format::Vorbis, kbps) => {
                let quality =
                    VORBIS_KBPS.iter().position(|known| *known >= kbps).unwrap_or(VORBIS_KBPS.len() - 1);
                format!("vorbis-{quality}")
            }
            Coding::Lossy(format, kbps) => format!("{}-{kbps}", format.as_str()),
        }
    }

    /// At most so many bytes of sound come of `frames` frames of `channels` channels at `sample_rate` Hz.
    pub fn bytes_max(self, frames: u64, channels: u16, sample_rate: u32) -> u64 {
        let rate = self.sample_rate.unwrap_or(sample_rate).max(1);
        match self.coding {
            Coding::Plain(_, depth) => {
                let frames = u128::from(frames) * u128::from(rate) / u128::from(sample_rate.max(1));
                let bytes = frames * u128::from(channels) * u128::from(depth.bytes());
                u64::try_from(bytes).unwrap_or(u64::MAX)
            }
            Coding::Lossy(_, kbps) => {
                (frames / u64::from(sample_rate.max(1)) + 1).saturating_mul(u64::from(kbps) * 125)
            }
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.coding {
            Coding::Plain(format, depth) => write!(f, "{}-{}", format.as_str(), depth.as_str())?,
            Coding::Lossy(format, kbps) => write!(f, "{}-{kbps}", format.as_str())?,
        }
        self.sample_rate.map_or(Ok(()), |hz| write!(f, "@{hz}"))
    }
}

/// A text that is no recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no recipe of a rendition")]
pub struct NoRecipe;

impl FromStr for Recipe {
    type Err = NoRecipe;

    fn from_str(text: &str) -> Result<Self, NoRecipe> {
        let (coding, sample_rate) = match text.split_once('@') {
            Some((coding, hz)) => (coding, Some(hz.parse().map_err(|_| NoRecipe)?)),
            None => (text, None),
        };
        let (format, detail) = coding.split_once('-').ok_or(NoRecipe)?;
        let formats = [Format::Wav, Format::Aiff, Format::Flac, Format::Mp3, Format::Vorbis, Format::Opus];
        let format = formats.into_iter().find(|known| known.as_str() == format).ok_or(NoRecipe)?;
        let coding = if format.bitrates().is_empty() {
            let depths = [BitDepth::Sixteen, BitDepth::TwentyFour, BitDepth::Float];
            let depth = depths.into_iter().find(|depth| depth.as_str() == detail).ok_or(NoRecipe)?;
            Coding::Plain(format, depth)
        } else {
            Coding::Lossy(format, detail.parse().map_err(|_| NoRecipe)?)
        };
        Ok(Self { coding, sample_rate })
    }
}

impl TryFrom<String> for Recipe {
    type Error = NoRecipe;
    fn try_from(text: String) -> Result<Self, NoRecipe> {
        text.parse()
    }
}

impl From<Recipe> for String {
    fn from(recipe: Recipe) -> Self {
        recipe.to_string()
    }
}

/// What is sent for a recording: itself, or something made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// As it was uploaded.
    Original,
    /// A rendition.
    Made(Recipe, RenditionKind),
}

impl Served {
    /// What is played at a quality. Without one: the original if browsers play it. A quality is an upper bound: what is lossy and no larger is
    /// not coded again.
    pub fn playing(quality: Option<Quality>, media: &MediaFacts) -> Self {
        let plays = media.browser_playable;
        let small = |kbps: u16| {
            media.bit_depth.is_none() && media.bitrate.is_some_and(|bits| bits <= u64::from(kbps) * 1000)
        };
        match quality {
            Some(Quality::Original) => Self::Original,
            None | Some(Quality::Lossless) if plays => Self::Original,
            Some(Quality::High) if plays && small(HIGH_KBPS) => Self::Original,
            Some(Quality::Low) if plays && small(LOW_KBPS) => Self::Original,
            None | Some(Quality::High) => Self::Made(Recipe::HIGH, RenditionKind::StreamHigh),
            Some(Quality::Low) => Self::Made(Recipe::LOW, RenditionKind::StreamLow),
            Some(Quality::Lossless) => Self::Made(Recipe::lossless(media), RenditionKind::Lossless),
        }
    }
}

/// What a rendition was first made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// A recording in another form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rendition {
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// The recording it is made from: every version of the project with these bytes shares it.
    pub original: BlobHash,
    /// The SHA-256 of the recording.
    pub original_sha256: [u8; 32],
    /// What it is.
    pub recipe: Recipe,
    /// What it was first made for.
    pub kind: RenditionKind,
    /// How far it is.
    pub state: RenditionState,
    /// The job that makes or made it.
    pub job_id: JobId,
    /// Who asked for it first; absent for a preview.
    pub requested_by: Option<UserId>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
}

/// How far a rendition is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RenditionState {
    /// Its job is queued or running.
    Making,
    /// It is there.
    Ready {
        /// Where.
        made: Made,
    },
    /// It cannot be made.
    Failed {
        /// A stable name.
        code: String,
        /// A sentence for people.
        detail: String,
    },
}

/// A stored file that was made from recordings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its address.
    pub blob: BlobHash,
    /// Its SHA-256: the strong entity tag.
    pub sha256: [u8; 32],
    /// Its length.
    pub size_bytes: u64,
    /// The type to serve it with.
    pub content_type: String,
}

#[cfg(test)]
mod tests;
