//! The stored waveform: 256 frames a pixel and every power of two above it, in one blob.
//!
//! Layout, little-endian: magic `BLPY`, version u16 = 1, channels u16, sample rate u32, samples per pixel of level
//! 0 u32, frames u64, zero u64; then the levels from fine to coarse, each ceil(frames / spp) rows of i16 as in
//! `peaks`. Level k + 1 halves level k until one row is left, so every offset follows from the header.
//! Minimum and maximum compose, hence each level equals the one computed from the sound.

use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::peaks::row_len;

/// Frames a pixel at the finest stored level.
pub const BASE_SAMPLES_PER_PIXEL: u32 = 256;
/// Bytes of the header; enough to parse a [`Layout`].
pub const HEADER_BYTES: usize = 32;

const MAGIC: &[u8; 4] = b"BLPY";
const VERSION: u16 = 1;
/// More than any recording has; keeps offsets from overflowing when a header is garbage.
const MAX_FRAMES: u64 = 1 << 48;
/// Bytes gathered before they are written, and read back at once while composing.
const CHUNK_BYTES: usize = 64 * 1024;

/// Why a blob is no pyramid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PyramidError {
    /// Shorter than a header, or another magic.
    #[error("these bytes are no waveform pyramid")]
    NotAPyramid,
    /// Written by a newer version.
    #[error("this waveform pyramid has the unknown version {0}")]
    UnknownVersion(u16),
}

/// One zoom level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Frames a pixel, 256 · 2^k.
    pub samples_per_pixel: u32,
    /// Pixels, that is rows.
    pub pixels: u64,
    /// Byte offset of the first row in the blob.
    pub offset: u64,
}

/// The parsed header: everything about a pyramid but its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Channels of the recording.
    pub channels: u16,
    /// Frames a second, Hz.
    pub sample_rate: u32,
    /// Sample frames of the recording.
    pub frames: u64,
}

impl Layout {
    /// Parses the first [`HEADER_BYTES`] of a blob.
    ///
    /// # Errors
    /// When they are no header of a version that we know.
    pub fn parse(head: &[u8]) -> Result<Self, PyramidError> {
        let head: &[u8; HEADER_BYTES] = head.first_chunk().ok_or(PyramidError::NotAPyramid)?;
        let le = |range: std::ops::Range<usize>| {
            head[range].iter().rev().fold(0u64, |n, &b| n << 8 | u64::from(b))
        };
        let (version, channels) = (le(4..6) as u16, le(6..8) as u16);
        let (sample_rate, base) = (le(8..12) as u32, le(12..16) as u32);
        if &head[..4] != MAGIC || channels == 0 || sample_rate == 0 || base != BASE_SAMPLES_PER_PIXEL {
            return Err(PyramidError::NotAPyramid);
        }
        if version != VERSION {
            return Err(PyramidError::UnknownVersion(version));
        }
        let frames = le(16..24);
        if frames > MAX_FRAMES {
            return Err(PyramidError::NotAPyramid);
        }
        Ok(Self { channels, sample_rate, frames })
    }

    fn header(&self) -> [u8; HEADER_BYTES] {
        let mut head = [0; HEADER_BYTES];
        head[..4].copy_from_slice(MAGIC);
        head[4..6].copy_from_slice(&VERSION.to_le_bytes());
        head[6..8].copy_from_slice(&self.channels.to_le_bytes());
        head[8..12].copy_from_slice(&self.sample_rate.to_le_bytes());
        head[12..16].copy_from_slice(&BASE_SAMPLES_PER_PIXEL.to_le_bytes());
        head[16..24].copy_from_slice(&self.frames.to_le_bytes());
        head
    }

    /// Bytes of one row.
    #[must_use]
    pub fn row_bytes(&self) -> u64 {
        row_len(usize::from(self.channels)) as u64 * 2
    }

    /// The stored levels, finest first.
    #[must_use]
    pub fn levels(&self) -> Vec<Level> {
        let mut levels = Vec::new();
        let mut offset = HEADER_BYTES as u64;
        let mut samples_per_pixel = BASE_SAMPLES_PER_PIXEL;
        loop {
            let pixels = self.frames.div_ceil(u64::from(samples_per_pixel));
            levels.push(Level { samples_per_pixel, pixels, offset });
            offset = offset.saturating_add(pixels.saturating_mul(self.row_bytes()));
            match samples_per_pixel.checked_mul(2) {
                Some(next) if pixels > 1 => samples_per_pixel = next,
                _ => return levels,
            }
        }
    }

    /// Size of the whole blob.
    #[must_use]
    pub fn blob_bytes(&self) -> u64 {
        self.levels()
            .last()
            .map_or(HEADER_BYTES as u64, |last| last.offset.saturating_add(last.pixels * self.row_bytes()))
    }
}

/// Writes a pyramid while the sound goes by; needs constant memory, and reads the file back to compose levels.
pub struct Writer<F> {
    file: F,
    channels: u16,
    sample_rate: u32,
    pending: Vec<u8>,
}

impl<F: Read + Write + Seek> Writer<F> {
    /// Starts an empty blob at the start of `file`.
    ///
    /// # Errors
    /// The file's.
    pub fn new(mut file: F, channels: u16, sample_rate: u32) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[0; HEADER_BYTES])?;
        Ok(Self { file, channels, sample_rate, pending: Vec::with_capacity(CHUNK_BYTES * 2) })
    }

    /// Appends rows of the finest level.
    ///
    /// # Errors
    /// The file's.
    pub fn rows(&mut self, rows: &[i16]) -> io::Result<()> {
        self.pending.extend(rows.iter().flat_map(|v| v.to_le_bytes()));
        if self.pending.len() >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Composes the coarser levels, completes the header and gives the file back.
    ///
    /// # Errors
    /// The file's.
    pub fn finish(mut self, frames: u64) -> io::Result<(F, Layout)> {
        self.flush()?;
        let layout = Layout { channels: self.channels, sample_rate: self.sample_rate, frames };
        let levels = layout.levels();
        for pair in levels.windows(2) {
            self.compose(&layout, pair[0], pair[1])?;
        }
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&layout.header())?;
        self.file.flush()?;
        Ok((self.file, layout))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }

    /// Writes level `to` by joining every two rows of `from`.
    fn compose(&mut self, layout: &Layout, from: Level, to: Level) -> io::Result<()> {
        let row = layout.row_bytes() as usize;
        let pairs_at_once = (CHUNK_BYTES / row / 2).max(1) as u64;
        let mut fine = vec![0u8; pairs_at_once as usize * row * 2];
        let mut done = 0;
        while done < to.pixels {
            let first = done * 2;
            let rows = (pairs_at_once * 2).min(from.pixels - first) as usize;
            let part = &mut fine[..rows * row];
            self.file.seek(SeekFrom::Start(from.offset + first * row as u64))?;
            self.file.read_exact(part)?;
            for pair in part.chunks(row * 2) {
                join_rows(pair, row, &mut self.pending);
            }
            self.file.seek(SeekFrom::Start(to.offset + done * row as u64))?;
            self.flush()?;
            done += rows.div_ceil(2) as u64;
        }
        Ok(())
    }
}

/// Appends the row that covers the one or two rows in `pair`: even values are minima, odd ones maxima.
fn join_rows(pair: &[u8], row: usize, out: &mut Vec<u8>) {
    let (first, second) = pair.split_at(row);
    if second.is_empty() {
        out.extend_from_slice(first);
        return;
    }
    let values = first.as_chunks::<2>().0.iter().zip(second.as_chunks::<2>().0);
    for (index, (&a, &b)) in values.enumerate() {
        let (a, b) = (i16::from_le_bytes(a), i16::from_le_bytes(b));
        let joined = if index % 2 == 0 { a.min(b) } else { a.max(b) };
        out.extend_from_slice(&joined.to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
