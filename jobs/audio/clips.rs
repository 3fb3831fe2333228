//! Clipping: runs of at least three consecutive samples of one channel at full scale count as one event each,
//! the rule of thumb of mastering tools. Full scale is that of the bit depth, seen in 16 bits.

/// Samples in a row at full scale that make an event.
const RUN: u32 = 3;

/// A running count.
pub(crate) struct Clips {
    high: i16,
    runs: Vec<u32>,
    count: u64,
}

impl Clips {
    /// `bit_depth` is that of integer sound, none for floating point and lossy codings.
    pub(crate) fn new(channels: usize, bit_depth: Option<u32>) -> Self {
        let lost = 16 - bit_depth.unwrap_or(16).clamp(2, 16);
        Self { high: i16::MAX >> lost << lost, runs: vec![0; channels], count: 0 }
    }

    pub(crate) fn push(&mut self, interleaved: &[i16]) {
        let high = self.high;
        let at_full = |s: i16| s >= high || s == i16::MIN;
        // Almost every block is free of full-scale samples, which a vector loop finds out.
        if !interleaved.iter().fold(false, |any, &s| any | at_full(s)) {
            self.runs.fill(0);
            return;
        }
        for frame in interleaved.chunks_exact(self.runs.len()) {
            for (run, &sample) in self.runs.iter_mut().zip(frame) {
                *run = if at_full(sample) { run.saturating_add(1) } else { 0 };
                self.count += u64::from(*run == RUN);
            }
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(channels: usize, bits: u32, blocks: &[&[i16]]) -> u64 {
        let mut clips = Clips::new(channels, Some(bits));
        blocks.iter().for_each(|block| clips.push(block));
        clips.count()
    }

    #[test]
    fn runs_count_once_per_channel_and_across_blocks() {
        const T: i16 = i16::MAX;
        const B: i16 = i16::MIN;
        assert_eq!(count(1, 16, &[&[T, T, 0, T, T]]), 0, "two in a row are no clipping");
        assert_eq!(count(1, 16, &[&[T, T, T, T, 0, B, B, B]]), 2);
        assert_eq!(count(1, 16, &[&[T, T], &[T]]), 1);
        assert_eq!(count(1, 16, &[&[T, T], &[0, 0], &[T]]), 0);
        assert_eq!(count(2, 16, &[&[T, 0, T, T, T, T, 0, T]]), 2, "left and right by themselves");
        assert_eq!(count(1, 8, &[&[127 << 8; 3]]), 1, "full scale of 8 bits");
        assert_eq!(count(1, 16, &[&[127 << 8; 3]]), 0);
    }
}
