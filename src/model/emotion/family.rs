//! Families of labels: what chips, filters and charts show. Rare labels are unreliable alone.

use serde::{Deserialize, Serialize};

use super::Label;

/// Labels that are shown as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Excitement, joy, amusement, surprise.
    Hyped,
    /// Love, admiration.
    Moved,
    /// Gratitude, relief.
    Grateful,
    /// Approval, optimism, caring, pride.
    Supportive,
    /// Curiosity, realization, desire.
    Curious,
    /// Confusion, nervousness, fear, embarrassment.
    Unsure,
    /// Disapproval, disappointment, annoyance: mostly work, not ill will.
    Critical,
    /// Anger, disgust, sadness, grief, remorse.
    Upset,
    /// None of it.
    Neutral,
}

impl Family {
    /// How many there are.
    pub const COUNT: usize = 9;
    /// Every family, the pleasant ones first.
    pub const ALL: [Family; Self::COUNT] = [
        Self::Hyped,
        Self::Moved,
        Self::Grateful,
        Self::Supportive,
        Self::Curious,
        Self::Unsure,
        Self::Critical,
        Self::Upset,
        Self::Neutral,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hyped => "hyped",
            Self::Moved => "moved",
            Self::Grateful => "grateful",
            Self::Supportive => "supportive",
            Self::Curious => "curious",
            Self::Unsure => "unsure",
            Self::Critical => "critical",
            Self::Upset => "upset",
            Self::Neutral => "neutral",
        }
    }

    /// Its place in [`Family::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The labels it is made of.
    pub fn labels(self) -> impl Iterator<Item = Label> {
        Label::ALL.iter().copied().filter(move |label| label.family() == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_its_labels_and_every_label_its_family() {
        let members: Vec<usize> = Family::ALL.iter().map(|family| family.labels().count()).collect();
        assert_eq!(members, [4, 2, 2, 4, 3, 4, 3, 5, 1]);
        for (at, family) in Family::ALL.iter().enumerate() {
            assert_eq!(family.index(), at);
            assert_eq!(serde_json::to_value(family).unwrap(), family.name());
        }
    }
}
