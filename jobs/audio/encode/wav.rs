//! WAV, and RF64 beyond 4 GiB (Microsoft RIFF/WAVE; EBU Tech 3306).
//! Where the length is not known to be small, a JUNK chunk keeps the place of `ds64`.

use std::io::{Seek, SeekFrom, Write};

use super::pcm::{self, Endian};
use super::{Out, PcmDepth, Shape, Writer, invalid};
use crate::error::AudioError;
use crate::tags::{Tags, riff};

/// Sound up to this size gets no place for `ds64`: whatever else is in the file, it stays below 4 GiB.
const SMALL_BYTES: u64 = 4_000_000_000;
/// The sub-format of an extensible `fmt ` chunk behind its first two bytes (KSDATAFORMAT_SUBTYPE).
const SUBTYPE: &[u8] = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71";
const TAG_PCM: u16 = 1;
const TAG_FLOAT: u16 = 3;
const TAG_EXTENSIBLE: u16 = 0xfffe;

/// A WAV file in the making.
pub(super) struct Wav<'s> {
    out: Out<'s>,
    depth: PcmDepth,
    shape: Shape,
    /// Whether there is a place for `ds64`.
    reserve: bool,
    head_chunks: Vec<u8>,
    tail_chunks: Vec<u8>,
    /// Frames that the header on disk speaks of.
    announced: u64,
    frames: u64,
    bytes: Vec<u8>,
}

impl<'s> Wav<'s> {
    pub(super) fn create(
        depth: PcmDepth,
        shape: Shape,
        tags: &Tags,
        frames: Option<u64>,
        out: Out<'s>,
    ) -> Result<Self, AudioError> {
        let frame_bytes = pcm::bytes_of(depth) as u64 * u64::from(shape.channels);
        let mut wav = Self {
            out,
            depth,
            shape,
            reserve: frames.is_none_or(|frames| frames.saturating_mul(frame_bytes) > SMALL_BYTES),
            head_chunks: riff::head_chunks(tags, shape.sample_rate),
            tail_chunks: riff::tail_chunks(tags),
            announced: frames.unwrap_or(0),
            frames: 0,
            bytes: Vec::new(),
        };
        let header = wav.header(wav.announced);
        wav.out.write_all(&header)?;
        Ok(wav)
    }

    fn data_bytes(&self, frames: u64) -> u64 {
        frames.saturating_mul(pcm::bytes_of(self.depth) as u64 * u64::from(self.shape.channels))
    }

    /// Everything before the samples. Its length does not depend on `frames`.
    fn header(&self, frames: u64) -> Vec<u8> {
        let data = self.data_bytes(frames);
        let mut body = self.format_chunks(frames);
        body.extend_from_slice(&self.head_chunks);
        let reserved = if self.reserve { 36 } else { 0 };
        // After the first eight bytes: the form, all chunks, the padding of the data, and what stands behind it.
        let riff = (4 + reserved + body.len() as u64 + 8 + self.tail_chunks.len() as u64)
            .saturating_add(data.saturating_add(data & 1));
        let wide = self.reserve && riff > u64::from(u32::MAX);
        let narrow = |size: u64| u32::try_from(size).ok().filter(|_| !wide).unwrap_or(u32::MAX).to_le_bytes();
        let mut out = if wide { b"RF64".to_vec() } else { b"RIFF".to_vec() };
        out.extend_from_slice(&narrow(riff));
        out.extend_from_slice(b"WAVE");
        if self.reserve {
            let sizes = if wide { [riff, data, frames] } else { [0; 3] };
            out.extend_from_slice(if wide { b"ds64" } else { b"JUNK" });
            out.extend_from_slice(&28u32.to_le_bytes());
            sizes.iter().for_each(|size| out.extend_from_slice(&size.to_le_bytes()));
            // No table of other chunks beyond 4 GiB.
            out.extend_from_slice(&[0; 4]);
        }
        out.append(&mut body);
        out.extend_from_slice(b"data");
        out.extend_from_slice(&narrow(data));
        out
    }

    fn format_chunks(&self, frames: u64) -> Vec<u8> {
        let bytes = pcm::bytes_of(self.depth) as u16;
        let channels = self.shape.channels as u16;
        let frame = bytes * channels;
        let tag = if self.depth == PcmDepth::Float32 { TAG_FLOAT } else { TAG_PCM };
        // More than two channels need a speaker for each.
        let extensible = channels > 2;
        let mut fmt = (if extensible { TAG_EXTENSIBLE } else { tag }).to_le_bytes().to_vec();
        fmt.extend_from_slice(&channels.to_le_bytes());
        fmt.extend_from_slice(&self.shape.sample_rate.to_le_bytes());
        fmt.extend_from_slice(&self.shape.sample_rate.saturating_mul(u32::from(frame)).to_le_bytes());
        fmt.extend_from_slice(&frame.to_le_bytes());
        fmt.extend_from_slice(&(bytes * 8).to_le_bytes());
        if extensible {
            fmt.extend_from_slice(&22u16.to_le_bytes());
            fmt.extend_from_slice(&(bytes * 8).to_le_bytes());
            fmt.extend_from_slice(&speakers(self.shape.channels).to_le_bytes());
            fmt.extend_from_slice(&tag.to_le_bytes());
            fmt.extend_from_slice(SUBTYPE);
        } else if tag == TAG_FLOAT {
            fmt.extend_from_slice(&[0, 0]);
        }
        let mut out = Vec::new();
        riff::push_chunk(&mut out, b"fmt ", &fmt);
        if tag == TAG_FLOAT {
            riff::push_chunk(&mut out, b"fact", &u32::try_from(frames).unwrap_or(u32::MAX).to_le_bytes());
        }
        out
    }
}

impl Writer for Wav<'_> {
    fn push(&mut self, interleaved: &[f64]) -> Result<(), AudioError> {
        pcm::store(interleaved, self.depth, Endian::Little, &mut self.bytes);
        self.out.write_all(&self.bytes)?;
        self.frames += interleaved.len() as u64 / u64::from(self.shape.channels);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, AudioError> {
        let data = self.data_bytes(self.frames);
        if !self.reserve && data > SMALL_BYTES {
            return Err(invalid("the sound is longer than announced"));
        }
        self.out.write_all(&[0][..(data & 1) as usize])?;
        let tail = std::mem::take(&mut self.tail_chunks);
        self.out.write_all(&tail)?;
        self.tail_chunks = tail;
        let bytes = self.out.stream_position()?;
        if self.announced != self.frames {
            let header = self.header(self.frames);
            self.out.seek(SeekFrom::Start(0))?;
            self.out.write_all(&header)?;
        }
        self.out.flush()?;
        Ok(bytes)
    }
}

/// The usual speakers of so many channels (WAVEFORMATEXTENSIBLE, dwChannelMask); none beyond 7.1.
fn speakers(channels: u32) -> u32 {
    match channels {
        3 => 0x007,
        4 => 0x033,
        5 => 0x037,
        6 => 0x03f,
        7 => 0x70f,
        8 => 0x63f,
        _ => 0,
    }
}
