//! One stem while it plays: decoded, brought to the rate of the mix, and added to the bus at its time.

use std::sync::Arc;

use super::pan::Gains;
use super::{Stem, frames_of};
use crate::convert::{Converter, Form, Shape, to_f64};
use crate::error::AudioError;
use crate::limits::Limits;
use crate::source::Source;

pub(super) struct Voice {
    source: Source,
    converter: Converter,
    gains: Gains,
    /// Frames of the mix before it begins, and frames of it before the mix begins.
    wait: u64,
    skip: u64,
    decoded: Vec<f64>,
    /// Converted sound; the part before `at` is used up.
    ready: Vec<f64>,
    at: usize,
    ended: bool,
}

impl Voice {
    /// Ready to play into a mix at `rate` that begins at frame `from` of the song.
    pub(super) fn open(stem: &Stem, rate: u32, from: u64, limits: &Limits) -> Result<Self, AudioError> {
        let source = Source::open(Arc::clone(&stem.input), limits)?;
        let probe = source.probe();
        let gains = match probe.channels {
            1 => Gains::mono(stem.volume, stem.pan),
            _ => Gains::stereo(stem.volume, stem.pan),
        };
        let given = Shape { sample_rate: probe.sample_rate, channels: probe.channels };
        let wanted = Shape { sample_rate: rate, channels: gains.channels() as u32 };
        let converter = Converter::new(given, Form::of(probe), wanted, Form::Floats)?;
        let start = frames_of(stem.start_ms.unsigned_abs(), rate);
        let (wait, skip) = match stem.start_ms {
            0.. => (start.saturating_sub(from), from.saturating_sub(start)),
            _ => (0, from.saturating_add(start)),
        };
        let (decoded, ready) = (Vec::new(), Vec::new());
        Ok(Self { source, converter, gains, wait, skip, decoded, ready, at: 0, ended: false })
    }

    pub(super) fn fraction(&self) -> f32 {
        if self.ended { 1.0 } else { self.source.fraction() }
    }

    /// Adds the next frames to the stereo `bus`; how many frames of it the stem reaches, 0 when it is over.
    pub(super) fn add(&mut self, bus: &mut [f64]) -> Result<usize, AudioError> {
        let frames = bus.len() / 2;
        let waited = usize::try_from(self.wait).map_or(frames, |wait| wait.min(frames));
        let mut done = waited;
        while done < frames {
            if self.at == self.ready.len() && !self.refill()? {
                break;
            }
            let channels = self.gains.channels();
            let count = ((self.ready.len() - self.at) / channels).min(frames - done);
            let part = &self.ready[self.at..self.at + count * channels];
            self.gains.add(part, &mut bus[done * 2..(done + count) * 2]);
            self.at += count * channels;
            done += count;
        }
        self.wait -= waited as u64;
        // A stem that waited and then has nothing to say reaches nowhere.
        Ok(if done == waited && self.ended { 0 } else { done })
    }

    /// Replaces the used-up sound by more; false at the end.
    fn refill(&mut self) -> Result<bool, AudioError> {
        while !self.ended {
            self.ready.clear();
            self.at = 0;
            match self.source.next_block()? {
                Some(block) => {
                    to_f64(block.samples, &mut self.decoded);
                    self.ready.extend_from_slice(self.converter.push(&self.decoded));
                }
                None => {
                    self.ready.extend_from_slice(self.converter.finish());
                    self.ended = true;
                }
            }
            let channels = self.gains.channels();
            let skipped = self.skip.min((self.ready.len() / channels) as u64);
            self.skip -= skipped;
            self.at = skipped as usize * channels;
            if self.at < self.ready.len() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
