//! AIFF and AIFF-C headers (Apple, "Audio Interchange File Format" 1.3 and AIFF-C draft 08/26/91).

use std::sync::Arc;

use crate::error::{AudioError, corrupt, unsupported};
use crate::media::{Container, Warning};
use crate::read_at::{ReadAt, bytes_at, fill_at};
use crate::sniff::Sniffed;
use crate::source::pcm::{Encoding, PcmLayout};
use crate::source::{Opened, opened_pcm, riff};

/// Most chunks that are looked at.
const MAX_CHUNKS: usize = 4096;

struct Comm {
    channels: u16,
    frames: u32,
    bits: u16,
    sample_rate: u32,
    compression: [u8; 4],
}

pub(super) fn open(input: Arc<dyn ReadAt>, sniffed: Sniffed) -> Result<Opened, AudioError> {
    let mut comm = None;
    let mut sound = None;
    let mut at = sniffed.start + 12;
    for _ in 0..MAX_CHUNKS {
        let Some([a, b, c, d, s0, s1, s2, s3]) = bytes_at::<8>(input.as_ref(), at)? else { break };
        let (body, size) = (at + 8, u64::from(u32::from_be_bytes([s0, s1, s2, s3])));
        match &[a, b, c, d] {
            b"COMM" => comm = Some(read_comm(input.as_ref(), body, size, sniffed.container)?),
            b"SSND" => {
                let Some([o0, o1, o2, o3]) = bytes_at::<4>(input.as_ref(), body)? else { break };
                let offset = 8 + u64::from(u32::from_be_bytes([o0, o1, o2, o3]));
                sound = Some((body + offset, size.saturating_sub(offset)));
            }
            _ => {}
        }
        if comm.is_some() && sound.is_some() {
            break;
        }
        at = riff::next_chunk(input.as_ref(), body + size)?;
    }
    let Some(comm) = comm else { return corrupt("its format description is missing") };
    let Some((offset, bytes)) = sound else { return corrupt("its sound data is missing") };
    if comm.channels == 0 {
        return corrupt("it claims to have no channels");
    }
    let encoding = encoding(&comm)?;
    let mut layout = PcmLayout { encoding, channels: u32::from(comm.channels), offset, frames: 0 };
    let mut warnings = Vec::new();
    let present = bytes.min(sniffed.end.saturating_sub(offset)) / layout.frame_bytes() as u64;
    layout.frames = match u64::from(comm.frames) {
        0 => present,
        frames => frames.min(present),
    };
    if u64::from(comm.frames) > present {
        warnings.push(Warning::Truncated);
    }
    let bits = match comm.bits {
        0 => encoding.bytes() as u32 * 8,
        bits => u32::from(bits).min(encoding.bytes() as u32 * 8),
    };
    Ok(opened_pcm(input, sniffed.container, comm.sample_rate, bits, layout, warnings))
}

fn read_comm(input: &dyn ReadAt, at: u64, size: u64, container: Container) -> Result<Comm, AudioError> {
    let mut b = [0u8; 22];
    let n = fill_at(input, &mut b[..size.min(22) as usize], at)?;
    if n < 18 {
        return corrupt("its format description is too short");
    }
    let compression = match container {
        Container::Aifc if n >= 22 => [b[18], b[19], b[20], b[21]],
        _ => *b"NONE",
    };
    Ok(Comm {
        channels: u16::from_be_bytes([b[0], b[1]]),
        frames: u32::from_be_bytes([b[2], b[3], b[4], b[5]]),
        bits: u16::from_be_bytes([b[6], b[7]]),
        sample_rate: extended_to_u32([b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]]),
        compression,
    })
}

fn encoding(comm: &Comm) -> Result<Encoding, AudioError> {
    let bytes = comm.bits.div_ceil(8);
    match (&comm.compression, bytes) {
        (b"NONE" | b"twos", 1) => Ok(Encoding::S8),
        (b"NONE" | b"twos", 2) => Ok(Encoding::S16Be),
        (b"NONE" | b"twos" | b"in24", 3) => Ok(Encoding::S24Be),
        (b"NONE" | b"twos" | b"in32", 4) => Ok(Encoding::S32Be),
        (b"in24", _) => Ok(Encoding::S24Be),
        (b"in32", _) => Ok(Encoding::S32Be),
        (b"sowt", 1) => Ok(Encoding::S8),
        (b"sowt", 2) => Ok(Encoding::S16Le),
        (b"sowt", 3) => Ok(Encoding::S24Le),
        (b"sowt", 4) => Ok(Encoding::S32Le),
        (b"raw ", _) => Ok(Encoding::U8),
        (b"fl32" | b"FL32", _) => Ok(Encoding::F32Be),
        (b"fl64" | b"FL64", _) => Ok(Encoding::F64Be),
        (b"alaw" | b"ALAW", _) => Ok(Encoding::Alaw),
        (b"ulaw" | b"ULAW", _) => Ok(Encoding::Mulaw),
        (b"NONE" | b"twos" | b"sowt", _) => corrupt("its sample size is impossible"),
        _ => unsupported("an AIFF file in a rare coding"),
    }
}

/// The integer part of a positive 80-bit IEEE 754 extended number, of which the first eight bytes suffice.
fn extended_to_u32(b: [u8; 8]) -> u32 {
    let exponent = i32::from(u16::from_be_bytes([b[0], b[1]]) & 0x7fff) - 16383;
    let mantissa = u64::from_be_bytes([b[2], b[3], b[4], b[5], b[6], b[7], 0, 0]);
    match exponent {
        0..=31 => (mantissa >> (63 - exponent)) as u32,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_rates_are_read_from_extended_numbers() {
        assert_eq!(extended_to_u32([0x40, 0x0e, 0xbb, 0x80, 0, 0, 0, 0]), 48_000);
        assert_eq!(extended_to_u32([0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0]), 44_100);
        assert_eq!(extended_to_u32([0x40, 0x10, 0xbb, 0x80, 0, 0, 0, 0]), 192_000);
        assert_eq!(extended_to_u32([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]), 0);
    }
}
