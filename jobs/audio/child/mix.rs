//! A mixdown: stems through the mixer into one pipe.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::error::AudioError;
use crate::limits::Limits;
use crate::mix::{CHANNELS, Plan, Stem, render};
use crate::tags::Tags;

use super::render::{Pipe, Recipe, Sound, Written};

/// One stem as the mix plays it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StemFile {
    /// The recording.
    pub input: PathBuf,
    /// Linear gain.
    pub volume: f64,
    /// −1 (left) to 1 (right).
    pub pan: f64,
    /// Where in the song it starts, milliseconds.
    pub start_ms: i64,
}

/// What is mixed, and into which new file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MixOrder {
    /// What is heard.
    pub stems: Vec<StemFile>,
    /// Rate, range and loudness.
    pub plan: Plan,
    /// Where the file goes.
    pub output: PathBuf,
    /// What it becomes.
    pub recipe: Recipe,
}

/// Mixes and writes.
pub(super) fn mix(
    order: &MixOrder,
    limits: &Limits,
    progress: &mut dyn FnMut(f32),
) -> Result<Written, AudioError> {
    let open = |stem: &StemFile| -> Result<Stem, AudioError> {
        let input = Arc::new(File::open(&stem.input)?);
        Ok(Stem { input, volume: stem.volume, pan: stem.pan, start_ms: stem.start_ms })
    };
    let stems = order.stems.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let sound = Sound::mixed(order.plan.sample_rate, CHANNELS);
    let mut pipe = Pipe::open(&sound, Tags::default(), order.recipe, &order.output)?;
    let never = AtomicBool::new(false);
    render(&stems, &order.plan, limits, progress, &never, &mut |block| pipe.push_f64(block))?;
    pipe.finish()
}
