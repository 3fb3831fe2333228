//! `events`: the log, and its two indexes. Written only by `Batch::emit`; read through `EventReader`.

use model::{ProjectId, UserId, event::NewEvent};

use crate::{IndexSink, Table, TableId, record, table::indexes};

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

indexes! {
    /// The log of one project.
    Index EventsByProject: ProjectId => Events;
    /// The own stream of one user.
    Index EventsByUser: UserId => Events;
}
