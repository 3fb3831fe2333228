//! What a recording is and how loud it is.

use serde::{Deserialize, Serialize};

/// Facts of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediaFacts {
    /// Length in milliseconds, rounded.
    pub duration_ms: i64,
    /// Length in sample frames.
    pub frames: i64,
    /// Sample frames a second, in Hz.
    pub sample_rate: u32,
    /// Bits a sample, for lossless formats.
    pub bit_depth: Option<u16>,
    /// Channels.
    pub channels: u16,
    /// Such as `flac`, `mp3`, `pcm`.
    pub codec: String,
    /// Such as `wav`, `mp4`.
    pub container: String,
    /// Mean bits a second.
    pub bitrate: Option<u64>,
    /// The type to serve it with, such as `audio/flac`.
    pub content_type: String,
    /// Whether current browsers play it as it is.
    pub browser_playable: bool,
}

/// How loud a recording is (ITU-R BS.1770-4, EBU Tech 3341/3342).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loudness {
    /// Integrated loudness in LUFS.
    pub integrated_lufs: f64,
    /// True peak in dBTP.
    pub true_peak_dbtp: f64,
    /// Sample peak in dBFS.
    pub sample_peak_dbfs: f64,
    /// Loudness range in LU.
    pub lra: f64,
}
