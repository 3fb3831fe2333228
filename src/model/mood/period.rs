//! UTC days and weeks. A week begins on Monday.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, limits};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// A day.
    Day,
    /// A week.
    Week,
}

impl Span {
    /// Its length in days.
    pub const fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }
}

/// A UTC day or week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    span: Span,
    /// Its first day, counted from 1970-01-01.
    first: i64,
}

impl Period {
    /// The one that an instant lies in.
    pub const fn of(span: Span, at: Timestamp) -> Self {
        Self::around(span, at.millis().div_euclid(DAY_MS))
    }

    /// The one that a day lies in; days are counted from 1970-01-01, a Thursday.
    pub const fn around(span: Span, day: i64) -> Self {
        match span {
            Span::Day => Self { span, first: day },
            Span::Week => Self { span, first: day - (day + 3).rem_euclid(7) },
        }
    }

    /// Whether it is a day or a week.
    pub const fn span(self) -> Span {
        self.span
    }
    /// Its first day, counted from 1970-01-01.
    pub const fn first_day(self) -> i64 {
        self.first
    }
    /// Its days.
    pub const fn days(self) -> RangeInclusive<i64> {
        self.first..=self.first + self.span.days() - 1
    }
    /// When it begins.
    pub const fn start(self) -> Timestamp {
        Timestamp(self.first.saturating_mul(DAY_MS))
    }
    /// When the next one begins.
    pub const fn end(self) -> Timestamp {
        self.start().plus_millis(self.span.days() * DAY_MS)
    }
    /// When it is closed: a little after its end, when no request that began in it is still on its way.
    pub const fn closes_at(self) -> Timestamp {
        self.end().plus_millis(limits::MOOD_CLOSING_MS)
    }
    /// Whether it is over.
    pub const fn is_over(self, now: Timestamp) -> bool {
        self.end().millis() <= now.millis()
    }
    /// The week it lies in; itself if it is one.
    pub const fn week(self) -> Self {
        Self::around(Span::Week, self.first)
    }
    /// So many later; earlier if negative.
    pub const fn plus(self, number: i64) -> Self {
        Self { span: self.span, first: self.first + number * self.span.days() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday() {
        // 2026-11-22 is a Sunday, 2026-11-16 the Monday before.
        let sunday = Period::of(Span::Day, Timestamp(1_795_344_120_000));
        assert_eq!(sunday.start(), Timestamp(1_795_305_600_000));
        assert_eq!(sunday.week().start(), sunday.plus(-6).start());
        assert_eq!(sunday.plus(1).week(), sunday.week().plus(1));
        assert_eq!(sunday.week().end(), sunday.end());
        assert_eq!(Period::around(Span::Week, 0).first_day(), -3);
        for day in -20..20 {
            let week = Period::around(Span::Week, day);
            assert!(week.days().contains(&day) && week.days().count() == 7);
            assert_eq!(week.week(), week);
        }
    }

    #[test]
    fn a_period_is_over_at_its_end_and_closed_later() {
        let day = Period::of(Span::Day, Timestamp(-1));
        assert_eq!((day.first_day(), day.end()), (-1, Timestamp(0)));
        assert!(day.is_over(Timestamp(0)) && !day.is_over(Timestamp(-1)));
        assert!(day.closes_at() > day.end());
    }
}
