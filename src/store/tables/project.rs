//! `projects` and `project_gates`: what a project is called, and whether anything in it may change.

use model::{
    ProjectId, Timestamp,
    project::{Project, ProjectGate},
};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Projects.
#[derive(Debug)]
pub struct Projects;

impl Table for Projects {
    const ID: TableId = TableId::Projects;
    type Key = ProjectId;
    type Row = Project;
}
record!(Project, 1);

/// Archive, trash and settings of a project: asserted by every batch of the project.
#[derive(Debug)]
pub struct ProjectGates;

impl Table for ProjectGates {
    const ID: TableId = TableId::ProjectGates;
    type Key = ProjectId;
    type Row = ProjectGate;

    fn indexes(row: &ProjectGate, _key: &ProjectId, out: &mut IndexSink) {
        if let Some((at, _)) = row.deleted {
            out.index::<ProjectsTrashed>(&at);
        }
    }
}
record!(ProjectGate, 1);

indexes! {
    /// The projects in the trash, by when they were deleted.
    Index ProjectsTrashed: Timestamp => ProjectGates;
}
