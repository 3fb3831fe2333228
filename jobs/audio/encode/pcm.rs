//! Samples as they are stored in WAV and AIFF files.

use super::PcmDepth;

/// Adding 1.5·2^52 rounds to the nearest integer, ties to even, which then stands in the low bits (IEEE 754); a plain
/// loop over this vectorises where `round` would be a call.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// The order of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

/// The integer of a sample at full scale `1 << (bits - 1)`, clipped; not-a-number is silence.
pub(super) fn to_int(sample: f64, scale: f64) -> i32 {
    ((sample * scale).clamp(-scale, scale - 1.0) + ROUND).to_bits() as i32
}

/// Bytes of one sample.
pub(super) fn bytes_of(depth: PcmDepth) -> usize {
    match depth {
        PcmDepth::Int16 => 2,
        PcmDepth::Int24 => 3,
        PcmDepth::Float32 => 4,
    }
}

/// Replaces the contents of `out` by the stored form of `samples`.
pub(super) fn store(samples: &[f64], depth: PcmDepth, endian: Endian, out: &mut Vec<u8>) {
    const SCALE16: f64 = 32_768.0;
    const SCALE24: f64 = 8_388_608.0;
    let low = |[a, b, c, _]: [u8; 4]| [a, b, c];
    let high = |[_, a, b, c]: [u8; 4]| [a, b, c];
    match (depth, endian) {
        (PcmDepth::Int16, Endian::Little) => {
            each(samples, out, |s| (to_int(s, SCALE16) as i16).to_le_bytes())
        }
        (PcmDepth::Int16, Endian::Big) => each(samples, out, |s| (to_int(s, SCALE16) as i16).to_be_bytes()),
        (PcmDepth::Int24, Endian::Little) => each(samples, out, |s| low(to_int(s, SCALE24).to_le_bytes())),
        (PcmDepth::Int24, Endian::Big) => each(samples, out, |s| high(to_int(s, SCALE24).to_be_bytes())),
        (PcmDepth::Float32, Endian::Little) => each(samples, out, |s| (s as f32).to_le_bytes()),
        (PcmDepth::Float32, Endian::Big) => each(samples, out, |s| (s as f32).to_be_bytes()),
    }
}

fn each<const N: usize>(samples: &[f64], out: &mut Vec<u8>, bytes: impl Fn(f64) -> [u8; N]) {
    out.resize(samples.len() * N, 0);
    for (to, &sample) in out.as_chunks_mut::<N>().0.iter_mut().zip(samples) {
        *to = bytes(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_exact_and_clips() {
        for value in [-32_768, -32_767, -1, 0, 1, 32_767] {
            assert_eq!(to_int(f64::from(value) / 32_768.0, 32_768.0), value);
        }
        for value in [-8_388_608, -1, 8_388_607] {
            assert_eq!(to_int(f64::from(value) / 8_388_608.0, 8_388_608.0), value);
        }
        assert_eq!(to_int(1.0, 32_768.0), 32_767);
        assert_eq!(to_int(-7.0, 32_768.0), -32_768);
        assert_eq!(to_int(f64::NAN, 32_768.0), 0);
        assert_eq!(to_int(f64::INFINITY, 32_768.0), 32_767);
    }
}
