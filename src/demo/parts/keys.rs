//! The chords: a pad, an electric piano, and broken chords.

use super::super::canvas::{Canvas, LowPass, Place, Saw, attack, decay, sine};
use super::super::song::{BARS, BEATS_PER_BAR, beats, chord, hertz, seconds, step_seconds};
use super::super::{Stem, Take};
use super::steps;

pub(in super::super) const KEYS: &[Take] = &[
    Take { stem: Stem::Keys, label: "Pad", changelog: "Held chords, only to hear the harmony.", play: pad },
    Take {
        stem: Stem::Keys,
        label: "Electric piano",
        changelog: "The pad made everything muddy: short chords off the beat instead.",
        play: electric_piano,
    },
    Take {
        stem: Stem::Keys,
        label: "Broken chords",
        changelog: "Same sound, one note after another, wide in the stereo picture.",
        play: broken_chords,
    },
];

fn pad(canvas: &mut Canvas) {
    for bar in 0..BARS {
        for (voice, note) in chord(bar).voicing.into_iter().enumerate() {
            let length_s = beats(f64::from(BEATS_PER_BAR));
            let place = Place { start_s: seconds(bar, 0.0), length_s, pan: spread(voice, 0.6) };
            let pitch = hertz(note);
            let (mut flat, mut sharp, mut low) = (Saw::new(), Saw::new(), LowPass::new());
            canvas.add(place, |t| {
                let beating = flat.next(pitch * 0.997) + sharp.next(pitch * 1.003);
                let swell = attack(t, 0.35) * attack(length_s as f32 - t, 0.2);
                0.12 * swell * low.next(beating, 1_100.0)
            });
        }
    }
}

fn electric_piano(canvas: &mut Canvas) {
    for bar in 0..BARS {
        for (step, loudness) in steps("..x...X....x..o.") {
            for (voice, note) in chord(bar).voicing.into_iter().enumerate() {
                let place =
                    Place { start_s: step_seconds(bar, step), length_s: beats(0.8), pan: spread(voice, 0.3) };
                tine(canvas, place, note, 0.3 * loudness);
            }
        }
    }
}

fn broken_chords(canvas: &mut Canvas) {
    const ORDER: [usize; 8] = [0, 2, 1, 3, 2, 1, 3, 1];
    for bar in 0..BARS {
        for (eighth, voice) in ORDER.into_iter().enumerate() {
            let note = chord(bar).voicing[voice] + if eighth >= 4 { 12 } else { 0 };
            let start_s = seconds(bar, eighth as f64 / 2.0);
            tine(canvas, Place { start_s, length_s: beats(1.4), pan: spread(voice, 0.9) }, note, 0.45);
        }
    }
}

/// Two sines, one bending the phase of the other (Chowning, "The synthesis of complex audio spectra by means of
/// frequency modulation", JAES 21(7), 1973): bright when struck, round when it rings.
fn tine(canvas: &mut Canvas, place: Place, note: u8, loudness: f32) {
    let pitch = hertz(note);
    canvas.add(place, |t| {
        let bend = 1.8 * decay(t, 0.18) * sine(t, pitch) + 0.25 * decay(t, 0.03) * sine(t, 14.0 * pitch);
        let ring = (std::f32::consts::TAU * (t * pitch).fract() + bend).sin();
        loudness * attack(t, 0.003) * decay(t, 0.55) * ring
    });
}

/// Voices from left to right, `width` from 0 (all in the middle) to 1.
fn spread(voice: usize, width: f32) -> f32 {
    (voice as f32 / 1.5 - 1.0) * width
}
