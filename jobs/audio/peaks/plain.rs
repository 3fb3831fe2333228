//! The peak rules written down once more, slowly and obviously: the oracle of the fast kernel.

use crate::source::Samples;

/// One sample by rule 1 of audiowaveform: everything becomes 16 bit first.
#[must_use]
pub fn sample(samples: Samples<'_>, index: usize) -> i16 {
    match samples {
        Samples::I16(s) => s[index],
        Samples::I32(s) => i16::try_from(s[index] >> 16).expect("a 32-bit value shifted by 16 fits 16 bits"),
        Samples::F32(s) if s[index].is_nan() => 0,
        Samples::F32(s) => (s[index] * 32767.0).trunc().clamp(-32768.0, 32767.0) as i16,
    }
}

/// All rows of a whole recording of at least one frame.
#[must_use]
pub fn rows(interleaved: &[i16], channels: usize, frames_per_pixel: usize) -> Vec<i16> {
    let mut rows = Vec::new();
    for pixel in interleaved.chunks(channels * frames_per_pixel) {
        let frames: Vec<&[i16]> = pixel.chunks(channels).collect();
        let mono = |frame: &&[i16]| {
            let sum: i64 = frame.iter().map(|&s| i64::from(s)).sum();
            i16::try_from(sum / channels as i64).expect("a mean of 16-bit values fits 16 bits")
        };
        if channels > 1 {
            rows.push(frames.iter().map(mono).min().expect("a pixel has a frame"));
            rows.push(frames.iter().map(mono).max().expect("a pixel has a frame"));
        }
        for channel in 0..channels {
            rows.push(frames.iter().map(|f| f[channel]).min().expect("a pixel has a frame"));
            rows.push(frames.iter().map(|f| f[channel]).max().expect("a pixel has a frame"));
        }
    }
    rows
}
