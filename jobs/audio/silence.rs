//! Silence: stretches in which no channel leaves ±32 of 32768 (−60 dBFS) for at least a second.
//! They are read off the finest peaks, so their borders are exact to a pixel of 256 frames and cost nothing.

use serde::{Deserialize, Serialize};

use crate::media::duration_ms;
use crate::peaks::row_len;
use crate::pyramid::BASE_SAMPLES_PER_PIXEL;

/// The highest 16-bit value that still counts as silence: −60 dBFS.
const THRESHOLD: i16 = 32;
/// The shortest stretch that is reported, milliseconds.
const SHORTEST_MS: u64 = 1_000;
/// Most stretches that are reported; the longest are.
pub const STRETCHES_MAX: usize = 256;

/// A part of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Where it begins, milliseconds.
    pub start_ms: u64,
    /// Where it ends, milliseconds.
    pub end_ms: u64,
}

impl Stretch {
    fn length_ms(self) -> u64 {
        self.end_ms - self.start_ms
    }
}

/// A running search.
pub(crate) struct Silence {
    row: usize,
    sample_rate: u32,
    /// Pixels seen, and where the silence that still lasts began.
    pixels: u64,
    since: Option<u64>,
    found: Vec<Stretch>,
}

impl Silence {
    pub(crate) fn new(channels: usize, sample_rate: u32) -> Self {
        Self { row: row_len(channels), sample_rate, pixels: 0, since: None, found: Vec::new() }
    }

    /// Takes rows of the finest level, in order.
    pub(crate) fn rows(&mut self, rows: &[i16]) {
        for row in rows.chunks_exact(self.row) {
            let quiet = row.iter().all(|v| (-THRESHOLD..=THRESHOLD).contains(v));
            match (quiet, self.since) {
                (true, None) => self.since = Some(self.pixels),
                (false, Some(since)) => self.close(since, self.pixels * u64::from(BASE_SAMPLES_PER_PIXEL)),
                (true, Some(_)) | (false, None) => {}
            }
            self.pixels += 1;
        }
    }

    /// The stretches in a recording of so many frames, first to last.
    pub(crate) fn finish(mut self, frames: u64) -> Vec<Stretch> {
        if let Some(since) = self.since {
            self.close(since, frames);
        }
        self.found
    }

    fn close(&mut self, since: u64, end: u64) {
        self.since = None;
        let ms = |frame| duration_ms(frame, self.sample_rate);
        let stretch = Stretch { start_ms: ms(since * u64::from(BASE_SAMPLES_PER_PIXEL)), end_ms: ms(end) };
        if stretch.length_ms() < SHORTEST_MS {
            return;
        }
        self.found.push(stretch);
        if self.found.len() > STRETCHES_MAX {
            let shortest = (0..self.found.len()).min_by_key(|&i| self.found[i].length_ms());
            self.found.remove(shortest.unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(rate: u32, rows: &[(i16, usize)], frames: u64) -> Vec<(u64, u64)> {
        let mut silence = Silence::new(1, rate);
        for &(peak, pixels) in rows {
            silence.rows(&[-peak, peak].repeat(pixels));
        }
        silence.finish(frames).into_iter().map(|s| (s.start_ms, s.end_ms)).collect()
    }

    #[test]
    fn only_a_second_below_the_threshold_counts() {
        // At 25 600 Hz a pixel is 10 ms.
        assert_eq!(
            search(25_600, &[(0, 99), (33, 1), (32, 100), (900, 5), (0, 150)], 90_000),
            [(1000, 2000), (2050, 3516)]
        );
        assert_eq!(search(25_600, &[(33, 500)], 128_000), []);
    }

    #[test]
    fn every_channel_must_be_silent() {
        let mut silence = Silence::new(2, 25_600);
        silence.rows(&[0, 0, -100, 100, 0, 0].repeat(200));
        assert_eq!(silence.finish(51_200), []);
    }

    #[test]
    fn the_longest_are_kept() {
        let rows: Vec<_> = (0..STRETCHES_MAX + 10).flat_map(|i| [(0, 100 + i), (99, 1)]).collect();
        let found = search(25_600, &rows, 0);
        assert_eq!(found.len(), STRETCHES_MAX);
        assert_eq!(found[0].1 - found[0].0, 1100, "the ten shortest are gone");
    }
}
