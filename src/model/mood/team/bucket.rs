//! What is answered: sums of whole blocks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Block, Feeling, Given};
use crate::{VersionId, mood::Period};

/// Moods, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many of each, in the order of [`Feeling::ALL`].
    pub feelings: [u32; Feeling::COUNT],
    /// The sum of their intensities.
    pub intensity: u32,
}

impl Tally {
    /// Adds a mood.
    pub fn add(&mut self, given: Given) {
        self.feelings[given.feeling.index()] += 1;
        self.intensity += u32::from(given.intensity.get());
    }

    fn join(&mut self, other: &Self) {
        for (sum, more) in self.feelings.iter_mut().zip(other.feelings) {
            *sum += more;
        }
        self.intensity += other.intensity;
    }

    /// How many moods.
    pub fn moods(&self) -> u32 {
        self.feelings.iter().sum()
    }

    /// How strong they are on the whole, 1 to 5; 0 if there are none.
    pub fn mean_intensity(&self) -> f64 {
        self.mean(f64::from(self.intensity))
    }

    /// How pleasant, −1 to 1.
    pub fn mean_valence(&self) -> f64 {
        self.mean(self.weighted(|feeling| feeling.affect().valence))
    }

    /// How stirred, −1 to 1.
    pub fn mean_arousal(&self) -> f64 {
        self.mean(self.weighted(|feeling| feeling.affect().arousal))
    }

    fn weighted(&self, value: impl Fn(Feeling) -> f32) -> f64 {
        let of = Feeling::ALL.iter().zip(self.feelings);
        of.map(|(feeling, number)| f64::from(number) * f64::from(value(*feeling))).sum()
    }

    fn mean(&self, sum: f64) -> f64 {
        let moods = self.moods();
        if moods > 0 { sum / f64::from(moods) } else { 0.0 }
    }
}

/// What is shown of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// How many people; of a bucket that is made of several, at least so many.
    pub contributors: u32,
    /// Their moods.
    pub tally: Tally,
}

/// What is shown of a day, or of a week: the sum of its blocks and, of a week, of those of its days. `blocks` may hold others
/// too. A period whose blocks were made for fewer people than are asked for today is not shown.
pub fn of_period(period: Period, blocks: &[Block], least: u32) -> Option<Cell> {
    let within = |block: &&Block| {
        block.period == period
            || (block.period.span().days() < period.span().days() && block.period.week() == period)
    };
    let mut by_period: BTreeMap<Period, Vec<&Block>> = BTreeMap::new();
    for block in blocks.iter().filter(within).filter(|block| block.stands()) {
        by_period.entry(block.period).or_default().push(block);
    }
    let shown = by_period.into_values().filter(|blocks| blocks.iter().all(|block| block.crowd.hides(least)));
    summed(shown.flatten().map(|block| (block.people_of_period, &block.tally)))
}

/// What is shown of a version: the sum of the blocks that are about it alone.
pub fn of_version(version: VersionId, blocks: &[Block], least: u32) -> Option<Cell> {
    let shown = |block: &&Block| block.version == Some(version) && block.stands() && block.crowd.hides(least);
    summed(blocks.iter().filter(shown).map(|block| (block.crowd.people, &block.tally)))
}

fn summed<'a>(parts: impl Iterator<Item = (u32, &'a Tally)>) -> Option<Cell> {
    parts.fold(None, |cell: Option<Cell>, (contributors, tally)| {
        let mut cell = cell.unwrap_or(Cell { contributors: 0, tally: Tally::default() });
        cell.contributors = cell.contributors.max(contributors);
        cell.tally.join(tally);
        Some(cell)
    })
}

impl Block {
    /// Whether it was not taken back.
    pub const fn stands(&self) -> bool {
        self.crowd.people > 0
    }
}
