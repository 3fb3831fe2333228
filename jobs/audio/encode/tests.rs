//! What goes in comes out: every sample for lossless targets, every frame and little noise for lossy ones.

use std::io::Cursor;
use std::sync::Arc;

use super::*;
use crate::convert::{Form, to_f64};
use crate::limits::Limits;
use crate::read_at::ReadAt;
use crate::source::Source;

mod lossless;
mod lossy;

/// The bytes of a file with this sound, pushed in uneven pieces.
fn encode(target: Target, shape: Shape, tags: &Tags, sound: &[f64]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = Encoder::create(target, shape, tags, None, &mut file).expect("a target for this shape");
    let channels = shape.channels as usize;
    let (mut rest, mut piece) = (sound, 1);
    while !rest.is_empty() {
        let (now, later) = rest.split_at((piece * channels).min(rest.len()));
        encoder.push_f64(now).expect("whole frames");
        rest = later;
        piece = piece * 7 % 9973 + 1;
    }
    let encoded = encoder.finish().expect("a complete file");
    let file = file.into_inner();
    assert_eq!(encoded.frames as usize, sound.len() / channels);
    assert_eq!(encoded.bytes, file.len() as u64, "{target} says how large its file is");
    file
}

/// The sound of a file, interleaved; the file must be flawless and have this shape.
fn decode(file: impl ReadAt + 'static, shape: Shape) -> Vec<f64> {
    let mut source = Source::open(Arc::new(file), &Limits::default()).expect("a file that we can read");
    let probe = source.probe().clone();
    assert_eq!((probe.sample_rate, probe.channels), (shape.sample_rate, shape.channels));
    let (mut sound, mut piece) = (Vec::new(), Vec::new());
    while let Some(block) = source.next_block().expect("sound") {
        to_f64(block.samples, &mut piece);
        sound.extend_from_slice(&piece);
    }
    assert_eq!(source.warnings(), [], "{probe:?}");
    if !probe.frames_estimated && source.frames() > 0 {
        assert_eq!(probe.frames, Some(source.frames()), "the header tells the length");
    }
    sound
}

/// Equally distributed numbers from -1 to 1, the same in every run.
fn noise(count: usize) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn sine(frames: usize, frequency: f64, rate: u32, amplitude: f64) -> Vec<f64> {
    let step = std::f64::consts::TAU * frequency / f64::from(rate);
    (0..frames).map(|i| (step * i as f64).sin() * amplitude).collect()
}

#[test]
fn what_does_not_fit_is_refused() {
    let shape = |sample_rate, channels| Shape { sample_rate, channels };
    for (target, shape) in [
        (Target::Mp3(Mp3Rate::Cbr(320)), shape(96_000, 2)),
        (Target::Mp3(Mp3Rate::Cbr(77)), shape(44_100, 2)),
        (Target::Opus { kbps: 128 }, shape(44_100, 2)),
        (Target::Vorbis { quality: 11 }, shape(44_100, 2)),
        (Target::Flac(FlacDepth::Int16), shape(44_100, 9)),
    ] {
        let refused = Encoder::create(target, shape, &Tags::default(), None, Cursor::new(Vec::new()));
        assert!(matches!(refused.err(), Some(AudioError::Target)), "{target} with {shape:?}");
    }
    let stereo = shape(44_100, 2);
    let mut encoder = Encoder::create(
        Target::Wav(PcmDepth::Int16),
        stereo,
        &Tags::default(),
        None,
        Cursor::new(Vec::new()),
    )
    .expect("WAV takes anything");
    assert!(matches!(encoder.push_f64(&[0.0; 3]), Err(AudioError::Io(_))), "one and a half frames");
}
