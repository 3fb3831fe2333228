//! Moods: how somebody feels about a project, in one of ten words, and who may know.

use serde::{Deserialize, Serialize};

use crate::emotion::Affect;

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
