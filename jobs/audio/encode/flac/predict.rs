//! Prediction: the five fixed predictors, and linear prediction by the autocorrelation method (Levinson–Durbin) with
//! quantised coefficients (RFC 9639 §9.2.5, §9.2.6).

/// Highest order of linear prediction.
pub(super) const MAX_ORDER: usize = 8;
/// Highest order of a fixed predictor.
const FIXED: usize = 4;
/// Bits of a coefficient: products of 17-bit samples and their sum of eight fit 32 bits; wider samples use 64.
const NARROW_PRECISION: u32 = 12;
const WIDE_PRECISION: u32 = 15;
/// Widest samples for which 32 bits suffice.
const NARROW_BITS: u32 = 17;

/// A quantised linear predictor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linear {
    pub coefficients: Vec<i32>,
    pub precision: u32,
    pub shift: u32,
}

/// The fixed predictor with the smallest residual: its order, and the sum of magnitudes.
pub(super) fn best_fixed(samples: &[i32]) -> (usize, u64) {
    let mut sums = [0u64; FIXED + 1];
    for w in samples.windows(FIXED + 1) {
        let [a, b, c, d, e] = [w[4], w[3], w[2], w[1], w[0]];
        sums[0] += u64::from(a.unsigned_abs());
        sums[1] += u64::from((a - b).unsigned_abs());
        sums[2] += u64::from((a - 2 * b + c).unsigned_abs());
        sums[3] += u64::from((a - 3 * b + 3 * c - d).unsigned_abs());
        sums[4] += u64::from((a - 4 * b + 6 * c - 4 * d + e).unsigned_abs());
    }
    let most = samples.len().saturating_sub(1).min(FIXED);
    let best = (0..=most).min_by_key(|&order| sums[order]).unwrap_or(0);
    (best, sums[best])
}

/// The residual of a fixed predictor behind the first `order` samples.
pub(super) fn fixed_residual(samples: &[i32], order: usize, out: &mut Vec<i32>) {
    out.clear();
    let each = samples.windows(order + 1);
    match order {
        0 => out.extend_from_slice(samples),
        1 => out.extend(each.map(|w| w[1] - w[0])),
        2 => out.extend(each.map(|w| w[2] - 2 * w[1] + w[0])),
        3 => out.extend(each.map(|w| w[3] - 3 * w[2] + 3 * w[1] - w[0])),
        _ => out.extend(each.map(|w| w[4] - 4 * w[3] + 6 * w[2] - 4 * w[1] + w[0])),
    }
}

/// The window that is laid over a block before it is analysed: Tukey with a quarter of taper at each end.
#[derive(Default)]
pub(super) struct Window {
    weights: Vec<f64>,
    windowed: Vec<f64>,
}

impl Window {
    fn autocorrelation(&mut self, samples: &[i32]) -> [f64; LAGS] {
        if self.weights.len() != samples.len() {
            self.weights = tukey(samples.len());
        }
        self.windowed.clear();
        self.windowed.extend(samples.iter().zip(&self.weights).map(|(&s, &w)| f64::from(s) * w));
        // Zeros behind the end let every sample meet all lags.
        self.windowed.resize(samples.len() + LAGS - 1, 0.0);
        let mut sums = [0.0; LAGS];
        for ahead in self.windowed.windows(LAGS) {
            let here = ahead[0];
            for (sum, &other) in sums.iter_mut().zip(ahead) {
                *sum += here * other;
            }
        }
        sums
    }
}

/// Lags that are computed: the orders, their zero, and one to make the number even for the vector unit.
const LAGS: usize = MAX_ORDER + 2;

fn tukey(length: usize) -> Vec<f64> {
    let taper = length / 4;
    let rise = |i: usize| 0.5 - 0.5 * (std::f64::consts::PI * (i as f64 + 0.5) / taper as f64).cos();
    (0..length)
        .map(|i| match i.min(length - 1 - i) {
            edge if edge < taper => rise(edge),
            _ => 1.0,
        })
        .collect()
}

/// The linear predictor that is expected to leave the fewest bits, for samples of `bits`.
pub(super) fn linear(samples: &[i32], bits: u32, window: &mut Window) -> Option<Linear> {
    if samples.len() <= 4 * MAX_ORDER {
        return None;
    }
    let sums = window.autocorrelation(samples);
    let precision = if bits <= NARROW_BITS { NARROW_PRECISION } else { WIDE_PRECISION };
    let count = samples.len() as f64;
    let mut best: Option<(f64, Vec<f64>)> = None;
    levinson(&sums, |coefficients, error| {
        let each = (0.5 * (0.5 * error / count).log2()).max(0.0);
        let order = coefficients.len() as f64;
        let cost = each * (count - order) + order * f64::from(precision + bits);
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, coefficients.to_vec()));
        }
    });
    quantise(&best?.1, precision)
}

/// Calls `found` with the predictor of each order and the energy that it leaves.
fn levinson(sums: &[f64; LAGS], mut found: impl FnMut(&[f64], f64)) {
    let mut error = sums[0];
    let mut a: Vec<f64> = Vec::with_capacity(MAX_ORDER);
    for order in 0..MAX_ORDER {
        if error <= 0.0 || !error.is_finite() {
            return;
        }
        let predicted: f64 = a.iter().enumerate().map(|(i, &c)| c * sums[order - i]).sum();
        let reflection = (sums[order + 1] - predicted) / error;
        let mirrored: Vec<f64> = a.iter().rev().map(|&c| reflection * c).collect();
        a.iter_mut().zip(mirrored).for_each(|(c, m)| *c -= m);
        a.push(reflection);
        error *= 1.0 - reflection * reflection;
        found(&a, error);
    }
}

/// Rounds the coefficients to `precision` bits, each rounding error carried on to the next.
fn quantise(coefficients: &[f64], precision: u32) -> Option<Linear> {
    const MAX_SHIFT: i32 = 15;
    let largest = coefficients.iter().fold(0.0f64, |most, c| most.max(c.abs()));
    if largest <= 0.0 || !largest.is_finite() {
        return None;
    }
    // Two to this is more than the largest coefficient.
    let magnitude = largest.log2().floor() as i32 + 1;
    let shift = (precision as i32 - 1 - magnitude).min(MAX_SHIFT);
    let shift = u32::try_from(shift).ok()?;
    let limit = f64::from(1 << (precision - 1));
    let mut carried = 0.0;
    let coefficients = coefficients
        .iter()
        .map(|c| {
            let exact = c * f64::from(1u32 << shift) + carried;
            let rounded = exact.round().clamp(-limit, limit - 1.0);
            carried = exact - rounded;
            rounded as i32
        })
        .collect();
    Some(Linear { coefficients, precision, shift })
}

/// The residual of `linear` behind the first samples; none when it does not fit 32 bits.
pub(super) fn linear_residual(samples: &[i32], linear: &Linear, bits: u32, out: &mut Vec<i32>) -> Option<()> {
    out.clear();
    let narrow = bits <= NARROW_BITS;
    match (linear.coefficients.len(), narrow) {
        (1, true) => narrow_residual::<1>(samples, linear, out),
        (2, true) => narrow_residual::<2>(samples, linear, out),
        (3, true) => narrow_residual::<3>(samples, linear, out),
        (4, true) => narrow_residual::<4>(samples, linear, out),
        (5, true) => narrow_residual::<5>(samples, linear, out),
        (6, true) => narrow_residual::<6>(samples, linear, out),
        (7, true) => narrow_residual::<7>(samples, linear, out),
        (8, true) => narrow_residual::<8>(samples, linear, out),
        _ => return wide_residual(samples, linear, out),
    }
    Some(())
}

/// For samples of at most 17 bits. The number of coefficients is fixed so that the inner loop is unrolled.
fn narrow_residual<const N: usize>(samples: &[i32], linear: &Linear, out: &mut Vec<i32>) {
    let mut reversed = [0i32; N];
    reversed.iter_mut().zip(linear.coefficients.iter().rev()).for_each(|(to, &c)| *to = c);
    out.resize(samples.len() - N, 0);
    for (at, residual) in out.iter_mut().enumerate() {
        let past: &[i32] = &samples[at..at + N];
        let sum: i32 = reversed.iter().zip(past).map(|(c, s)| c * s).sum();
        *residual = samples[at + N] - (sum >> linear.shift);
    }
}

fn wide_residual(samples: &[i32], linear: &Linear, out: &mut Vec<i32>) -> Option<()> {
    let reversed: Vec<i64> = linear.coefficients.iter().rev().map(|&c| i64::from(c)).collect();
    for window in samples.windows(reversed.len() + 1) {
        let (&here, past) = window.split_last()?;
        let sum: i64 = reversed.iter().zip(past).map(|(c, &s)| c * i64::from(s)).sum();
        let residual = i64::from(here) - (sum >> linear.shift);
        // Folding doubles it.
        if residual.unsigned_abs() >= 1 << 30 {
            return None;
        }
        out.push(residual as i32);
    }
    Some(())
}
