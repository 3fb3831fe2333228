//! Answers to waveform requests as pure functions: parameters pick a slice of the stored pyramid, and the bytes
//! of that slice become `.dat`, JSON or float peaks. Nothing is recomputed from the sound.
//!
//! Formats: audiowaveform's `.dat` version 1 (one channel out) and 2 (more), its JSON version 2, and one array of
//! minima and maxima in turn per channel, scaled to ±1, as wavesurfer.js takes them.

use std::fmt::Write as _;
use std::ops::Range;

use crate::pyramid::{Layout, Level};

/// Channels of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// The mean of all channels.
    Mono,
    /// Every channel by itself.
    Split,
}

/// Resolution of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// Values divided by 256, truncated toward zero.
    Eight,
    /// Values as stored.
    Sixteen,
}

/// How a level is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zoom {
    /// The finest level.
    Finest,
    /// The level with exactly this many samples per pixel: 256 · 2^k.
    SamplesPerPixel(u32),
    /// The finest level on which the window has at most this many pixels (at least one).
    Width(u32),
}

impl Level {
    /// Where one pixel holds everything, that pixel is every coarser level 256 · 2^k too; none are stored.
    fn coarser(&self, samples_per_pixel: u32) -> Option<Self> {
        let steps = samples_per_pixel / self.samples_per_pixel;
        let is_coarser = samples_per_pixel.is_multiple_of(self.samples_per_pixel) && steps.is_power_of_two();
        (is_coarser && self.pixels == 1).then_some(Self { samples_per_pixel, ..*self })
    }
}

/// The parameters of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Which level.
    pub zoom: Zoom,
    /// Which channels.
    pub mix: Mix,
    /// Which resolution.
    pub bits: Bits,
    /// Start of the window, milliseconds.
    pub start_ms: u64,
    /// End of the window, milliseconds; none is the end of the recording.
    pub end_ms: Option<u64>,
}

impl Default for Query {
    /// The defaults of the contract: everything, mono, 8 bit, 256 samples a pixel.
    fn default() -> Self {
        Self { zoom: Zoom::Finest, mix: Mix::Mono, bits: Bits::Eight, start_ms: 0, end_ms: None }
    }
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is no such level; these are the stored ones.
    #[error("there is no level with {wanted} samples per pixel; the levels are {available:?}")]
    NoSuchLevel {
        /// What was asked for.
        wanted: u32,
        /// What is stored, finest first.
        available: Vec<u32>,
    },
    /// The window is empty or lies behind the end.
    #[error("the window from {start_ms} ms is empty; the recording is {duration_ms} ms long")]
    EmptyWindow {
        /// The start that was asked for.
        start_ms: u64,
        /// Length of the recording.
        duration_ms: u64,
    },
    /// A width of zero.
    #[error("the width must be at least one pixel")]
    NoWidth,
}

/// A stretch of one stored level, ready to be read and rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    layout: Layout,
    level: Level,
    first: u64,
    pixels: u64,
    mix: Mix,
    bits: Bits,
}

impl Layout {
    /// Chooses the level and the pixels that `query` asks for. Pixels are whole: the window grows to their borders.
    ///
    /// # Errors
    /// [`QueryError`] in words for the client.
    pub fn select(&self, query: &Query) -> Result<Slice, QueryError> {
        let levels = self.levels();
        let window = |level: &Level| self.window(level, query);
        let beyond = match query.zoom {
            Zoom::SamplesPerPixel(wanted) => levels.last().and_then(|coarsest| coarsest.coarser(wanted)),
            Zoom::Finest | Zoom::Width(_) => None,
        };
        let level = match query.zoom {
            Zoom::Finest => levels.first(),
            Zoom::SamplesPerPixel(wanted) => {
                levels.iter().find(|l| l.samples_per_pixel == wanted).or(beyond.as_ref())
            }
            Zoom::Width(0) => return Err(QueryError::NoWidth),
            Zoom::Width(width) => {
                let fits = |l: &&Level| window(l).is_none_or(|w| w.end - w.start <= u64::from(width));
                levels.iter().find(fits).or(levels.last())
            }
        };
        let Some(&level) = level else {
            let wanted = if let Zoom::SamplesPerPixel(wanted) = query.zoom { wanted } else { 0 };
            let available = levels.iter().map(|l| l.samples_per_pixel).collect();
            return Err(QueryError::NoSuchLevel { wanted, available });
        };
        let Some(pixels) = window(&level) else {
            let duration_ms = crate::media::duration_ms(self.frames, self.sample_rate);
            return Err(QueryError::EmptyWindow { start_ms: query.start_ms, duration_ms });
        };
        let Query { mix, bits, .. } = *query;
        Ok(Slice { layout: *self, level, first: pixels.start, pixels: pixels.end - pixels.start, mix, bits })
    }

    /// The pixels of `level` that the window touches, or none if it is empty.
    fn window(&self, level: &Level, query: &Query) -> Option<Range<u64>> {
        let per_pixel = u128::from(level.samples_per_pixel) * 1000;
        let rate = u128::from(self.sample_rate);
        let narrow = |pixel: u128| u64::try_from(pixel).unwrap_or(u64::MAX).min(level.pixels);
        let start = narrow(u128::from(query.start_ms) * rate / per_pixel);
        let end =
            query.end_ms.map_or(level.pixels, |end| narrow((u128::from(end) * rate).div_ceil(per_pixel)));
        let ordered = query.end_ms.is_none_or(|end| end > query.start_ms);
        (ordered && start < end).then_some(start..end)
    }
}

impl Slice {
    /// The bytes of the pyramid blob that hold this slice.
    #[must_use]
    pub fn byte_range(&self) -> Range<u64> {
        let row = self.layout.row_bytes();
        let start = self.level.offset + self.first * row;
        start..start + self.pixels * row
    }

    /// Pixels in this slice.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        self.pixels
    }

    /// Frames a pixel.
    #[must_use]
    pub fn samples_per_pixel(&self) -> u32 {
        self.level.samples_per_pixel
    }

    /// Channels in the answer.
    #[must_use]
    pub fn channels(&self) -> u16 {
        match self.mix {
            Mix::Mono => 1,
            Mix::Split => self.layout.channels,
        }
    }

    /// Values of one pixel in the answer, as a range of the stored row.
    fn columns(&self) -> Range<usize> {
        match (self.mix, self.layout.channels) {
            (_, 1) | (Mix::Mono, _) => 0..2,
            (Mix::Split, n) => 2..2 + 2 * usize::from(n),
        }
    }

    /// The 16-bit values of the answer in order, from the stored bytes of this slice (or whole rows of it).
    fn values<'r>(&self, raw: &'r [u8]) -> impl Iterator<Item = i16> + use<'r> {
        let columns = self.columns();
        let rows = raw.chunks_exact(self.layout.row_bytes() as usize);
        rows.flat_map(move |row| {
            row[columns.start * 2..columns.end * 2].as_chunks::<2>().0.iter().map(|&b| i16::from_le_bytes(b))
        })
    }

    /// The header of `.dat`: 20 bytes for one channel (version 1), 24 for more (version 2).
    #[must_use]
    pub fn dat_header(&self) -> Vec<u8> {
        let split = self.channels() > 1;
        let mut head = Vec::with_capacity(24);
        head.extend_from_slice(&(if split { 2i32 } else { 1 }).to_le_bytes());
        head.extend_from_slice(&u32::from(self.bits == Bits::Eight).to_le_bytes());
        head.extend_from_slice(&self.layout.sample_rate.to_le_bytes());
        head.extend_from_slice(&self.level.samples_per_pixel.to_le_bytes());
        head.extend_from_slice(&u32::try_from(self.pixels).unwrap_or(u32::MAX).to_le_bytes());
        if split {
            head.extend_from_slice(&i32::from(self.channels()).to_le_bytes());
        }
        head
    }

    /// Appends the body of `.dat` for whole rows of this slice; rows may come in several calls.
    pub fn dat_rows(&self, raw: &[u8], out: &mut Vec<u8>) {
        match self.bits {
            Bits::Eight => out.extend(self.values(raw).map(|v| (v / 256) as i8 as u8)),
            Bits::Sixteen => out.extend(self.values(raw).flat_map(i16::to_le_bytes)),
        }
    }

    /// The whole `.dat` from the bytes at [`Slice::byte_range`].
    #[must_use]
    pub fn dat(&self, raw: &[u8]) -> Vec<u8> {
        let mut out = self.dat_header();
        self.dat_rows(raw, &mut out);
        out
    }

    /// The whole JSON version 2 from the bytes at [`Slice::byte_range`].
    #[must_use]
    pub fn json(&self, raw: &[u8]) -> String {
        let (bits, divisor) = match self.bits {
            Bits::Eight => (8, 256),
            Bits::Sixteen => (16, 1),
        };
        let (channels, rate) = (self.channels(), self.layout.sample_rate);
        let (spp, length) = (self.level.samples_per_pixel, self.pixels);
        let mut out = format!(
            r#"{{"version":2,"channels":{channels},"sample_rate":{rate},"samples_per_pixel":{spp},"bits":{bits},"length":{length},"data":["#
        );
        push_joined(&mut out, self.values(raw).map(|v| v / divisor));
        out.push_str("]}");
        out
    }

    /// `{duration, sample_rate, peaks}` from the bytes at [`Slice::byte_range`]: seconds of the whole recording, and
    /// per channel minimum and maximum in turn, scaled to ±1 with five decimals.
    #[must_use]
    pub fn peaks_json(&self, raw: &[u8]) -> String {
        let duration = self.layout.frames as f64 / f64::from(self.layout.sample_rate);
        let mut out =
            format!(r#"{{"duration":{duration:.6},"sample_rate":{},"peaks":["#, self.layout.sample_rate);
        for channel in 0..self.channels() {
            out.push_str(if channel == 0 { "[" } else { ",[" });
            push_joined(&mut out, self.floats(raw, channel).map(Decimal));
            out.push(']');
        }
        out.push_str("]}");
        out
    }

    /// Minimum and maximum in turn of one channel of the answer, scaled to ±1 at the resolution asked for.
    pub fn floats<'r>(&self, raw: &'r [u8], channel: u16) -> impl Iterator<Item = f32> + use<'r> {
        let pairs_in_row = usize::from(self.channels());
        let at = usize::from(channel) * 2;
        let bits = self.bits;
        let scaled = move |value: i16| match bits {
            Bits::Eight => f32::from(value / 256) / 128.0,
            Bits::Sixteen => f32::from(value) / 32768.0,
        };
        self.values(raw)
            .enumerate()
            .filter(move |(index, _)| (at..at + 2).contains(&(index % (pairs_in_row * 2))))
            .map(move |(_, value)| scaled(value))
    }
}

/// A number with five decimals at most, enough for 16 bits.
struct Decimal(f32);

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", (self.0 * 1e5).round() / 1e5)
    }
}

fn push_joined(out: &mut String, values: impl Iterator<Item = impl std::fmt::Display>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write!(out, "{value}").expect("writing to a string cannot fail");
    }
}

#[cfg(test)]
mod tests;
