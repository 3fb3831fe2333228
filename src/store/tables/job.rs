//! `jobs`: work to do, being done and done, with the indexes that the queue lives on.
//!
//! A queued job is either ready (it has no `run_at`) or due later; only the promoter moves it from `due` to `ready`. Progress
//! and beats are rows of their own, so that the stamp of a running job changes with its state alone: it is the claim's token.

use model::{
    JobId, ProjectId, Timestamp,
    job::{Job, JobFile, JobProgress, JobState},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Desc, IndexSink, Key, KeyError, Table, TableId, record, table::indexes};

/// The name under which the relay, which turns events into jobs, follows the log.
pub const RELAY: &str = "jobs.relay";

/// Jobs.
#[derive(Debug)]
pub struct Jobs;

impl Table for Jobs {
    const ID: TableId = TableId::Jobs;
    type Key = JobId;
    type Row = Job;

    fn indexes(row: &Job, _key: &JobId, out: &mut IndexSink) {
        out.index::<JobsByState>(&(StateKey::of(row.state), Desc(row.changed_at())));
        if let Some(project) = row.project_id {
            out.index::<JobsByProject>(&project);
        }
        if let Some(subject) = &row.subject {
            out.index::<JobsBySubject>(subject);
        }
        if let Some(lease) = &row.lease {
            out.index::<JobsLeased>(&(lease.node.clone(), lease.boot));
        }
        if row.state == JobState::Queued {
            out.unique::<JobByKey>(&(row.kind.clone(), row.dedup_key.clone()));
            match row.run_at {
                Some(at) => out.index::<JobsDue>(&at),
                None => out.index::<JobsReady>(&(row.queue.clone(), row.priority, row.cause_seq)),
            }
        }
    }
}
record!(Job, 1);

indexes! {
    /// Jobs that may run, in the order in which a worker looks at them: queue, priority, the event that caused them.
    Index JobsReady: (String, u8, u64) => Jobs;
    /// Jobs that wait for their time, by that time.
    Index JobsDue: Timestamp => Jobs;
    /// Running jobs by who has them: node and boot.
    Index JobsLeased: (String, Uuid) => Jobs;
    /// The jobs that work on one thing: its kind and id.
    Index JobsBySubject: (String, Uuid) => Jobs;
    /// Jobs by state, the last to change first.
    Index JobsByState: (StateKey, Desc<Timestamp>) => Jobs;
    /// The jobs of a project; ids are in the order of time.
    Index JobsByProject: ProjectId => Jobs;
    /// The queued job of a kind and key: there is at most one.
    Unique JobByKey: (String, String) => Jobs;
}

/// How far running jobs are; written relaxed, removed when the job ends.
#[derive(Debug)]
pub struct JobsProgress;

impl Table for JobsProgress {
    const ID: TableId = TableId::JobsProgress;
    const BLIND: bool = true;
    type Key = JobId;
    type Row = JobProgress;
}
record!(JobProgress, 1);

/// The files that jobs made for people.
#[derive(Debug)]
pub struct JobFiles;

impl Table for JobFiles {
    const ID: TableId = TableId::JobFiles;
    type Key = JobId;
    type Row = JobFile;
}
record!(JobFile, 1);

/// The beat of each process that runs jobs, by node.
#[derive(Debug)]
pub struct JobBeats;

impl Table for JobBeats {
    const ID: TableId = TableId::JobBeats;
    const BLIND: bool = true;
    type Key = String;
    type Row = Beat;
}

/// A sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Which start of the process.
    pub boot: Uuid,
    /// Grows while it lives. Others watch it with their own clock, since clocks of two machines differ.
    pub count: u64,
}
record!(Beat, 1);

/// A state as the first part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateKey(u8);

impl StateKey {
    /// The key of a state.
    #[must_use]
    pub const fn of(state: JobState) -> Self {
        Self(match state {
            JobState::Queued => 0,
            JobState::Running => 1,
            JobState::Succeeded => 2,
            JobState::Failed => 3,
            JobState::Cancelled => 4,
        })
    }
}

impl Key for StateKey {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        u8::decode(input).map(StateKey)
    }
}

#[cfg(test)]
pub(crate) mod tests;
