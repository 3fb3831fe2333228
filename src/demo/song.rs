//! Tempo, form and harmony: what all stems agree on.

/// Frames a second.
pub const SAMPLE_RATE: u32 = 44_100;
/// Quarter notes a minute.
pub const TEMPO_BPM: u32 = 120;
/// Quarter notes in a bar.
pub const BEATS_PER_BAR: u32 = 4;
/// Three times through the four chords: 24 s.
pub const BARS: u32 = 12;

/// Sixteenth notes in a bar.
pub(super) const STEPS_PER_BAR: u32 = 4 * BEATS_PER_BAR;
const SECONDS_PER_BEAT: f64 = 60.0 / TEMPO_BPM as f64;

/// A chord by its MIDI note numbers: the bass note and a close voicing around middle C.
pub(super) struct Chord {
    pub bass: u8,
    pub voicing: [u8; 4],
}

/// A minor, F major seven, C major nine, G six: one bar each.
const PROGRESSION: [Chord; 4] = [
    Chord { bass: 33, voicing: [57, 60, 64, 67] },
    Chord { bass: 29, voicing: [57, 60, 64, 65] },
    Chord { bass: 36, voicing: [55, 60, 62, 64] },
    Chord { bass: 31, voicing: [55, 59, 62, 64] },
];

pub(super) fn chord(bar: u32) -> &'static Chord {
    &PROGRESSION[bar as usize % PROGRESSION.len()]
}

/// The length of the song, in frames.
pub(super) fn frames() -> usize {
    (f64::from(SAMPLE_RATE) * seconds(BARS, 0.0)).round() as usize
}

/// When a position comes, in seconds; the beat counts from 0 and may be a fraction.
pub(super) fn seconds(bar: u32, beat: f64) -> f64 {
    (f64::from(bar * BEATS_PER_BAR) + beat) * SECONDS_PER_BEAT
}

/// When a sixteenth note of a bar comes, in seconds.
pub(super) fn step_seconds(bar: u32, step: usize) -> f64 {
    seconds(bar, step as f64 / 4.0)
}

/// The length of this many beats, in seconds.
pub(super) fn beats(count: f64) -> f64 {
    count * SECONDS_PER_BEAT
}

/// The frequency of a MIDI note number in equal temperament, A4 = 69 = 440 Hz.
pub(super) fn hertz(note: u8) -> f32 {
    440.0 * ((f32::from(note) - 69.0) / 12.0).exp2()
}
