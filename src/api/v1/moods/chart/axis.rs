//! Where values lie and what buckets are called.

use super::Unit;
use chrono::{DateTime, Utc};
use model::Timestamp;
use service::mood::Bucket;

/// Names that fit below the picture.
const NAMES: usize = 12;

/// Values from 1, on top, to −1.
pub(super) struct Scale {
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Scale {
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = value.clamp(-1.0, 1.0);
        self.bottom - (value + 1.0) / 2.0 * (self.bottom - self.top)
    }
}

/// What the buckets are called.
pub(super) struct Labels {
    names: Vec<String>,
    range: String,
    every: usize,
}

impl Labels {
    pub(super) fn of(buckets: &[Bucket], unit: Unit) -> Self {
        let name = |bucket: &Bucket| match (&bucket.version, bucket.period) {
            (Some(version), _) => format!("v{}", version.number),
            (None, Some(period)) => day(period.start(), "%-d %b"),
            (None, None) => String::new(),
        };
        let edge = |bucket: Option<&Bucket>| bucket.and_then(|bucket| bucket.period);
        let range = match (edge(buckets.first()), edge(buckets.last()), unit) {
            (Some(first), Some(last), Unit::Day | Unit::Week) => {
                let end = last.end().plus_millis(-1);
                format!("{} – {} (UTC).", day(first.start(), "%-d %b %Y"), day(end, "%-d %b %Y"))
            }
            (_, _, Unit::Day | Unit::Week | Unit::Version) => String::new(),
        };
        Self { names: buckets.iter().map(name).collect(), range, every: buckets.len().div_ceil(NAMES).max(1) }
    }

    pub(super) fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }
    /// Whether there is room for the name of this bucket.
    pub(super) fn written(&self, at: usize) -> bool {
        at.is_multiple_of(self.every)
    }
    /// From when to when.
    pub(super) fn range(&self) -> &str {
        &self.range
    }
}

fn day(at: Timestamp, format: &str) -> String {
    let at = DateTime::<Utc>::from_timestamp_millis(at.millis()).unwrap_or(DateTime::<Utc>::MIN_UTC);
    at.format(format).to_string()
}

/// A value with its sign, and zero without one.
pub(super) fn signed(value: f64) -> String {
    let text = format!("{value:+.2}").replace('-', "−");
    if text.ends_with("0.00") { "0.00".to_owned() } else { text }
}

/// A small number.
pub(super) fn small(number: usize) -> f64 {
    u8::try_from(number).map_or(f64::from(u8::MAX), f64::from)
}
