//! A recording as a stream of interleaved sample blocks, whatever the container and codec.
//! PCM takes the direct path (own readers), everything else goes through symphonia. What a header says is
//! a hint; the frames that come out are the truth, and oddities are collected as warnings.

use std::sync::Arc;

use crate::error::AudioError;
use crate::limits::Limits;
use crate::media::{Codec, Container, Warning};
use crate::probe::Probe;
use crate::read_at::ReadAt;
use crate::sniff::{Sniffed, sniff};

mod adpcm;
mod aiff;
mod caf;
mod coded;
mod flac;
pub(crate) mod mp4;
mod opus;
mod pcm;
pub(crate) mod riff;
mod window;

/// Interleaved samples in the precision in which they were decoded.
#[derive(Debug, Clone, Copy)]
pub enum Samples<'a> {
    /// Integer sound of at most 16 bits, left-justified.
    I16(&'a [i16]),
    /// Integer sound of more bits, left-justified in 32.
    I32(&'a [i32]),
    /// Floating point, full scale ±1.
    F32(&'a [f32]),
}

impl Samples<'_> {
    /// Number of samples, all channels together.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::I16(s) => s.len(),
            Self::I32(s) => s.len(),
            Self::F32(s) => s.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A stretch of sound.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Interleaved samples, a whole number of frames.
    pub samples: Samples<'a>,
    /// Sample frames in this block, at least one.
    pub frames: usize,
}

/// What a header parser found out: the facts, and how to get at the sound.
struct Opened {
    probe: Probe,
    warnings: Vec<Warning>,
    feed: Feed,
}

enum Feed {
    Pcm(pcm::Pcm),
    Adpcm(adpcm::Adpcm),
    Flac(Box<flac::Flac>),
    Coded(Box<coded::Coded>),
}

/// An opened recording.
pub struct Source {
    probe: Probe,
    size: u64,
    warnings: Vec<Warning>,
    feed: Feed,
    frames: u64,
    limits: Limits,
    ended: bool,
}

impl Source {
    /// Recognises `input`, reads its headers and prepares decoding.
    ///
    /// # Errors
    /// Any of `AudioError` but `TooLong` (which can only be known while reading) and `Cancelled`.
    pub fn open(input: Arc<dyn ReadAt>, limits: &Limits) -> Result<Self, AudioError> {
        let size = input.size()?;
        let sniffed = sniff(input.as_ref())?;
        let mut opened = open_container(input, sniffed)?;
        if sniffed.junk > 0 {
            opened.warnings.push(Warning::LeadingJunk);
        }
        limits.check_shape(opened.probe.sample_rate, opened.probe.channels)?;
        let Opened { probe, warnings, feed } = opened;
        Ok(Self { probe, size, warnings, feed, frames: 0, limits: *limits, ended: false })
    }

    /// What the headers say.
    #[must_use]
    pub fn probe(&self) -> &Probe {
        &self.probe
    }

    /// Size of the file, bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size
    }

    /// Frames delivered so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// How much of the input was consumed, 0 to 1.
    #[must_use]
    pub fn fraction(&self) -> f32 {
        match &self.feed {
            Feed::Pcm(pcm) => pcm.fraction(),
            Feed::Adpcm(adpcm) => adpcm.fraction(),
            Feed::Flac(flac) => flac.fraction(),
            Feed::Coded(coded) => coded.fraction(),
        }
        .clamp(0.0, 1.0)
    }

    /// The next stretch of sound, or none at the end.
    ///
    /// # Errors
    /// `Corrupt` when nothing sound can be read, `Unsupported` when the decoder would be wrong, `TooLong`, `Io`.
    pub fn next_block(&mut self) -> Result<Option<Block<'_>>, AudioError> {
        if self.ended {
            return Ok(None);
        }
        let samples = match &mut self.feed {
            Feed::Pcm(pcm) => pcm.next()?,
            Feed::Adpcm(adpcm) => adpcm.next()?,
            Feed::Flac(flac) => flac.next(&mut self.warnings)?,
            Feed::Coded(coded) => coded.next(&mut self.warnings)?,
        };
        // Damage may be noted for every packet of a long file.
        self.warnings.dedup();
        let Some(samples) = samples else {
            self.ended = true;
            return Ok(None);
        };
        let frames = samples.len() / self.probe.channels as usize;
        self.frames += frames as u64;
        self.limits.check_length(self.frames, self.probe.sample_rate)?;
        Ok(Some(Block { samples, frames }))
    }

    /// Oddities seen so far, each once; complete after the last block.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut found = Vec::new();
        for &warning in &self.warnings {
            if !found.contains(&warning) {
                found.push(warning);
            }
        }
        let differs = self.probe.frames.is_some_and(|frames| frames != self.frames);
        let explained = found.contains(&Warning::Truncated) || self.probe.frames_estimated;
        if self.ended && differs && !explained {
            found.push(Warning::LengthDiffers);
        }
        found
    }
}

fn open_container(input: Arc<dyn ReadAt>, sniffed: Sniffed) -> Result<Opened, AudioError> {
    match sniffed.container {
        Container::Wav | Container::Rf64 => riff::open(input, sniffed),
        Container::Aiff | Container::Aifc => aiff::open(input, sniffed),
        Container::Flac => flac::open(input, sniffed),
        Container::Caf => caf::open(input, sniffed),
        Container::Mp4 => {
            let edits = mp4::read_edits(input.as_ref(), sniffed)?;
            coded::open(input, sniffed, edits.map_or(coded::Cut::Header, coded::Cut::Edits))
        }
        Container::Mp3 | Container::Ogg | Container::Adts | Container::Matroska => {
            coded::open(input, sniffed, coded::Cut::Header)
        }
    }
}

/// Writes `lead` samples of silence and the interleaved planes, all of one length, to `out`.
fn interleave<S: Copy, T: Copy + Default>(
    planes: &[&[S]],
    lead: usize,
    out: &mut Vec<T>,
    convert: impl Fn(S) -> T,
) {
    let frames = planes.first().map_or(0, |plane| plane.len());
    out.resize(lead + planes.len() * frames, T::default());
    let (silence, body) = out.split_at_mut(lead);
    silence.fill(T::default());
    if let [left, right] = planes {
        for ((pair, &l), &r) in body.as_chunks_mut::<2>().0.iter_mut().zip(*left).zip(*right) {
            *pair = [convert(l), convert(r)];
        }
        return;
    }
    for (channel, plane) in planes.iter().enumerate() {
        for (to, &from) in body.iter_mut().skip(channel).step_by(planes.len()).zip(*plane) {
            *to = convert(from);
        }
    }
}

/// Assembles the result for sample data that lies plainly in the file.
fn opened_pcm(
    input: Arc<dyn ReadAt>,
    container: Container,
    sample_rate: u32,
    bit_depth: u32,
    layout: pcm::PcmLayout,
    warnings: Vec<Warning>,
) -> Opened {
    let probe = Probe {
        container,
        codec: layout.encoding.codec(),
        sample_rate,
        channels: layout.channels,
        bit_depth: match layout.encoding.codec() {
            Codec::Alaw | Codec::Mulaw => None,
            _ => Some(bit_depth),
        },
        frames: Some(layout.frames),
        frames_estimated: false,
    };
    Opened { probe, warnings, feed: Feed::Pcm(pcm::Pcm::new(input, layout)) }
}

#[cfg(test)]
mod tests;
