//! `events`: the log, and its two indexes. Written only by `Batch::emit`; read through `EventReader`.

use model::{ProjectId, UserId, event::NewEvent};

use crate::{Index, IndexSink, Table, TableId, record};

record!(NewEvent, 1);

/// The event log by `seq`.
#[derive(Debug)]
pub struct Events;

impl Table for Events {
    const ID: TableId = TableId::Events;
    type Key = u64;
    type Row = NewEvent;

    fn indexes(row: &NewEvent, _key: &u64, out: &mut IndexSink) {
        if let Some(project) = row.project {
            out.index::<EventsByProject>(&project);
        }
        for user in &row.users {
            out.index::<EventsByUser>(user);
        }
    }
}

/// The log of one project.
#[derive(Debug)]
pub struct EventsByProject;

impl Index for EventsByProject {
    const ID: TableId = TableId::EventsByProject;
    type Table = Events;
    type Key = ProjectId;
}

/// The own stream of one user.
#[derive(Debug)]
pub struct EventsByUser;

impl Index for EventsByUser {
    const ID: TableId = TableId::EventsByUser;
    type Table = Events;
    type Key = UserId;
}
