//! Native FLAC (RFC 9639), written here: blocks of 4096 frames, linear prediction up to order 8, Rice coding.
//! The compression is that of `flac -5`; MD5, length and frame sizes are filled in at the end.

use std::io::{Seek, SeekFrom, Write};

use md5::{Digest, Md5};

use super::pcm::to_int;
use super::{FlacDepth, Out, Shape, Writer};
use crate::error::AudioError;
use crate::tags::{Tags, comments};

mod bits;
mod frame;
mod predict;
mod rice;

use frame::Coder;

/// Frames of a block, but for the last one.
const BLOCK: usize = 4096;
/// Types of metadata blocks.
const STREAMINFO: u8 = 0;
const COMMENT: u8 = 4;
const PICTURE: u8 = 6;
/// Set in the type of the last metadata block.
const LAST: u8 = 0x80;

/// A FLAC file in the making.
pub(super) struct Flac<'s> {
    out: Out<'s>,
    shape: Shape,
    bits: u32,
    coder: Coder,
    /// Samples that do not fill a block yet, one plane for each channel.
    planes: Vec<Vec<i32>>,
    md5: Md5,
    md5_bytes: Vec<u8>,
    frames: u64,
    /// Smallest and largest coded block, bytes.
    sizes: Option<(u32, u32)>,
    block: Vec<u8>,
}

impl<'s> Flac<'s> {
    pub(super) fn create(
        depth: FlacDepth,
        shape: Shape,
        tags: &Tags,
        out: Out<'s>,
    ) -> Result<Self, AudioError> {
        let bits = match depth {
            FlacDepth::Int16 => 16,
            FlacDepth::Int24 => 24,
        };
        let mut flac = Self {
            out,
            shape,
            bits,
            coder: Coder::new(shape.sample_rate, bits),
            planes: vec![Vec::with_capacity(BLOCK); shape.channels as usize],
            md5: Md5::new(),
            md5_bytes: Vec::new(),
            frames: 0,
            sizes: None,
            block: Vec::new(),
        };
        let info = flac.stream_info([0; 16]);
        let picture = comments::picture_block(tags);
        let comment_kind = if picture.is_some() { COMMENT } else { COMMENT | LAST };
        flac.out.write_all(b"fLaC")?;
        flac.write_metadata(STREAMINFO, &info)?;
        flac.write_metadata(comment_kind, &comments::comment_block(tags))?;
        if let Some(picture) = picture {
            flac.write_metadata(PICTURE | LAST, &picture)?;
        }
        Ok(flac)
    }

    fn write_metadata(&mut self, kind: u8, body: &[u8]) -> Result<(), AudioError> {
        // Three bytes of length; the limits of tags keep every block below 16 MiB.
        let [_, length @ ..] = (body.len() as u32).to_be_bytes();
        self.out.write_all(&[kind])?;
        self.out.write_all(&length)?;
        Ok(self.out.write_all(body)?)
    }

    /// RFC 9639 §8.2.
    fn stream_info(&self, md5: [u8; 16]) -> Vec<u8> {
        let (least, most) = self.sizes.unwrap_or_default();
        let mut out = Vec::with_capacity(34);
        out.extend_from_slice(&(BLOCK as u16).to_be_bytes());
        out.extend_from_slice(&(BLOCK as u16).to_be_bytes());
        out.extend_from_slice(&least.to_be_bytes()[1..]);
        out.extend_from_slice(&most.to_be_bytes()[1..]);
        // 36 bits of length, where 0 means unknown.
        let frames = if self.frames < 1 << 36 { self.frames } else { 0 };
        let word = u64::from(self.shape.sample_rate) << 44
            | u64::from(self.shape.channels - 1) << 41
            | u64::from(self.bits - 1) << 36
            | frames;
        out.extend_from_slice(&word.to_be_bytes());
        out.extend_from_slice(&md5);
        out
    }

    fn write_block(&mut self) -> Result<(), AudioError> {
        self.block.clear();
        self.coder.encode(&self.planes, &mut self.block);
        self.out.write_all(&self.block)?;
        self.planes.iter_mut().for_each(Vec::clear);
        let size = self.block.len() as u32;
        let (least, most) = self.sizes.unwrap_or((size, size));
        self.sizes = Some((least.min(size), most.max(size)));
        Ok(())
    }

    /// Appends the frames to the planes and to the checksum, which is of little-endian interleaved samples.
    fn take(&mut self, interleaved: &[f64]) {
        let channels = self.planes.len();
        let scale = f64::from(1 << (self.bits - 1));
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            plane.extend(interleaved[channel..].iter().step_by(channels).map(|&s| to_int(s, scale)));
        }
        self.md5_bytes.clear();
        let ints = interleaved.iter().map(|&s| to_int(s, scale).to_le_bytes());
        match self.bits {
            16 => self.md5_bytes.extend(ints.flat_map(|[a, b, _, _]| [a, b])),
            _ => self.md5_bytes.extend(ints.flat_map(|[a, b, c, _]| [a, b, c])),
        }
        self.md5.update(&self.md5_bytes);
        self.frames += (interleaved.len() / channels) as u64;
    }
}

impl Writer for Flac<'_> {
    fn push(&mut self, interleaved: &[f64]) -> Result<(), AudioError> {
        let channels = self.planes.len();
        let mut rest = interleaved;
        while !rest.is_empty() {
            let room = (BLOCK - self.planes[0].len()) * channels;
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.take(now);
            rest = later;
            if self.planes[0].len() == BLOCK {
                self.write_block()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, AudioError> {
        if !self.planes[0].is_empty() {
            self.write_block()?;
        }
        let bytes = self.out.stream_position()?;
        let md5 = std::mem::take(&mut self.md5).finalize().into();
        let info = self.stream_info(md5);
        self.out.seek(SeekFrom::Start(8))?;
        self.out.write_all(&info)?;
        self.out.flush()?;
        Ok(bytes)
    }
}
