//! `mixdowns`: what is to be mixed, until it is.

use model::{JobId, ProjectId, mixdown::Mixdown};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Mixdowns that are not made yet, by the job that makes them.
#[derive(Debug)]
pub struct Mixdowns;

impl Table for Mixdowns {
    const ID: TableId = TableId::Mixdowns;
    type Key = JobId;
    type Row = Mixdown;

    fn indexes(row: &Mixdown, _key: &JobId, out: &mut IndexSink) {
        out.index::<MixdownsByProject>(&row.project_id);
    }
}
record!(Mixdown, 1);

indexes! {
    /// The mixdowns of a project that are not made yet.
    Index MixdownsByProject: ProjectId => Mixdowns;
}
