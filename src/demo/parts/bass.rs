//! The bass: first only the roots, then a line that walks from chord to chord.

use super::super::canvas::{Canvas, LowPass, Place, Saw, attack, decay, sine};
use super::super::song::{BARS, beats, chord, hertz, seconds, step_seconds};
use super::super::{Stem, Take};
use super::steps;

pub(in super::super) const BASS: &[Take] = &[
    Take {
        stem: Stem::Bass,
        label: "Roots",
        changelog: "Root notes in eighths, to hold the place.",
        play: roots,
    },
    Take {
        stem: Stem::Bass,
        label: "Walking",
        changelog: "A walking line with octaves, and a growl instead of the round tone.",
        play: walking,
    },
];

/// Semitones above the root on each beat; the last eighth of the bar leans towards the next root.
const WALK: [i8; 4] = [0, 7, 12, 7];

fn roots(canvas: &mut Canvas) {
    for bar in 0..BARS {
        let pitch = hertz(chord(bar).bass + 12);
        for (step, loudness) in steps("X.x.x.x.X.x.x.x.") {
            let place = Place { start_s: step_seconds(bar, step), length_s: beats(0.45), pan: 0.0 };
            canvas.add(place, |t| {
                let tone = sine(t, pitch) + 0.3 * sine(t, 2.0 * pitch) + 0.08 * sine(t, 3.0 * pitch);
                0.6 * loudness * attack(t, 0.006) * decay(t, 0.4) * tone
            });
        }
    }
}

fn walking(canvas: &mut Canvas) {
    for bar in 0..BARS {
        let root = chord(bar).bass + 12;
        for (beat, interval) in WALK.into_iter().enumerate() {
            let last = beat + 1 == WALK.len();
            growl(
                canvas,
                seconds(bar, beat as f64),
                if last { 0.45 } else { 0.9 },
                root.saturating_add_signed(interval),
            );
        }
        let next = chord(bar + 1).bass + 12;
        let approach = if next > root { next - 1 } else { next + 1 };
        growl(canvas, seconds(bar, 3.5), 0.45, approach);
    }
}

/// A sawtooth behind a filter that closes while the note sounds.
fn growl(canvas: &mut Canvas, start_s: f64, length_beats: f64, note: u8) {
    let (pitch, mut saw) = (hertz(note), Saw::new());
    let (mut first, mut second) = (LowPass::new(), LowPass::new());
    canvas.add(Place { start_s, length_s: beats(length_beats), pan: 0.0 }, |t| {
        let cutoff = 180.0 + 1_400.0 * decay(t, 0.12);
        let filtered = first.next(saw.next(pitch), cutoff);
        0.8 * attack(t, 0.004) * decay(t, 0.9) * (second.next(filtered, cutoff) + 0.4 * sine(t, pitch))
    });
}
