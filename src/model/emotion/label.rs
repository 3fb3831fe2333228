//! The labels of GoEmotions (Demszky et al., ACL 2020) in the order of the data set, which is the order of a model's outputs.

use serde::{Deserialize, Serialize};

use super::Family;

/// Where a feeling lies: pleasant or not, calm or stirred, both −1 to 1 (Russell's circumplex, J. Pers. Soc. Psych. 39(6), 1980).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Affect {
    /// −1 unpleasant, 1 pleasant.
    pub valence: f32,
    /// −1 calm, 1 stirred. Against people's judgement a rough guide only (r = 0.50 on EmoBank).
    pub arousal: f32,
}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $valence:literal, $arousal:literal, $family:ident;)+) => {
        /// A label of GoEmotions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Label {
            $($(#[$doc])* $name,)+
        }

        impl Label {
            /// Every label, in the order of a model's outputs.
            pub const ALL: &'static [Label] = &[$(Label::$name,)+];

            /// Its name, as the data set writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
            /// Where it lies. Own values, laid out on Russell's circumplex; against EmoBank valence r = 0.91.
            pub const fn affect(self) -> Affect {
                match self { $(Self::$name => Affect { valence: $valence, arousal: $arousal },)+ }
            }
            /// The family it is shown with.
            pub const fn family(self) -> Family {
                match self { $(Self::$name => Family::$family,)+ }
            }
        }
    };
}

labels! {
    /// "What a solo."
    Admiration = "admiration", 0.70, 0.30, Moved;
    /// "Ha, the cowbell."
    Amusement = "amusement", 0.70, 0.45, Hyped;
    /// "Who deleted my take?"
    Anger = "anger", -0.70, 0.75, Upset;
    /// "Late again."
    Annoyance = "annoyance", -0.50, 0.40, Critical;
    /// "Works for me."
    Approval = "approval", 0.50, 0.10, Supportive;
    /// "Take your time, get well."
    Caring = "caring", 0.55, 0.0, Supportive;
    /// "I do not get the bridge."
    Confusion = "confusion", -0.20, 0.20, Unsure;
    /// "How did you record this?"
    Curiosity = "curiosity", 0.20, 0.35, Curious;
    /// "I want that pedal."
    Desire = "desire", 0.40, 0.45, Curious;
    /// "I hoped for more."
    Disappointment = "disappointment", -0.60, -0.20, Critical;
    /// "No, not this one."
    Disapproval = "disapproval", -0.50, 0.20, Critical;
    /// "That is foul."
    Disgust = "disgust", -0.70, 0.40, Upset;
    /// "I cannot listen to my voice."
    Embarrassment = "embarrassment", -0.45, 0.25, Unsure;
    /// "Let us go!"
    Excitement = "excitement", 0.75, 0.80, Hyped;
    /// "I am scared of the gig."
    Fear = "fear", -0.65, 0.70, Unsure;
    /// "Thank you."
    Gratitude = "gratitude", 0.75, 0.10, Grateful;
    /// "I miss him."
    Grief = "grief", -0.80, 0.0, Upset;
    /// "So happy with it."
    Joy = "joy", 0.85, 0.50, Hyped;
    /// "Love it."
    Love = "love", 0.85, 0.35, Moved;
    /// "Hope it holds together."
    Nervousness = "nervousness", -0.40, 0.60, Unsure;
    /// "It will be fine."
    Optimism = "optimism", 0.60, 0.25, Supportive;
    /// "We made this."
    Pride = "pride", 0.70, 0.40, Supportive;
    /// "Oh, it was the phase."
    Realization = "realization", 0.05, 0.15, Curious;
    /// "Finally."
    Relief = "relief", 0.55, -0.35, Grateful;
    /// "Sorry about that."
    Remorse = "remorse", -0.60, -0.05, Upset;
    /// "This makes me sad."
    Sadness = "sadness", -0.75, -0.35, Upset;
    /// "Wait, what?"
    Surprise = "surprise", 0.15, 0.70, Hyped;
    /// "The bass is at −6 dB."
    Neutral = "neutral", 0.0, 0.0, Neutral;
}

impl Label {
    /// How many there are.
    pub const COUNT: usize = 28;

    /// The label of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|label| label.name() == name)
    }

    /// Its place among a model's outputs.
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_stand_in_the_order_of_the_data_set() {
        assert_eq!(Label::ALL.len(), Label::COUNT);
        for (at, label) in Label::ALL.iter().enumerate() {
            assert_eq!(label.index(), at);
            assert_eq!(Label::parse(label.name()), Some(*label));
        }
        let names: Vec<_> = Label::ALL.iter().map(|label| label.name()).collect();
        assert!(names[..27].is_sorted(), "the emotions are in order of the alphabet: {names:?}");
        assert_eq!(names[27], "neutral");
        assert_eq!(Label::parse("hungry"), None);
    }

    #[test]
    fn what_is_stored_is_the_name() {
        for label in Label::ALL {
            assert_eq!(serde_json::to_value(label).unwrap(), label.name());
        }
    }

    #[test]
    fn every_value_lies_in_the_square() {
        for label in Label::ALL {
            let Affect { valence, arousal } = label.affect();
            assert!((-1.0..=1.0).contains(&valence) && (-1.0..=1.0).contains(&arousal), "{label:?}");
        }
    }
}
