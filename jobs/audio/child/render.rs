//! From decoded sound to a file in another format: one pipe of converter and encoder, fed by whoever decodes.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::convert::{Converter, Form, Shape, to_f64};
use crate::encode::{Encoder, Target};
use crate::error::AudioError;
use crate::limits::Limits;
use crate::probe::Probe;
use crate::source::{Samples, Source};
use crate::tags::Tags;

use super::create;

/// Least advance that is reported.
const PROGRESS_STEP: f32 = 0.01;

/// What a file is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Its format.
    pub target: Target,
    /// Its sample rate, Hz, where it is not that of the source. The target may still need another one.
    pub sample_rate: Option<u32>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Sample frames.
    pub frames: u64,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// Sample rate, Hz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
}

/// What goes into a pipe.
pub(super) struct Sound {
    shape: Shape,
    form: Form,
    frames: Option<u64>,
}

impl Sound {
    /// The sound of a recording.
    pub(super) fn of(probe: &Probe) -> Self {
        Self {
            shape: Shape { sample_rate: probe.sample_rate, channels: probe.channels },
            form: Form::of(probe),
            frames: probe.frames.filter(|_| !probe.frames_estimated),
        }
    }

    /// A sum, of which only the shape is known.
    pub(super) fn mixed(sample_rate: u32, channels: u32) -> Self {
        Self { shape: Shape { sample_rate, channels }, form: Form::Floats, frames: None }
    }
}

/// Sound on its way into a file.
pub(super) struct Pipe {
    converter: Converter,
    encoder: Encoder<'static>,
    shape: Shape,
    sound: Vec<f64>,
}

impl Pipe {
    /// Into a new file.
    pub(super) fn open(from: &Sound, tags: Tags, recipe: Recipe, output: &Path) -> Result<Self, AudioError> {
        let Sound { shape: given, form, frames } = *from;
        let asked = Shape { sample_rate: recipe.sample_rate.unwrap_or(given.sample_rate), ..given };
        let shape = recipe.target.shape_for(asked);
        let converter = Converter::new(given, form, shape, recipe.target.form())?;
        let scaled = |frames: u64| {
            let rate = u128::from(given.sample_rate.max(1));
            u64::try_from(u128::from(frames) * u128::from(shape.sample_rate) / rate).unwrap_or(u64::MAX)
        };
        let tags = tags.at_rate(given.sample_rate, shape.sample_rate);
        let encoder = Encoder::create(recipe.target, shape, &tags, frames.map(scaled), create(output)?)?;
        Ok(Self { converter, encoder, shape, sound: Vec::new() })
    }

    /// Takes whole frames.
    pub(super) fn push(&mut self, samples: Samples<'_>) -> Result<(), AudioError> {
        let mut sound = std::mem::take(&mut self.sound);
        to_f64(samples, &mut sound);
        let pushed = self.push_f64(&sound);
        self.sound = sound;
        pushed
    }

    /// Takes whole frames in the working form.
    pub(super) fn push_f64(&mut self, sound: &[f64]) -> Result<(), AudioError> {
        self.encoder.push_f64(self.converter.push(sound))
    }

    /// Completes the file.
    pub(super) fn finish(mut self) -> Result<Written, AudioError> {
        self.encoder.push_f64(self.converter.finish())?;
        let encoded = self.encoder.finish()?;
        let Shape { sample_rate, channels } = self.shape;
        Ok(Written { frames: encoded.frames, bytes: encoded.bytes, sample_rate, channels })
    }
}

/// Decodes `input` whole and writes it as `recipe` says, with its tags.
pub(super) fn render(
    input: &Path,
    output: &Path,
    recipe: Recipe,
    limits: &Limits,
    progress: &mut dyn FnMut(f32),
) -> Result<Written, AudioError> {
    let input = Arc::new(File::open(input)?);
    let tags = Tags::read(input.as_ref());
    let mut source = Source::open(input, limits)?;
    let mut pipe = Pipe::open(&Sound::of(source.probe()), tags, recipe, output)?;
    let mut reported = 0.0;
    while let Some(block) = source.next_block()? {
        pipe.push(block.samples)?;
        let fraction = source.fraction();
        if fraction >= reported + PROGRESS_STEP {
            reported = fraction;
            progress(fraction);
        }
    }
    if source.frames() == 0 {
        return Err(AudioError::Empty);
    }
    pipe.finish()
}
