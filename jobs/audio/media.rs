//! The vocabulary of a recording: container, codec, facts and warnings, and what browsers can play.
//! The serialised names are part of the HTTP contract.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The file format around the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// RIFF/WAVE.
    Wav,
    /// RF64 or BW64, WAVE beyond 4 GiB (EBU Tech 3306, ITU-R BS.2088).
    Rf64,
    /// AIFF.
    Aiff,
    /// AIFF-C.
    Aifc,
    /// Native FLAC.
    Flac,
    /// A bare MPEG audio stream.
    Mp3,
    /// Ogg.
    Ogg,
    /// MP4, M4A, QuickTime.
    Mp4,
    /// Bare AAC in ADTS frames.
    Adts,
    /// Apple Core Audio Format.
    Caf,
    /// Matroska or WebM.
    Matroska,
}

/// How the sound is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// Integer PCM.
    Pcm,
    /// Floating-point PCM.
    PcmFloat,
    /// ITU-T G.711 A-law.
    Alaw,
    /// ITU-T G.711 µ-law.
    Mulaw,
    /// IMA ADPCM.
    ImaAdpcm,
    /// Microsoft ADPCM.
    MsAdpcm,
    /// FLAC.
    Flac,
    /// Apple Lossless.
    Alac,
    /// MPEG audio layer I.
    Mp1,
    /// MPEG audio layer II.
    Mp2,
    /// MPEG audio layer III.
    Mp3,
    /// AAC.
    Aac,
    /// Vorbis.
    Vorbis,
    /// Opus.
    Opus,
}

impl Container {
    /// The name as serialised.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Rf64 => "rf64",
            Self::Aiff => "aiff",
            Self::Aifc => "aifc",
            Self::Flac => "flac",
            Self::Mp3 => "mp3",
            Self::Ogg => "ogg",
            Self::Mp4 => "mp4",
            Self::Adts => "adts",
            Self::Caf => "caf",
            Self::Matroska => "matroska",
        }
    }

    /// The media type to serve the original with.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Wav | Self::Rf64 => "audio/wav",
            Self::Aiff | Self::Aifc => "audio/aiff",
            Self::Flac => "audio/flac",
            Self::Mp3 => "audio/mpeg",
            Self::Ogg => "audio/ogg",
            Self::Mp4 => "audio/mp4",
            Self::Adts => "audio/aac",
            Self::Caf => "audio/x-caf",
            Self::Matroska => "audio/x-matroska",
        }
    }
}

impl Codec {
    /// The name as serialised.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcm => "pcm",
            Self::PcmFloat => "pcm_float",
            Self::Alaw => "alaw",
            Self::Mulaw => "mulaw",
            Self::ImaAdpcm => "ima_adpcm",
            Self::MsAdpcm => "ms_adpcm",
            Self::Flac => "flac",
            Self::Alac => "alac",
            Self::Mp1 => "mp1",
            Self::Mp2 => "mp2",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Vorbis => "vorbis",
            Self::Opus => "opus",
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The media facts of a version, all taken from the decoded sound where header and sound disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
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
    /// Sample frames after removal of encoder delay and padding.
    pub frames: u64,
    /// Length rounded to the nearest millisecond.
    pub duration_ms: u64,
    /// Mean bits a second over the whole file.
    pub bitrate: Option<u64>,
    /// Size of the file, bytes.
    pub size_bytes: u64,
    /// Whether current browsers play the file as it is.
    pub browser_playable: bool,
}

/// Something odd that did not stop the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The file ends before the sound that it announces; what is there was read.
    Truncated,
    /// The header gives no usable length; the sound was read to the end of the file.
    LengthUnknown,
    /// The header announces another length than the decoded one.
    LengthDiffers,
    /// Some frames could not be decoded and were replaced by silence.
    DamagedFrames,
    /// Bytes before the sound were skipped.
    LeadingJunk,
    /// The format changes in the middle; only the first part was read.
    FormatChanges,
}

impl Warning {
    /// The warning as a sentence for the person who uploaded the file.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Truncated => "The file ends early; the sound was read as far as it goes.",
            Self::LengthUnknown => "The file does not say how long it is; it was read to its end.",
            Self::LengthDiffers => "The length written in the file is wrong; the real one is shown.",
            Self::DamagedFrames => "Some parts were damaged and are silent now.",
            Self::LeadingJunk => "Unknown data before the sound was skipped.",
            Self::FormatChanges => "The format changes in the middle; only the first part was read.",
        }
    }
}

/// Whether current Chromium, Firefox and Safari all play this combination in an `<audio>` element.
///
/// AIFF, CAF, ALAC, RF64, bare AAC and everything that is not 8, 16 or 24 bit integer or 32 bit float PCM need
/// a preview. 32-bit integer WAV is refused by Firefox and Safari.
#[must_use]
pub fn playable_in_browser(container: Container, codec: Codec, bit_depth: Option<u32>) -> bool {
    match container {
        Container::Wav => match codec {
            Codec::Pcm => matches!(bit_depth, Some(8 | 16 | 24)),
            Codec::PcmFloat => bit_depth == Some(32),
            _ => false,
        },
        Container::Flac => codec == Codec::Flac && bit_depth.is_none_or(|bits| bits <= 24),
        Container::Mp3 => codec == Codec::Mp3,
        Container::Ogg => matches!(codec, Codec::Vorbis | Codec::Opus),
        Container::Mp4 => codec == Codec::Aac,
        Container::Rf64
        | Container::Aiff
        | Container::Aifc
        | Container::Adts
        | Container::Caf
        | Container::Matroska => false,
    }
}

/// Milliseconds of `frames` at `sample_rate`, rounded to nearest.
#[must_use]
pub fn duration_ms(frames: u64, sample_rate: u32) -> u64 {
    let rate = u128::from(sample_rate.max(1));
    u64::try_from((u128::from(frames) * 1000 + rate / 2) / rate).unwrap_or(u64::MAX)
}
