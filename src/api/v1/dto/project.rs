//! Projects as JSON.

use super::{Time, mirror::mirrored, tags};
use crate::http::body::{Checks, Input};
use model::{
    Violations, access,
    text::{Color, MusicalKey, ProjectName, Prose, TimeSignature, parse_bpm},
};
use poem_openapi::{Enum, Object, types::MaybeUndefined};
use serde_json::{Value, json};
use service::project::{Direction, NewProject, ProjectPatch, ProjectView};
use uuid::Uuid;

/// A project as the caller sees it.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Project {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The name for URLs that people read; not unique.
    pub slug: String,
    /// What it is about.
    pub description: Option<String>,
    /// Whom people name as its owner.
    pub owner_id: Uuid,
    /// Where its cover is, if it has one.
    pub cover_url: Option<String>,
    /// Its colour in lists, `#rrggbb`.
    pub color: Option<String>,
    /// Tags, in lower case.
    pub tags: Vec<String>,
    /// Tempo in beats per minute.
    pub bpm: Option<f64>,
    /// Such as `4/4`.
    pub time_signature: Option<String>,
    /// Such as `F# minor`.
    pub key: Option<String>,
    /// When it became read-only; absent = it is not archived.
    pub archived_at: Option<Time>,
    /// Who archived it.
    pub archived_by: Option<Uuid>,
    /// When it was moved to the trash.
    pub deleted_at: Option<Time>,
    /// Who moved it there.
    pub deleted_by: Option<Uuid>,
    /// How much is in it; not part of the revision.
    pub counts: ProjectCounts,
    /// Bytes of its versions, trash included; not part of the revision.
    pub size_bytes: i64,
    /// The caller's role; absent for administrators of the instance who are not members.
    pub my_role: Option<Role>,
    /// What the caller may do.
    pub capabilities: Vec<String>,
    /// Whether the caller starred it.
    pub starred: bool,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Grows by one with each change.
    pub revision: i64,
}

/// How much is in a project.
#[derive(Clone, Copy, Debug, Object)]
pub struct ProjectCounts {
    /// Tracks outside the trash.
    pub tracks: i64,
    /// Versions outside the trash.
    pub versions: i64,
    /// Comments that are not resolved, as far as you see them.
    pub open_comments: i64,
    /// Members.
    pub members: i64,
    /// Checkpoints outside the trash.
    pub checkpoints: i64,
}

mirrored! { access;
    /// The part a member plays in a project.
    Role {
        /// Sees and hears; comments and downloads if the project says so.
        Viewer,
        /// Changes tracks, versions and the mix.
        Editor,
        /// Also decides on members, settings, archive and deletion.
        Owner,
    }
}

impl From<ProjectView> for Project {
    fn from(view: ProjectView) -> Self {
        let (row, gate, counts) = (view.project.row, view.gate.row, view.counts);
        Self {
            id: row.id.uuid(),
            cover_url: row.cover.map(|_| format!("/api/v1/projects/{}/cover", row.id)),
            name: row.name.to_string(),
            slug: row.slug,
            description: row.description.map(|text| text.to_string()),
            owner_id: row.owner_id.uuid(),
            color: row.color.map(|color| color.to_string()),
            tags: tags::shown(&row.tags),
            bpm: row.bpm,
            time_signature: row.time_signature.map(|signature| signature.to_string()),
            key: row.key.map(|key| key.to_string()),
            archived_at: gate.archived.map(|(at, _)| at.into()),
            archived_by: gate.archived.map(|(_, by)| by.uuid()),
            deleted_at: gate.deleted.map(|(at, _)| at.into()),
            deleted_by: gate.deleted.map(|(_, by)| by.uuid()),
            counts: ProjectCounts {
                tracks: counts.tracks,
                versions: counts.versions,
                open_comments: counts.open_comments,
                members: counts.members,
                checkpoints: counts.checkpoints,
            },
            size_bytes: counts.bytes,
            my_role: view.role.map(Role::from),
            capabilities: view.capabilities.into_iter().map(str::to_owned).collect(),
            starred: view.starred,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            revision: view.project.rev.cast_signed(),
        }
    }
}

/// What a new project is made of.
#[derive(Clone, Debug, Object)]
pub struct CreateProject {
    /// Its name: 1 to 120 characters.
    pub name: String,
    /// What it is about: up to 4,000 characters.
    pub description: Option<String>,
    /// Its colour in lists, such as `#e8b84b`.
    pub color: Option<String>,
    /// Up to 20 tags.
    pub tags: Option<Vec<String>>,
    /// Tempo in beats per minute: 10 to 999.
    pub bpm: Option<f64>,
    /// Such as `4/4`.
    pub time_signature: Option<String>,
    /// Such as `F# minor`: 1 to 20 characters.
    pub key: Option<String>,
}

impl Input for CreateProject {
    type Value = NewProject;

    fn example() -> Value {
        json!({"name": "Night Bus Home", "description": "Four stems and a chorus.", "color": "#e8b84b", "tags": ["demo"], "bpm": 96,
            "time_signature": "4/4", "key": "A minor"})
    }

    fn parse(self) -> Result<NewProject, Violations> {
        let mut faults = Violations::default();
        let name = faults.check("/name", ProjectName::parse(&self.name));
        let description = faults.optional("/description", self.description, |text| Prose::parse(&text));
        let color = faults.optional("/color", self.color, |text| Color::parse(&text));
        let tags = tags::tags(&mut faults, self.tags.unwrap_or_default());
        let bpm = faults.optional("/bpm", self.bpm, parse_bpm);
        let time_signature =
            faults.optional("/time_signature", self.time_signature, |text| TimeSignature::parse(&text));
        let key = faults.optional("/key", self.key, |text| MusicalKey::parse(&text));
        let new = name.map(|name| NewProject { name, description, color, tags, bpm, time_signature, key });
        faults.finish(new)
    }
}

/// What changes; absent fields stay, null clears.
#[derive(Clone, Debug, Object)]
pub struct UpdateProject {
    /// Its name: 1 to 120 characters.
    pub name: Option<String>,
    /// What it is about: up to 4,000 characters.
    #[oai(nullable)]
    pub description: MaybeUndefined<String>,
    /// Its colour in lists, such as `#e8b84b`.
    #[oai(nullable)]
    pub color: MaybeUndefined<String>,
    /// All its tags, up to 20.
    #[oai(nullable)]
    pub tags: MaybeUndefined<Vec<String>>,
    /// Tempo in beats per minute: 10 to 999.
    #[oai(nullable)]
    pub bpm: MaybeUndefined<f64>,
    /// Such as `4/4`.
    #[oai(nullable)]
    pub time_signature: MaybeUndefined<String>,
    /// Such as `F# minor`: 1 to 20 characters.
    #[oai(nullable)]
    pub key: MaybeUndefined<String>,
}

impl Input for UpdateProject {
    type Value = ProjectPatch;

    fn example() -> Value {
        json!({"name": "Night Bus Home (final)", "bpm": 98, "key": null})
    }

    fn parse(self) -> Result<ProjectPatch, Violations> {
        let mut faults = Violations::default();
        let tags = match self.tags {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(vec![]),
            MaybeUndefined::Value(values) => Some(tags::tags(&mut faults, values)),
        };
        let patch = ProjectPatch {
            name: faults.optional("/name", self.name, |text| ProjectName::parse(&text)),
            description: faults.patch("/description", self.description, |text| Prose::parse(&text)),
            color: faults.patch("/color", self.color, |text| Color::parse(&text)),
            tags,
            bpm: faults.patch("/bpm", self.bpm, parse_bpm),
            time_signature: faults
                .patch("/time_signature", self.time_signature, |text| TimeSignature::parse(&text)),
            key: faults.patch("/key", self.key, |text| MusicalKey::parse(&text)),
        };
        faults.finish(Some(patch))
    }
}

/// Which projects a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ProjectFilter {
    /// All outside the trash, archived ones too.
    All,
    /// Those I own, without archived ones.
    My,
    /// Those others own, without archived ones.
    Shared,
    /// The archived ones.
    Archived,
    /// Those in the trash that I may restore.
    Trash,
}

impl From<ProjectFilter> for service::project::ProjectFilter {
    fn from(filter: ProjectFilter) -> Self {
        match filter {
            ProjectFilter::All => Self::All,
            ProjectFilter::My => Self::My,
            ProjectFilter::Shared => Self::Shared,
            ProjectFilter::Archived => Self::Archived,
            ProjectFilter::Trash => Self::Trash,
        }
    }
}

/// By what a list is sorted; `-` = largest or latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ProjectSort {
    /// By name.
    #[oai(rename = "name")]
    Name,
    /// By name, from the end.
    #[oai(rename = "-name")]
    NameDescending,
    /// Oldest first.
    #[oai(rename = "created_at")]
    CreatedAt,
    /// Newest first.
    #[oai(rename = "-created_at")]
    CreatedAtDescending,
    /// Longest unchanged first.
    #[oai(rename = "updated_at")]
    UpdatedAt,
    /// Last changed first.
    #[oai(rename = "-updated_at")]
    UpdatedAtDescending,
}

impl From<ProjectSort> for (service::project::ProjectSort, Direction) {
    fn from(sort: ProjectSort) -> Self {
        use service::project::ProjectSort as By;
        match sort {
            ProjectSort::Name => (By::Name, Direction::Ascending),
            ProjectSort::NameDescending => (By::Name, Direction::Descending),
            ProjectSort::CreatedAt => (By::CreatedAt, Direction::Ascending),
            ProjectSort::CreatedAtDescending => (By::CreatedAt, Direction::Descending),
            ProjectSort::UpdatedAt => (By::UpdatedAt, Direction::Ascending),
            ProjectSort::UpdatedAtDescending => (By::UpdatedAt, Direction::Descending),
        }
    }
}
