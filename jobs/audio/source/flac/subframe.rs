//! One channel of a FLAC frame (RFC 9639 §9.2): constant, verbatim, or predicted with a coded residual.
//! Sums are 64 bits wide and wrap: what an encoder made comes out exactly, what is damaged comes out somehow.

use super::bits::Bits;

/// Highest order of linear prediction.
const MAX_ORDER: usize = 32;

/// The contents cannot be what an encoder wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrong;

/// A sample: 32 bits, but for the difference of two such.
pub(super) trait Word: Copy {
    fn of(value: i64) -> Self;
    fn wide(self) -> i64;
    /// Residuals have 32 bits in either case.
    fn residuals(bits: &mut Bits<'_>, k: u32, out: &mut [Self]) -> Option<()>;
}

impl Word for i32 {
    #[inline(always)]
    fn of(value: i64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        i64::from(self)
    }

    fn residuals(bits: &mut Bits<'_>, k: u32, out: &mut [Self]) -> Option<()> {
        bits.rice(k, out)
    }
}

impl Word for i64 {
    #[inline(always)]
    fn of(value: i64) -> Self {
        value
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        self
    }

    fn residuals(bits: &mut Bits<'_>, k: u32, out: &mut [Self]) -> Option<()> {
        for value in out {
            let mut one = [0];
            bits.rice(k, &mut one)?;
            *value = Self::from(one[0]);
        }
        Some(())
    }
}

/// Decodes a subframe of samples with `depth` bits into `out`.
pub(super) fn decode<W: Word>(bits: &mut Bits<'_>, depth: u32, out: &mut [W]) -> Result<(), Wrong> {
    let head = bits.take(8);
    if head & 0x80 != 0 {
        return Err(Wrong);
    }
    // Low bits that are zero in all samples.
    let wasted = if head & 1 == 1 { bits.unary().ok_or(Wrong)? + 1 } else { 0 };
    if wasted >= depth {
        return Err(Wrong);
    }
    let depth = depth - wasted;
    match head >> 1 {
        0 => {
            let value = W::of(bits.take_signed(depth));
            out.fill(value);
        }
        1 => out.iter_mut().for_each(|to| *to = W::of(bits.take_signed(depth))),
        code @ 8..=12 => fixed(bits, depth, code as usize - 8, out)?,
        code @ 32..=63 => linear(bits, depth, code as usize - 31, out)?,
        _ => return Err(Wrong),
    }
    if wasted > 0 {
        out.iter_mut().for_each(|value| *value = W::of(value.wide() << wasted));
    }
    Ok(())
}

/// The samples that stand at the start as they are.
fn warm_up<W: Word>(bits: &mut Bits<'_>, depth: u32, order: usize, out: &mut [W]) -> Result<(), Wrong> {
    let first = out.get_mut(..order).ok_or(Wrong)?;
    first.iter_mut().for_each(|to| *to = W::of(bits.take_signed(depth)));
    Ok(())
}

fn fixed<W: Word>(bits: &mut Bits<'_>, depth: u32, order: usize, out: &mut [W]) -> Result<(), Wrong> {
    warm_up(bits, depth, order, out)?;
    residual(bits, order, out)?;
    match order {
        0 => {}
        1 => predict(out, 0, |[a]: [i64; 1]| a),
        2 => predict(out, 0, |[b, a]: [i64; 2]| 2 * a - b),
        3 => predict(out, 0, |[c, b, a]: [i64; 3]| 3 * (a - b) + c),
        _ => predict(out, 0, |[d, c, b, a]: [i64; 4]| 4 * (a + c) - 6 * b - d),
    }
    Ok(())
}

fn linear<W: Word>(bits: &mut Bits<'_>, depth: u32, order: usize, out: &mut [W]) -> Result<(), Wrong> {
    warm_up(bits, depth, order, out)?;
    let precision = bits.take(4) + 1;
    let shift = bits.take_signed(5);
    if precision == 16 || shift < 0 {
        return Err(Wrong);
    }
    // The first belongs to the latest sample.
    let mut coefficients = [0i64; MAX_ORDER];
    let used = &mut coefficients[..order];
    used.iter_mut().rev().for_each(|c| *c = bits.take_signed(precision));
    residual(bits, order, out)?;
    let shift = shift as u32;
    match order {
        1 => by::<W, 1>(used, shift, out),
        2 => by::<W, 2>(used, shift, out),
        3 => by::<W, 3>(used, shift, out),
        4 => by::<W, 4>(used, shift, out),
        5 => by::<W, 5>(used, shift, out),
        6 => by::<W, 6>(used, shift, out),
        7 => by::<W, 7>(used, shift, out),
        8 => by::<W, 8>(used, shift, out),
        9 => by::<W, 9>(used, shift, out),
        10 => by::<W, 10>(used, shift, out),
        11 => by::<W, 11>(used, shift, out),
        12 => by::<W, 12>(used, shift, out),
        _ => {
            for at in order..out.len() {
                let past = &out[at - order..at];
                let sum = past
                    .iter()
                    .zip(&*used)
                    .fold(0i64, |sum, (s, c)| sum.wrapping_add(s.wide().wrapping_mul(*c)));
                out[at] = W::of(out[at].wide().wrapping_add(sum >> shift));
            }
        }
    }
    Ok(())
}

/// Linear prediction of a known order, so that the sum is unrolled.
fn by<W: Word, const N: usize>(coefficients: &[i64], shift: u32, out: &mut [W]) {
    let mut c = [0; N];
    c.copy_from_slice(coefficients);
    predict(out, shift, |past: [i64; N]| {
        past.iter().zip(&c).fold(0i64, |sum, (s, c)| sum.wrapping_add(s.wrapping_mul(*c)))
    });
}

/// Adds to every residual behind the first `N` samples what is predicted from the `N` before it, oldest first.
#[inline(always)]
fn predict<W: Word, const N: usize>(out: &mut [W], shift: u32, sum: impl Fn([i64; N]) -> i64) {
    for at in N..out.len() {
        let (before, from) = out.split_at_mut(at);
        if let (Some(past), Some(value)) = (before.last_chunk::<N>(), from.first_mut()) {
            *value = W::of(value.wide().wrapping_add(sum(past.map(W::wide)) >> shift));
        }
    }
}

/// The coded residual behind the first `order` samples (RFC 9639 §9.2.7).
fn residual<W: Word>(bits: &mut Bits<'_>, order: usize, out: &mut [W]) -> Result<(), Wrong> {
    let parameter_bits = match bits.take(2) {
        0 => 4,
        1 => 5,
        _ => return Err(Wrong),
    };
    let partitions = 1 << bits.take(4);
    let length = out.len() / partitions;
    if length * partitions != out.len() || length < order {
        return Err(Wrong);
    }
    let escape = (1 << parameter_bits) - 1;
    let mut rest = &mut out[order..];
    for index in 0..partitions {
        let (part, later) = rest.split_at_mut(if index == 0 { length - order } else { length });
        let k = bits.take(parameter_bits);
        if k == escape {
            let width = bits.take(5);
            part.iter_mut().for_each(|to| *to = W::of(bits.take_signed(width)));
        } else {
            W::residuals(bits, k, part).ok_or(Wrong)?;
        }
        // Garbage may claim to be much longer than the data.
        if bits.is_over() {
            return Err(Wrong);
        }
        rest = later;
    }
    Ok(())
}
