//! Sample-rate conversion by rubato's FFT filter: linear phase, its delay taken out, as many frames as the clock says.
//!
//! The filter is a sinc under a squared Blackman-Harris window, as long as a block. A block holds an even number of
//! the smallest whole groups of both rates, so that half a block, the delay, is a whole number of frames.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};

use crate::error::{AudioError, unsupported};

/// Least frames of a block at the lower rate: the pass band then reaches to 97 % of its half.
const LEAST_BLOCK: usize = 1024;
/// Most samples of a block, both rates and all channels together: 64 MiB with rubato's own buffers.
const MOST_SAMPLES: usize = 1 << 21;

pub(super) struct Resampler {
    fft: Fft<f64>,
    channels: usize,
    block_in: usize,
    from: u32,
    to: u32,
    /// Input that does not fill a block yet.
    pending: Vec<f64>,
    /// One block of output.
    block: Vec<f64>,
    /// Output frames of the delay that are still to be dropped.
    skip: usize,
    frames_in: u64,
    frames_out: u64,
}

impl Resampler {
    pub(super) fn new(from: u32, to: u32, channels: u32) -> Result<Self, AudioError> {
        let channels = channels as usize;
        let common = greatest_common_divisor(from, to);
        let (group_in, group_out) = ((from / common) as usize, (to / common) as usize);
        let groups = LEAST_BLOCK.div_ceil(group_in.min(group_out)).next_multiple_of(2);
        let (block_in, block_out) = (group_in * groups, group_out * groups);
        if (block_in + block_out) * channels > MOST_SAMPLES {
            return unsupported("a recording with a sample rate that cannot be converted");
        }
        let window = WindowFunction::BlackmanHarris2;
        let fft = Fft::new_custom(from as usize, to as usize, block_in, 1, channels, window, FixedSync::Both);
        let Ok(fft) = fft else {
            return unsupported("a recording with a sample rate that cannot be converted");
        };
        Ok(Self {
            skip: fft.output_delay(),
            fft,
            channels,
            block_in,
            from,
            to,
            pending: Vec::new(),
            block: vec![0.0; block_out * channels],
            frames_in: 0,
            frames_out: 0,
        })
    }

    pub(super) fn push(&mut self, interleaved: &[f64], out: &mut Vec<f64>) {
        self.frames_in += (interleaved.len() / self.channels) as u64;
        let block = self.block_in * self.channels;
        let mut rest = interleaved;
        if !self.pending.is_empty() {
            let (now, later) = rest.split_at((block - self.pending.len()).min(rest.len()));
            self.pending.extend_from_slice(now);
            rest = later;
            if self.pending.len() < block {
                return;
            }
            let pending = std::mem::take(&mut self.pending);
            self.convert(&pending, out);
            self.pending = pending;
            self.pending.clear();
        }
        let whole = rest.len() / block * block;
        for full in rest[..whole].chunks_exact(block) {
            self.convert(full, out);
        }
        self.pending.extend_from_slice(&rest[whole..]);
    }

    /// Lets silence follow until the last frame is out.
    pub(super) fn finish(&mut self, out: &mut Vec<f64>) {
        let wanted = (u128::from(self.frames_in) * u128::from(self.to) * 2 + u128::from(self.from))
            / (u128::from(self.from) * 2);
        let mut last = std::mem::take(&mut self.pending);
        last.resize(self.block_in * self.channels, 0.0);
        while u128::from(self.frames_out) < wanted {
            let before = out.len();
            self.convert(&last, out);
            last.fill(0.0);
            let surplus = u128::from(self.frames_out).saturating_sub(wanted) as usize;
            out.truncate((out.len() - surplus * self.channels).max(before));
        }
    }

    /// Converts one whole block and appends what is not delay.
    fn convert(&mut self, block: &[f64], out: &mut Vec<f64>) {
        let frames_out = self.block.len() / self.channels;
        let input = InterleavedSlice::new(block, self.channels, self.block_in).expect("a whole block");
        let mut output = InterleavedSlice::new_mut(&mut self.block, self.channels, frames_out)
            .expect("the buffer was made for a block");
        self.fft
            .process_into_buffer(&input, &mut output, None::<&Indexing>)
            .expect("both buffers hold exactly one block");
        let skipped = self.skip.min(frames_out);
        self.skip -= skipped;
        self.frames_out += (frames_out - skipped) as u64;
        out.extend_from_slice(&self.block[skipped * self.channels..]);
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
