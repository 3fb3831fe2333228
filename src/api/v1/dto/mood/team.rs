//! What teams see of moods, as JSON: numbers only where enough people are behind them.

use crate::{problem::Failure, v1::dto::Time};
use model::{
    emotion::Family,
    mood::{Feeling, Span, Voices},
};
use poem_openapi::{Enum, Object};
use service::mood::{self as seen, MoodStrip, StripStep, TeamMoodQuery};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum MoodBucketKind {
    /// A UTC day.
    Day,
    /// A week, from Monday, UTC.
    Week,
    /// A version of the track `track_id`.
    Version,
}

/// Which colours a picture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ChartTheme {
    /// Those that the reader prefers.
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The query of a summary.
pub struct SummaryParams {
    /// What a bucket is.
    pub bucket: Option<MoodBucketKind>,
    /// Not before.
    pub from: Option<Time>,
    /// Before.
    pub to: Option<Time>,
    /// The track whose versions are buckets.
    pub track_id: Option<Uuid>,
}

impl SummaryParams {
    /// In the words of the service.
    ///
    /// # Errors
    /// A fault where the parameters do not go together.
    pub fn parse(self) -> Result<TeamMoodQuery, Failure> {
        let span = match (self.bucket, self.track_id) {
            (Some(MoodBucketKind::Version), Some(track)) if self.from.is_none() && self.to.is_none() => {
                return Ok(TeamMoodQuery::Versions(track.into()));
            }
            (Some(MoodBucketKind::Version), Some(_)) => {
                return Err(Failure::fault("?from", "mismatch", "versions have no time of their own"));
            }
            (Some(MoodBucketKind::Version), None) => {
                return Err(Failure::fault("?track_id", "required", "is missing: whose versions?"));
            }
            (_, Some(_)) => return Err(Failure::fault("?track_id", "mismatch", "needs bucket=version")),
            (None | Some(MoodBucketKind::Day), None) => Span::Day,
            (Some(MoodBucketKind::Week), None) => Span::Week,
        };
        let instant = |time: Option<Time>| time.map(|time| time.0);
        Ok(TeamMoodQuery::Periods { span, from: instant(self.from), to: instant(self.to) })
    }
}

/// How a team feels.
#[derive(Clone, Debug, Object)]
pub struct TeamMood {
    /// From how many people on a bucket is shown.
    pub min_group_size: i32,
    /// Days or weeks that are over, oldest first; or the versions of a track, by their numbers.
    pub buckets: Vec<TeamMoodBucket>,
}

/// How a team felt on a day, in a week, or about a version. Everything but its place is absent where it would show too few people:
/// then nothing is said of how many there were, if any.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct TeamMoodBucket {
    /// When it begins.
    pub from: Option<Time>,
    /// When the next one begins.
    pub to: Option<Time>,
    /// The version it is about.
    pub version_id: Option<Uuid>,
    /// The number of that version.
    pub version_number: Option<i64>,
    /// Nothing is shown of how people said they felt.
    pub suppressed: bool,
    /// How many people said how they felt; at least so many where a bucket is made of several that overlap.
    pub contributors: Option<i32>,
    /// How many moods of each word.
    pub distribution: Option<BTreeMap<String, i32>>,
    /// How strong they were, 1 to 5.
    pub mean_intensity: Option<f64>,
    /// How pleasant, −1 to 1.
    pub mean_valence: Option<f64>,
    /// How stirred, −1 to 1.
    pub mean_arousal: Option<f64>,
    /// How pleasant so far, from the first bucket of this answer on; what is three days older weighs half.
    pub trend_valence: Option<f64>,
    /// What comments say, by family of emotions: parts of 1. Of comments that everybody sees; absent below the same number of people.
    pub comment_emotions: Option<BTreeMap<String, f64>>,
    /// How pleasant the comments are, −1 to 1; criticism of the work counts half.
    pub comment_valence: Option<f64>,
    /// The part of the comments that is kind: moved, grateful, supportive.
    pub comment_warmth: Option<f64>,
    /// The part that grates: upset, and half of what is critical.
    pub comment_friction: Option<f64>,
}

impl From<seen::TeamMood> for TeamMood {
    fn from(mood: seen::TeamMood) -> Self {
        Self {
            min_group_size: mood.least.cast_signed(),
            buckets: mood.buckets.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<seen::Bucket> for TeamMoodBucket {
    fn from(bucket: seen::Bucket) -> Self {
        let (period, version) = (bucket.period, bucket.version.as_ref());
        let tally = bucket.cell.map(|cell| cell.tally);
        let said = bucket.voices.as_ref();
        Self {
            from: period.map(|period| Time(period.start())),
            to: period.map(|period| Time(period.end())),
            version_id: version.map(|version| version.id.uuid()),
            version_number: version.map(|version| version.number),
            suppressed: bucket.cell.is_none(),
            contributors: bucket.cell.map(|cell| cell.contributors.cast_signed()),
            distribution: tally.map(|tally| {
                let of = Feeling::ALL.iter().zip(tally.feelings).filter(|(_, number)| *number > 0);
                of.map(|(feeling, number)| (feeling.name().to_owned(), number.cast_signed())).collect()
            }),
            mean_intensity: tally.map(|tally| rounded(tally.mean_intensity())),
            mean_valence: tally.map(|tally| rounded(tally.mean_valence())),
            mean_arousal: tally.map(|tally| rounded(tally.mean_arousal())),
            trend_valence: bucket.trend.map(rounded),
            comment_emotions: said.map(|said| shares(|family| said.share(family))),
            comment_valence: said.map(|said| rounded(said.mean_valence().into())),
            comment_warmth: said.map(|said: &Voices| rounded(said.warmth().into())),
            comment_friction: said.map(|said| rounded(said.friction().into())),
        }
    }
}

/// What a version makes people feel along its time: a strip for the waveform.
#[derive(Clone, Debug, Object)]
pub struct MoodTimeline {
    /// The version.
    pub version_id: Uuid,
    /// How long it is, in milliseconds.
    pub duration_ms: i64,
    /// How long a segment is, in milliseconds.
    pub step_ms: i64,
    /// The segments about which somebody said something, in the order of the music.
    pub segments: Vec<MoodSegment>,
}

/// What a moment makes people feel.
#[derive(Clone, Debug, Object)]
pub struct MoodSegment {
    /// Where it begins, in milliseconds.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// How many comments speak of it.
    pub comments: i32,
    /// How pleasant they are, −1 to 1.
    pub valence: f64,
    /// How stirred, −1 to 1.
    pub arousal: f64,
    /// The family of emotions that they say most of.
    pub dominant: String,
    /// Every family: parts of 1.
    pub emotions: BTreeMap<String, f64>,
}

impl From<MoodStrip> for MoodTimeline {
    fn from(strip: MoodStrip) -> Self {
        Self {
            version_id: strip.version_id.uuid(),
            duration_ms: strip.duration_ms,
            step_ms: strip.step_ms,
            segments: strip.steps.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<StripStep> for MoodSegment {
    fn from(step: StripStep) -> Self {
        let of = |family: &Family| step.families[family.index()];
        let dominant = Family::ALL.into_iter().max_by(|a, b| of(a).total_cmp(&of(b)));
        Self {
            start_ms: step.start_ms,
            end_ms: step.end_ms,
            comments: step.comments.cast_signed(),
            valence: rounded(step.affect.valence.into()),
            arousal: rounded(step.affect.arousal.into()),
            dominant: dominant.unwrap_or(Family::Neutral).name().to_owned(),
            emotions: shares(|family| step.families[family.index()]),
        }
    }
}

/// Families with their parts; those that round to nothing are left out.
fn shares(of: impl Fn(Family) -> f32) -> BTreeMap<String, f64> {
    let all = Family::ALL.into_iter().map(|family| (family.name().to_owned(), rounded(of(family).into())));
    all.filter(|(_, share)| *share > 0.0).collect()
}

/// Three decimals: more would only look exact.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
