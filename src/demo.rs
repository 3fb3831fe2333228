//! The song of the demo: four stems in two or three takes each, computed and not downloaded, so nobody owns them.
//!
//! Everything is a pure function of the take: the same bytes every time, on one machine and one build.

mod canvas;
mod parts;
mod song;
#[cfg(test)]
mod tests;
mod wav;

use canvas::Canvas;

pub use song::{BARS, BEATS_PER_BAR, SAMPLE_RATE, TEMPO_BPM};

/// What the demo project is called.
pub const SONG_NAME: &str = "Night Bus Home";

/// A part of the song; one track of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stem {
    /// Kick, snare, hats.
    Drums,
    /// One note at a time.
    Bass,
    /// Chords.
    Keys,
    /// The tune.
    Lead,
}

impl Stem {
    /// In the order of the tracks.
    pub const ALL: [Self; 4] = [Self::Drums, Self::Bass, Self::Keys, Self::Lead];

    /// The name of the track.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drums => "Drums",
            Self::Bass => "Bass",
            Self::Keys => "Keys",
            Self::Lead => "Lead",
        }
    }

    /// The takes of this stem, oldest first.
    pub fn takes(self) -> &'static [Take] {
        match self {
            Self::Drums => parts::DRUMS,
            Self::Bass => parts::BASS,
            Self::Keys => parts::KEYS,
            Self::Lead => parts::LEAD,
        }
    }

    /// The highest sample, so that all four stems together stay below full scale.
    fn peak(self) -> f32 {
        match self {
            Self::Drums => 0.34,
            Self::Bass => 0.24,
            Self::Keys => 0.18,
            Self::Lead => 0.2,
        }
    }
}

/// One version of one stem.
#[derive(Clone, Copy, Debug)]
pub struct Take {
    /// Which stem.
    pub stem: Stem,
    /// A few words.
    pub label: &'static str,
    /// What changed since the take before.
    pub changelog: &'static str,
    play: fn(&mut Canvas),
}

impl Take {
    /// The samples: stereo frames at [`SAMPLE_RATE`], each within −1 to 1.
    pub fn samples(&self) -> Vec<[f32; 2]> {
        let mut canvas = Canvas::blank();
        (self.play)(&mut canvas);
        canvas.finish(self.stem.peak())
    }

    /// The take as a file: 16-bit stereo WAV.
    pub fn wav(&self) -> Vec<u8> {
        wav::encode(&self.samples())
    }

    /// A name for the file, such as `bass-walking.wav`.
    pub fn file_name(&self) -> String {
        let words = |text: &str| text.to_lowercase().replace(' ', "-");
        format!("{}-{}.wav", words(self.stem.name()), words(self.label))
    }
}
