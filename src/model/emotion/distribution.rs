//! How likely each label is, a byte each. The labels do not exclude each other: the probabilities need not sum to 1.

use serde::{Deserialize, Serialize};

use super::{Affect, Family, Label};

/// The probabilities of the 28 labels, in steps of 1/255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Distribution([u8; Label::COUNT]);

impl Distribution {
    /// From a model's outputs, 0 to 1 in the order of the labels; what is not a probability is brought to the nearest one.
    pub fn from_probabilities(probabilities: &[f32; Label::COUNT]) -> Self {
        // Bounded to 0..=255 before the cast; NaN becomes 0.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
        let byte = |p: f32| (p.clamp(0.0, 1.0) * 255.0).round() as u8;
        Self(probabilities.map(byte))
    }

    /// From the bytes that are stored.
    pub const fn from_bytes(bytes: [u8; Label::COUNT]) -> Self {
        Self(bytes)
    }

    /// One label for sure: what a correction says.
    pub const fn certain(label: Label) -> Self {
        let mut bytes = [0; Label::COUNT];
        bytes[label.index()] = u8::MAX;
        Self(bytes)
    }

    /// The bytes that are stored.
    pub const fn bytes(&self) -> &[u8; Label::COUNT] {
        &self.0
    }

    /// How likely a label is, 0 to 1.
    pub fn probability(&self, label: Label) -> f32 {
        f32::from(self.0[label.index()]) / 255.0
    }

    /// The mean place of the labels, weighted by how likely they are; the middle where none is.
    pub fn affect(&self) -> Affect {
        let (mut total, mut valence, mut arousal) = (0.0, 0.0, 0.0);
        for label in Label::ALL {
            let (p, at) = (self.probability(*label), label.affect());
            total += p;
            valence += p * at.valence;
            arousal += p * at.arousal;
        }
        if total > 0.0 {
            Affect { valence: valence / total, arousal: arousal / total }
        } else {
            Affect::default()
        }
    }

    /// −1 unpleasant to 1 pleasant.
    pub fn valence(&self) -> f32 {
        self.affect().valence
    }

    /// −1 calm to 1 stirred.
    pub fn arousal(&self) -> f32 {
        self.affect().arousal
    }

    /// How likely at least one label of each family is, as if they were independent ("noisy or"), in the order of [`Family::ALL`].
    pub fn families(&self) -> [f32; Family::COUNT] {
        let mut none = [1.0; Family::COUNT];
        for label in Label::ALL {
            none[label.family().index()] *= 1.0 - self.probability(*label);
        }
        none.map(|p| 1.0 - p)
    }

    /// The same as parts of 1; nothing but neutral where no label is likely at all.
    pub fn shares(&self) -> [f32; Family::COUNT] {
        let families = self.families();
        let total: f32 = families.iter().sum();
        if total > 0.0 { families.map(|p| p / total) } else { Self::certain(Label::Neutral).families() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[(Label, f32)]) -> Distribution {
        let mut probabilities = [0.0; Label::COUNT];
        for (label, p) in labels {
            probabilities[label.index()] = *p;
        }
        Distribution::from_probabilities(&probabilities)
    }

    #[test]
    fn a_probability_keeps_its_byte() {
        let odd = of(&[(Label::Joy, 0.5), (Label::Anger, 7.0), (Label::Fear, -1.0), (Label::Love, f32::NAN)]);
        assert_eq!(odd.bytes()[Label::Joy.index()], 128);
        assert_eq!(odd.bytes()[Label::Anger.index()], 255);
        assert_eq!(odd.bytes()[Label::Fear.index()], 0);
        assert_eq!(odd.bytes()[Label::Love.index()], 0);
        let stored = serde_json::to_value(odd).unwrap();
        assert_eq!(serde_json::from_value::<Distribution>(stored).unwrap(), odd);
    }

    #[test]
    fn valence_is_the_mean_of_the_table() {
        assert_eq!(Distribution::certain(Label::Joy).affect(), Label::Joy.affect());
        let torn = of(&[(Label::Joy, 1.0), (Label::Sadness, 1.0)]);
        assert!((torn.valence() - 0.05).abs() < 1e-6, "{}", torn.valence());
        assert!((torn.arousal() - 0.075).abs() < 1e-6, "{}", torn.arousal());
        assert_eq!(of(&[]).affect(), Affect::default());
    }

    #[test]
    fn families_are_a_noisy_or_of_their_labels() {
        let families = of(&[(Label::Love, 0.6), (Label::Admiration, 0.6), (Label::Neutral, 0.2)]).families();
        assert!((families[Family::Moved.index()] - 0.84).abs() < 1e-3, "{families:?}");
        assert!((families[Family::Neutral.index()] - 0.2).abs() < 1e-3, "{families:?}");
        assert!(families[Family::Upset.index()].abs() < 1e-6);
        let shares = of(&[(Label::Love, 0.6), (Label::Neutral, 0.2)]).shares();
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((of(&[]).shares()[Family::Neutral.index()] - 1.0).abs() < 1e-6);
    }
}
