//! Plain sample data inside WAV and AIFF: read in 256 KiB blocks and converted without intermediate planes.
//! Up to 16 bits become `i16`, 24 and 32 bit integers left-justified `i32`, floats `f32`.

use std::sync::Arc;

use wide::u64x2;

use crate::error::AudioError;
use crate::media::Codec;
use crate::read_at::{ReadAt, fill_at};
use crate::source::Samples;

/// Bytes read at once.
pub(super) const BLOCK_BYTES: usize = 256 * 1024;

/// How one sample is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    U8,
    S8,
    S16Le,
    S16Be,
    S24Le,
    S24Be,
    S32Le,
    S32Be,
    F32Le,
    F32Be,
    F64Le,
    F64Be,
    Alaw,
    Mulaw,
}

impl Encoding {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::S8 | Self::Alaw | Self::Mulaw => 1,
            Self::S16Le | Self::S16Be => 2,
            Self::S24Le | Self::S24Be => 3,
            Self::S32Le | Self::S32Be | Self::F32Le | Self::F32Be => 4,
            Self::F64Le | Self::F64Be => 8,
        }
    }

    pub(super) fn codec(self) -> Codec {
        match self {
            Self::Alaw => Codec::Alaw,
            Self::Mulaw => Codec::Mulaw,
            Self::F32Le | Self::F32Be | Self::F64Le | Self::F64Be => Codec::PcmFloat,
            Self::U8
            | Self::S8
            | Self::S16Le
            | Self::S16Be
            | Self::S24Le
            | Self::S24Be
            | Self::S32Le
            | Self::S32Be => Codec::Pcm,
        }
    }
}

/// Where the sample data lies and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PcmLayout {
    pub encoding: Encoding,
    pub channels: u32,
    pub offset: u64,
    /// Whole frames present in the file.
    pub frames: u64,
}

impl PcmLayout {
    pub(super) fn frame_bytes(&self) -> usize {
        self.encoding.bytes() * self.channels as usize
    }
}

/// A running read of sample data.
pub(super) struct Pcm {
    input: Arc<dyn ReadAt>,
    layout: PcmLayout,
    next_frame: u64,
    bytes: Vec<u8>,
    ints: Vec<i16>,
    wides: Vec<i32>,
    floats: Vec<f32>,
}

impl Pcm {
    pub(super) fn new(input: Arc<dyn ReadAt>, layout: PcmLayout) -> Self {
        let (bytes, ints, wides, floats) = Default::default();
        Self { input, layout, next_frame: 0, bytes, ints, wides, floats }
    }

    pub(super) fn fraction(&self) -> f32 {
        self.next_frame as f32 / self.layout.frames.max(1) as f32
    }

    /// The next block, or none at the end. A file that shrinks while it is read ends early.
    pub(super) fn next(&mut self) -> Result<Option<Samples<'_>>, AudioError> {
        let frame_bytes = self.layout.frame_bytes();
        let most = (BLOCK_BYTES / frame_bytes).max(1) as u64;
        let frames = most.min(self.layout.frames - self.next_frame) as usize;
        self.bytes.resize(frames * frame_bytes, 0);
        let at = self.layout.offset + self.next_frame * frame_bytes as u64;
        let n = fill_at(self.input.as_ref(), &mut self.bytes, at)? / frame_bytes * frame_bytes;
        if n == 0 {
            self.next_frame = self.layout.frames;
            return Ok(None);
        }
        self.next_frame += (n / frame_bytes) as u64;
        Ok(Some(self.convert(n)))
    }

    fn convert(&mut self, n: usize) -> Samples<'_> {
        let bytes = &self.bytes[..n];
        let (ints, wides, floats) = (&mut self.ints, &mut self.wides, &mut self.floats);
        match self.layout.encoding {
            Encoding::U8 => Samples::I16(each(bytes, ints, |[b]: [u8; 1]| (i16::from(b) - 128) << 8)),
            Encoding::S8 => Samples::I16(each(bytes, ints, |[b]: [u8; 1]| i16::from(b as i8) << 8)),
            Encoding::Alaw => Samples::I16(each(bytes, ints, |[b]: [u8; 1]| alaw(b))),
            Encoding::Mulaw => Samples::I16(each(bytes, ints, |[b]: [u8; 1]| mulaw(b))),
            Encoding::S16Le => match as_they_are(bytes) {
                Some(samples) => Samples::I16(samples),
                None => Samples::I16(each(bytes, ints, i16::from_le_bytes)),
            },
            Encoding::S16Be => Samples::I16(each(bytes, ints, i16::from_be_bytes)),
            // The words are taken apart in the order of this machine.
            Encoding::S24Le if cfg!(target_endian = "little") => Samples::I32(s24le(bytes, wides)),
            Encoding::S24Le => {
                Samples::I32(each(bytes, wides, |[a, b, c]: [u8; 3]| i32::from_le_bytes([0, a, b, c])))
            }
            Encoding::S24Be => {
                Samples::I32(each(bytes, wides, |[a, b, c]: [u8; 3]| i32::from_be_bytes([a, b, c, 0])))
            }
            Encoding::S32Le => Samples::I32(each(bytes, wides, i32::from_le_bytes)),
            Encoding::S32Be => Samples::I32(each(bytes, wides, i32::from_be_bytes)),
            Encoding::F32Le => match as_they_are(bytes) {
                Some(samples) => Samples::F32(samples),
                None => Samples::F32(each(bytes, floats, f32::from_le_bytes)),
            },
            Encoding::F32Be => Samples::F32(each(bytes, floats, f32::from_be_bytes)),
            Encoding::F64Le => Samples::F32(each(bytes, floats, |b| f64::from_le_bytes(b) as f32)),
            Encoding::F64Be => Samples::F32(each(bytes, floats, |b| f64::from_be_bytes(b) as f32)),
        }
    }
}

/// Samples that lie in memory as this machine keeps them; none where it does not.
fn as_they_are<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Option<&[T]> {
    if cfg!(target_endian = "little") { bytemuck::try_cast_slice(bytes).ok() } else { None }
}

/// Converts every `N` bytes; a plain loop over arrays, so that the compiler vectorises it.
fn each<'o, const N: usize, T: Copy + Default>(
    bytes: &[u8],
    out: &'o mut Vec<T>,
    convert: impl Fn([u8; N]) -> T,
) -> &'o [T] {
    let (chunks, _) = bytes.as_chunks::<N>();
    out.resize(chunks.len(), T::default());
    for (sample, &chunk) in out.iter_mut().zip(chunks) {
        *sample = convert(chunk);
    }
    out
}

/// 24 bits, little-endian: eight samples out of four words that hold two each, shifted to their places together.
fn s24le<'o>(bytes: &[u8], out: &'o mut Vec<i32>) -> &'o [i32] {
    let (even, odd) = (u64x2::splat(0xffff_ff00), u64x2::splat(0xffff_ff00_0000_0000));
    out.resize(bytes.len() / 3, 0);
    let (eights, rest) = bytes.as_chunks::<24>();
    let (to, to_rest) = out.as_chunks_mut::<8>();
    for (to, eight) in to.iter_mut().zip(eights) {
        let word = |at: usize| eight[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        let words = [u64x2::new([word(0), word(6)]), u64x2::new([word(12), word(16) >> 16])];
        *to = bytemuck::cast(words.map(|two| (two << 8 & even) | (two << 16 & odd)));
    }
    for (to, &[a, b, c]) in to_rest.iter_mut().zip(rest.as_chunks::<3>().0) {
        *to = i32::from_le_bytes([0, a, b, c]);
    }
    out
}

/// ITU-T G.711 A-law to 16-bit linear (13 bits left-justified).
fn alaw(byte: u8) -> i16 {
    let a = byte ^ 0x55;
    let mantissa = i16::from(a & 0x0f) << 4;
    let magnitude = match (a >> 4) & 7 {
        0 => mantissa + 8,
        exponent => (mantissa + 0x108) << (exponent - 1),
    };
    if a & 0x80 != 0 { magnitude } else { -magnitude }
}

/// ITU-T G.711 µ-law to 16-bit linear (14 bits left-justified).
fn mulaw(byte: u8) -> i16 {
    let u = !byte;
    let magnitude = (((i16::from(u & 0x0f) << 3) + 0x84) << ((u >> 4) & 7)) - 0x84;
    if u & 0x80 != 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companded_samples_match_g711_tables() {
        assert_eq!([alaw(0x55), alaw(0xd5), alaw(0x2a), alaw(0xaa)], [-8, 8, -32256, 32256]);
        assert_eq!([mulaw(0xff), mulaw(0x7f), mulaw(0x00), mulaw(0x80)], [0, 0, -32124, 32124]);
    }

    #[test]
    fn samples_of_24_bits_are_taken_eight_at_a_time() {
        let bytes: Vec<u8> = (0..3 * 29u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let one_by_one: Vec<i32> =
            bytes.as_chunks::<3>().0.iter().map(|&[a, b, c]| i32::from_le_bytes([0, a, b, c])).collect();
        assert_eq!(s24le(&bytes, &mut Vec::new()), one_by_one);
    }

    #[test]
    fn every_encoding_lands_left_justified() {
        let read = |encoding, bytes: &[u8]| {
            let layout = PcmLayout { encoding, channels: 1, offset: 0, frames: 1 };
            let mut pcm = Pcm::new(Arc::new(bytes.to_vec()), layout);
            match pcm.next().expect("readable").expect("one frame") {
                Samples::I16(s) => f64::from(s[0]) / 32768.0,
                Samples::I32(s) => f64::from(s[0]) / 2_147_483_648.0,
                Samples::F32(s) => f64::from(s[0]),
            }
        };
        assert_eq!(read(Encoding::U8, &[0x40]), -0.5);
        assert_eq!(read(Encoding::S8, &[0xc0]), -0.5);
        assert_eq!(read(Encoding::S16Le, &[0, 0xc0]), -0.5);
        assert_eq!(read(Encoding::S16Be, &[0xc0, 0]), -0.5);
        assert_eq!(read(Encoding::S24Le, &[0, 0, 0xc0]), -0.5);
        assert_eq!(read(Encoding::S24Be, &[0xc0, 0, 0]), -0.5);
        assert_eq!(read(Encoding::S32Le, &[0, 0, 0, 0xc0]), -0.5);
        assert_eq!(read(Encoding::S32Be, &[0xc0, 0, 0, 0]), -0.5);
        assert_eq!(read(Encoding::F32Le, &(-0.5f32).to_le_bytes()), -0.5);
        assert_eq!(read(Encoding::F32Be, &(-0.5f32).to_be_bytes()), -0.5);
        assert_eq!(read(Encoding::F64Le, &(-0.5f64).to_le_bytes()), -0.5);
        assert_eq!(read(Encoding::F64Be, &(-0.5f64).to_be_bytes()), -0.5);
    }
}
