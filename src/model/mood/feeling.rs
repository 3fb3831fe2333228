//! The ten words for a mood and where they lie.

use serde::{Deserialize, Serialize};

use crate::{emotion::Affect, violation::Fault};

macro_rules! feelings {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $valence:literal, $arousal:literal;)+) => {
        /// A mood in one word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Feeling {
            $($(#[$doc])* $name,)+
        }

        impl Feeling {
            /// Every word, in the order of the contract.
            pub const ALL: &'static [Feeling] = &[$(Feeling::$name,)+];

            /// The word.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
            /// Where it lies; the contract's values, in the same square as those of emotions.
            pub const fn affect(self) -> Affect {
                match self { $(Self::$name => Affect { valence: $valence, arousal: $arousal },)+ }
            }
        }
    };
}

feelings! {
    /// Full of ideas.
    Inspired = "inspired", 0.75, 0.60;
    /// Happy.
    Happy = "happy", 0.85, 0.45;
    /// Calm.
    Calm = "calm", 0.50, -0.55;
    /// On it.
    Focused = "focused", 0.35, 0.20;
    /// Proud of it.
    Proud = "proud", 0.70, 0.40;
    /// Tired.
    Tired = "tired", -0.30, -0.70;
    /// Under pressure.
    Stressed = "stressed", -0.55, 0.65;
    /// Stuck.
    Frustrated = "frustrated", -0.60, 0.45;
    /// Sad.
    Sad = "sad", -0.75, -0.35;
    /// Bored.
    Bored = "bored", -0.40, -0.55;
}

impl Feeling {
    /// How many there are.
    pub const COUNT: usize = 10;

    /// The mood of a word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feeling| feeling.name() == name)
    }

    /// Its place in [`Feeling::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How strong: 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Intensity(u8);

impl Intensity {
    /// Parses a number.
    ///
    /// # Errors
    /// A [`Fault`] outside of 1 to 5.
    pub fn parse(number: i64) -> Result<Self, Fault> {
        match u8::try_from(number) {
            Ok(number @ 1..=5) => Ok(Self(number)),
            Ok(_) | Err(_) => Err(Fault::new("out_of_range", "must be between 1 and 5")),
        }
    }
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_contract() {
        let words: Vec<_> = Feeling::ALL.iter().map(|feeling| feeling.name()).collect();
        assert_eq!(words.join(" "), "inspired happy calm focused proud tired stressed frustrated sad bored");
        assert_eq!(words.len(), Feeling::COUNT);
        for (at, feeling) in Feeling::ALL.iter().enumerate() {
            assert_eq!((feeling.index(), Feeling::parse(feeling.name())), (at, Some(*feeling)));
            assert_eq!(serde_json::to_value(feeling).unwrap(), feeling.name());
        }
    }

    #[test]
    fn an_intensity_is_one_to_five() {
        let good: Vec<i64> = (-300..300).filter(|number| Intensity::parse(*number).is_ok()).collect();
        assert_eq!(good, [1, 2, 3, 4, 5]);
    }
}
