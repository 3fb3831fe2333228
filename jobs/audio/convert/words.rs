//! Word length: rounding to integers with triangular dither, where bits are lost.
//!
//! S. P. Lipshitz, R. A. Wannamaker, J. Vanderkooy, "Quantization and Dither: A Theoretical Survey", JAES 40 (1992):
//! noise of triangular density, two steps wide, makes the error's mean and power independent of the sound.
//! The noise is the same in every run, so that a rendition is a function of its input.

/// Where the noise begins.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Adding and subtracting 1.5·2^52 rounds to the nearest integer, ties to even (IEEE 754), without a call.
const ROUND: f64 = 6_755_399_441_055_744.0;

pub(super) struct Quantiser {
    /// Steps to full scale, and the size of one.
    scale: f64,
    step: f64,
    noise: u64,
}

impl Quantiser {
    /// For words of so many bits, at most 32.
    pub(super) fn new(bits: u32) -> Self {
        let scale = f64::from(bits.clamp(1, 32) - 1).exp2();
        Self { scale, step: scale.recip(), noise: SEED }
    }

    /// Replaces each sample by one of the nearest of its form, full scale at most.
    pub(super) fn quantise(&mut self, samples: &mut [f64]) {
        let (scale, step) = (self.scale, self.step);
        for sample in samples {
            let value = (*sample * scale + triangular(&mut self.noise)).clamp(-scale, scale - 1.0);
            *sample = ((value + ROUND) - ROUND) * step;
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
