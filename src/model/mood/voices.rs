//! What the comments of a bucket say of feelings, all together.

use serde::{Deserialize, Serialize};

use crate::emotion::{Distribution, Family};

/// The emotions of several comments, added up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Voices {
    /// How many people wrote them.
    pub people: u32,
    /// How many comments.
    pub comments: u32,
    /// How much of each family, in the order of [`Family::ALL`]; all of them sum to the number of comments.
    pub families: [f32; Family::COUNT],
    /// Their valence, each weighted,
    pub valence: f32,
    /// and the weights: what is critical counts half, it is work and not ill will.
    pub weight: f32,
}

impl Voices {
    /// Adds a comment.
    pub fn add(&mut self, said: &Distribution) {
        let shares = said.shares();
        let weight = 1.0 - shares[Family::Critical.index()] / 2.0;
        self.comments += 1;
        for (sum, share) in self.families.iter_mut().zip(shares) {
            *sum += share;
        }
        self.valence += weight * said.valence();
        self.weight += weight;
    }

    /// Adds other comments, which may be of the same people: there are at least as many as on either side.
    pub fn join(&mut self, other: &Self) {
        self.people = self.people.max(other.people);
        self.comments += other.comments;
        for (sum, more) in self.families.iter_mut().zip(other.families) {
            *sum += more;
        }
        self.valence += other.valence;
        self.weight += other.weight;
    }

    /// The part of a family, 0 to 1.
    pub fn share(&self, family: Family) -> f32 {
        // A count of comments is small.
        let count = u16::try_from(self.comments).map_or(f32::INFINITY, f32::from);
        if count > 0.0 { self.families[family.index()] / count } else { 0.0 }
    }

    /// The mean valence, −1 to 1.
    pub fn mean_valence(&self) -> f32 {
        if self.weight > 0.0 { self.valence / self.weight } else { 0.0 }
    }

    /// The part that is kind: moved, grateful and supportive, 0 to 1.
    pub fn warmth(&self) -> f32 {
        self.share(Family::Moved) + self.share(Family::Grateful) + self.share(Family::Supportive)
    }

    /// The part that grates: upset, and half of what is critical, 0 to 1.
    pub fn friction(&self) -> f32 {
        self.share(Family::Upset) + self.share(Family::Critical) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::Label;

    #[test]
    fn criticism_counts_half() {
        let mut voices = Voices::default();
        voices.add(&Distribution::certain(Label::Joy));
        voices.add(&Distribution::certain(Label::Disapproval));
        assert!((voices.share(Family::Hyped) - 0.5).abs() < 1e-6);
        assert!((voices.mean_valence() - (0.85 - 0.25) / 1.5).abs() < 1e-6, "{}", voices.mean_valence());
        assert!((voices.friction() - 0.25).abs() < 1e-6 && voices.warmth().abs() < 1e-6);
        let mut twice = voices.clone();
        twice.join(&voices);
        assert_eq!(twice.comments, 4);
        assert!((twice.mean_valence() - voices.mean_valence()).abs() < 1e-6);
        assert!(Voices::default().share(Family::Upset).abs() < 1e-6);
    }
}
