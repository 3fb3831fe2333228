//! One FLAC frame (RFC 9639 §9): its header, its subframes, its checksum.

use super::bits::Bits;
use super::subframe::{self, Wrong};
use crate::crc::{crc8, crc16};

/// Largest depth that leaves room for the 33rd bit of a difference.
const MAX_NARROW_BITS: u32 = 31;

/// What the channels of a frame hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Assignment {
    Independent,
    LeftSide,
    SideRight,
    MidSide,
}

/// A frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Sample frames.
    pub frames: usize,
    /// Hz; none where STREAMINFO has it.
    pub rate: Option<u32>,
    pub channels: usize,
    assignment: Assignment,
    /// Bits a sample; none where STREAMINFO has it.
    pub bits: Option<u32>,
    /// Counts frames of the stream, or samples.
    pub number: u64,
    pub counts_samples: bool,
    bytes: usize,
}

impl Header {
    /// Reads the header at the start of `data`; none if there is none.
    pub(super) fn parse(data: &[u8]) -> Option<Self> {
        let [0xff, second, sizes, shape] = *data.first_chunk()? else { return None };
        if second & 0xfe != 0xf8 || shape & 1 != 0 {
            return None;
        }
        let (number, mut at) = coded_number(data)?;
        let mut take = |count: usize| {
            let bytes = data.get(at..at + count)?;
            at += count;
            Some(bytes.iter().fold(0, |value, &byte| value << 8 | u32::from(byte)))
        };
        let frames = match sizes >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => take(1)? as usize + 1,
            7 => take(2)? as usize + 1,
            code => 256 << (code - 8),
        };
        let rate = match sizes & 15 {
            0 => None,
            12 => Some(take(1)? * 1000),
            13 => Some(take(2)?),
            14 => Some(take(2)? * 10),
            15 => return None,
            code => Some(RATES[usize::from(code) - 1]),
        };
        let (channels, assignment) = match shape >> 4 {
            code @ 0..=7 => (usize::from(code) + 1, Assignment::Independent),
            8 => (2, Assignment::LeftSide),
            9 => (2, Assignment::SideRight),
            10 => (2, Assignment::MidSide),
            _ => return None,
        };
        let bits = match shape >> 1 & 7 {
            0 => None,
            3 => return None,
            code => Some(DEPTHS[usize::from(code) - 1]),
        };
        let sum = *data.get(at)?;
        (crc8(&data[..at]) == sum).then_some(Self {
            frames,
            rate: rate.filter(|&rate| rate > 0),
            channels,
            assignment,
            bits,
            number,
            counts_samples: second & 1 == 1,
            bytes: at + 1,
        })
    }
}

/// Rates with a code of their own, from 1.
const RATES: [u32; 11] =
    [88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
/// Depths by code, from 1; the third is reserved.
const DEPTHS: [u32; 7] = [8, 12, 0, 16, 20, 24, 32];

/// The number in a header, coded like UTF-8 up to 36 bits, and where it ends.
fn coded_number(data: &[u8]) -> Option<(u64, usize)> {
    let first = *data.get(4)?;
    let follow = match first.leading_ones() {
        0 => 0,
        ones @ 2..=7 => ones as usize - 1,
        _ => return None,
    };
    let start = u64::from(first & (0x7f >> follow));
    let tail = data.get(5..5 + follow)?;
    tail.iter().all(|byte| byte >> 6 == 0b10).then_some(())?;
    Some((tail.iter().fold(start, |number, byte| number << 6 | u64::from(byte & 0x3f)), 5 + follow))
}

/// Why there is no sound in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It goes on behind the end of the data.
    Cut,
    /// Its contents or its checksum are wrong.
    Damaged,
}

/// Decodes frames one by one; the samples of the latest stay here, a plane for each channel.
#[derive(Default)]
pub(super) struct Decoder {
    planes: Vec<Vec<i32>>,
    /// A difference of 32-bit samples, which has 33 bits.
    wide: Vec<i64>,
}

impl Decoder {
    /// Decodes the frame at the start of `data`, whose header was read before; returns its length in bytes. `bits` is
    /// the depth of the stream.
    pub(super) fn decode(&mut self, data: &[u8], header: &Header, bits: u32) -> Result<usize, Fault> {
        let depth = header.bits.unwrap_or(bits);
        let mut input = Bits::new(data.get(header.bytes..).unwrap_or_default());
        if self.planes.len() < header.channels {
            self.planes.resize_with(header.channels, Vec::new);
        }
        for channel in 0..header.channels {
            let plane = &mut self.planes[channel];
            let side = match header.assignment {
                Assignment::Independent => 0,
                Assignment::SideRight => u32::from(channel == 0),
                Assignment::LeftSide | Assignment::MidSide => u32::from(channel == 1),
            };
            let decoded = if side > 0 && depth > MAX_NARROW_BITS {
                self.wide.resize(header.frames, 0);
                subframe::decode(&mut input, depth + side, &mut self.wide)
            } else {
                plane.resize(header.frames, 0);
                subframe::decode(&mut input, depth + side, plane)
            };
            if input.is_over() {
                return Err(Fault::Cut);
            }
            decoded.map_err(|Wrong| Fault::Damaged)?;
        }
        input.align();
        let end = header.bytes + input.byte();
        let Some(sum) = data.get(end..).and_then(|rest| rest.first_chunk::<2>()) else {
            return Err(Fault::Cut);
        };
        if crc16(&data[..end]) != u16::from_be_bytes(*sum) {
            return Err(Fault::Damaged);
        }
        self.undo_stereo(header, depth);
        Ok(end + 2)
    }

    /// The samples of the frame decoded last.
    pub(super) fn planes(&self, header: &Header) -> Vec<&[i32]> {
        self.planes[..header.channels].iter().map(Vec::as_slice).collect()
    }

    /// Left and right from what was coded of them.
    fn undo_stereo(&mut self, header: &Header, depth: u32) {
        let Self { planes, wide } = self;
        let [first, second, ..] = &mut planes[..] else { return };
        let wide = (depth > MAX_NARROW_BITS).then_some(&wide[..]);
        match (header.assignment, wide) {
            (Assignment::Independent, _) => {}
            (Assignment::LeftSide, None) => both(first, second, |left, side| (left, left.wrapping_sub(side))),
            (Assignment::SideRight, None) => {
                both(first, second, |side, right| (right.wrapping_add(side), right));
            }
            (Assignment::MidSide, None) => both(first, second, |mid, side| {
                let sum = mid << 1 | (side & 1);
                (sum.wrapping_add(side) >> 1, sum.wrapping_sub(side) >> 1)
            }),
            (Assignment::LeftSide, Some(wide)) => {
                second.clear();
                second.extend(first.iter().zip(wide).map(|(&left, side)| (i64::from(left) - side) as i32));
            }
            (Assignment::SideRight, Some(wide)) => {
                first.clear();
                first.extend(second.iter().zip(wide).map(|(&right, side)| (i64::from(right) + side) as i32));
            }
            (Assignment::MidSide, Some(wide)) => {
                second.resize(wide.len(), 0);
                for ((first, second), &side) in first.iter_mut().zip(second).zip(wide) {
                    let sum = i64::from(*first) << 1 | (side & 1);
                    (*first, *second) = (((sum + side) >> 1) as i32, ((sum - side) >> 1) as i32);
                }
            }
        }
    }
}

fn both(first: &mut [i32], second: &mut [i32], undo: impl Fn(i32, i32) -> (i32, i32)) {
    for (a, b) in first.iter_mut().zip(second) {
        (*a, *b) = undo(*a, *b);
    }
}
