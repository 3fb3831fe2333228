//! What a team sees of the moods of its members: the rule of `docs/adr/0012-team-mood.md`.
//!
//! Moods are shown in blocks: made once, when a day or week is closed, out of people of whom enough are in it. Every answer
//! is a sum of whole blocks, and no two blocks share a mood, so that nothing that is computed from answers is about fewer
//! people than one block. A block changes only where enough people changed, and each of them once.

mod bucket;
#[cfg(test)]
mod tests;

pub use bucket::{Cell, Tally, of_period, of_version};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Feeling, Intensity, Period};
use crate::{MoodId, ProjectId, UserId, VersionId};

/// Whether it is known whose a mood is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// Members see whose it is: it hides nobody else.
    Off,
    /// Nobody may find out.
    On,
}

/// What is counted of a mood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Given {
    /// The word.
    pub feeling: Feeling,
    /// How strong.
    pub intensity: Intensity,
}

/// A mood on its way into a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Which.
    pub id: MoodId,
    /// Whose.
    pub user: UserId,
    /// Whether that is known.
    pub mask: Mask,
    /// The version it is about.
    pub version: Option<VersionId>,
    /// What is counted of it.
    pub given: Given,
}

/// What a block holds of one mood. People are numbers that mean nothing outside of their period, so that a mood that is
/// deleted cannot be led back to its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The period of the block.
    pub period: Period,
    /// The version of the block, if it is about one.
    pub version: Option<VersionId>,
    /// Whose.
    pub person: u32,
    /// Whether it was known whose it is when the block was made.
    pub mask: Mask,
    /// What the block counts of it; nothing if its end is taken over.
    pub given: Option<Given>,
    /// A change of this person was taken over; a block takes over one of each.
    pub settled: bool,
}

/// Moods that are shown together or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Whose.
    pub project_id: ProjectId,
    /// The day; or the week, of which it holds what no block of a day does.
    pub period: Period,
    /// The version that all of them are about, if there is one.
    pub version: Option<VersionId>,
    /// How many people there had to be.
    pub least: u32,
    /// How many there are; none if it was taken back.
    pub crowd: Crowd,
    /// How many there are in all blocks of the period.
    pub people_of_period: u32,
    /// The moods.
    pub tally: Tally,
}

/// How many people are in something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crowd {
    /// All of them.
    pub people: u32,
    /// Those with moods of which nobody may find out whose they are.
    pub masked: u32,
}

impl Crowd {
    /// Whether nobody stands out: enough people, and enough among whom the masked moods may be spread.
    pub const fn hides(self, least: u32) -> bool {
        self.people >= least && (self.masked == 0 || self.masked >= least)
    }
}

/// What is written when a period is closed or looked at again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closing {
    /// The parts, by version.
    pub parts: BTreeMap<Option<VersionId>, Part>,
    /// How many people are in them.
    pub people: u32,
    /// What they hold.
    pub shares: BTreeMap<MoodId, Share>,
}

/// A block before it belongs to a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// How many had to be in it.
    pub least: u32,
    /// How many people are in it.
    pub crowd: Crowd,
    /// Its moods.
    pub tally: Tally,
}

/// Closes a period: which of these moods, which no block holds yet, are shown from now on. Moods that hide too few are left
/// out, and may still become part of their week.
pub fn close(period: Period, moods: &[Contribution], least: u32) -> Closing {
    let mut taken: Vec<&Contribution> = moods.iter().collect();
    if !hidden(&taken, least) {
        taken.retain(|mood| mood.mask == Mask::Off);
    }
    if !hidden(&taken, least) {
        return Closing::default();
    }
    taken.sort_by_key(|mood| mood.id);
    let mut numbers = BTreeMap::new();
    for mood in &taken {
        let next = count(numbers.len());
        numbers.entry(mood.user).or_insert(next);
    }
    let apart = split(&taken, least);
    let share = |mood: &&Contribution| {
        let version = mood.version.filter(|version| apart.contains(version));
        let (person, given) = (numbers[&mood.user], Some(mood.given));
        (mood.id, Share { period, version, person, mask: mood.mask, given, settled: false })
    };
    let shares: BTreeMap<MoodId, Share> = taken.iter().map(share).collect();
    let least_of = shares.values().map(|share| (share.version, least)).collect();
    summed(shares, &least_of)
}

/// The versions that get a block of their own: everything else, if there is anything, must hide its people too.
fn split(moods: &[&Contribution], least: u32) -> BTreeSet<VersionId> {
    let mut by_version: BTreeMap<VersionId, Vec<&Contribution>> = BTreeMap::new();
    for mood in moods {
        if let Some(version) = mood.version {
            by_version.entry(version).or_default().push(mood);
        }
    }
    let mut versions: Vec<_> = by_version.into_iter().collect();
    versions.sort_by_key(|(version, moods)| (std::cmp::Reverse(crowd_of(moods).people), *version));
    let mut apart = BTreeSet::new();
    for (version, moods_of) in versions {
        let others = |mood: &&&Contribution| {
            mood.version != Some(version) && mood.version.is_none_or(|other| !apart.contains(&other))
        };
        let rest: Vec<&Contribution> = moods.iter().filter(others).copied().collect();
        if hidden(&moods_of, least) && (rest.is_empty() || hidden(&rest, least)) {
            apart.insert(version);
        }
    }
    apart
}

/// Looks at a period again that has blocks: `now` says what is to be counted of a mood today, nothing if it was deleted or
/// made private. Where enough people changed, the change of each is taken over, once; a block in which too few are left is
/// taken back. None if nothing changes.
pub fn review(
    shares: BTreeMap<MoodId, Share>,
    least_of: &BTreeMap<Option<VersionId>, u32>,
    now: impl Fn(MoodId) -> Option<Given>,
    least: u32,
) -> Option<Closing> {
    let mut after = shares.clone();
    for (version, promised) in least_of {
        let least = least.max(*promised);
        let of_block = |share: &&Share| share.version == *version;
        let changed = |id: MoodId, share: &Share| !share.settled && share.given != now(id);
        // Whoever changed something, and whether something masked.
        let mut movers: BTreeMap<u32, Mask> = BTreeMap::new();
        for (id, share) in shares.iter().filter(|(_, share)| of_block(share)) {
            if changed(*id, share) {
                let mask = movers.entry(share.person).or_insert(share.mask);
                *mask = share.mask.max(*mask);
            }
        }
        if !crowd(&movers).hides(least) {
            movers.retain(|_, mask| *mask == Mask::Off);
        }
        if !crowd(&movers).hides(least) {
            continue;
        }
        for (id, share) in after.iter_mut().filter(|(_, share)| share.version == *version) {
            if movers.contains_key(&share.person) {
                (share.given, share.settled) = (now(*id), true);
            }
        }
    }
    (after != shares).then(|| summed(after, least_of))
}

fn crowd(people: &BTreeMap<u32, Mask>) -> Crowd {
    let masked = people.values().filter(|mask| **mask == Mask::On).count();
    Crowd { people: count(people.len()), masked: count(masked) }
}

fn crowd_of(moods: &[&Contribution]) -> Crowd {
    let users = |masked: bool| {
        let of = moods.iter().filter(|mood| !masked || mood.mask == Mask::On);
        count(of.map(|mood| mood.user).collect::<BTreeSet<_>>().len())
    };
    Crowd { people: users(false), masked: users(true) }
}

fn hidden(moods: &[&Contribution], least: u32) -> bool {
    crowd_of(moods).hides(least)
}

/// Counts what blocks hold. One that does not hide its people any more is taken back.
fn summed(shares: BTreeMap<MoodId, Share>, least_of: &BTreeMap<Option<VersionId>, u32>) -> Closing {
    let mut parts = BTreeMap::new();
    let mut everybody = BTreeSet::new();
    for (version, least) in least_of {
        let held = shares.values().filter(|share| share.version == *version && share.given.is_some());
        let (mut people, mut tally) = (BTreeMap::new(), Tally::default());
        for share in held {
            let mask = people.entry(share.person).or_insert(share.mask);
            *mask = share.mask.max(*mask);
            share.given.iter().for_each(|given| tally.add(*given));
        }
        let crowd = crowd(&people);
        let part = match crowd.hides(*least) {
            true => {
                everybody.extend(people.into_keys());
                Part { least: *least, crowd, tally }
            }
            false => Part { least: *least, ..Part::default() },
        };
        parts.insert(*version, part);
    }
    Closing { parts, people: count(everybody.len()), shares }
}

/// A number of people or moods, which is bounded by the size of a team.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
