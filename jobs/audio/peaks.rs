//! Minimum and maximum per pixel by the rules of BBC audiowaveform, byte for byte.
//!
//! A row is what one pixel needs: for one channel `[min, max]`, for n > 1 channels the mono mix and then every
//! channel, `[mono min, mono max, min 0, max 0, …]`. Mono is the integer sum divided by the channels, truncated
//! toward zero; since that is monotone, it is applied to the extreme sums only. `plain` is the same as a
//! definition, and a property test holds the two together.

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
            for (to, &from) in scratch.iter_mut().zip(floats) {
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
        let (min, max) = extremes::<1>(samples);
        self.min[0] = self.min[0].min(min[0]);
        self.max[0] = self.max[0].max(max[0]);
    }

    fn take_stereo(&mut self, samples: &[i16]) {
        let (min, max) = extremes::<2>(samples);
        for channel in 0..2 {
            self.min[channel] = self.min[channel].min(min[channel]);
            self.max[channel] = self.max[channel].max(max[channel]);
        }
        let (min, max) = stereo_sums(samples);
        self.sum_min = self.sum_min.min(min);
        self.sum_max = self.sum_max.max(max);
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

/// Lanes that the inner loops run over; a multiple of every vector width.
const LANES: usize = 32;

/// Extremes per channel for `N` channels that divide the lanes: lane `i` belongs to channel `i % N`.
fn extremes<const N: usize>(samples: &[i16]) -> ([i16; N], [i16; N]) {
    let (mut low, mut high) = ([i16::MAX; LANES], [i16::MIN; LANES]);
    let (chunks, rest) = samples.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            low[lane] = low[lane].min(chunk[lane]);
            high[lane] = high[lane].max(chunk[lane]);
        }
    }
    for (lane, &sample) in rest.iter().enumerate() {
        low[lane] = low[lane].min(sample);
        high[lane] = high[lane].max(sample);
    }
    let (mut min, mut max) = ([i16::MAX; N], [i16::MIN; N]);
    for lane in 0..LANES {
        min[lane % N] = min[lane % N].min(low[lane]);
        max[lane % N] = max[lane % N].max(high[lane]);
    }
    (min, max)
}

/// Smallest and largest left + right.
fn stereo_sums(samples: &[i16]) -> (i32, i32) {
    const FRAMES: usize = LANES / 2;
    let (mut low, mut high) = ([i32::MAX; FRAMES], [i32::MIN; FRAMES]);
    let (chunks, rest) = samples.as_chunks::<LANES>();
    for chunk in chunks {
        for frame in 0..FRAMES {
            let sum = i32::from(chunk[2 * frame]) + i32::from(chunk[2 * frame + 1]);
            low[frame] = low[frame].min(sum);
            high[frame] = high[frame].max(sum);
        }
    }
    let mut min = low.into_iter().fold(i32::MAX, i32::min);
    let mut max = high.into_iter().fold(i32::MIN, i32::max);
    for [left, right] in rest.as_chunks::<2>().0 {
        let sum = i32::from(*left) + i32::from(*right);
        (min, max) = (min.min(sum), max.max(sum));
    }
    (min, max)
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
