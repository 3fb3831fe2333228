//! The tune: a sketch of it, then the same tune with a second voice, vibrato and echo.

use super::super::canvas::{Canvas, LowPass, Place, Saw, attack, decay, sine};
use super::super::song::{BARS, beats, hertz, seconds};
use super::super::{Stem, Take};

pub(in super::super) const LEAD: &[Take] = &[
    Take {
        stem: Stem::Lead,
        label: "Sketch",
        changelog: "The tune as I hummed it, with a placeholder sound.",
        play: sketch,
    },
    Take {
        stem: Stem::Lead,
        label: "Two voices",
        changelog: "Second voice below, vibrato on long notes, dotted echo. It starts four bars later now.",
        play: two_voices,
    },
];

/// A note of the tune: the beat it starts on within four bars, its length in beats, the note and the one below it.
struct TuneNote {
    beat: f64,
    length: f64,
    note: u8,
    below: u8,
}

const fn tune_note(beat: f64, length: f64, note: u8, below: u8) -> TuneNote {
    TuneNote { beat, length, note, below }
}

const TUNE: [TuneNote; 12] = [
    tune_note(0.0, 1.5, 76, 72),
    tune_note(1.5, 0.5, 74, 71),
    tune_note(2.0, 2.0, 72, 69),
    tune_note(4.5, 0.5, 72, 69),
    tune_note(5.0, 1.0, 74, 69),
    tune_note(6.0, 2.0, 77, 72),
    tune_note(8.0, 1.5, 76, 72),
    tune_note(9.5, 0.5, 79, 76),
    tune_note(10.0, 2.0, 76, 72),
    tune_note(12.5, 0.5, 74, 71),
    tune_note(13.0, 0.5, 72, 67),
    tune_note(13.5, 2.5, 74, 71),
];
const TUNE_BARS: u32 = 4;

fn sketch(canvas: &mut Canvas) {
    for bar in (0..BARS).step_by(TUNE_BARS as usize) {
        for TuneNote { beat, length, note, .. } in &TUNE {
            let place = Place { start_s: seconds(bar, *beat), length_s: beats(*length * 0.95), pan: 0.0 };
            let pitch = hertz(*note);
            canvas.add(place, |t| {
                let hollow = sine(t, pitch) + sine(t, 3.0 * pitch) / 9.0 + sine(t, 5.0 * pitch) / 25.0;
                0.5 * attack(t, 0.02) * decay(t, 1.2) * hollow
            });
        }
    }
}

fn two_voices(canvas: &mut Canvas) {
    for bar in (TUNE_BARS..BARS).step_by(TUNE_BARS as usize) {
        for TuneNote { beat, length, note, below } in &TUNE {
            let place = |pan| Place { start_s: seconds(bar, *beat), length_s: beats(*length), pan };
            sing(canvas, place(-0.25), *note, 0.45);
            sing(canvas, place(0.3), *below, 0.22);
        }
    }
    canvas.echo(beats(0.75), 0.3);
}

fn sing(canvas: &mut Canvas, place: Place, note: u8, loudness: f32) {
    let (pitch, mut saw, mut low) = (hertz(note), Saw::new(), LowPass::new());
    canvas.add(place, |t| {
        // A singer's vibrato: about 5.5 Hz, a few tenths of a semitone, and only once the note stands.
        let vibrato = 1.0 + 0.006 * attack((t - 0.25).max(0.0), 0.4) * sine(t, 5.5);
        let cutoff = 900.0 + 2_200.0 * decay(t, 0.3);
        loudness * attack(t, 0.03) * low.next(saw.next(pitch * vibrato), cutoff)
    });
}
