//! Mixdowns as they are asked for.

use super::{
    mix::PutMix,
    rendition::{BitDepth, RenditionFormat},
};
use crate::http::body::{Checks, Input};
use model::{Violation, Violations, limits, rendition::Wish, violation::Fault};
use poem_openapi::Object;
use serde_json::{Value, json};
use service::mixdown::NewMixdown;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A mixdown that is wanted.
#[derive(Clone, Debug, Object)]
pub struct CreateMixdown {
    /// Faders that stand otherwise than in the shared mix, or than in the checkpoint.
    pub mix: Option<PutMix>,
    /// The checkpoint to mix; without it, the song as it stands.
    pub checkpoint_id: Option<Uuid>,
    /// Versions that play instead of the current ones, at most one a track.
    pub version_ids: Option<Vec<Uuid>>,
    /// The window of the song; without it, from its beginning to the end of the last track.
    pub range_ms: Option<RangeMs>,
    /// The format of the file.
    pub format: RenditionFormat,
    /// Bits of a sample, for WAV, AIFF and FLAC; 24 without it.
    pub bit_depth: Option<BitDepth>,
    /// Bits a second, for MP3, Ogg Vorbis and Opus.
    pub bitrate: Option<i64>,
    /// The sample rate in Hz; without it, the highest of the tracks.
    pub sample_rate: Option<i64>,
    /// The integrated loudness it is brought to, in LUFS: −40 to −5. Its true peak then stays below −1 dBTP.
    pub loudness_target: Option<f64>,
}

/// A window of the song.
#[derive(Clone, Copy, Debug, Object)]
pub struct RangeMs {
    /// Where it begins, in milliseconds.
    pub start: i64,
    /// Where it ends, in milliseconds.
    pub end: i64,
}

impl Input for CreateMixdown {
    type Value = NewMixdown;

    fn example() -> Value {
        json!({"format": "flac", "bit_depth": "24", "range_ms": {"start": 30_000, "end": 90_000}, "loudness_target": -14.0})
    }

    fn parse(self) -> Result<NewMixdown, Violations> {
        let mut faults = Violations::default();
        let faders = match self.mix.map(Input::parse) {
            None => BTreeMap::new(),
            Some(Ok(moves)) => moves,
            Some(Err(inner)) => {
                let below = inner
                    .0
                    .into_iter()
                    .map(|fault| Violation { pointer: format!("/mix{}", fault.pointer), ..fault });
                faults.0.extend(below);
                BTreeMap::new()
            }
        };
        let range_ms = faults.optional("/range_ms", self.range_ms, parse_range);
        let loudness_target = faults.optional("/loudness_target", self.loudness_target, |lufs| {
            if limits::LOUDNESS_TARGET_LUFS.contains(&lufs) {
                Ok(lufs)
            } else {
                Err(Fault::new("out_of_range", "must be between -40 and -5"))
            }
        });
        let bit_depth = self.bit_depth.map(Into::into);
        let wish = Wish {
            format: self.format.into(),
            bit_depth,
            bitrate: self.bitrate,
            sample_rate: self.sample_rate,
        };
        let recipe = match wish.recipe("/", None) {
            Ok(recipe) => Some(recipe),
            Err(inner) => {
                faults.0.extend(inner.0);
                None
            }
        };
        let version_ids: Vec<_> = self.version_ids.unwrap_or_default().into_iter().map(Into::into).collect();
        if i64::try_from(version_ids.len()).is_ok_and(|many| many > limits::TRACKS_PER_PROJECT_MAX) {
            let detail = format!("must be at most {}", limits::TRACKS_PER_PROJECT_MAX);
            faults.0.push(Violation::new("/version_ids", "too_many", detail));
        }
        let checkpoint_id = self.checkpoint_id.map(Into::into);
        let new = recipe.map(|recipe| NewMixdown {
            checkpoint_id,
            faders,
            version_ids,
            range_ms,
            recipe,
            loudness_target,
        });
        faults.finish(new)
    }
}

fn parse_range(range: RangeMs) -> Result<(i64, i64), Fault> {
    let RangeMs { start, end } = range;
    if 0 <= start && start < end && end <= 2 * limits::AUDIO_DURATION_MS_MAX {
        Ok((start, end))
    } else {
        Err(Fault::new("out_of_range", "must begin at 0 or later and before its end"))
    }
}
