//! The emotion strip: what each moment of a version makes people feel, out of the comments that stand there.

use crate::{Ctx, Error, Result, Service};
use model::{
    ProjectId, VersionId,
    access::Action,
    comment::Span,
    emotion::{Affect, Distribution, Family},
    limits,
    project::Project,
};
use std::collections::BTreeMap;
use store::tables::emotion::EmotionReadings;

/// Lengths of a step, in seconds: the finest that gives few enough steps is taken.
const STEPS_S: [i64; 10] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

/// What a version makes people feel, along its time.
#[derive(Clone, Debug)]
pub struct MoodStrip {
    /// The version.
    pub version_id: VersionId,
    /// How long it is, in milliseconds; of one whose length is not known, the end of its last comment.
    pub duration_ms: i64,
    /// How long a step is, in milliseconds.
    pub step_ms: i64,
    /// The steps about which somebody said something, in the order of the music.
    pub steps: Vec<StripStep>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct StripStep {
    /// Where it begins, in milliseconds.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// How many comments speak of it.
    pub comments: u32,
    /// The mean of what they say.
    pub affect: Affect,
    /// The part of each family, in the order of [`Family::ALL`].
    pub families: [f32; Family::COUNT],
}

impl Service {
    /// The emotion strip of a version, as far as the caller sees the comments.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound` for a version that is none of the project; `AnalysisOff`.
    pub async fn get_mood_along_track(
        &self,
        cx: &Ctx,
        project: ProjectId,
        version: VersionId,
    ) -> Result<MoodStrip> {
        let auth = self.authorize::<Project>(cx, project, Action::View).await?;
        if !auth.gate().row.settings.emotion_analysis {
            return Err(Error::AnalysisOff);
        }
        let found = self.version_in(project, version).await?;
        let comments = self.timed_comments(cx, &auth, version).await?;
        let ids: Vec<_> = comments.iter().map(|(id, _)| *id).collect();
        let mut said = Vec::new();
        for (ids, comments) in ids.chunks(ROWS).zip(comments.chunks(ROWS)) {
            let readings = self.store().get_many::<EmotionReadings>(ids).await?;
            let pairs = comments.iter().zip(readings);
            said.extend(pairs.filter_map(|((_, span), reading)| Some((*span, reading?.row.shown()?))));
        }
        let known = found.row.media.as_ref().map(|media| media.duration_ms);
        let last = comments.iter().map(|(_, span)| end(*span)).max();
        Ok(strip(version, known.or(last).unwrap_or(0), &said))
    }
}

/// Readings of one read.
const ROWS: usize = 500;

/// A moment is a millisecond long.
fn end(span: Span) -> i64 {
    span.end_ms.unwrap_or(span.start_ms.saturating_add(1))
}

fn strip(version_id: VersionId, duration_ms: i64, said: &[(Span, Distribution)]) -> MoodStrip {
    let fits = |step: &i64| duration_ms <= step * 1000 * limits::MOOD_STEPS_MAX;
    let step_ms = 1000 * STEPS_S.into_iter().find(fits).unwrap_or(STEPS_S[STEPS_S.len() - 1]);
    let last = (duration_ms - 1).max(0) / step_ms;
    let mut steps: BTreeMap<i64, Vec<&Distribution>> = BTreeMap::new();
    for (span, said) in said {
        // What lies a little beyond the end belongs to the end.
        let (from, to) = (span.start_ms / step_ms, (end(*span) - 1) / step_ms);
        for step in from.min(last)..=to.min(last).min(from.saturating_add(limits::MOOD_STEPS_MAX)) {
            steps.entry(step).or_default().push(said);
        }
    }
    let step = |(at, said): (i64, Vec<&Distribution>)| {
        let (affect, families) = mean(&said);
        let start_ms = at * step_ms;
        let end_ms = (start_ms + step_ms).min(duration_ms.max(start_ms + 1));
        StripStep {
            start_ms,
            end_ms,
            comments: u32::try_from(said.len()).unwrap_or(u32::MAX),
            affect,
            families,
        }
    };
    MoodStrip { version_id, duration_ms, step_ms, steps: steps.into_iter().map(step).collect() }
}

fn mean(said: &[&Distribution]) -> (Affect, [f32; Family::COUNT]) {
    // A few thousand at most.
    let number = u16::try_from(said.len().max(1)).map_or(f32::from(u16::MAX), f32::from);
    let (mut affect, mut families) = (Affect::default(), [0.0; Family::COUNT]);
    for one in said {
        affect.valence += one.valence() / number;
        affect.arousal += one.arousal() / number;
        for (sum, share) in families.iter_mut().zip(one.shares()) {
            *sum += share / number;
        }
    }
    (affect, families)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::emotion::Label;
    use uuid::Uuid;

    fn of(duration_ms: i64, said: &[(i64, Option<i64>, Label)]) -> MoodStrip {
        let said: Vec<_> = said
            .iter()
            .map(|(start_ms, end_ms, label)| {
                (Span { start_ms: *start_ms, end_ms: *end_ms }, Distribution::certain(*label))
            })
            .collect();
        strip(VersionId::new(Uuid::nil()), duration_ms, &said)
    }

    #[test]
    fn each_second_says_what_it_makes_people_feel() {
        let strip = of(10_000, &[(1_500, None, Label::Joy), (1_000, Some(3_000), Label::Sadness)]);
        assert_eq!(strip.step_ms, 1_000);
        let said: Vec<_> =
            strip.steps.iter().map(|step| (step.start_ms, step.end_ms, step.comments)).collect();
        assert_eq!(said, [(1_000, 2_000, 2), (2_000, 3_000, 1)]);
        assert!((strip.steps[0].affect.valence - 0.05).abs() < 1e-6);
        assert!((strip.steps[1].families[Family::Upset.index()] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_long_recording_has_longer_steps() {
        let strip = of(3_600_000, &[(3_599_900, None, Label::Joy), (3_600_500, None, Label::Joy)]);
        assert_eq!(strip.step_ms, 10_000);
        assert_eq!(strip.steps.len(), 1, "what lies beyond the end belongs to the end");
        assert_eq!((strip.steps[0].end_ms, strip.steps[0].comments), (3_600_000, 2));
        assert!(of(0, &[]).steps.is_empty());
    }
}
