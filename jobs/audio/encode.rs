//! Writing recordings: interleaved `f64` in, a complete file out, in bounded memory for any length.
//! Quantising is not done here: integer targets expect exact multiples of one step (see `convert`), so that rounding
//! changes nothing. Headers are patched at the end; the sink must therefore be seekable.

use std::io::{self, BufWriter, Seek, Write};

use crate::convert::Shape;
use crate::error::AudioError;
use crate::tags::Tags;

mod aiff;
mod flac;
mod mp3;
mod opus;
mod pcm;
mod target;
mod vorbis;
mod wav;

pub use target::{FlacDepth, Mp3Rate, PcmDepth, Target};

/// Where an encoder writes: a new file.
pub trait Sink: Write + Seek {}

impl<T: Write + Seek> Sink for T {}

type Out<'s> = BufWriter<Box<dyn Sink + 's>>;

/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 256 * 1024;
/// Frames that are handed to a codec at once; some codecs slow down or grow with longer blocks.
const BLOCK_FRAMES: usize = 4096;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoded {
    /// Sample frames, without what a codec adds in front and behind.
    pub frames: u64,
    /// Size of the file, bytes.
    pub bytes: u64,
}

/// One output format.
trait Writer {
    /// Takes a whole number of frames, at most [`BLOCK_FRAMES`].
    fn push(&mut self, interleaved: &[f64]) -> Result<(), AudioError>;
    /// Completes the file and returns its size.
    fn finish(self: Box<Self>) -> Result<u64, AudioError>;
}

/// A running encode.
pub struct Encoder<'s> {
    writer: Box<dyn Writer + 's>,
    channels: usize,
    frames: u64,
}

impl<'s> Encoder<'s> {
    /// Starts a file at the current position of `sink`, which must be its start.
    ///
    /// `frames` is the length where it is known; it decides early between WAV and RF64 and may be wrong. Loops in
    /// `tags` count in frames of `shape`.
    ///
    /// # Errors
    /// `Target` when the target cannot hold `shape` (ask [`Target::shape_for`]) or its numbers are out of range,
    /// `TooLarge`, `Io`, `Encoder`.
    pub fn create(
        target: Target,
        shape: Shape,
        tags: &Tags,
        frames: Option<u64>,
        sink: impl Sink + 's,
    ) -> Result<Self, AudioError> {
        if !target.is_valid() || target.shape_for(shape) != shape {
            return Err(AudioError::Target);
        }
        let out: Out<'s> = BufWriter::with_capacity(BUFFER_BYTES, Box::new(sink));
        let writer: Box<dyn Writer + 's> = match target {
            Target::Wav(depth) => Box::new(wav::Wav::create(depth, shape, tags, frames, out)?),
            Target::Aiff(depth) => Box::new(aiff::Aiff::create(depth, shape, tags, out)?),
            Target::Flac(depth) => Box::new(flac::Flac::create(depth, shape, tags, out)?),
            Target::Mp3(rate) => Box::new(mp3::Mp3::create(rate, shape, tags, out)?),
            Target::Vorbis { quality } => Box::new(vorbis::Vorbis::create(quality, shape, tags, out)?),
            Target::Opus { kbps } => Box::new(opus::Opus::create(kbps, shape, tags, out)?),
        };
        Ok(Self { writer, channels: shape.channels as usize, frames: 0 })
    }

    /// Takes interleaved samples, a whole number of frames, full scale ±1. Anything beyond is clipped where the
    /// target is made of integers.
    ///
    /// # Errors
    /// `Io` (also for a broken frame), `TooLarge`, `Encoder`.
    pub fn push_f64(&mut self, interleaved: &[f64]) -> Result<(), AudioError> {
        if !interleaved.len().is_multiple_of(self.channels) {
            return Err(invalid("samples are not whole frames"));
        }
        for block in interleaved.chunks(BLOCK_FRAMES * self.channels) {
            self.writer.push(block)?;
        }
        self.frames += (interleaved.len() / self.channels) as u64;
        Ok(())
    }

    /// Completes the file.
    ///
    /// # Errors
    /// `Io`, `TooLarge`, `Encoder`.
    pub fn finish(self) -> Result<Encoded, AudioError> {
        Ok(Encoded { frames: self.frames, bytes: self.writer.finish()? })
    }
}

/// A mistake of the caller.
fn invalid(what: &'static str) -> AudioError {
    AudioError::Io(io::Error::new(io::ErrorKind::InvalidInput, what))
}

/// The order in which Vorbis and Opus store the channels (Vorbis I §4.3.9): for each of ours, WAVE order, its place.
pub(crate) fn xiph_order(channels: usize) -> &'static [usize] {
    match channels {
        3 => &[0, 2, 1],
        5 => &[0, 2, 1, 3, 4],
        6 => &[0, 2, 1, 5, 3, 4],
        7 => &[0, 2, 1, 6, 5, 3, 4],
        8 => &[0, 2, 1, 7, 5, 6, 3, 4],
        _ => &[0, 1, 2, 3],
    }
}

#[cfg(test)]
mod tests;
