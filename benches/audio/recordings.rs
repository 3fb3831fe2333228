//! What is raced over: half a minute of made-up music, repeated for an hour and coded in every way by ffmpeg.

use std::f64::consts::TAU;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use audio::wav;

use crate::race::Program;

const RATE: u32 = 44_100;
const SECONDS: usize = 30;

/// File and the options of ffmpeg that make it.
const CODINGS: [(&str, &[&str]); 7] = [
    ("s16.wav", &["-c:a", "pcm_s16le"]),
    ("s24.wav", &["-c:a", "pcm_s24le"]),
    ("f32.wav", &["-c:a", "pcm_f32le"]),
    ("s16.flac", &["-c:a", "flac", "-sample_fmt", "s16"]),
    ("mp3.mp3", &["-c:a", "libmp3lame", "-b:a", "192k"]),
    ("vorbis.ogg", &["-c:a", "libvorbis", "-q:a", "6"]),
    ("opus.opus", &["-c:a", "libopus", "-b:a", "128k"]),
];

/// Writes all recordings into `dir`.
pub fn make(dir: &Path, ffmpeg: &Path, minutes: u64) {
    let base = dir.join("base.wav");
    let file = BufWriter::new(File::create(&base).expect("room to write"));
    wav::write_pcm16(&mut { file }, RATE, 2, &music()).expect("room to write");
    for (name, options) in CODINGS {
        let mut program =
            Program::new(ffmpeg).with("-v").with("error").with("-y").with("-stream_loop").with("-1");
        program = program.with("-i").with(&base).with("-t").with((minutes * 60).to_string());
        for option in options {
            program = program.with(option);
        }
        program.with(dir.join(name)).run();
    }
}

/// Plucked chords over a beat with noise in it, as loud as a finished song, a little different left and right.
fn music() -> Vec<i16> {
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / 8_388_608.0 - 1.0
    };
    let beat = RATE as usize / 2;
    let chords =
        [[220.0, 261.63, 329.63], [174.61, 220.0, 261.63], [196.0, 246.94, 293.66], [164.81, 207.65, 246.94]];
    let mut out = Vec::with_capacity(RATE as usize * SECONDS * 2);
    for i in 0..RATE as usize * SECONDS {
        let (bar, within) = (i / (beat * 4), i % beat);
        let t = i as f64 / f64::from(RATE);
        let pluck = (-(within as f64) / (0.25 * f64::from(RATE))).exp();
        let hit = (-(within as f64) / (0.03 * f64::from(RATE))).exp() * noise();
        let notes = chords[bar % chords.len()]
            .iter()
            .map(|hz| (1..6).map(|k| (TAU * hz * f64::from(k) * t).sin() / f64::from(k * k)).sum::<f64>());
        let sound = 0.2 * pluck * notes.sum::<f64>() + 0.4 * hit + 0.002 * noise();
        let width = 0.05 * (TAU * 110.5 * t).sin();
        out.extend([sound + width, sound - width].map(|s| (s.tanh() * 32_000.0) as i16));
    }
    out
}
