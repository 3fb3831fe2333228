//! Equal-power panning as in the `StereoPannerNode` of the Web Audio API (W3C, §1.30), so that the file sounds as
//! the faders did: mono is spread between the sides, at −3 dB each in the middle; stereo in the middle is left as
//! it is, and towards a side the other one moves over.

use std::f64::consts::FRAC_PI_2;

/// Gains from one or two channels to left and right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Gains {
    Mono([f64; 2]),
    /// Of the left channel, then of the right one.
    Stereo([[f64; 2]; 2]),
}

impl Gains {
    pub(super) fn mono(volume: f64, pan: f64) -> Self {
        let (right, left) = ((pan.clamp(-1.0, 1.0) + 1.0) / 2.0 * FRAC_PI_2).sin_cos();
        Self::Mono([left * volume, right * volume])
    }

    pub(super) fn stereo(volume: f64, pan: f64) -> Self {
        let pan = pan.clamp(-1.0, 1.0);
        let (from_left, from_right) = if pan < 0.0 {
            let (right, left) = ((pan + 1.0) * FRAC_PI_2).sin_cos();
            ([1.0, 0.0], [left, right])
        } else if pan > 0.0 {
            let (right, left) = (pan * FRAC_PI_2).sin_cos();
            ([left, right], [0.0, 1.0])
        } else {
            ([1.0, 0.0], [0.0, 1.0])
        };
        Self::Stereo([from_left.map(|g| g * volume), from_right.map(|g| g * volume)])
    }

    pub(super) fn channels(self) -> usize {
        match self {
            Self::Mono(_) => 1,
            Self::Stereo(_) => 2,
        }
    }

    /// Adds frames of `channels` to as many of the stereo `bus`.
    pub(super) fn add(self, frames: &[f64], bus: &mut [f64]) {
        let out = bus.as_chunks_mut::<2>().0.iter_mut();
        match self {
            Self::Mono([left, right]) => {
                for ([l, r], s) in out.zip(frames) {
                    *l += s * left;
                    *r += s * right;
                }
            }
            Self::Stereo([from_left, from_right]) => {
                for ([l, r], [a, b]) in out.zip(frames.as_chunks::<2>().0) {
                    *l += a * from_left[0] + b * from_right[0];
                    *r += a * from_left[1] + b * from_right[1];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(gains: Gains, frame: &[f64]) -> [f64; 2] {
        let mut bus = [0.0; 2];
        gains.add(frame, &mut bus);
        bus
    }

    #[test]
    fn the_middle_and_the_sides() {
        let near = |found: [f64; 2], expected: [f64; 2]| {
            assert!((found[0] - expected[0]).abs() + (found[1] - expected[1]).abs() < 1e-12, "{found:?}");
        };
        near(mixed(Gains::mono(1.0, 0.0), &[1.0]), [0.5f64.sqrt(); 2]);
        near(mixed(Gains::mono(0.5, -1.0), &[1.0]), [0.5, 0.0]);
        near(mixed(Gains::mono(0.5, 1.0), &[1.0]), [0.0, 0.5]);
        assert_eq!(mixed(Gains::stereo(1.0, 0.0), &[0.25, -0.75]), [0.25, -0.75], "bit for bit");
        near(mixed(Gains::stereo(2.0, -1.0), &[0.25, 0.5]), [1.5, 0.0]);
        near(mixed(Gains::stereo(2.0, 1.0), &[0.25, 0.5]), [0.0, 1.5]);
    }

    #[test]
    fn power_does_not_depend_on_the_place() {
        for step in -10..=10 {
            let [l, r] = mixed(Gains::mono(1.0, f64::from(step) / 10.0), &[1.0]);
            assert!((l * l + r * r - 1.0).abs() < 1e-12, "{step}");
        }
    }
}
