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

    proptest! {
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
