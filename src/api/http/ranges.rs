//! The `Range` header (RFC 9110 §14.2) against a file of known length.
//!
//! What comes out is sorted, does not overlap and lies inside the file, so no request can make more output than the file
//! has bytes. A header that cannot be read is ignored, as the RFC asks.

use model::limits;
use std::ops::Range;

/// Ranges closer than this are sent as one: a part's own headers are about as long.
const GAP_BYTES: u64 = 80;

/// What part of a file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of it: no range, or one that is not understood.
    Whole,
    /// These spans, ascending, apart, none empty.
    Spans(Vec<Range<u64>>),
    /// Nothing of it lies in the file.
    Unsatisfiable,
}

/// Reads a `Range` header.
pub fn select(header: &str, length: u64) -> Selection {
    let Some(specs) = parse(header) else { return Selection::Whole };
    let mut spans: Vec<_> = specs.into_iter().filter_map(|spec| spec.within(length)).collect();
    if spans.is_empty() {
        return Selection::Unsatisfiable;
    }
    spans.sort_unstable_by_key(|span| span.start);
    Selection::Spans(join(spans))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spec {
    From(u64),
    Between(u64, u64),
    Last(u64),
}

impl Spec {
    fn within(self, length: u64) -> Option<Range<u64>> {
        let span = match self {
            Self::From(first) => first..length,
            Self::Between(first, last) => first..last.saturating_add(1).min(length),
            Self::Last(count) => length.saturating_sub(count)..length,
        };
        (span.start < span.end).then_some(span)
    }
}

/// The ranges of a header; `None` if it is malformed, of another unit, or has too many.
fn parse(header: &str) -> Option<Vec<Spec>> {
    let (unit, set) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    // Empty list elements are allowed and mean nothing (RFC 9110 §5.6.1.2).
    let words = set.split(',').map(str::trim).filter(|word| !word.is_empty());
    let specs = words.map(spec).collect::<Option<Vec<_>>>()?;
    (1..=limits::RANGES_MAX).contains(&specs.len()).then_some(specs)
}

fn spec(word: &str) -> Option<Spec> {
    let (first, last) = word.split_once('-')?;
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => Some(Spec::Last(number(last)?)),
        (false, true) => Some(Spec::From(number(first)?)),
        (false, false) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::Between(first, last))
        }
    }
}

/// Digits; a number beyond any file is as good as the largest.
fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().unwrap_or(u64::MAX))
}

fn join(spans: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end.saturating_add(GAP_BYTES) => {
                last.end = last.end.max(span.end)
            }
            Some(_) | None => joined.push(span),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(span: Range<u64>) -> Selection {
        Selection::Spans(vec![span])
    }

    #[test]
    fn single_ranges() {
        for (header, expected) in [
            ("bytes=0-", one(0..1000)),
            ("bytes=0-1", one(0..2)),
            ("bytes=-500", one(500..1000)),
            ("bytes=-5000", one(0..1000)),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=1000-", Selection::Unsatisfiable),
            ("bytes=999-", one(999..1000)),
            ("bytes=10-99999999999999999999999999", one(10..1000)),
            ("bytes=99999999999999999999999999-", Selection::Unsatisfiable),
            ("bytes=-99999999999999999999999999", one(0..1000)),
            ("BYTES = 0-1", one(0..2)),
            ("bytes=,0-1,", one(0..2)),
        ] {
            assert_eq!(select(header, 1000), expected, "{header}");
        }
    }

    #[test]
    fn what_is_malformed_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-1",
            "bytes=0-1;2",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=0--1",
        ] {
            assert_eq!(select(header, 1000), Selection::Whole, "{header}");
        }
    }

    #[test]
    fn an_empty_file_has_no_ranges() {
        assert_eq!(select("bytes=0-", 0), Selection::Unsatisfiable);
        assert_eq!(select("bytes=-1", 0), Selection::Unsatisfiable);
    }

    #[test]
    fn several_ranges_are_sorted_and_joined() {
        assert_eq!(select("bytes=500-599,0-99", 1000), Selection::Spans(vec![0..100, 500..600]));
        assert_eq!(select("bytes=0-99,50-149,150-160", 1000), one(0..161));
        assert_eq!(select("bytes=0-9,2000-", 1000), one(0..10));
        let many = |count: usize| format!("bytes={}", vec!["0-0"; count].join(","));
        assert_eq!(select(&many(limits::RANGES_MAX), 1000), one(0..1));
        assert_eq!(select(&many(limits::RANGES_MAX + 1), 1000), Selection::Whole);
    }

    proptest! {
        #[test]
        fn spans_lie_apart_inside_the_file_and_cover_what_was_asked(
            specs in proptest::collection::vec((0u64..3000, 0u64..3000), 1..=16), length in 1u64..2000,
        ) {
            let words: Vec<_> = specs.iter().map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))).collect();
            let asked: Vec<u64> = specs.iter().flat_map(|(a, b)| *a.min(b)..=*a.max(b)).filter(|at| *at < length).collect();
            match select(&format!("bytes={}", words.join(",")), length) {
                Selection::Whole => prop_assert!(false, "a good header was ignored"),
                Selection::Unsatisfiable => prop_assert!(asked.is_empty()),
                Selection::Spans(spans) => {
                    prop_assert!(spans.iter().all(|span| span.start < span.end && span.end <= length));
                    prop_assert!(spans.windows(2).all(|pair| pair[0].end < pair[1].start));
                    prop_assert!(asked.iter().all(|at| spans.iter().any(|span| span.contains(at))));
                }
            }
        }

        #[test]
        fn no_header_can_hurt(header in "(bytes)?=?[-0-9, a-z]{0,60}", length in any::<u64>()) {
            if let Selection::Spans(spans) = select(&header, length) {
                prop_assert!(spans.iter().map(|span| span.end - span.start).sum::<u64>() <= length);
            }
        }
    }
}
