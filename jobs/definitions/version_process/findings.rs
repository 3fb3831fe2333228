//! The audio engine's facts in the model's words.

use audio::Facts;
use model::{
    analysis::{Analysis, KeyEstimate, ShortTerm, Stretch, Tempo},
    media::{Loudness, MediaFacts},
    ports::AudioAnalysis,
};

/// What the whole recording told.
pub(crate) fn analysis(facts: &Facts) -> AudioAnalysis {
    let media = &facts.media;
    AudioAnalysis {
        media: MediaFacts {
            duration_ms: signed(media.duration_ms),
            frames: signed(media.frames),
            sample_rate: media.sample_rate,
            bit_depth: media.bit_depth.map(narrow),
            channels: narrow(media.channels),
            codec: media.codec.name().to_owned(),
            container: media.container.name().to_owned(),
            bitrate: media.bitrate,
            content_type: media.container.media_type().to_owned(),
            browser_playable: media.browser_playable,
        },
        loudness: loudness(&facts.loudness),
        warnings: facts.warnings.iter().map(|warning| warning.sentence().to_owned()).collect(),
    }
}

/// What was measured, as it is stored.
pub(crate) fn measured(facts: &Facts) -> Analysis {
    Analysis {
        loudness: loudness(&facts.loudness),
        short_term: ShortTerm {
            step_ms: facts.short_term.step_ms.into(),
            lufs: facts.short_term.lufs.clone(),
        },
        clipping_count: signed(facts.clipping_count),
        silence: facts
            .silence
            .iter()
            .map(|stretch| Stretch { start_ms: signed(stretch.start_ms), end_ms: signed(stretch.end_ms) })
            .collect(),
        tempo: facts
            .tempo
            .as_ref()
            .map(|tempo| Tempo { bpm: tempo.bpm.into(), confidence: tempo.confidence.into() }),
        key: facts
            .key
            .as_ref()
            .map(|key| KeyEstimate { name: key.to_string(), confidence: key.confidence.into() }),
    }
}

/// Loudness counts only as a whole: silence and less than 400 ms have none.
fn loudness(found: &audio::Loudness) -> Option<Loudness> {
    Some(Loudness {
        integrated_lufs: found.integrated_lufs?,
        true_peak_dbtp: found.true_peak_dbtp?,
        sample_peak_dbfs: found.sample_peak_dbfs?,
        lra: found.lra?,
    })
}

/// The engine's limits keep these far below the ends.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn narrow(value: u32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}
