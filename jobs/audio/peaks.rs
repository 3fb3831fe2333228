//! Minimum and maximum per pixel by the rules of BBC audiowaveform, byte for byte.
//!
//! A row is what one pixel needs: for one channel `[min, max]`, for n > 1 channels the mono mix and then every
//! channel, `[mono min, mono max, min 0, max 0, …]`. Mono is the integer sum divided by the channels, truncated
//! toward zero; since that is monotone, it is applied to the extreme sums only. `plain` is the same as a
//! definition, and a property test holds the two together.

use wide::{f32x4, f32x8, i16x8};

use crate::source::Samples;

pub mod plain;

/// Values in a row for `channels` channels.
#[must_use]
pub fn row_len(channels: usize) -> usize {
    if channels == 1 { 2 } else { 2 * (channels + 1) }
}

/// Samples as 16-bit integers: wider integers by arithmetic shift, floats as trunc(x · 32767), saturated, NaN as 0.
pub fn to_i16<'a>(samples: Samples<'a>, scratch: &'a mut Vec<i16>) -> &'a [i16] {
    match samples {
        Samples::I16(ints) => ints,
        Samples::I32(wides) => {
            scratch.resize(wides.len(), 0);
            for (to, &from) in scratch.iter_mut().zip(wides) {
                *to = (from >> 16) as i16;
            }
            scratch
        }
        Samples::F32(floats) => {
            scratch.resize(floats.len(), 0);
            let (to, from) = (scratch.as_chunks_mut::<LANES>(), floats.as_chunks::<LANES>());
            for (to, from) in to.0.iter_mut().zip(from.0) {
                *to = i16x8::from_i32x8_saturate((f32x8::new(*from) * 32767.0).trunc_int()).to_array();
            }
            for (to, from) in to.1.iter_mut().zip(from.1) {
                *to = (from * 32767.0) as i16;
            }
            scratch
        }
    }
}

/// A running summary into pixels.
#[derive(Debug, Clone)]
pub struct Peaks {
    channels: usize,
    frames_per_pixel: usize,
    filled: usize,
    /// Extremes of the unfinished pixel: per channel, and of the sum over channels.
    min: Vec<i16>,
    max: Vec<i16>,
    sum_min: i32,
    sum_max: i32,
}

impl Peaks {
    /// Starts at frame 0. Both arguments are at least 1.
    #[must_use]
    pub fn new(channels: usize, frames_per_pixel: usize) -> Self {
        let channels = channels.max(1);
        let mut peaks = Self {
            channels,
            frames_per_pixel: frames_per_pixel.max(1),
            filled: 0,
            min: vec![0; channels],
            max: vec![0; channels],
            sum_min: 0,
            sum_max: 0,
        };
        peaks.reset();
        peaks
    }

    /// Takes whole frames of interleaved samples and appends the rows that became complete.
    pub fn push(&mut self, interleaved: &[i16], rows: &mut Vec<i16>) {
        let mut rest = interleaved;
        while !rest.is_empty() {
            let room = (self.frames_per_pixel - self.filled) * self.channels;
            let (now, later) = rest.split_at(room.min(rest.len()));
            match self.channels {
                1 => self.take_mono(now),
                2 => self.take_stereo(now),
                _ => self.take_many(now),
            }
            self.filled += now.len() / self.channels;
            if self.filled == self.frames_per_pixel {
                self.emit(rows);
            }
            rest = later;
        }
    }

    /// Appends the row of a partial last pixel, if there is one.
    pub fn finish(&mut self, rows: &mut Vec<i16>) {
        if self.filled > 0 {
            self.emit(rows);
        }
    }

    fn reset(&mut self) {
        self.filled = 0;
        self.min.fill(i16::MAX);
        self.max.fill(i16::MIN);
        (self.sum_min, self.sum_max) = (i32::MAX, i32::MIN);
    }

    fn emit(&mut self, rows: &mut Vec<i16>) {
        if self.channels > 1 {
            let n = self.channels as i32;
            rows.extend_from_slice(&[(self.sum_min / n) as i16, (self.sum_max / n) as i16]);
        }
        rows.extend(self.min.iter().zip(&self.max).flat_map(|(&min, &max)| [min, max]));
        self.reset();
    }

    fn take_mono(&mut self, samples: &[i16]) {
        let mut extremes = Extremes::NONE;
        let (blocks, rest) = samples.as_chunks::<LANES>();
        blocks.iter().for_each(|&block| extremes.take(i16x8::new(block)));
        extremes.widen::<1>(rest, &mut self.min, &mut self.max);
    }

    fn take_stereo(&mut self, samples: &[i16]) {
        // Two at a time do not wait for each other.
        let mut extremes = [Extremes::NONE; 2];
        let mut sums = [Sums::NONE; 2];
        let (pairs, rest) = samples.as_chunks::<{ 2 * LANES }>();
        for pair in pairs {
            let (blocks, _) = pair.as_chunks::<LANES>();
            for side in 0..2 {
                let block = i16x8::new(blocks[side]);
                extremes[side].take(block);
                sums[side].take(block);
            }
        }
        let [first, second] = extremes;
        let all = Extremes { low: first.low.min(second.low), high: first.high.max(second.high) };
        all.widen::<2>(rest, &mut self.min, &mut self.max);
        let pairs = rest.as_chunks::<2>().0.iter().map(|&[left, right]| i32::from(left) + i32::from(right));
        let (low, high) = (sums[0].low.fast_min(sums[1].low), sums[0].high.fast_max(sums[1].high));
        let (low, high) = (low.to_array().map(|sum| sum as i32), high.to_array().map(|sum| sum as i32));
        self.sum_min = low.into_iter().chain(pairs.clone()).fold(self.sum_min, i32::min);
        self.sum_max = high.into_iter().chain(pairs).fold(self.sum_max, i32::max);
    }

    fn take_many(&mut self, samples: &[i16]) {
        for frame in samples.chunks_exact(self.channels) {
            let mut sum = 0;
            for ((&sample, min), max) in frame.iter().zip(&mut self.min).zip(&mut self.max) {
                *min = sample.min(*min);
                *max = sample.max(*max);
                sum += i32::from(sample);
            }
            self.sum_min = self.sum_min.min(sum);
            self.sum_max = self.sum_max.max(sum);
        }
    }
}

/// Samples that are handled at once.
const LANES: usize = 8;

/// The smallest and the largest sample in each lane.
#[derive(Clone, Copy)]
struct Extremes {
    low: i16x8,
    high: i16x8,
}

impl Extremes {
    const NONE: Self = Self { low: i16x8::MAX, high: i16x8::MIN };

    fn take(&mut self, samples: i16x8) {
        (self.low, self.high) = (self.low.min(samples), self.high.max(samples));
    }

    /// Widens `min` and `max`, a value for each of `N` channels, by what is in the lanes and in `rest`.
    fn widen<const N: usize>(self, rest: &[i16], min: &mut [i16], max: &mut [i16]) {
        let lanes = self.low.to_array().into_iter().zip(self.high.to_array());
        for (index, (low, high)) in lanes.chain(rest.iter().map(|&s| (s, s))).enumerate() {
            min[index % N] = low.min(min[index % N]);
            max[index % N] = high.max(max[index % N]);
        }
    }
}

/// The smallest and the largest left + right. Sums of 17 bits are exact in `f32`, whose extremes every vector unit has.
#[derive(Clone, Copy)]
struct Sums {
    low: f32x4,
    high: f32x4,
}

impl Sums {
    const NONE: Self = Self { low: f32x4::new([f32::MAX; 4]), high: f32x4::new([f32::MIN; 4]) };

    fn take(&mut self, samples: i16x8) {
        let sum = f32x4::from_i32x4(samples.dot(i16x8::ONE));
        (self.low, self.high) = (self.low.fast_min(sum), self.high.fast_max(sum));
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
