//! AIFF, and AIFF-C for floating point (Apple, "Audio Interchange File Format" 1.3; AIFF-C draft 08/26/91).

use std::io::{Seek, SeekFrom, Write};

use super::pcm::{self, Endian};
use super::{Out, PcmDepth, Shape, Writer};
use crate::error::AudioError;
use crate::tags::{Tags, aiff};

/// The one version of AIFF-C there ever was.
const AIFC_VERSION: [u8; 4] = 0xa280_5140u32.to_be_bytes();

/// An AIFF file in the making.
pub(super) struct Aiff<'s> {
    out: Out<'s>,
    depth: PcmDepth,
    shape: Shape,
    head_chunks: Vec<u8>,
    tail_chunks: Vec<u8>,
    frames: u64,
    bytes: Vec<u8>,
}

impl<'s> Aiff<'s> {
    pub(super) fn create(
        depth: PcmDepth,
        shape: Shape,
        tags: &Tags,
        out: Out<'s>,
    ) -> Result<Self, AudioError> {
        let (head_chunks, tail_chunks) = (aiff::head_chunks(tags), aiff::tail_chunks(tags));
        let mut aiff = Self { out, depth, shape, head_chunks, tail_chunks, frames: 0, bytes: Vec::new() };
        let header = aiff.header()?;
        aiff.out.write_all(&header)?;
        Ok(aiff)
    }

    fn data_bytes(&self) -> u64 {
        self.frames.saturating_mul(pcm::bytes_of(self.depth) as u64 * u64::from(self.shape.channels))
    }

    /// Everything before the samples; `TooLarge` when a size does not fit its 32 bits.
    fn header(&self) -> Result<Vec<u8>, AudioError> {
        let narrow = |size: u64| u32::try_from(size).map_err(|_| AudioError::TooLarge { format: "AIFF" });
        let float = self.depth == PcmDepth::Float32;
        let data = self.data_bytes();
        let mut common = (self.shape.channels as u16).to_be_bytes().to_vec();
        common.extend_from_slice(&narrow(self.frames)?.to_be_bytes());
        common.extend_from_slice(&(pcm::bytes_of(self.depth) as u16 * 8).to_be_bytes());
        common.extend_from_slice(&extended(self.shape.sample_rate));
        let mut body = if float { b"AIFC".to_vec() } else { b"AIFF".to_vec() };
        if float {
            aiff::push_chunk(&mut body, b"FVER", &AIFC_VERSION);
            // The name of the coding as a string with its length in front, of even length.
            common.extend_from_slice(b"fl32\x0f32-bit floating");
        }
        aiff::push_chunk(&mut body, b"COMM", &common);
        body.extend_from_slice(&self.head_chunks);
        body.extend_from_slice(b"SSND");
        body.extend_from_slice(&narrow(data + 8)?.to_be_bytes());
        // Offset and block size of the sound, unused.
        body.extend_from_slice(&[0; 8]);
        let form = body.len() as u64 + data + (data & 1) + self.tail_chunks.len() as u64;
        let mut out = b"FORM".to_vec();
        out.extend_from_slice(&narrow(form)?.to_be_bytes());
        out.append(&mut body);
        Ok(out)
    }
}

impl Writer for Aiff<'_> {
    fn push(&mut self, interleaved: &[f64]) -> Result<(), AudioError> {
        pcm::store(interleaved, self.depth, Endian::Big, &mut self.bytes);
        self.out.write_all(&self.bytes)?;
        self.frames += interleaved.len() as u64 / u64::from(self.shape.channels);
        if self.data_bytes() > u64::from(u32::MAX) {
            return Err(AudioError::TooLarge { format: "AIFF" });
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<u64, AudioError> {
        let header = self.header()?;
        let padding = (self.data_bytes() & 1) as usize;
        self.out.write_all(&[0][..padding])?;
        let tail = std::mem::take(&mut self.tail_chunks);
        self.out.write_all(&tail)?;
        let bytes = self.out.stream_position()?;
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&header)?;
        self.out.flush()?;
        Ok(bytes)
    }
}

/// An integer as an 80-bit IEEE 754 extended number.
fn extended(value: u32) -> [u8; 10] {
    let mut out = [0; 10];
    if value > 0 {
        let shift = value.leading_zeros();
        out[..2].copy_from_slice(&(16_383 + 31 - shift as u16).to_be_bytes());
        out[2..6].copy_from_slice(&(value << shift).to_be_bytes());
    }
    out
}
