//! Apple Core Audio Format (Apple, "Core Audio Format Specification 1.0"). Plain samples are read directly, which
//! also works without a length and with a cut end; ALAC, AAC and others go through symphonia, trimmed by the packet
//! table.

use std::sync::Arc;

use crate::error::{AudioError, corrupt, unsupported};
use crate::media::Warning;
use crate::read_at::{ReadAt, bytes_at};
use crate::sniff::Sniffed;
use crate::source::coded::{self, Cut, Trim};
use crate::source::pcm::{Encoding, PcmLayout};
use crate::source::{Opened, opened_pcm};

/// Most chunks that are looked at.
const MAX_CHUNKS: usize = 4096;
/// Format flags of linear PCM.
const FLOAT: u32 = 1;
const LITTLE_ENDIAN: u32 = 2;

/// The `desc` chunk.
struct Description {
    sample_rate: u32,
    format: [u8; 4],
    flags: u32,
    bytes_per_packet: u32,
    channels: u32,
    bits: u32,
}

pub(super) fn open(input: Arc<dyn ReadAt>, sniffed: Sniffed) -> Result<Opened, AudioError> {
    let (mut description, mut sound, mut trim) = (None, None, None);
    let mut warnings = Vec::new();
    let mut at = sniffed.start + 8;
    for _ in 0..MAX_CHUNKS {
        let Some([a, b, c, d, size @ ..]) = bytes_at::<12>(input.as_ref(), at)? else { break };
        let body = at + 12;
        let size = i64::from_be_bytes(size);
        let end = match u64::try_from(size) {
            Ok(size) => body.saturating_add(size),
            // Only the sound may go on to the end of the file.
            Err(_) => sniffed.end,
        };
        match &[a, b, c, d] {
            b"desc" => description = bytes_at::<32>(input.as_ref(), body)?.map(|b| Description::parse(&b)),
            b"pakt" => trim = read_packet_table(input.as_ref(), body)?,
            b"data" => {
                if size < 0 {
                    warnings.push(Warning::LengthUnknown);
                } else if end > sniffed.end {
                    warnings.push(Warning::Truncated);
                }
                // The samples stand behind the number of the edit.
                sound = Some((body + 4, end.min(sniffed.end).saturating_sub(body + 4)));
            }
            _ => {}
        }
        at = end;
    }
    let Some(description) = description else { return corrupt("its format description is missing") };
    let Some((offset, bytes)) = sound else { return corrupt("its sound data is missing") };
    let Some(encoding) = description.encoding()? else {
        return coded::open(input, sniffed, trim.map_or(Cut::Header, Cut::Fixed));
    };
    if description.channels == 0 {
        return corrupt("it claims to have no channels");
    }
    let mut layout = PcmLayout { encoding, channels: description.channels, offset, frames: 0 };
    layout.frames = bytes / layout.frame_bytes() as u64;
    let bits = match description.bits {
        0 => encoding.bytes() as u32 * 8,
        bits => bits.min(encoding.bytes() as u32 * 8),
    };
    Ok(opened_pcm(input, sniffed.container, description.sample_rate, bits, layout, warnings))
}

/// Valid frames and priming frames; none where nothing is valid.
fn read_packet_table(input: &dyn ReadAt, at: u64) -> Result<Option<Trim>, AudioError> {
    let Some(table) = bytes_at::<24>(input, at)? else { return Ok(None) };
    let valid = table[8..16].iter().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
    let priming = be32(&table[16..]);
    let sane = valid > 0 && valid < 1 << 48 && priming < 1 << 24;
    Ok(sane.then_some(Trim { skip: u64::from(priming), keep: Some(valid) }))
}

impl Description {
    fn parse(b: &[u8; 32]) -> Self {
        let rate = f64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
        Self {
            // A cast of a float saturates, and not-a-number is 0.
            sample_rate: rate.round() as u32,
            format: [b[8], b[9], b[10], b[11]],
            flags: be32(&b[12..]),
            bytes_per_packet: be32(&b[16..]),
            channels: be32(&b[24..]),
            bits: be32(&b[28..]),
        }
    }

    /// How plain samples are stored; none for a codec.
    fn encoding(&self) -> Result<Option<Encoding>, AudioError> {
        let bytes = match self.bytes_per_packet.checked_div(self.channels) {
            Some(bytes) if bytes > 0 => bytes,
            _ => self.bits.div_ceil(8),
        };
        let little = self.flags & LITTLE_ENDIAN != 0;
        let encoding = match (&self.format, self.flags & FLOAT != 0, bytes, little) {
            (b"alaw", ..) => Encoding::Alaw,
            (b"ulaw", ..) => Encoding::Mulaw,
            (b"lpcm", true, 4, true) => Encoding::F32Le,
            (b"lpcm", true, 4, false) => Encoding::F32Be,
            (b"lpcm", true, 8, true) => Encoding::F64Le,
            (b"lpcm", true, 8, false) => Encoding::F64Be,
            (b"lpcm", false, 1, _) => Encoding::S8,
            (b"lpcm", false, 2, true) => Encoding::S16Le,
            (b"lpcm", false, 2, false) => Encoding::S16Be,
            (b"lpcm", false, 3, true) => Encoding::S24Le,
            (b"lpcm", false, 3, false) => Encoding::S24Be,
            (b"lpcm", false, 4, true) => Encoding::S32Le,
            (b"lpcm", false, 4, false) => Encoding::S32Be,
            (b"lpcm", ..) => return corrupt("its sample size is impossible"),
            (b"alac" | b"aac " | b"ima4" | b".mp3" | b"opus" | b"flac", ..) => return Ok(None),
            _ => return unsupported("a CAF file in a rare coding"),
        };
        Ok(Some(encoding))
    }
}

fn be32(b: &[u8]) -> u32 {
    u32::from_be_bytes([b[0], b[1], b[2], b[3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tests::read_i16 as read;

    fn caf(rate: f64, flags: u32, bytes: u32, size: i64, samples: &[u8]) -> Vec<u8> {
        let mut file = b"caff\0\x01\0\0desc".to_vec();
        file.extend_from_slice(&32i64.to_be_bytes());
        file.extend_from_slice(&rate.to_be_bytes());
        file.extend_from_slice(b"lpcm");
        for word in [flags, 2 * bytes, 1, 2, 8 * bytes] {
            file.extend_from_slice(&word.to_be_bytes());
        }
        file.extend_from_slice(b"free\0\0\0\0\0\0\0\x03abcdata");
        file.extend_from_slice(&size.to_be_bytes());
        file.extend_from_slice(&[0; 4]);
        file.extend_from_slice(samples);
        file
    }

    #[test]
    fn plain_samples_are_read_with_and_without_a_length() {
        let samples = [1, 0, 2, 0, 3, 0, 4, 0];
        let whole = read(caf(44_100.0, LITTLE_ENDIAN, 2, 12, &samples)).expect("readable");
        assert_eq!(whole, (vec![1, 2, 3, 4], vec![]));
        let endless = read(caf(44_100.0, LITTLE_ENDIAN, 2, -1, &samples)).expect("readable");
        assert_eq!(endless, (vec![1, 2, 3, 4], vec![Warning::LengthUnknown]));
        let cut = read(caf(44_100.0, 0, 2, 100, &[0, 1, 0, 2, 0])).expect("readable");
        assert_eq!(cut, (vec![1, 2], vec![Warning::Truncated]));
    }

    #[test]
    fn impossible_descriptions_are_refused() {
        for (rate, flags, bytes) in [(f64::NAN, 0, 2), (44_100.0, 0, 9), (44_100.0, FLOAT, 2), (1e300, 0, 2)]
        {
            let refused = read(caf(rate, flags, bytes, 12, &[0; 8])).expect_err("impossible");
            assert!(refused.is_permanent(), "{rate} {flags} {bytes}");
        }
    }
}
