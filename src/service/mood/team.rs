//! What a team sees of its moods: made of published rows and of nothing else.

use crate::{Authorized, Ctx, Error, Result, Service};
use model::{
    ProjectId, Timestamp, TrackId, VersionId, Violation,
    access::Action,
    limits,
    mood::{
        Period, Span, Voices,
        team::{self, Block, Cell},
    },
    project::{MoodVisibility, Project},
    version::Version,
};
use std::collections::BTreeMap;
use store::{
    Scan,
    tables::mood::{MoodBlocks, MoodBlocksByVersion, MoodVoices, period_key},
};

/// Half of what a bucket weighs in the trend is gone after so many days.
const HALF_LIFE_DAYS: f64 = 3.0;
/// Buckets of an answer that names no beginning.
const DAYS: i64 = 30;
const WEEKS: i64 = 12;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamMoodQuery {
    /// Days or weeks that are over.
    Periods {
        /// Which.
        span: Span,
        /// The first one holds this instant.
        from: Option<Timestamp>,
        /// The last one begins before this instant.
        to: Option<Timestamp>,
    },
    /// The versions of a track.
    Versions(TrackId),
}

/// The mood of a team.
#[derive(Clone, Debug)]
pub struct TeamMood {
    /// How many people a bucket needs to be shown.
    pub least: u32,
    /// The buckets: the oldest first, or the versions by their numbers.
    pub buckets: Vec<Bucket>,
}

/// The mood of one day, one week, or about one version.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Which time.
    pub period: Option<Period>,
    /// Which version.
    pub version: Option<Version>,
    /// What is shown; nothing where it would show too few.
    pub cell: Option<Cell>,
    /// The mean valence so far, older buckets weighing less; −1 to 1.
    pub trend: Option<f64>,
    /// What the comments say.
    pub voices: Option<Voices>,
}

impl Service {
    /// The mood of a team.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Forbidden` where the project shows none; `NotFound` for a track that is none of it; `Invalid` for
    /// too many buckets.
    pub async fn get_team_mood(
        &self,
        cx: &Ctx,
        project: ProjectId,
        query: &TeamMoodQuery,
    ) -> Result<TeamMood> {
        let auth = self.authorize::<Project>(cx, project, Action::SeeTeamMood).await?;
        shown(&auth)?;
        let least = self.mood_min_group_size().await?;
        let buckets = match *query {
            TeamMoodQuery::Periods { span, from, to } => {
                self.mood_of_periods(project, least, periods(cx.now, span, from, to)?).await?
            }
            TeamMoodQuery::Versions(track) => self.mood_of_versions(project, least, track).await?,
        };
        Ok(TeamMood { least, buckets })
    }

    async fn mood_of_periods(
        &self,
        project: ProjectId,
        least: u32,
        periods: Vec<Period>,
    ) -> Result<Vec<Bucket>> {
        let (Some(first), Some(last)) = (periods.first(), periods.last()) else { return Ok(Vec::new()) };
        let mut blocks: BTreeMap<Period, Vec<Block>> = BTreeMap::new();
        let mut voices: BTreeMap<Period, Voices> = BTreeMap::new();
        let days =
            (Period::around(Span::Day, *first.days().start()), Period::around(Span::Day, *last.days().end()));
        for (from, to) in BTreeMap::from([days, (*first, *last)]) {
            for block in self.blocks_between(project, from, to).await? {
                let of = if first.span() == Span::Week { block.period.week() } else { block.period };
                blocks.entry(of).or_default().push(block);
            }
            for (period, said) in self.voices_between(project, from, to).await? {
                let of = if first.span() == Span::Week { period.week() } else { period };
                if said.people >= least {
                    voices.entry(of).or_default().join(&said);
                }
            }
        }
        let bucket = |period: Period| Bucket {
            period: Some(period),
            version: None,
            cell: blocks.get(&period).and_then(|blocks| team::of_period(period, blocks, least)),
            trend: None,
            voices: voices.remove(&period),
        };
        let mut buckets: Vec<Bucket> = periods.into_iter().map(bucket).collect();
        follow(&mut buckets);
        Ok(buckets)
    }

    async fn blocks_between(&self, project: ProjectId, from: Period, to: Period) -> Result<Vec<Block>> {
        let mut found = Vec::new();
        let mut scan = Scan::all().from(&period_key(project, from));
        loop {
            let part = scan.clone().before(&period_key(project, to.plus(1))).limit(ROWS);
            let page = self.store().scan::<MoodBlocks>(part).await?;
            let last = page.items.last().map(|(key, _)| *key);
            found.extend(page.items.into_iter().map(|(_, block)| block.row));
            match last.filter(|_| page.more) {
                Some(last) => scan = scan.after(&last),
                None => return Ok(found),
            }
        }
    }

    async fn voices_between(
        &self,
        project: ProjectId,
        from: Period,
        to: Period,
    ) -> Result<Vec<(Period, Voices)>> {
        let scan = Scan::all().from(&period_key(project, from)).before(&period_key(project, to.plus(1)));
        let page = self.store().scan::<MoodVoices>(scan.limit(ROWS)).await?;
        let said = page.items.into_iter();
        Ok(said.map(|((_, _, day), row)| (Period::around(from.span(), day), row.row)).collect())
    }

    async fn mood_of_versions(&self, project: ProjectId, least: u32, track: TrackId) -> Result<Vec<Bucket>> {
        self.track_in(project, track).await?;
        let newest = self.newest_versions(track, None, limits::MOOD_VERSIONS_MAX, |_| true).await?;
        let mut buckets = Vec::with_capacity(newest.len());
        for version in newest.into_iter().rev() {
            let blocks = self.blocks_about(version.row.id).await?;
            buckets.push(Bucket {
                period: None,
                cell: team::of_version(version.row.id, &blocks, least),
                version: Some(version.row),
                trend: None,
                voices: None,
            });
        }
        Ok(buckets)
    }

    async fn blocks_about(&self, version: VersionId) -> Result<Vec<Block>> {
        let scan = Scan::prefix(&version).limit(ROWS);
        let page = self.store().scan_index::<MoodBlocksByVersion>(scan).await?;
        Ok(page.items.into_iter().map(|hit| hit.stored.row).collect())
    }
}

/// Rows of one read. A track's version has fewer days and weeks with a mood of its own than this.
const ROWS: usize = 1_000;

/// Refuses what the project shows to nobody, administrators of the instance included.
fn shown(auth: &Authorized<Project>) -> Result<()> {
    match auth.gate().row.settings.mood_visibility {
        MoodVisibility::Members | MoodVisibility::Editors => Ok(()),
        MoodVisibility::Off => Err(Error::Forbidden("this project does not show the mood of its team")),
    }
}

/// The days or weeks between two instants that are over.
fn periods(
    now: Timestamp,
    span: Span,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<Vec<Period>> {
    let over = Period::of(span, now).plus(-1);
    let last = to.map_or(over, |to| Period::of(span, to.plus_millis(-1)).min(over));
    let usual = match span {
        Span::Day => DAYS,
        Span::Week => WEEKS,
    };
    let first = from.map_or(last.plus(1 - usual), |from| Period::of(span, from));
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Violation::new("?to", "out_of_range", "must be after `from`").into());
    }
    let number = (last.first_day() - first.first_day()) / span.days() + 1;
    if number > limits::MOOD_BUCKETS_MAX as i64 {
        let detail = format!("asks for more than {} buckets", limits::MOOD_BUCKETS_MAX);
        return Err(Violation::new("?from", "out_of_range", detail).into());
    }
    Ok((0..number).map(|at| first.plus(at)).collect())
}

/// Adds the trend: an exponentially weighted mean of the buckets that are shown.
fn follow(buckets: &mut [Bucket]) {
    let (mut sum, mut weight, mut before) = (0.0, 0.0, None::<Period>);
    for bucket in buckets {
        let (Some(period), Some(cell)) = (bucket.period, bucket.cell) else { continue };
        if let Some(before) = before {
            #[expect(clippy::cast_precision_loss, reason = "days of one answer")]
            let days = (period.first_day() - before.first_day()) as f64;
            let left = (-days / HALF_LIFE_DAYS).exp2();
            (sum, weight) = (sum * left, weight * left);
        }
        let moods = f64::from(cell.tally.moods());
        sum += moods * cell.tally.mean_valence();
        weight += moods;
        before = Some(period);
        bucket.trend = (weight > 0.0).then(|| sum / weight);
    }
}
