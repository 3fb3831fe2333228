//! What can be written: the targets, their stable names (`flac-24`, `mp3-320`, `opus-128`), and what sound they take.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::convert::{Form, Shape};
use crate::error::AudioError;

/// A sample of a PCM file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PcmDepth {
    /// 16-bit integers.
    Int16,
    /// 24-bit integers.
    Int24,
    /// 32-bit floating point.
    Float32,
}

/// A sample of a FLAC file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlacDepth {
    /// 16 bits.
    Int16,
    /// 24 bits.
    Int24,
}

/// How an MP3 file spends its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mp3Rate {
    /// The same for every frame, kbit/s; one of [`Mp3Rate::KBPS`].
    Cbr(u16),
    /// As many as the sound needs: 0 (best, about 245 kbit/s) to 9.
    Vbr(u8),
}

impl Mp3Rate {
    /// The constant bit rates, kbit/s.
    pub const KBPS: [u16; 13] = [32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
}

/// A file format with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// WAV, and RF64 over 4 GiB.
    Wav(PcmDepth),
    /// AIFF, and AIFF-C for floating point.
    Aiff(PcmDepth),
    /// FLAC.
    Flac(FlacDepth),
    /// MP3.
    Mp3(Mp3Rate),
    /// Ogg Vorbis.
    Vorbis {
        /// -1 to 10; 6 is about 192 kbit/s.
        quality: i8,
    },
    /// Ogg Opus.
    Opus {
        /// Target bit rate of all channels together, kbit/s, 8 to 510.
        kbps: u16,
    },
}

impl Target {
    /// The shape nearest to `source` that this target can hold.
    #[must_use]
    pub fn shape_for(self, source: Shape) -> Shape {
        let Shape { sample_rate: rate, channels } = source;
        let few = |most: u32| if channels > most { 2 } else { channels };
        match self {
            Self::Wav(_) | Self::Aiff(_) => source,
            Self::Flac(_) => Shape { sample_rate: flac_rate(rate), channels: few(8) },
            Self::Mp3(_) => Shape { sample_rate: mpeg_rate(rate), channels: channels.min(2) },
            Self::Vorbis { .. } => Shape { sample_rate: vorbis_rate(rate), channels: few(8) },
            Self::Opus { .. } => Shape { sample_rate: 48_000, channels: few(8) },
        }
    }

    /// What becomes of a sample.
    #[must_use]
    pub fn form(self) -> Form {
        match self {
            Self::Wav(PcmDepth::Int16) | Self::Aiff(PcmDepth::Int16) | Self::Flac(FlacDepth::Int16) => {
                Form::Integers { bits: 16 }
            }
            Self::Wav(PcmDepth::Int24) | Self::Aiff(PcmDepth::Int24) | Self::Flac(FlacDepth::Int24) => {
                Form::Integers { bits: 24 }
            }
            Self::Wav(PcmDepth::Float32) | Self::Aiff(PcmDepth::Float32) => Form::Floats,
            Self::Mp3(_) | Self::Vorbis { .. } | Self::Opus { .. } => Form::Floats,
        }
    }

    /// Whether decoding gives back every sample.
    #[must_use]
    pub fn is_lossless(self) -> bool {
        match self {
            Self::Wav(_) | Self::Aiff(_) | Self::Flac(_) => true,
            Self::Mp3(_) | Self::Vorbis { .. } | Self::Opus { .. } => false,
        }
    }

    /// What names of such files end with, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav(_) => "wav",
            Self::Aiff(_) => "aiff",
            Self::Flac(_) => "flac",
            Self::Mp3(_) => "mp3",
            Self::Vorbis { .. } => "ogg",
            Self::Opus { .. } => "opus",
        }
    }

    /// The media type to serve it with.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Wav(_) => "audio/wav",
            Self::Aiff(_) => "audio/aiff",
            Self::Flac(_) => "audio/flac",
            Self::Mp3(_) => "audio/mpeg",
            Self::Vorbis { .. } | Self::Opus { .. } => "audio/ogg",
        }
    }

    /// Whether current browsers play it in an `<audio>` element.
    #[must_use]
    pub fn browser_playable(self) -> bool {
        !matches!(self, Self::Aiff(_))
    }

    /// Whether its numbers are ones that the codec knows.
    #[must_use]
    pub fn is_valid(self) -> bool {
        match self {
            Self::Wav(_) | Self::Aiff(_) | Self::Flac(_) => true,
            Self::Mp3(Mp3Rate::Cbr(kbps)) => Mp3Rate::KBPS.contains(&kbps),
            Self::Mp3(Mp3Rate::Vbr(quality)) => quality <= 9,
            Self::Vorbis { quality } => (-1..=10).contains(&quality),
            Self::Opus { kbps } => (8..=510).contains(&kbps),
        }
    }
}

/// What decoders before 2022 take at most, which the frame header could say in tens of hertz; STREAMINFO has more bits.
fn flac_rate(rate: u32) -> u32 {
    match rate {
        1..=655_350 => rate,
        rate if rate % 11_025 == 0 => 352_800,
        _ => 384_000,
    }
}

/// One of the three rates of MPEG-1; the lower ones of MPEG-2 would limit the bit rates.
fn mpeg_rate(rate: u32) -> u32 {
    match rate {
        32_000 | 16_000 | 8_000 => 32_000,
        rate if rate % 11_025 == 0 => 44_100,
        _ => 48_000,
    }
}

/// Up to 48 kHz as it is; libvorbis has no tuning above that is worth its bits.
fn vorbis_rate(rate: u32) -> u32 {
    match rate {
        0..8_000 => 8_000,
        8_000..=48_000 => rate,
        rate if rate % 11_025 == 0 => 44_100,
        _ => 48_000,
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let depth = |depth: &PcmDepth| match depth {
            PcmDepth::Int16 => "16",
            PcmDepth::Int24 => "24",
            PcmDepth::Float32 => "32f",
        };
        match self {
            Self::Wav(bits) => write!(f, "wav-{}", depth(bits)),
            Self::Aiff(bits) => write!(f, "aiff-{}", depth(bits)),
            Self::Flac(FlacDepth::Int16) => f.write_str("flac-16"),
            Self::Flac(FlacDepth::Int24) => f.write_str("flac-24"),
            Self::Mp3(Mp3Rate::Cbr(kbps)) => write!(f, "mp3-{kbps}"),
            Self::Mp3(Mp3Rate::Vbr(quality)) => write!(f, "mp3-v{quality}"),
            Self::Vorbis { quality } => write!(f, "vorbis-{quality}"),
            Self::Opus { kbps } => write!(f, "opus-{kbps}"),
        }
    }
}

impl FromStr for Target {
    type Err = AudioError;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, AudioError> {
        let (name, setting) = text.split_once('-').ok_or(AudioError::Target)?;
        let depth = || match setting {
            "16" => Ok(PcmDepth::Int16),
            "24" => Ok(PcmDepth::Int24),
            "32f" => Ok(PcmDepth::Float32),
            _ => Err(AudioError::Target),
        };
        let target = match (name, setting) {
            ("wav", _) => Self::Wav(depth()?),
            ("aiff", _) => Self::Aiff(depth()?),
            ("flac", "16") => Self::Flac(FlacDepth::Int16),
            ("flac", "24") => Self::Flac(FlacDepth::Int24),
            ("mp3", _) => Self::Mp3(match setting.strip_prefix('v') {
                Some(quality) => Mp3Rate::Vbr(number(quality)?),
                None => Mp3Rate::Cbr(number(setting)?),
            }),
            ("vorbis", _) => Self::Vorbis { quality: number(setting)? },
            ("opus", _) => Self::Opus { kbps: number(setting)? },
            _ => return Err(AudioError::Target),
        };
        // One target has one name: leading zeros and signs are not read.
        if target.is_valid() && target.to_string() == text { Ok(target) } else { Err(AudioError::Target) }
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, AudioError> {
    text.parse().map_err(|_| AudioError::Target)
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl TryFrom<String> for Target {
    type Error = AudioError;

    fn try_from(text: String) -> Result<Self, AudioError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_nothing_else_is() {
        for name in [
            "wav-16",
            "wav-24",
            "wav-32f",
            "aiff-16",
            "aiff-24",
            "aiff-32f",
            "flac-16",
            "flac-24",
            "mp3-320",
            "mp3-v0",
            "vorbis--1",
            "vorbis-6",
            "opus-128",
        ] {
            let target: Target = name.parse().unwrap_or_else(|_| panic!("{name} is a target"));
            assert_eq!(target.to_string(), name);
        }
        for name in
            ["", "wav", "wav-8", "flac-32f", "mp3-321", "mp3-v10", "mp3-0128", "opus-+64", "opus-5", "x-1"]
        {
            assert!(name.parse::<Target>().is_err(), "{name} is no target");
        }
    }

    #[test]
    fn shapes_are_settled_and_fit() {
        let shape = |sample_rate, channels| Shape { sample_rate, channels };
        let mp3 = Target::Mp3(Mp3Rate::Cbr(320));
        assert_eq!(mp3.shape_for(shape(96_000, 6)), shape(48_000, 2));
        assert_eq!(mp3.shape_for(shape(88_200, 1)), shape(44_100, 1));
        assert_eq!(mp3.shape_for(shape(22_050, 2)), shape(44_100, 2));
        assert_eq!(mp3.shape_for(shape(8_000, 1)), shape(32_000, 1));
        assert_eq!(Target::Flac(FlacDepth::Int24).shape_for(shape(768_000, 8)), shape(384_000, 8));
        assert_eq!(Target::Opus { kbps: 128 }.shape_for(shape(44_100, 8)), shape(48_000, 8));
        assert_eq!(Target::Vorbis { quality: 6 }.shape_for(shape(192_000, 24)), shape(48_000, 2));
        for target in ["wav-16", "flac-24", "mp3-v2", "vorbis-5", "opus-96"] {
            let target: Target = target.parse().expect("a target");
            for source in [shape(1_000, 1), shape(44_100, 2), shape(768_000, 24)] {
                let once = target.shape_for(source);
                assert_eq!(target.shape_for(once), once, "{target}");
            }
        }
    }
}
