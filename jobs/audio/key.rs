//! Key from the chroma track: the profile that the sounding pitch classes resemble most.
//!
//! C. L. Krumhansl, "Cognitive Foundations of Musical Pitch" (1990), chapter 4: the durations of the twelve pitch
//! classes are correlated with the probe-tone profiles of Krumhansl and Kessler (1982) in all 24 keys.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::features::{CHROMA_PER_S, CLASSES, Features};

/// How well each class, from the tonic, fits a major and a minor key.
const MAJOR: [f32; CLASSES] = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88];
const MINOR: [f32; CLASSES] = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17];
/// Correlation below which the sound resembles no key.
const RESEMBLANCE_MIN: f32 = 0.5;
/// Least sounding length that can tell a key: 5 s.
const ROWS_MIN: usize = 5 * CHROMA_PER_S as usize;
/// A lead of this much correlation over every other key is certainty.
const CLEAR_LEAD: f32 = 0.2;
/// Below this the estimate is not shown.
const CONFIDENCE_MIN: f32 = 0.1;

/// Which scale a key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Major.
    Major,
    /// Minor.
    Minor,
}

/// The key of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// Pitch class of the tonic, 0 (C) to 11 (B).
    pub tonic: u8,
    /// Its scale.
    pub mode: Mode,
    /// 0 to 1: how much better it fits than any other key, times how well it fits.
    pub confidence: f32,
}

impl fmt::Display for Key {
    /// As musicians write it, with the usual spelling of each key: `F# minor`, `Bb major`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (names, mode) = match self.mode {
            Mode::Major => (["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"], "major"),
            Mode::Minor => (["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"], "minor"),
        };
        write!(f, "{} {mode}", names[usize::from(self.tonic) % CLASSES])
    }
}

/// The key, or none where no key stands out.
pub(crate) fn key(features: &Features) -> Option<Key> {
    let mut heard = [0.0f32; CLASSES];
    let mut rows = 0;
    for row in features.chroma.iter().filter(|row| row.iter().any(|&c| c > 0)) {
        rows += 1;
        for (sum, &class) in heard.iter_mut().zip(row) {
            *sum += f32::from(class);
        }
    }
    if rows < ROWS_MIN {
        return None;
    }
    let mut fits: Vec<(f32, u8, Mode)> = (0..CLASSES)
        .flat_map(|tonic| [(tonic, Mode::Major, MAJOR), (tonic, Mode::Minor, MINOR)])
        .map(|(tonic, mode, profile)| (resemblance(&heard, tonic, &profile), tonic as u8, mode))
        .collect();
    fits.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (best, tonic, mode) = fits[0];
    let lead = (best - fits[1].0) / CLEAR_LEAD;
    let confidence = (best * lead.min(1.0) * 100.0).round() / 100.0;
    (best >= RESEMBLANCE_MIN && confidence >= CONFIDENCE_MIN).then_some(Key { tonic, mode, confidence })
}

/// Pearson's correlation of the classes, counted from `tonic`, with a profile.
fn resemblance(heard: &[f32; CLASSES], tonic: usize, profile: &[f32; CLASSES]) -> f32 {
    let mean = |values: &[f32; CLASSES]| values.iter().sum::<f32>() / CLASSES as f32;
    let (mean_heard, mean_profile) = (mean(heard), mean(profile));
    let (mut both, mut of_heard, mut of_profile) = (0.0, 0.0, 0.0);
    for (step, &fit) in profile.iter().enumerate() {
        let (h, p) = (heard[(tonic + step) % CLASSES] - mean_heard, fit - mean_profile);
        both += h * p;
        of_heard += h * h;
        of_profile += p * p;
    }
    if of_heard > 0.0 { both / (of_heard * of_profile).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chords of three classes, 100 rows each, over and over.
    fn chords(chords: &[[usize; 3]]) -> Features {
        let rows = chords.iter().flat_map(|chord| {
            let mut row = [10u8; CLASSES];
            chord.iter().for_each(|&class| row[class % CLASSES] = 255);
            std::iter::repeat_n(row, 100)
        });
        Features { onsets: Vec::new(), chroma: rows.collect() }
    }

    #[test]
    fn cadences_have_their_key() {
        for shift in 0..CLASSES {
            let up = |c: [usize; 3]| c.map(|class| class + shift);
            // I IV V I and i iv V i.
            let major = key(&chords(&[[0, 4, 7], [5, 9, 0], [7, 11, 2], [0, 4, 7]].map(up))).expect("a key");
            assert_eq!((usize::from(major.tonic), major.mode), (shift, Mode::Major), "{major:?}");
            let minor = key(&chords(&[[0, 3, 7], [5, 8, 0], [7, 11, 2], [0, 3, 7]].map(up))).expect("a key");
            assert_eq!((usize::from(minor.tonic), minor.mode), (shift, Mode::Minor), "{minor:?}");
        }
        assert_eq!(Key { tonic: 6, mode: Mode::Minor, confidence: 1.0 }.to_string(), "F# minor");
    }

    #[test]
    fn noise_silence_and_scraps_have_none() {
        assert_eq!(key(&Features { onsets: Vec::new(), chroma: vec![[200; CLASSES]; 500] }), None);
        assert_eq!(key(&Features { onsets: Vec::new(), chroma: vec![[0; CLASSES]; 500] }), None);
        let mut short = chords(&[[0, 4, 7]]);
        short.chroma.truncate(20);
        assert_eq!(key(&short), None);
    }
}
