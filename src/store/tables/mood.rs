//! `moods`, and what is shown of them: blocks, what each holds, and the days and weeks that are still to be closed.

use model::{
    MoodId, ProjectId, Timestamp, UserId, VersionId,
    mood::{
        Mood, Openness, Period, Span, Voices,
        team::{Block, Share},
    },
};
use serde::{Deserialize, Serialize};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Moods.
#[derive(Debug)]
pub struct Moods;

impl Table for Moods {
    const ID: TableId = TableId::Moods;
    type Key = MoodId;
    type Row = Mood;

    fn indexes(row: &Mood, _key: &MoodId, out: &mut IndexSink) {
        out.index::<MoodsByDay>(&(row.project_id, row.day().first_day()));
        out.index::<MoodsByUser>(&row.user_id);
        out.index::<MoodsOfMember>(&(row.project_id, row.user_id));
        if row.openness == Openness::Named {
            out.index::<MoodsNamed>(&row.project_id);
        }
    }
}
record!(Mood, 1);

indexes! {
    /// The moods of a day, counted from 1970-01-01.
    Index MoodsByDay: (ProjectId, i64) => Moods;
    /// What one person recorded, oldest first.
    Index MoodsByUser: UserId => Moods;
    /// What one person recorded about a project, oldest first.
    Index MoodsOfMember: (ProjectId, UserId) => Moods;
    /// The moods of a project that are not masked, and no others, oldest first.
    Index MoodsNamed: ProjectId => Moods;
}

/// A day or week of a project: project, 0 for days and 1 for weeks, the first day counted from 1970-01-01.
pub type PeriodKey = (ProjectId, u8, i64);

/// The key of a period.
#[must_use]
pub fn period_key(project: ProjectId, period: Period) -> PeriodKey {
    (project, rank(period.span()), period.first_day())
}

const fn rank(span: Span) -> u8 {
    match span {
        Span::Day => 0,
        Span::Week => 1,
    }
}

/// What is shown, by period and version.
#[derive(Debug)]
pub struct MoodBlocks;

impl Table for MoodBlocks {
    const ID: TableId = TableId::MoodBlocks;
    type Key = (PeriodKey, Option<VersionId>);
    type Row = Block;

    fn indexes(row: &Block, _key: &Self::Key, out: &mut IndexSink) {
        if let Some(version) = row.version {
            out.index::<MoodBlocksByVersion>(&version);
        }
    }
}
record!(Block, 1);

indexes! {
    /// What is shown of a version, oldest first.
    Index MoodBlocksByVersion: VersionId => MoodBlocks;
}

/// What blocks hold, by the day of the mood.
#[derive(Debug)]
pub struct MoodShares;

impl Table for MoodShares {
    const ID: TableId = TableId::MoodShares;
    type Key = (ProjectId, i64, MoodId);
    type Row = Share;
}
record!(Share, 1);

/// What the comments of a day say, or those of a week that are of no such day.
#[derive(Debug)]
pub struct MoodVoices;

impl Table for MoodVoices {
    const ID: TableId = TableId::MoodVoices;
    type Key = PeriodKey;
    type Row = Voices;
}
record!(Voices, 1);

/// What is to be done with a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MoodTask {
    /// Its moods are to be shown, if they may be.
    Close,
    /// Something in its blocks changed.
    Review,
}

/// A period that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoodDueRow {
    /// What for.
    pub task: MoodTask,
    /// Of which project.
    pub project_id: ProjectId,
    /// Which.
    pub period: Period,
}
record!(MoodDueRow, 1);

/// When: days before the weeks that end with them, closing before looking again.
pub type DueKey = (Timestamp, u8, ProjectId, i64);

/// Days and weeks to be closed or looked at again, by when.
#[derive(Debug)]
pub struct MoodsDue;

impl Table for MoodsDue {
    const ID: TableId = TableId::MoodsDue;
    // Whoever records a mood says that its day is to be closed, whether somebody said so before or not.
    const BLIND: bool = true;
    type Key = DueKey;
    type Row = MoodDueRow;
}

impl MoodDueRow {
    /// The key of something that is due at this time.
    #[must_use]
    pub fn key(&self, at: Timestamp) -> DueKey {
        let task = match self.task {
            MoodTask::Close => 0,
            MoodTask::Review => 2,
        };
        (at, task + rank(self.period.span()), self.project_id, self.period.first_day())
    }
}
