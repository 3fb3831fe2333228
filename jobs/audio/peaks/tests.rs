//! The fast kernel equals the plain one for any shape and any split into blocks.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn fast(samples: &[i16], channels: usize, frames_per_pixel: usize, block: usize) -> Vec<i16> {
    let (mut peaks, mut rows) = (Peaks::new(channels, frames_per_pixel), Vec::new());
    for part in samples.chunks(block * channels) {
        peaks.push(part, &mut rows);
    }
    peaks.finish(&mut rows);
    rows
}

fn extreme_sample() -> impl Strategy<Value = i16> {
    prop_oneof![any::<i16>(), Just(i16::MIN), Just(i16::MAX), -2i16..3]
}

proptest! {
    #[test]
    fn kernel_equals_its_oracle(
        channels in 1usize..=24,
        frames_per_pixel in 2usize..600,
        block in 1usize..700,
        seed in vec(extreme_sample(), 24..4000),
    ) {
        let samples = &seed[..seed.len() / channels * channels];
        prop_assert_eq!(
            fast(samples, channels, frames_per_pixel, block),
            plain::rows(samples, channels, frames_per_pixel)
        );
    }

    #[test]
    fn conversion_equals_its_oracle(floats in vec(any::<f32>(), 1..200), wides in vec(any::<i32>(), 1..200)) {
        for samples in [Samples::F32(&floats), Samples::I32(&wides)] {
            let expected: Vec<i16> = (0..samples.len()).map(|i| plain::sample(samples, i)).collect();
            let mut scratch = Vec::new();
            prop_assert_eq!(to_i16(samples, &mut scratch), &expected[..]);
        }
    }
}

#[test]
fn mono_mix_truncates_toward_zero() {
    assert_eq!(fast(&[-1, 0, 1, 0], 2, 2, 2), [0, 0, -1, 1, 0, 0]);
    assert_eq!(fast(&[-3, 0, -3, 0], 2, 2, 2), [-1, -1, -3, -3, 0, 0]);
}

#[test]
fn special_floats() {
    let floats = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0, -1.0, 0.999_99, -2.0];
    let mut scratch = Vec::new();
    assert_eq!(to_i16(Samples::F32(&floats), &mut scratch), [0, 32767, -32768, 32767, -32767, 32766, -32768]);
}
