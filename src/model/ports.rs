//! Ports: what the product needs from the world, as traits. The adapters live in the root; tests have their own.

use crate::{
    Timestamp,
    media::{Loudness, MediaFacts},
};
use async_trait::async_trait;
use bytes::Bytes;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The wall clock.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// Ids and secrets.
pub trait IdGen: Send + Sync {
    /// A new UUIDv7 for this instant.
    fn uuid(&self, now: Timestamp) -> Uuid;
    /// Fills the buffer with bytes nobody can guess.
    fn secret(&self, out: &mut [u8]);
}

/// A mail to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same on every try, for `Message-ID`.
    pub id: Uuid,
}

/// Why a mail did not go out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Try again later.
    #[error("the mail server cannot be reached or asks to wait")]
    Transient(String),
    /// It will never go out.
    #[error("the mail server refuses the message")]
    Permanent(String),
}

/// Sends mail. Where none is configured, nothing is registered and links are shown to administrators instead.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one mail.
    async fn send(&self, mail: Mail) -> Result<(), MailError>;
}

/// A small picture, decoded, bounded and encoded anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The bytes.
    pub bytes: Bytes,
    /// `image/jpeg` or `image/png`.
    pub content_type: &'static str,
}

/// Why a picture was refused, in a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PictureError(pub &'static str);

/// Makes pictures safe to serve. Blocking: call it on a pool.
pub trait Images: Send + Sync {
    /// Crops to a square of `side` pixels.
    fn square(&self, bytes: &[u8], side: u32) -> Result<Picture, PictureError>;
    /// Shrinks so that no side is longer than `side` pixels.
    fn fit(&self, bytes: &[u8], side: u32) -> Result<Picture, PictureError>;
}

/// What a look at the first bytes of a recording told.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioProbe {
    /// Such as `wav`.
    pub container: String,
    /// Such as `pcm`.
    pub codec: String,
}

/// What the whole recording told.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioAnalysis {
    /// Facts.
    pub media: MediaFacts,
    /// Loudness; absent for silence or less than 400 ms.
    pub loudness: Option<Loudness>,
    /// What was odd, for people.
    pub warnings: Vec<String>,
}

/// A recording and its stored features.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlignInput {
    /// Where the recording is.
    pub recording: PathBuf,
    /// Where its features are.
    pub features: PathBuf,
}

/// How much later the music of one recording comes in another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AudioAlignment {
    /// In milliseconds.
    pub offset_ms: i64,
    /// 0 (no idea) to 1 (certain).
    pub confidence: f32,
}

/// Why a recording cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AudioRefusal {
    /// The file's fault.
    #[error("{detail}")]
    File {
        /// `unsupported_audio`, `corrupt_audio`, `too_long` …
        code: String,
        /// A sentence for the musician.
        detail: String,
    },
    /// Called off.
    #[error("called off")]
    Cancelled,
    /// Our fault: try again.
    #[error("the audio engine is not available")]
    Engine(String),
}

/// How a waveform is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaveformQuery {
    /// Which stored level, or how many pixels the whole (or the window) should at most have.
    pub zoom: Zoom,
    /// One mixed channel or all of them.
    pub channels: WaveformChannels,
    /// 8 or 16 bits a value.
    pub bits: WaveformBits,
    /// The window in milliseconds; absent = from the start, to the end.
    pub start_ms: Option<i64>,
    /// See `start_ms`.
    pub end_ms: Option<i64>,
}

/// How fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// A stored level: 256 · 2^k.
    SamplesPerPixel(u32),
    /// The finest level that fits into so many pixels.
    Width(u32),
}

/// Which channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaveformChannels {
    /// Their mean.
    Mono,
    /// Each on its own.
    Split,
}

/// How precise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaveformBits {
    /// −128…127.
    Eight,
    /// −32768…32767.
    Sixteen,
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaveformForm {
    /// audiowaveform's binary form.
    Dat,
    /// audiowaveform's JSON, version 2.
    Json,
    /// Floats for wavesurfer: `{duration, sample_rate, peaks}`.
    Peaks,
}

/// Why a waveform cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaveformError {
    /// That level is not stored; these are.
    #[error("this level is not stored")]
    NoSuchLevel(Vec<u32>),
    /// The window lies outside the recording or is empty.
    #[error("the window is empty")]
    EmptyWindow,
    /// The stored waveform cannot be read.
    #[error("the stored waveform cannot be read")]
    Damaged(String),
}

/// Safe looks at audio: a probe and a comparison in an isolated child, and windows of a stored waveform.
#[async_trait]
pub trait AudioTools: Send + Sync {
    /// Container and codec by content, never by name.
    async fn probe(&self, path: &Path) -> Result<AudioProbe, AudioRefusal>;
    /// How much later the music of `from` comes in `to`: by their features, then by their sound.
    async fn align(&self, from: &AlignInput, to: &AlignInput) -> Result<AudioAlignment, AudioRefusal>;
    /// A window of a stored pyramid. Blocking, positional reads only.
    fn window(
        &self,
        pyramid: &std::fs::File,
        query: WaveformQuery,
        form: WaveformForm,
    ) -> Result<Bytes, WaveformError>;
}
