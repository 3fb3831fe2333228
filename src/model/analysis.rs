//! What was measured of a recording beyond its facts: curves and estimates, stored as JSON beside it.

use crate::media::Loudness;
use serde::{Deserialize, Serialize};

/// Everything that `getAnalysis` shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Analysis {
    /// How loud it is; absent for silence.
    pub loudness: Option<Loudness>,
    /// Short-term loudness over time.
    pub short_term: ShortTerm,
    /// Runs of samples at full scale.
    pub clipping_count: i64,
    /// Where nothing is heard.
    pub silence: Vec<Stretch>,
    /// How fast it is.
    pub tempo: Option<Tempo>,
    /// In which key it is.
    pub key: Option<KeyEstimate>,
}

/// Short-term loudness over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShortTerm {
    /// Milliseconds between two values.
    pub step_ms: i64,
    /// Loudness of the three seconds that end at (index + 1) · `step_ms`, in LUFS; none for silence.
    pub lufs: Vec<Option<f32>>,
}

/// A stretch of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Where it begins, in milliseconds.
    pub start_ms: i64,
    /// Where it ends, in milliseconds.
    pub end_ms: i64,
}

/// An estimate of the tempo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tempo {
    /// Beats a minute.
    pub bpm: f64,
    /// 0 to 1.
    pub confidence: f64,
}

/// An estimate of the key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyEstimate {
    /// As musicians write it: `F# minor`.
    pub name: String,
    /// 0 to 1.
    pub confidence: f64,
}
