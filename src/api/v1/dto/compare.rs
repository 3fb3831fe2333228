//! Two versions side by side, as JSON.

use super::{comment::Comment, version::Version};
use poem_openapi::Object;
use service::compare::{Comparison as Found, Difference};

/// Two versions side by side. Differences are told from `a` to `b`.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Comparison {
    /// One.
    pub a: Version,
    /// The other.
    pub b: Version,
    /// How much longer `b` is, in milliseconds.
    pub duration_delta_ms: i64,
    /// How much louder `b` is, in LU; absent if one of them is silent or very short.
    pub loudness_delta_lu: Option<f64>,
    /// What to change each by to hear them equally loud.
    pub gain_db: GainPair,
    /// What is heard in `a` at a time is heard in `b` so much later, in milliseconds; absent without confidence.
    pub offset_ms: Option<i64>,
    /// How sure the offset is, 0 to 1.
    pub confidence: f64,
    /// Whether both hold the same performance, and the offset can be used.
    pub confident: bool,
    /// What else differs in the files and in the metadata.
    pub metadata_diff: Vec<MetadataDifference>,
    /// Comments of the earlier version that were resolved since, up to the later one; the newest 200 of them and the open ones.
    pub comments_resolved: Vec<Comment>,
    /// Comments of the earlier version that are still open.
    pub comments_open: Vec<Comment>,
}

/// What to change two recordings by, in dB: the louder one is turned down, the other one stays.
#[derive(Clone, Copy, Debug, Object)]
pub struct GainPair {
    /// The one; 0 or less.
    pub a: f64,
    /// The other one; 0 or less.
    pub b: f64,
}

/// A fact that differs.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct MetadataDifference {
    /// `container`, `codec`, `sample_rate`, `bit_depth`, `channels`, or `metadata.` and a name.
    pub field: String,
    /// Of the one, if it has it.
    pub a: Option<String>,
    /// Of the other one.
    pub b: Option<String>,
}

impl From<Found> for Comparison {
    fn from(found: Found) -> Self {
        let shift = found.shift;
        let (a, b) = found.gain_db;
        let comments = |views: Vec<_>| views.into_iter().map(Comment::from).collect();
        Self {
            a: found.a.into(),
            b: found.b.into(),
            duration_delta_ms: found.duration_delta_ms,
            loudness_delta_lu: found.loudness_delta_lu,
            gain_db: GainPair { a, b },
            offset_ms: shift.believed().then_some(shift.offset_ms),
            confidence: f64::from((shift.confidence * 100.0).round()) / 100.0,
            confident: shift.believed(),
            metadata_diff: found.differences.into_iter().map(Into::into).collect(),
            comments_resolved: comments(found.threads.resolved),
            comments_open: comments(found.threads.open),
        }
    }
}

impl From<Difference> for MetadataDifference {
    fn from(difference: Difference) -> Self {
        Self { field: difference.field, a: difference.a, b: difference.b }
    }
}
