//! Word length: rounding to integers, with triangular dither where bits are lost.
//!
//! S. P. Lipshitz, R. A. Wannamaker, J. Vanderkooy, "Quantization and Dither: A Theoretical Survey", JAES 40 (1992):
//! noise of triangular density, two steps wide, makes the error's mean and power independent of the sound.
//! The noise is the same in every run, so that a rendition is a function of its input.

/// Where the noise begins.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

pub(super) struct Quantiser {
    /// Steps to full scale.
    scale: f64,
    noise: Option<u64>,
}

impl Quantiser {
    /// For sound that already fits into `bits`.
    pub(super) fn rounding(bits: u32) -> Self {
        Self { scale: f64::from(bits.clamp(1, 32) - 1).exp2(), noise: None }
    }

    pub(super) fn dithering(bits: u32) -> Self {
        Self { noise: Some(SEED), ..Self::rounding(bits) }
    }

    /// Replaces each sample by the nearest of its form, full scale at most.
    pub(super) fn quantise(&mut self, samples: &mut [f64]) {
        let (scale, highest) = (self.scale, self.scale - 1.0);
        let round = |value: f64| value.round_ties_even().clamp(-scale, highest) / scale;
        match &mut self.noise {
            None => samples.iter_mut().for_each(|s| *s = round(*s * scale)),
            Some(state) => samples.iter_mut().for_each(|s| *s = round(*s * scale + triangular(state))),
        }
    }
}

/// The sum of two numbers, each evenly from −½ to ½, from one step of SplitMix64 (Steele, Lea, Flood, 2014).
fn triangular(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let even = |half: u64| (half as u32) as f64 / 4_294_967_296.0 - 0.5;
    even(z) + even(z >> 32)
}
