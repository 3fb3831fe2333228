//! The mixdown: stems at their places in time, through their faders, summed to stereo.
//!
//! The sum is `f64`, without dither or clipping, so that it equals the sum on paper; `convert` makes words of it.
//! Memory depends on the number of stems alone. A loudness target costs a first pass that only measures, because
//! the gain must be known at the first frame; a limiter then holds the true peak.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::error::AudioError;
use crate::limits::Limits;
use crate::loudness::{Loudness, Meter};
use crate::read_at::ReadAt;
use crate::source::Source;

mod limiter;
mod pan;
mod voice;

use limiter::Limiter;
use voice::Voice;

/// Frames mixed at once.
const BLOCK: usize = 4096;
/// Channels of the mix.
pub const CHANNELS: u32 = 2;
/// The most that a loudness target may amplify, dB: what is quieter is noise.
const GAIN_DB_MAX: f64 = 30.0;
/// The highest rate a mix is made at when nobody names one, Hz.
const RATE_MAX: u32 = 192_000;
/// Least advance that is reported.
const PROGRESS_STEP: f32 = 0.01;

/// One audible track.
#[derive(Clone)]
pub struct Stem {
    /// The recording.
    pub input: Arc<dyn ReadAt>,
    /// Linear gain, 1 leaves the level as it is.
    pub volume: f64,
    /// −1 (left) to 1 (right), by the equal-power law of the Web Audio API.
    pub pan: f64,
    /// Where in the song it starts, milliseconds; what lies before 0 is not heard.
    pub start_ms: i64,
}

/// What to make of the stems.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Frames a second of the mix, Hz.
    pub sample_rate: u32,
    /// The part of the song to render, from and to, milliseconds; all of it if none.
    pub range_ms: Option<(u64, u64)>,
    /// Integrated loudness to reach, LUFS.
    pub target_lufs: Option<f64>,
    /// True peak that is not to be passed, dBTP.
    pub ceiling_dbtp: Option<f64>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mixed {
    /// Frames that went to the sink.
    pub frames: u64,
    /// The gain that the loudness target took, dB.
    pub gain_db: f64,
    /// How loud the mix came out. Where the limiter worked hard, that is less than the target.
    pub loudness: Loudness,
}

/// The highest rate among the stems, at most 192 kHz; none without stems.
///
/// # Errors
/// Any of `AudioError` from opening a stem.
pub fn natural_rate(stems: &[Stem], limits: &Limits) -> Result<Option<u32>, AudioError> {
    let rates =
        stems.iter().map(|stem| Ok(Source::open(Arc::clone(&stem.input), limits)?.probe().sample_rate));
    let highest = rates.collect::<Result<Vec<u32>, AudioError>>()?.into_iter().max();
    Ok(highest.map(|rate| rate.min(RATE_MAX)))
}

/// Renders the mix as interleaved stereo into `sink`, and reports progress from 0 to 1.
///
/// # Errors
/// Any of `AudioError`, of a stem or of the sink; `Empty` when nothing is audible in the range, `Cancelled` on
/// request.
pub fn render(
    stems: &[Stem],
    plan: &Plan,
    limits: &Limits,
    progress: &mut dyn FnMut(f32),
    cancel: &AtomicBool,
    sink: &mut dyn FnMut(&[f64]) -> Result<(), AudioError>,
) -> Result<Mixed, AudioError> {
    let mut gain_db = 0.0;
    let mut done = 0.0;
    if let Some(target) = plan.target_lufs {
        let mut meter = Meter::new(CHANNELS, plan.sample_rate);
        let mut half = |fraction: f32| progress(fraction / 2.0);
        pass(stems, plan, limits, &mut half, cancel, &mut |block| {
            meter.push_f64(block);
            Ok(())
        })?;
        let measured = meter.finish().0.integrated_lufs;
        gain_db = measured.map_or(0.0, |lufs| (target - lufs).min(GAIN_DB_MAX));
        done = 0.5;
    }
    let gain = 10f64.powf(gain_db / 20.0);
    let mut limiter = plan.ceiling_dbtp.map(|dbtp| Limiter::new(10f64.powf(dbtp / 20.0), plan.sample_rate));
    let mut meter = Meter::new(CHANNELS, plan.sample_rate);
    let mut out = Vec::with_capacity(BLOCK * CHANNELS as usize);
    let mut frames = 0;
    let mut deliver = |out: &mut Vec<f64>| {
        meter.push_f64(out);
        frames += out.len() as u64 / u64::from(CHANNELS);
        let delivered = if out.is_empty() { Ok(()) } else { sink(out) };
        out.clear();
        delivered
    };
    let mut rest = |fraction: f32| progress(done + fraction * (1.0 - done));
    pass(stems, plan, limits, &mut rest, cancel, &mut |block| {
        match &mut limiter {
            Some(limiter) => {
                block.as_chunks::<2>().0.iter().for_each(|f| limiter.push(f.map(|s| s * gain), &mut out))
            }
            None => out.extend(block.iter().map(|s| s * gain)),
        }
        deliver(&mut out)
    })?;
    if let Some(limiter) = &mut limiter {
        limiter.finish(&mut out);
        deliver(&mut out)?;
    }
    Ok(Mixed { frames, gain_db, loudness: meter.finish().0 })
}

/// Sums all stems once, block by block.
fn pass(
    stems: &[Stem],
    plan: &Plan,
    limits: &Limits,
    progress: &mut dyn FnMut(f32),
    cancel: &AtomicBool,
    sink: &mut dyn FnMut(&[f64]) -> Result<(), AudioError>,
) -> Result<(), AudioError> {
    let rate = plan.sample_rate;
    let (from, to) =
        plan.range_ms.map_or((0, u64::MAX), |(from, to)| (frames_of(from, rate), frames_of(to, rate)));
    let open = |stem: &Stem| Voice::open(stem, rate, from, limits);
    let mut voices = stems.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let mut left = to.saturating_sub(from);
    let mut bus = vec![0.0; BLOCK * CHANNELS as usize];
    let (mut heard, mut reported) = (false, 0.0);
    while left > 0 {
        if cancel.load(Ordering::Relaxed) {
            return Err(AudioError::Cancelled);
        }
        let frames = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        let block = &mut bus[..frames * CHANNELS as usize];
        block.fill(0.0);
        let mut extent = 0;
        for voice in &mut voices {
            extent = extent.max(voice.add(block)?);
        }
        if extent == 0 {
            break;
        }
        heard = true;
        sink(&block[..extent * CHANNELS as usize])?;
        left -= extent as u64;
        let fraction = voices.iter().map(Voice::fraction).sum::<f32>() / voices.len() as f32;
        if fraction >= reported + PROGRESS_STEP {
            reported = fraction;
            progress(fraction);
        }
    }
    if heard { Ok(()) } else { Err(AudioError::Empty) }
}

/// The frame nearest to a time.
fn frames_of(ms: u64, rate: u32) -> u64 {
    ((u128::from(ms) * u128::from(rate) + 500) / 1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
