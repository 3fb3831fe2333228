//! One pass over a recording: facts, peaks with their pyramid, loudness, clipping, silence, tempo, key, features.
//! Memory does not grow with the sound, but for 3 bytes per 10 ms of features.

use std::io::{Read, Seek, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::clips::Clips;
use crate::error::AudioError;
use crate::features::{Features, Tracker};
use crate::key::{Key, key};
use crate::loudness::{Curve, Loudness, Meter};
use crate::media::{Media, Warning, duration_ms};
use crate::peaks::{Peaks, to_i16};
use crate::pyramid::{BASE_SAMPLES_PER_PIXEL, Layout, Writer};
use crate::silence::{Silence, Stretch};
use crate::source::{Samples, Source};
use crate::tempo::{Tempo, tempo};

/// Least advance that is reported.
const PROGRESS_STEP: f32 = 0.01;

/// What a pass found out, in the form that is stored with a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Media facts.
    pub media: Media,
    /// Loudness.
    pub loudness: Loudness,
    /// Runs of three or more samples at full scale.
    pub clipping_count: u64,
    /// Oddities that did not stop the import.
    pub warnings: Vec<Warning>,
    /// Short-term loudness over time; empty where the meter has nothing to say, and in records made before it.
    #[serde(default)]
    pub short_term: Curve,
    /// Where nothing is heard, first to last.
    #[serde(default)]
    pub silence: Vec<Stretch>,
    /// An estimate of the tempo.
    #[serde(default)]
    pub tempo: Option<Tempo>,
    /// An estimate of the key.
    #[serde(default)]
    pub key: Option<Key>,
}

/// Everything a pass yields apart from the pyramid, which went to its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The facts.
    pub facts: Facts,
    /// The feature track.
    pub features: Features,
    /// The shape of the pyramid that was written.
    pub pyramid: Layout,
}

/// Reads `source` to its end, writes its pyramid to `pyramid`, and reports progress from 0 to 1.
///
/// `cancel` is looked at between blocks.
///
/// # Errors
/// Any of `AudioError`; `Empty` when no frame came out, `Cancelled` on request.
pub fn analyse<F: Read + Write + Seek>(
    source: &mut Source,
    pyramid: F,
    progress: &mut dyn FnMut(f32),
    cancel: &AtomicBool,
) -> Result<Analysis, AudioError> {
    analyse_with(source, pyramid, &mut |_| Ok(()), progress, cancel)
}

/// The same in one pass with whatever else wants to hear the sound: the encoder of a preview.
///
/// # Errors
/// As [`analyse`], and those of `also`.
pub fn analyse_with<F: Read + Write + Seek>(
    source: &mut Source,
    pyramid: F,
    also: &mut dyn FnMut(Samples<'_>) -> Result<(), AudioError>,
    progress: &mut dyn FnMut(f32),
    cancel: &AtomicBool,
) -> Result<Analysis, AudioError> {
    let probe = source.probe().clone();
    let channels = probe.channels as usize;
    let mut writer = Writer::new(pyramid, probe.channels as u16, probe.sample_rate)?;
    let mut peaks = Peaks::new(channels, BASE_SAMPLES_PER_PIXEL as usize);
    let mut meter = Meter::new(probe.channels, probe.sample_rate);
    let mut clips = Clips::new(channels, probe.bit_depth);
    let mut tracker = Tracker::new(channels, probe.sample_rate);
    let mut silence = Silence::new(channels, probe.sample_rate);
    let (mut rows, mut scratch, mut reported) = (Vec::new(), Vec::new(), 0.0);
    while let Some(block) = source.next_block()? {
        also(block.samples)?;
        meter.push(block.samples);
        let ints = to_i16(block.samples, &mut scratch);
        peaks.push(ints, &mut rows);
        clips.push(ints);
        tracker.push(ints);
        writer.rows(&rows)?;
        silence.rows(&rows);
        rows.clear();
        if cancel.load(Ordering::Relaxed) {
            return Err(AudioError::Cancelled);
        }
        let fraction = source.fraction();
        if fraction >= reported + PROGRESS_STEP {
            reported = fraction;
            progress(fraction);
        }
    }
    let frames = source.frames();
    if frames == 0 {
        return Err(AudioError::Empty);
    }
    peaks.finish(&mut rows);
    writer.rows(&rows)?;
    silence.rows(&rows);
    let (_, layout) = writer.finish(frames)?;
    let features = tracker.finish();
    let (loudness, short_term) = meter.finish();
    let facts = Facts {
        media: media(source),
        loudness,
        clipping_count: clips.count(),
        warnings: source.warnings(),
        short_term,
        silence: silence.finish(frames),
        tempo: tempo(&features),
        key: key(&features),
    };
    Ok(Analysis { facts, features, pyramid: layout })
}

/// The media facts after the last block.
fn media(source: &Source) -> Media {
    let (probe, frames, size_bytes) = (source.probe(), source.frames(), source.size_bytes());
    let seconds_inverse = f64::from(probe.sample_rate) / frames.max(1) as f64;
    Media {
        container: probe.container,
        codec: probe.codec,
        sample_rate: probe.sample_rate,
        channels: probe.channels,
        bit_depth: probe.bit_depth,
        frames,
        duration_ms: duration_ms(frames, probe.sample_rate),
        bitrate: Some((size_bytes as f64 * 8.0 * seconds_inverse) as u64),
        size_bytes,
        browser_playable: probe.playable_in_browser(),
    }
}
