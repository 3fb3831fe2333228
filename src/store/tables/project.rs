//! `projects` and `project_gates`: what a project is called, and whether anything in it may change.

use model::{
    ProjectId,
    project::{Project, ProjectGate},
};

use crate::{Table, TableId, record};

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
}
record!(ProjectGate, 1);
