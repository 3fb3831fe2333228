//! One FLAC frame: header, a subframe for each channel, checksum (RFC 9639 §9).

use super::BLOCK;
use super::bits::Bits;
use super::predict::{self, Linear, Window};
use super::rice::{self, Plan};
use crate::crc::{crc8, crc16};

/// Channel assignments of stereo (RFC 9639 §9.1.3).
const LEFT_SIDE: u32 = 8;
const SIDE_RIGHT: u32 = 9;
const MID_SIDE: u32 = 10;
/// Subframe types.
const CONSTANT: u32 = 0;
const VERBATIM: u32 = 1;
const FIXED: u32 = 8;
const LINEAR: u32 = 32;

/// What lives from frame to frame.
pub(super) struct Coder {
    sample_rate: u32,
    bits: u32,
    number: u64,
    window: Window,
    mid: Vec<i32>,
    side: Vec<i32>,
    shifted: Vec<i32>,
    residuals: [Vec<i32>; 2],
}

impl Coder {
    pub(super) fn new(sample_rate: u32, bits: u32) -> Self {
        let (window, mid, side, shifted, residuals) = Default::default();
        Self { sample_rate, bits, number: 0, window, mid, side, shifted, residuals }
    }

    /// Appends the frame of these samples, at most [`BLOCK`] of each channel, to `out`.
    pub(super) fn encode(&mut self, planes: &[Vec<i32>], out: &mut Vec<u8>) {
        let start = out.len();
        let assignment = match planes {
            [left, right] => self.stereo(left, right),
            _ => planes.len() as u32 - 1,
        };
        self.header(planes[0].len(), assignment, out);
        let mut bits = Bits::new(out);
        let (mid, side) = (std::mem::take(&mut self.mid), std::mem::take(&mut self.side));
        match (assignment, planes) {
            (LEFT_SIDE, [left, _]) => {
                self.subframe(left, self.bits, &mut bits);
                self.subframe(&side, self.bits + 1, &mut bits);
            }
            (SIDE_RIGHT, [_, right]) => {
                self.subframe(&side, self.bits + 1, &mut bits);
                self.subframe(right, self.bits, &mut bits);
            }
            (MID_SIDE, _) => {
                self.subframe(&mid, self.bits, &mut bits);
                self.subframe(&side, self.bits + 1, &mut bits);
            }
            _ => planes.iter().for_each(|plane| self.subframe(plane, self.bits, &mut bits)),
        }
        bits.align();
        (self.mid, self.side) = (mid, side);
        let crc = crc16(&out[start..]);
        out.extend_from_slice(&crc.to_be_bytes());
        self.number += 1;
    }

    /// Chooses what is coded of two channels by the size of their second differences, and computes it.
    fn stereo(&mut self, left: &[i32], right: &[i32]) -> u32 {
        let mut sums = [0u64; 4];
        for (l, r) in left.windows(3).zip(right.windows(3)) {
            let (l, r) = (l[2] - 2 * l[1] + l[0], r[2] - 2 * r[1] + r[0]);
            sums[0] += u64::from(l.unsigned_abs());
            sums[1] += u64::from(r.unsigned_abs());
            sums[2] += u64::from((l + r).unsigned_abs() >> 1);
            sums[3] += u64::from((l - r).unsigned_abs());
        }
        let [l, r, mid, side] = sums;
        let choices = [(l + r, 1), (l + side, LEFT_SIDE), (side + r, SIDE_RIGHT), (mid + side, MID_SIDE)];
        let assignment = choices.iter().min_by_key(|(sum, _)| *sum).map_or(1, |&(_, assignment)| assignment);
        self.side.clear();
        self.mid.clear();
        if assignment != 1 {
            self.side.extend(left.iter().zip(right).map(|(l, r)| l - r));
        }
        if assignment == MID_SIDE {
            self.mid.extend(left.iter().zip(right).map(|(l, r)| (l + r) >> 1));
        }
        assignment
    }

    fn header(&self, frames: usize, assignment: u32, out: &mut Vec<u8>) {
        let start = out.len();
        let size_code = match frames {
            BLOCK => 0b1100,
            1..=256 => 0b0110,
            _ => 0b0111,
        };
        let depth_code = if self.bits == 16 { 0b100 } else { 0b110 };
        let mut bits = Bits::new(out);
        // Sync code, fixed block size.
        bits.put(0b111_1111_1111_1100 << 1, 16);
        bits.put(size_code, 4);
        bits.put(rate_code(self.sample_rate), 4);
        bits.put(assignment, 4);
        bits.put(depth_code << 1, 4);
        put_number(&mut bits, self.number);
        match size_code {
            0b0110 => bits.put(frames as u32 - 1, 8),
            0b0111 => bits.put(frames as u32 - 1, 16),
            _ => {}
        }
        bits.align();
        let crc = crc8(&out[start..]);
        out.push(crc);
    }

    fn subframe(&mut self, samples: &[i32], bits: u32, out: &mut Bits<'_>) {
        let first = samples[0];
        if samples.iter().all(|&s| s == first) {
            out.put(CONSTANT << 1, 8);
            out.put_signed(first, bits);
            return;
        }
        // Low bits that are zero in all samples are left out: 16-bit sound in a 24-bit file costs nothing.
        let wasted = samples.iter().fold(0, |any, s| any | s).trailing_zeros();
        if wasted == 0 {
            self.predicted(samples, bits, 0, out);
            return;
        }
        let mut shifted = std::mem::take(&mut self.shifted);
        shifted.clear();
        shifted.extend(samples.iter().map(|s| s >> wasted));
        self.predicted(&shifted, bits - wasted, wasted, out);
        self.shifted = shifted;
    }

    fn predicted(&mut self, samples: &[i32], bits: u32, wasted: u32, out: &mut Bits<'_>) {
        let [of_linear, of_fixed] = &mut self.residuals;
        let (order, sum) = predict::best_fixed(samples);
        let linear = predict::linear(samples, bits, &mut self.window)
            .filter(|linear| predict::linear_residual(samples, linear, bits, of_linear).is_some())
            .map(|linear| (rice::plan(of_linear, linear.coefficients.len()), linear))
            .map(|(plan, linear)| (plan.bits + linear.head_bits(bits), plan, linear));
        // The fixed predictor is only worth a look where its residual may be smaller.
        let likely = linear.as_ref().is_none_or(|(cost, ..)| fixed_estimate(sum, samples.len()) < *cost);
        let fixed = likely.then(|| {
            predict::fixed_residual(samples, order, of_fixed);
            let plan = rice::plan(of_fixed, order);
            (plan.bits + order as u64 * u64::from(bits), plan)
        });
        let verbatim = samples.len() as u64 * u64::from(bits);
        let cost = |cost: Option<u64>| cost.filter(|&cost| cost < verbatim).unwrap_or(u64::MAX);
        let costs = (cost(linear.as_ref().map(|l| l.0)), cost(fixed.as_ref().map(|f| f.0)));
        match (linear, fixed) {
            (Some((_, plan, linear)), _) if costs.0 <= costs.1 && costs.0 < u64::MAX => {
                put_head(LINEAR + linear.coefficients.len() as u32 - 1, wasted, out);
                linear.write(samples, bits, &plan, of_linear, out);
            }
            (_, Some((_, plan))) if costs.1 < u64::MAX => {
                put_head(FIXED + order as u32, wasted, out);
                samples[..order].iter().for_each(|&s| out.put_signed(s, bits));
                rice::write(&plan, of_fixed, order, out);
            }
            _ => {
                put_head(VERBATIM, wasted, out);
                samples.iter().for_each(|&s| out.put_signed(s, bits));
            }
        }
    }
}

impl Linear {
    /// Bits before the residual.
    fn head_bits(&self, bits: u32) -> u64 {
        self.coefficients.len() as u64 * u64::from(bits + self.precision) + 9
    }

    fn write(&self, samples: &[i32], bits: u32, plan: &Plan, residual: &[i32], out: &mut Bits<'_>) {
        let order = self.coefficients.len();
        samples[..order].iter().for_each(|&s| out.put_signed(s, bits));
        out.put(self.precision - 1, 4);
        out.put(self.shift, 5);
        self.coefficients.iter().for_each(|&c| out.put_signed(c, self.precision));
        rice::write(plan, residual, order, out);
    }
}

/// Bits of a residual with this sum of magnitudes, at best.
fn fixed_estimate(sum: u64, count: usize) -> u64 {
    let mean = 2.0 * sum as f64 / count as f64;
    (count as f64 * (mean.max(1.0).log2() + 1.0)) as u64
}

/// A zero, the type, and how many low bits are wasted.
fn put_head(kind: u32, wasted: u32, out: &mut Bits<'_>) {
    out.put(kind << 1 | u32::from(wasted > 0), 8);
    if wasted > 0 {
        out.put_unary(wasted - 1);
    }
}

/// Rates with a code of their own (RFC 9639 §9.1.2); 0 refers to STREAMINFO.
fn rate_code(rate: u32) -> u32 {
    const CODES: [u32; 11] =
        [88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
    CODES.iter().position(|&known| known == rate).map_or(0, |index| index as u32 + 1)
}

/// The coded number of RFC 9639 §9.1.5, which is UTF-8 up to 36 bits.
fn put_number(bits: &mut Bits<'_>, number: u64) {
    if number < 0x80 {
        bits.put(number as u32, 8);
        return;
    }
    // So many bytes of six bits follow; the first byte has as many ones as there are bytes.
    let follow = (1..=6u32).find(|&n| number < 1 << (6 * n + 6 - n)).unwrap_or(6);
    let ones = 0xffu32 << (7 - follow) & 0xff;
    bits.put(ones | (number >> (6 * follow)) as u32, 8);
    for index in (0..follow).rev() {
        bits.put(0x80 | (number >> (6 * index)) as u32 & 0x3f, 8);
    }
}
