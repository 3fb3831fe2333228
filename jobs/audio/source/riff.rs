//! WAV, RF64 and BW64 headers (Microsoft RIFF/WAVE; EBU Tech 3306; ITU-R BS.2088).
//! Forgiving on purpose: recorders write odd chunks without padding, wrong RIFF sizes, and no length at all when
//! the power fails. Only `fmt ` and `data` (and `ds64`, `fact`) matter; every other chunk is stepped over.

use std::io;
use std::sync::Arc;

use crate::error::{AudioError, corrupt, unsupported};
use crate::media::{Codec, Warning};
use crate::read_at::{ReadAt, bytes_at, fill_at};
use crate::sniff::Sniffed;
use crate::source::pcm::{Encoding, PcmLayout};
use crate::source::{Opened, adpcm, opened_pcm};

/// Most chunks that are looked at before `data`.
const MAX_CHUNKS: usize = 4096;
/// A 32-bit size that means "see ds64" or "unknown".
const SIZE_UNKNOWN: u32 = u32::MAX;

/// The `fmt ` chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fmt {
    tag: u16,
    pub channels: u16,
    pub sample_rate: u32,
    pub block_align: u16,
    bits: u16,
    valid_bits: u16,
}

/// The `data` chunk as it lies in the file.
#[derive(Debug, Clone, Copy)]
struct Data {
    offset: u64,
    bytes: u64,
}

pub(super) fn open(input: Arc<dyn ReadAt>, sniffed: Sniffed) -> Result<Opened, AudioError> {
    let mut warnings = Vec::new();
    let found = scan(input.as_ref(), sniffed, &mut warnings)?;
    let Some(data) = found.data else { return corrupt("its sound data is missing") };
    let Some(fmt) = found.fmt else { return corrupt("its format description is missing") };
    if fmt.channels == 0 {
        return corrupt("it claims to have no channels");
    }
    let container = sniffed.container;
    if let Some(codec) = fmt.adpcm() {
        return adpcm::open(input, container, codec, &fmt, found.fact, (data.offset, data.bytes), warnings);
    }
    let encoding = fmt.encoding()?;
    let mut layout =
        PcmLayout { encoding, channels: u32::from(fmt.channels), offset: data.offset, frames: 0 };
    layout.frames = data.bytes / layout.frame_bytes() as u64;
    let bits = if fmt.valid_bits > 0 { fmt.valid_bits } else { fmt.bits };
    let bits = u32::from(bits).min(encoding.bytes() as u32 * 8);
    Ok(opened_pcm(input, container, fmt.sample_rate, bits, layout, warnings))
}

#[derive(Default)]
struct Found {
    fmt: Option<Fmt>,
    fact: Option<u64>,
    data: Option<Data>,
}

fn scan(input: &dyn ReadAt, sniffed: Sniffed, warnings: &mut Vec<Warning>) -> Result<Found, AudioError> {
    let mut found = Found::default();
    let mut wide_data = None;
    let mut at = sniffed.start + 12;
    for _ in 0..MAX_CHUNKS {
        let Some(header) = bytes_at::<8>(input, at)? else { break };
        let [a, b, c, d, s0, s1, s2, s3] = header;
        let size = u32::from_le_bytes([s0, s1, s2, s3]);
        let body = at + 8;
        match &[a, b, c, d] {
            b"ds64" => {
                let sizes = bytes_at::<24>(input, body)?;
                wide_data = sizes.map(|s| le64(&s[8..16]));
                found.fact = sizes.map(|s| le64(&s[16..24])).filter(|&n| n > 0);
            }
            b"fmt " => found.fmt = Some(read_fmt(input, body, size)?),
            b"fact" if found.fact.is_none() => {
                found.fact = bytes_at::<4>(input, body)?.map(|n| u64::from(u32::from_le_bytes(n)));
            }
            b"data" => {
                let claimed = wide_data.filter(|_| size == SIZE_UNKNOWN).unwrap_or(u64::from(size));
                let known = claimed != u64::from(SIZE_UNKNOWN);
                found.data = Some(place_data(input, body, known.then_some(claimed), sniffed.end, warnings)?);
                if found.fmt.is_some() {
                    break;
                }
            }
            _ => {}
        }
        at = next_chunk(input, body.saturating_add(u64::from(size)))?;
    }
    Ok(found)
}

/// Bounds the data chunk by the file. A size of 0 or none is what a recorder leaves that lost power.
fn place_data(
    input: &dyn ReadAt,
    offset: u64,
    claimed: Option<u64>,
    end: u64,
    warnings: &mut Vec<Warning>,
) -> Result<Data, AudioError> {
    let present = end.saturating_sub(offset);
    let unknown = match claimed {
        None => true,
        Some(0) => present > 0 && !looks_like_chunk(input, offset)?,
        Some(_) => false,
    };
    if unknown {
        warnings.push(Warning::LengthUnknown);
        return Ok(Data { offset, bytes: present });
    }
    let claimed = claimed.unwrap_or(0);
    if claimed > present {
        warnings.push(Warning::Truncated);
    }
    Ok(Data { offset, bytes: claimed.min(present) })
}

/// Chunks are padded to even offsets, but not by every writer: an odd end is taken where a chunk name follows.
pub(crate) fn next_chunk(input: &dyn ReadAt, end: u64) -> io::Result<u64> {
    let padded = end.saturating_add(end & 1);
    let unpadded = padded != end && !looks_like_chunk(input, padded)? && looks_like_chunk(input, end)?;
    Ok(if unpadded { end } else { padded })
}

fn looks_like_chunk(input: &dyn ReadAt, at: u64) -> io::Result<bool> {
    let name = bytes_at::<4>(input, at)?;
    Ok(name.is_some_and(|name| name.iter().all(|b| (0x20..0x7f).contains(b)) && name[0] != b' '))
}

fn read_fmt(input: &dyn ReadAt, at: u64, size: u32) -> Result<Fmt, AudioError> {
    let mut b = [0u8; 40];
    let n = fill_at(input, &mut b[..(size as usize).min(40)], at)?;
    if n < 14 {
        return corrupt("its format description is too short");
    }
    let extensible = le16(&b[0..]) == 0xfffe && n >= 26;
    let fmt = Fmt {
        tag: if extensible { le16(&b[24..]) } else { le16(&b[0..]) },
        channels: le16(&b[2..]),
        sample_rate: u32::from_le_bytes([b[4], b[5], b[6], b[7]]),
        block_align: le16(&b[12..]),
        bits: le16(&b[14..]),
        valid_bits: if extensible { le16(&b[18..]) } else { 0 },
    };
    Ok(fmt)
}

impl Fmt {
    fn adpcm(&self) -> Option<Codec> {
        match self.tag {
            0x0002 => Some(Codec::MsAdpcm),
            0x0011 => Some(Codec::ImaAdpcm),
            _ => None,
        }
    }

    /// The stored width comes from the block size where that is consistent, since `bits` may name the valid bits.
    fn encoding(&self) -> Result<Encoding, AudioError> {
        let by_block = match usize::from(self.block_align) % usize::from(self.channels) {
            0 => usize::from(self.block_align / self.channels),
            _ => 0,
        };
        let by_bits = usize::from(self.bits.div_ceil(8));
        let bytes = if by_block >= by_bits.max(1) && by_block <= 8 { by_block } else { by_bits };
        match (self.tag, bytes) {
            (1, 1) => Ok(Encoding::U8),
            (1, 2) => Ok(Encoding::S16Le),
            (1, 3) => Ok(Encoding::S24Le),
            (1, 4) => Ok(Encoding::S32Le),
            (3, 4) => Ok(Encoding::F32Le),
            (3, 8) => Ok(Encoding::F64Le),
            (6, 1) => Ok(Encoding::Alaw),
            (7, 1) => Ok(Encoding::Mulaw),
            (0x0050 | 0x0055, _) => unsupported("a WAV file with MPEG inside"),
            (1 | 3 | 6 | 7, _) => corrupt("its sample size is impossible"),
            _ => unsupported("a WAV file in a rare coding"),
        }
    }
}

fn le16(b: &[u8]) -> u16 {
    u16::from_le_bytes([b[0], b[1]])
}

fn le64(b: &[u8]) -> u64 {
    b[..8].iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests;
