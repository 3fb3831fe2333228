//! A moment or a range of a recording.

use crate::{Violations, limits, violation::Fault};
use serde::{Deserialize, Serialize};

/// A moment, or a range if it has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Where it begins, in milliseconds.
    pub start_ms: i64,
    /// Where it ends; after the start.
    pub end_ms: Option<i64>,
}

impl Span {
    /// What a client says with `start_ms` and `end_ms`; none without a start.
    ///
    /// # Errors
    /// Every fault, at `/start_ms` and `/end_ms`.
    pub fn parse(start_ms: Option<i64>, end_ms: Option<i64>) -> Result<Option<Self>, Violations> {
        const MAX: i64 = limits::AUDIO_DURATION_MS_MAX;
        let mut faults = Violations::default();
        let within = |at: i64| match at {
            0..=MAX => Ok(at),
            _ => Err(Fault::new("out_of_range", format!("must be between 0 and {MAX}"))),
        };
        let start = start_ms.and_then(|at| faults.check("/start_ms", within(at)));
        let end = end_ms.and_then(|at| faults.check("/end_ms", within(at)));
        match (start_ms, end_ms) {
            (None, Some(_)) => {
                faults.0.push(Fault::new("required", "is missing: a range has a start").at("/start_ms"));
            }
            (Some(start), Some(end)) if end <= start => {
                faults.0.push(Fault::new("out_of_range", "must be after start_ms").at("/end_ms"));
            }
            (Some(_), Some(_)) | (_, None) => {}
        }
        faults.finish(Some(start.map(|start_ms| Self { start_ms, end_ms: end })))
    }

    /// Where it ends: a moment where it begins.
    pub fn last_ms(self) -> i64 {
        self.end_ms.unwrap_or(self.start_ms)
    }

    /// Whether any of it lies between these two moments.
    pub fn touches(self, from_ms: Option<i64>, to_ms: Option<i64>) -> bool {
        from_ms.is_none_or(|from| self.last_ms() >= from) && to_ms.is_none_or(|to| self.start_ms <= to)
    }

    /// The same music in a recording where it comes `offset_ms` later and that ends at `duration_ms`, cut to that recording; none
    /// if it lies outside.
    pub fn shifted(self, offset_ms: i64, duration_ms: Option<i64>) -> Option<Self> {
        let end = duration_ms.unwrap_or(limits::AUDIO_DURATION_MS_MAX);
        let (start, last) = (self.start_ms + offset_ms, self.last_ms() + offset_ms);
        if last < 0 || start > end {
            return None;
        }
        let start_ms = start.clamp(0, end);
        let end_ms = self.end_ms.map(|_| last.min(end)).filter(|last| *last > start_ms);
        Some(Self { start_ms, end_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start_ms: i64, end_ms: Option<i64>) -> Span {
        Span { start_ms, end_ms }
    }

    #[test]
    fn a_moment_a_range_and_what_is_neither() {
        assert_eq!(Span::parse(None, None), Ok(None));
        assert_eq!(Span::parse(Some(0), None), Ok(Some(span(0, None))));
        assert_eq!(Span::parse(Some(5), Some(6)), Ok(Some(span(5, Some(6)))));
        for (start, end, pointers) in [
            (None, Some(5), vec!["/start_ms"]),
            (Some(5), Some(5), vec!["/end_ms"]),
            (Some(-1), None, vec!["/start_ms"]),
            (Some(-2), Some(i64::MAX), vec!["/start_ms", "/end_ms"]),
        ] {
            let faults = Span::parse(start, end).unwrap_err().0;
            let found: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
            assert_eq!(found, pointers, "{start:?} {end:?}");
        }
    }

    #[test]
    fn what_touches_a_window() {
        assert!(span(10, None).touches(Some(10), Some(10)));
        assert!(span(10, Some(20)).touches(Some(20), None));
        assert!(span(10, Some(20)).touches(None, Some(10)));
        assert!(!span(10, Some(20)).touches(Some(21), None));
        assert!(!span(10, Some(20)).touches(None, Some(9)));
    }

    #[test]
    fn a_shift_stays_within_the_recording() {
        assert_eq!(span(10, Some(20)).shifted(5, Some(100)), Some(span(15, Some(25))));
        assert_eq!(span(10, Some(20)).shifted(-15, Some(100)), Some(span(0, Some(5))));
        assert_eq!(span(10, Some(20)).shifted(85, Some(100)), Some(span(95, Some(100))));
        assert_eq!(span(10, Some(20)).shifted(-21, None), None);
        assert_eq!(span(10, None).shifted(95, Some(100)), None);
        assert_eq!(span(10, Some(20)).shifted(90, Some(100)), Some(span(100, None)));
    }
}
