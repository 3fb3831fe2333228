//! Fractional indexes: the place of a track among its siblings as a string that always leaves room in between.
//!
//! A rank is a fraction in base 62 (digits in ASCII order) without trailing zeros, so byte order is numeric order and between
//! any two different ranks there is another one.

use serde::{Deserialize, Serialize};
use std::fmt;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE: usize = DIGITS.len();

/// The longest rank that is handed out; past it the siblings are spread evenly again.
pub const RANK_CHARS_MAX: usize = 64;

/// A place among siblings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rank(String);

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn digit(byte: u8) -> usize {
    DIGITS.iter().position(|d| *d == byte).unwrap_or(0)
}

impl Rank {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A rank after `low` (absent: the beginning) and before `high` (absent: the end).
    /// `None` if `low` is not before `high` or the rank would be longer than [`RANK_CHARS_MAX`]: spread the siblings first.
    pub fn between(low: Option<&Self>, high: Option<&Self>) -> Option<Self> {
        if let (Some(low), Some(high)) = (low, high)
            && low >= high
        {
            return None;
        }
        let low_digit = |i: usize| low.and_then(|r| r.0.as_bytes().get(i)).map_or(0, |b| digit(*b));
        let mut text = String::new();
        let mut bounded = high.is_some();
        for i in 0..RANK_CHARS_MAX {
            let from = low_digit(i);
            let to = match high {
                Some(high) if bounded => high.0.as_bytes().get(i).map_or(0, |b| digit(*b)),
                _ => BASE,
            };
            if to > from + 1 {
                // Appending at the end happens most: stay close to `low` there, so that ranks stay short.
                let middle = if high.is_none() && low.is_some() {
                    from + 1 + (BASE - from - 2) / 8
                } else {
                    usize::midpoint(from, to)
                };
                text.push(char::from(DIGITS[middle]));
                return Some(Self(text));
            }
            text.push(char::from(DIGITS[from]));
            bounded &= to == from;
        }
        None
    }

    /// The ranks of siblings in a new order, given the ranks they have now in that order: as few as possible change.
    pub fn reordered(current: &[Self]) -> Vec<Self> {
        let stays = longest_ascending(current);
        let mut ranks: Vec<Self> = Vec::with_capacity(current.len());
        for (i, rank) in current.iter().enumerate() {
            if stays.contains(&i) {
                ranks.push(rank.clone());
                continue;
            }
            let high = stays.iter().find(|stay| **stay > i).map(|stay| &current[*stay]);
            match Self::between(ranks.last(), high) {
                Some(rank) => ranks.push(rank),
                None => return Self::spread(current.len()),
            }
        }
        ranks
    }

    /// `count` ranks, evenly spread.
    pub fn spread(count: usize) -> Vec<Self> {
        let step = (BASE * BASE * BASE) / (count + 1);
        (1..=count)
            .map(|i| {
                let value = i * step.max(1);
                let digits = [value / (BASE * BASE) % BASE, value / BASE % BASE, value % BASE];
                let text: String = digits.iter().map(|d| char::from(DIGITS[*d])).collect();
                Self(text.trim_end_matches('0').to_owned())
            })
            .collect()
    }
}

/// The places of a longest strictly ascending subsequence, in order. Quadratic: siblings are a few hundred at most.
fn longest_ascending(ranks: &[Rank]) -> Vec<usize> {
    // best[i]: the length of the longest one that ends at i, and the place before i in it.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(ranks.len());
    for (i, rank) in ranks.iter().enumerate() {
        let before = (0..i).filter(|j| ranks[*j] < *rank).max_by_key(|j| best[*j].0);
        best.push((before.map_or(1, |j| best[j].0 + 1), before));
    }
    let mut at = (0..ranks.len()).max_by_key(|i| best[*i].0);
    let mut places: Vec<usize> = std::iter::from_fn(|| {
        let place = at?;
        at = best[place].1;
        Some(place)
    })
    .collect();
    places.reverse();
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spread_is_ordered_and_leaves_room() {
        let ranks = Rank::spread(200);
        assert!(ranks.windows(2).all(|w| w[0] < w[1] && Rank::between(Some(&w[0]), Some(&w[1])).is_some()));
        assert!(Rank::between(None, ranks.first()).is_some() && Rank::between(ranks.last(), None).is_some());
    }

    #[test]
    fn appending_stays_short() {
        let mut last = None;
        for _ in 0..200 {
            let next = Rank::between(last.as_ref(), None).unwrap();
            assert!(last.as_ref().is_none_or(|l| *l < next));
            last = Some(next);
        }
        assert!(last.unwrap().as_str().len() <= 16);
    }

    #[test]
    fn one_track_to_the_front_changes_one_rank() {
        let ranks = Rank::spread(5);
        let wanted = [&ranks[4..], &ranks[..4]].concat();
        let new = Rank::reordered(&wanted);
        assert_eq!(new[1..], wanted[1..]);
        assert!(new[0] < new[1]);
    }

    #[test]
    fn a_new_order_without_room_is_spread() {
        let crowded = Rank("0".repeat(RANK_CHARS_MAX - 1) + "1");
        let new = Rank::reordered(&[Rank("V".to_owned()), crowded.clone()]);
        assert!(new[0] < new[1], "{new:?}");
        let three = [Rank("W".to_owned()), Rank("V".to_owned()), crowded];
        assert!(Rank::reordered(&three).is_sorted());
    }

    proptest! {
        #[test]
        fn a_new_order_ascends(order in Just((0..60usize).collect::<Vec<_>>()).prop_shuffle()) {
            let ranks = Rank::spread(order.len());
            let wanted: Vec<Rank> = order.iter().map(|i| ranks[*i].clone()).collect();
            let new = Rank::reordered(&wanted);
            prop_assert!(new.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(new.len(), wanted.len());
        }

        #[test]
        fn a_new_rank_lies_strictly_between(places in prop::collection::vec(0usize..1000, 1..120)) {
            let mut ranks: Vec<Rank> = Vec::new();
            for place in places {
                let at = place % (ranks.len() + 1);
                let low = at.checked_sub(1).map(|i| ranks[i].clone());
                let Some(rank) = Rank::between(low.as_ref(), ranks.get(at)) else {
                    ranks = Rank::spread(ranks.len());
                    continue;
                };
                prop_assert!(low.is_none_or(|l| l < rank));
                prop_assert!(ranks.get(at).is_none_or(|h| rank < *h));
                prop_assert!(!rank.as_str().ends_with('0'));
                ranks.insert(at, rank);
            }
        }
    }
}
