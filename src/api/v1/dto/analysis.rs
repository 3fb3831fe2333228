//! What was measured of a recording, as JSON.

use super::version::Loudness;
use model::analysis;
use poem_openapi::Object;

/// What is quieter is silence (ITU-R BS.1770, the absolute gate).
const GATE_LUFS: f64 = -70.0;

/// What was measured of a recording.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Analysis {
    /// How loud it is; absent for silence and for less than 400 ms.
    pub loudness: Option<Loudness>,
    /// Short-term loudness over time.
    pub short_term: ShortTermLoudness,
    /// Runs of three or more samples at full scale.
    pub clipping_count: i64,
    /// Where nothing is heard, first to last.
    pub silence: Vec<Stretch>,
    /// How fast it is, where a beat is heard.
    pub tempo: Option<Tempo>,
    /// In which key it is, where one stands out.
    pub key: Option<Key>,
}

/// Short-term loudness (EBU Tech 3341) over time.
#[derive(Debug, Object)]
pub struct ShortTermLoudness {
    /// Milliseconds between two values; 0 when there are none.
    pub step_ms: i64,
    /// Loudness of the three seconds that end at (index + 1) · `step_ms`, in LUFS; −70, the absolute gate, where nothing is heard.
    pub lufs: Vec<f64>,
}

/// A stretch of a recording.
#[derive(Debug, Object)]
pub struct Stretch {
    /// Where it begins, in milliseconds.
    pub start_ms: i64,
    /// Where it ends, in milliseconds.
    pub end_ms: i64,
}

/// An estimate of the tempo.
#[derive(Debug, Object)]
pub struct Tempo {
    /// Beats a minute.
    pub bpm: f64,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
}

/// An estimate of the key.
#[derive(Debug, Object)]
pub struct Key {
    /// As musicians write it: `F# minor`.
    pub name: String,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
}

impl From<analysis::Analysis> for Analysis {
    fn from(found: analysis::Analysis) -> Self {
        // One decimal is what was measured: f32 to f64 must not invent more.
        let tenths = |lufs: f32| (f64::from(lufs) * 10.0).round() / 10.0;
        let hundredths = |number: f64| (number * 100.0).round() / 100.0;
        Self {
            loudness: found.loudness.map(Into::into),
            short_term: ShortTermLoudness {
                step_ms: found.short_term.step_ms,
                lufs: found
                    .short_term
                    .lufs
                    .into_iter()
                    .map(|value| value.map_or(GATE_LUFS, tenths))
                    .collect(),
            },
            clipping_count: found.clipping_count,
            silence: found
                .silence
                .into_iter()
                .map(|stretch| Stretch { start_ms: stretch.start_ms, end_ms: stretch.end_ms })
                .collect(),
            tempo: found
                .tempo
                .map(|tempo| Tempo { bpm: hundredths(tempo.bpm), confidence: hundredths(tempo.confidence) }),
            key: found.key.map(|key| Key { name: key.name, confidence: hundredths(key.confidence) }),
        }
    }
}
