//! Closing days and weeks, and looking at them again. Everything a team sees of its moods is written here.

use crate::{Ctx, Error, Result, Service};
use model::{
    CommentId, MoodId, ProjectId, Timestamp,
    comment::Visibility,
    event::{Event, NewEvent, ResourceRef},
    limits,
    mood::{
        Mood, Period, Span, Voices,
        team::{self, Block, Closing, Contribution, Given, Share},
    },
    principal::Principal,
    project::MoodVisibility,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    Batch, Scan, StoreError, Stored,
    tables::{
        comment::CommentsByPlace,
        emotion::EmotionReadings,
        mood::{
            DueKey, MoodBlocks, MoodDueRow, MoodShares, MoodTask, MoodVoices, Moods, MoodsByDay, MoodsDue,
            period_key,
        },
        project::ProjectGates,
    },
};

type Held = (ProjectId, i64, MoodId);

impl Service {
    /// Closes the days and weeks that are over and looks again at those in which something changed. Says how many.
    ///
    /// # Errors
    /// Of the store.
    pub async fn close_moods(&self, cx: &Ctx) -> Result<u64> {
        let mut done = 0;
        while done < limits::MOOD_CLOSINGS_MAX as u64 {
            let scan = Scan::all().before(&cx.now).limit(limits::JOB_STEP_ROWS);
            let page = self.store().scan::<MoodsDue>(scan).await?;
            let (all, before) = (page.items.len(), done);
            for (key, due) in page.items {
                match self.close_due(cx, &key, &due).await {
                    Ok(()) => done += 1,
                    // Something changed at this moment: the next run sees it.
                    Err(Error::Store(StoreError::Conflict { .. })) => {}
                    Err(error) => return Err(error),
                }
            }
            if all == 0 || done == before {
                break;
            }
        }
        Ok(done)
    }

    async fn close_due(&self, cx: &Ctx, key: &DueKey, due: &Stored<MoodDueRow>) -> Result<()> {
        let MoodDueRow { task, project_id, period } = due.row;
        let mut batch = Batch::new();
        batch.priority().delete::<MoodsDue>(key, due);
        let gate = self.store().get::<ProjectGates>(&project_id).await?;
        if let Some(gate) = gate.filter(|gate| !gate.row.purging) {
            // A project that is being removed gets nothing new.
            batch.assert_unchanged::<ProjectGates>(&project_id, &gate);
            let changed = match task {
                MoodTask::Close => self.close_period(&mut batch, project_id, period).await?,
                MoodTask::Review => self.review_period(&mut batch, project_id, period).await?,
            };
            let visibility = match gate.row.settings.mood_visibility {
                MoodVisibility::Members => Some(Visibility::Everyone),
                MoodVisibility::Editors => Some(Visibility::Team),
                MoodVisibility::Off => None,
            };
            if let (true, Some(visibility)) = (changed, visibility) {
                batch.emit(self.team_mood_event(cx, project_id, visibility));
            }
        }
        self.store().commit(batch).await?;
        Ok(())
    }

    fn team_mood_event(&self, cx: &Ctx, project: ProjectId, visibility: Visibility) -> NewEvent {
        let resource = ResourceRef::new("team_mood", project, 0);
        self.event_in(cx, project, resource, None, Event::TeamMoodUpdated { visibility })
    }

    /// Makes the blocks of a period that has none. Says whether there is anything to see.
    async fn close_period(&self, batch: &mut Batch, project: ProjectId, period: Period) -> Result<bool> {
        let least = self.mood_min_group_size().await?;
        let mut changed = self.close_voices(batch, project, period, least).await?;
        if !self.blocks_of(project, period).await?.is_empty() {
            return Ok(changed);
        }
        let taken = self.shares_of(project, period).await?;
        let moods = self.moods_of(project, period).await?;
        let open: Vec<Contribution> = moods
            .iter()
            .filter(|mood| !taken.contains_key(&held(mood)))
            .filter_map(Mood::contribution)
            .take(limits::MOODS_PER_BUCKET_MAX)
            .collect();
        let days: BTreeMap<MoodId, i64> =
            moods.iter().map(|mood| (mood.id, mood.day().first_day())).collect();
        let closing = team::close(period, &open, least);
        for (id, share) in &closing.shares {
            batch.insert::<MoodShares>(&(project, days[id], *id), share);
        }
        for (version, block) in blocks(project, period, &closing) {
            batch.insert::<MoodBlocks>(&(period_key(project, period), version), &block);
            changed = true;
        }
        Ok(changed)
    }

    /// Takes over what enough people changed. Says whether anything looks otherwise.
    async fn review_period(&self, batch: &mut Batch, project: ProjectId, period: Period) -> Result<bool> {
        let before = self.blocks_of(project, period).await?;
        let mut shares = self.shares_of(project, period).await?;
        shares.retain(|_, share| share.row.period == period);
        let ids: Vec<MoodId> = shares.keys().map(|(_, _, id)| *id).collect();
        let now: BTreeMap<MoodId, Given> = self
            .rows::<Moods>(ids.into_iter().collect())
            .await?
            .into_iter()
            .filter_map(|(id, mood)| Some((id, mood.contribution()?.given)))
            .collect();
        let least_of = before.iter().map(|block| (block.row.version, block.row.least)).collect();
        let rows: BTreeMap<MoodId, Share> =
            shares.iter().map(|((_, _, id), share)| (*id, share.row)).collect();
        let current = |id: MoodId| now.get(&id).copied();
        let Some(closing) = team::review(rows, &least_of, current, self.mood_min_group_size().await?) else {
            return Ok(false);
        };
        for (key, share) in &shares {
            let after = &closing.shares[&key.2];
            if *after != share.row {
                batch.replace::<MoodShares>(key, share, after);
            }
        }
        for (version, block) in blocks(project, period, &closing) {
            if let Some(old) = before.iter().find(|old| old.row.version == version) {
                batch.replace::<MoodBlocks>(&(period_key(project, period), version), old, &block);
            }
        }
        Ok(true)
    }

    async fn blocks_of(&self, project: ProjectId, period: Period) -> Result<Vec<Stored<Block>>> {
        let scan = Scan::prefix(&period_key(project, period)).limit(limits::MOODS_PER_BUCKET_MAX);
        let page = self.store().scan::<MoodBlocks>(scan).await?;
        Ok(page.items.into_iter().map(|(_, block)| block).collect())
    }

    /// What blocks hold of the days of a period.
    async fn shares_of(&self, project: ProjectId, period: Period) -> Result<BTreeMap<Held, Stored<Share>>> {
        let mut found: BTreeMap<Held, Stored<Share>> = BTreeMap::new();
        for day in period.days() {
            let mut after = None;
            loop {
                let mut scan = Scan::prefix(&(project, day)).limit(ROWS);
                if let Some(id) = after {
                    scan = scan.after(&(project, day, id));
                }
                let page = self.store().scan::<MoodShares>(scan).await?;
                after = page.items.last().map(|((_, _, id), _)| *id);
                found.extend(page.items);
                if !page.more {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// What was recorded in a period.
    async fn moods_of(&self, project: ProjectId, period: Period) -> Result<Vec<Mood>> {
        let mut found = Vec::new();
        for day in period.days() {
            let mut after = None;
            loop {
                let mut scan = Scan::prefix(&(project, day)).limit(ROWS);
                if let Some(id) = after {
                    scan = scan.after(&((project, day), id));
                }
                let page = self.store().scan_index::<MoodsByDay>(scan).await?;
                after = page.items.last().map(|hit| hit.key);
                found.extend(page.items.into_iter().map(|hit| hit.stored.row));
                if !page.more {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Adds up what the comments of a period say, once, if enough people wrote them: of a week, those of the days that show none.
    async fn close_voices(
        &self,
        batch: &mut Batch,
        project: ProjectId,
        period: Period,
        least: u32,
    ) -> Result<bool> {
        let key = period_key(project, period);
        if self.store().get::<MoodVoices>(&key).await?.is_some() {
            return Ok(false);
        }
        let (mut authors, mut voices) = (BTreeSet::new(), Voices::default());
        for day in period.days().map(|day| Period::around(Span::Day, day)) {
            let own = day == period;
            if !own && self.store().get::<MoodVoices>(&period_key(project, day)).await?.is_some() {
                continue;
            }
            for replies in [false, true] {
                self.hear(project, day, replies, &mut authors, &mut voices).await?;
            }
        }
        voices.people = u32::try_from(authors.len()).unwrap_or(u32::MAX);
        let enough = voices.people >= least;
        if enough {
            batch.insert::<MoodVoices>(&key, &voices);
        }
        Ok(enough)
    }

    /// Adds the comments of a day that everybody sees and members wrote, as far as their authors let them be read.
    async fn hear(
        &self,
        project: ProjectId,
        day: Period,
        replies: bool,
        authors: &mut BTreeSet<Principal>,
        voices: &mut Voices,
    ) -> Result<()> {
        let place = (project.uuid(), replies);
        let scan = Scan::prefix(&place)
            .from(&(place, first_id(day.start())))
            .before(&(place, first_id(day.end())))
            .limit(limits::MOOD_COMMENTS_MAX.min(ROWS));
        let page = self.store().scan_index::<CommentsByPlace>(scan).await?;
        let comments: Vec<_> = page
            .items
            .into_iter()
            .map(|hit| hit.stored.row)
            .filter(|comment| comment.visibility == Visibility::Everyone && comment.deleted.is_none())
            .filter(|comment| comment.author.user().is_some())
            .collect();
        let ids: Vec<CommentId> = comments.iter().map(|comment| comment.id).collect();
        let readings = self.store().get_many::<EmotionReadings>(&ids).await?;
        for (comment, reading) in comments.iter().zip(readings) {
            if let Some(said) = reading.and_then(|reading| reading.row.shown()) {
                authors.insert(comment.author);
                voices.add(&said);
            }
        }
        Ok(())
    }
}

/// Rows of one read.
const ROWS: usize = 1_000;

fn held(mood: &Mood) -> Held {
    (mood.project_id, mood.day().first_day(), mood.id)
}

/// The first id that a comment of this instant could have: ids begin with the time in milliseconds (RFC 9562 §5.7).
fn first_id(at: Timestamp) -> CommentId {
    let millis = u128::from(at.millis().max(0).unsigned_abs());
    CommentId::new(uuid::Uuid::from_u128(millis << 80))
}

fn blocks(
    project_id: ProjectId,
    period: Period,
    closing: &Closing,
) -> Vec<(Option<model::VersionId>, Block)> {
    let block = |(version, part): (&Option<model::VersionId>, &team::Part)| {
        let block = Block {
            project_id,
            period,
            version: *version,
            least: part.least,
            crowd: part.crowd,
            people_of_period: closing.people,
            tally: part.tally,
        };
        (*version, block)
    };
    closing.parts.iter().map(block).collect()
}
