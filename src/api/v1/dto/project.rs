//! Projects as JSON.

use super::Time;
use crate::http::body::{Checks, Input};
use model::{
    Violations, access, project,
    text::{Color, MusicalKey, ProjectName, Prose, Tag, TimeSignature, parse_bpm},
    violation::Fault,
};
use poem_openapi::{Enum, Object, types::MaybeUndefined};
use service::project::{NewProject, ProjectPatch, ProjectView};
use uuid::Uuid;

/// The part a member plays in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Role {
    /// Sees and hears; comments and downloads if the project says so.
    Viewer,
    /// Changes tracks, versions and the mix.
    Editor,
    /// Also decides on members, settings, archive and deletion.
    Owner,
}

impl From<access::Role> for Role {
    fn from(role: access::Role) -> Self {
        match role {
            access::Role::Viewer => Self::Viewer,
            access::Role::Editor => Self::Editor,
            access::Role::Owner => Self::Owner,
        }
    }
}

/// Who sees the team mood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum MoodVisibility {
    /// Every member.
    Members,
    /// Editors and owners.
    Editors,
    /// Nobody.
    Off,
}

/// Whose approval a version needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ApprovalRule {
    /// Nobody's.
    None,
    /// One owner's.
    AnyOwner,
    /// Everybody's.
    AllMembers,
}

/// What the owners of a project decided for everybody.
#[derive(Clone, Debug, Object)]
pub struct ProjectSettings {
    /// Viewers may comment.
    pub viewer_can_comment: bool,
    /// Viewers may download originals and mixdowns.
    pub viewer_can_download: bool,
    /// Who sees the team mood.
    pub mood_visibility: MoodVisibility,
    /// Comments are analysed for emotion.
    pub emotion_analysis: bool,
    /// Whose approval a version needs.
    pub approval_rule: ApprovalRule,
}

impl From<project::ProjectSettings> for ProjectSettings {
    fn from(settings: project::ProjectSettings) -> Self {
        Self {
            viewer_can_comment: settings.viewer_can_comment,
            viewer_can_download: settings.viewer_can_download,
            mood_visibility: match settings.mood_visibility {
                project::MoodVisibility::Members => MoodVisibility::Members,
                project::MoodVisibility::Editors => MoodVisibility::Editors,
                project::MoodVisibility::Off => MoodVisibility::Off,
            },
            emotion_analysis: settings.emotion_analysis,
            approval_rule: match settings.approval_rule {
                project::ApprovalRule::None => ApprovalRule::None,
                project::ApprovalRule::AnyOwner => ApprovalRule::AnyOwner,
                project::ApprovalRule::AllMembers => ApprovalRule::AllMembers,
            },
        }
    }
}

/// How much is in a project.
#[derive(Clone, Debug, Object)]
pub struct ProjectCounts {
    /// Tracks outside the trash.
    pub tracks: i64,
    /// Versions outside the trash.
    pub versions: i64,
    /// Members.
    pub members: i64,
}

/// A project: the album, song or band folder that people share.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Project {
    /// Its id.
    pub id: Uuid,
    /// Its revision: +1 with every change of its own fields, and the `ETag`.
    pub revision: i64,
    /// Its name.
    pub name: String,
    /// The name in lower-case ASCII with hyphens.
    pub slug: String,
    /// What it is about.
    pub description: Option<String>,
    /// Who made it.
    pub owner_id: Uuid,
    /// Where its cover is, if it has one.
    pub cover_url: Option<String>,
    /// Its colour in lists, such as `#e8b84b`.
    pub color: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Tempo in beats per minute.
    pub bpm: Option<f64>,
    /// Such as `4/4`.
    pub time_signature: Option<String>,
    /// Such as `F# minor`.
    pub key: Option<String>,
    /// When it became read-only.
    pub archived_at: Option<Time>,
    /// Who archived it.
    pub archived_by: Option<Uuid>,
    /// When it was moved to the trash.
    pub deleted_at: Option<Time>,
    /// Who moved it to the trash.
    pub deleted_by: Option<Uuid>,
    /// What its owners decided for everybody.
    pub settings: ProjectSettings,
    /// How much is in it.
    pub counts: ProjectCounts,
    /// Bytes of its versions, trash included.
    pub size_bytes: i64,
    /// Your part in it; absent for an administrator who is no member.
    pub my_role: Option<Role>,
    /// What you may do in it, such as `edit_tracks`.
    pub capabilities: Vec<String>,
    /// Whether you marked it.
    pub starred: bool,
    /// When it was made.
    pub created_at: Time,
    /// When its own fields last changed.
    pub updated_at: Time,
}

impl From<ProjectView> for Project {
    fn from(view: ProjectView) -> Self {
        let (project, gate) = (view.project.row, view.gate.row);
        let (archived, deleted) = (gate.archived.unzip(), gate.deleted.unzip());
        Self {
            id: project.id.uuid(),
            revision: view.project.rev.cast_signed(),
            name: project.name.to_string(),
            slug: project.slug,
            description: project.description.map(|text| text.to_string()),
            owner_id: project.created_by.uuid(),
            cover_url: project.cover.map(|_| format!("/api/v1/projects/{}/cover", project.id)),
            color: project.color.map(|color| color.to_string()),
            tags: project.tags.iter().map(ToString::to_string).collect(),
            bpm: project.bpm,
            time_signature: project.time_signature.map(|text| text.to_string()),
            key: project.key.map(|text| text.to_string()),
            archived_at: archived.0.map(Time),
            archived_by: archived.1.map(Into::into),
            deleted_at: deleted.0.map(Time),
            deleted_by: deleted.1.map(Into::into),
            settings: gate.settings.into(),
            counts: ProjectCounts {
                tracks: view.counts.tracks,
                versions: view.counts.versions,
                members: view.counts.members,
            },
            size_bytes: view.counts.bytes,
            my_role: view.role.map(Into::into),
            capabilities: view.capabilities.into_iter().map(str::to_owned).collect(),
            starred: view.starred,
            created_at: Time(project.created_at),
            updated_at: Time(project.updated_at),
        }
    }
}

/// What a new project is made of.
#[derive(Debug, Object)]
pub struct CreateProject {
    /// Its name: 1 to 120 characters.
    pub name: String,
    /// What it is about: up to 4,000 characters.
    pub description: Option<String>,
    /// Its colour in lists, such as `#e8b84b`.
    pub color: Option<String>,
    /// Up to 20 tags of up to 40 characters.
    pub tags: Option<Vec<String>>,
    /// Tempo in beats per minute, 10 to 999.
    pub bpm: Option<f64>,
    /// Such as `4/4`.
    pub time_signature: Option<String>,
    /// Such as `F# minor`.
    pub key: Option<String>,
}

impl Input for CreateProject {
    type Value = NewProject;
    fn parse(self) -> Result<NewProject, Violations> {
        let mut faults = Violations::default();
        let name = faults.check("/name", ProjectName::parse(&self.name));
        let description = faults.optional("/description", self.description, |text| Prose::parse(&text));
        let color = faults.optional("/color", self.color, |text| Color::parse(&text));
        let tags = parse_tags(&mut faults, self.tags.unwrap_or_default());
        let bpm = faults.optional("/bpm", self.bpm, parse_bpm);
        let time_signature =
            faults.optional("/time_signature", self.time_signature, |text| TimeSignature::parse(&text));
        let key = faults.optional("/key", self.key, |text| MusicalKey::parse(&text));
        faults.finish(name.map(|name| NewProject {
            name,
            description,
            color,
            tags,
            bpm,
            time_signature,
            key,
        }))
    }
}

/// What changes in a project: a JSON merge patch.
#[derive(Debug, Object)]
pub struct UpdateProject {
    /// Its name: 1 to 120 characters.
    pub name: Option<String>,
    /// What it is about; null clears it.
    #[oai(nullable)]
    pub description: MaybeUndefined<String>,
    /// Its colour in lists; null clears it.
    #[oai(nullable)]
    pub color: MaybeUndefined<String>,
    /// All its tags.
    pub tags: Option<Vec<String>>,
    /// Tempo in beats per minute, 10 to 999; null clears it.
    #[oai(nullable)]
    pub bpm: MaybeUndefined<f64>,
    /// Such as `4/4`; null clears it.
    #[oai(nullable)]
    pub time_signature: MaybeUndefined<String>,
    /// Such as `F# minor`; null clears it.
    #[oai(nullable)]
    pub key: MaybeUndefined<String>,
}

impl Input for UpdateProject {
    type Value = ProjectPatch;
    fn parse(self) -> Result<ProjectPatch, Violations> {
        let mut faults = Violations::default();
        let patch = ProjectPatch {
            name: faults.optional("/name", self.name, |text| ProjectName::parse(&text)),
            description: faults.patch("/description", self.description, |text| Prose::parse(&text)),
            color: faults.patch("/color", self.color, |text| Color::parse(&text)),
            tags: self.tags.map(|tags| parse_tags(&mut faults, tags)),
            bpm: faults.patch("/bpm", self.bpm, parse_bpm),
            time_signature: faults
                .patch("/time_signature", self.time_signature, |text| TimeSignature::parse(&text)),
            key: faults.patch("/key", self.key, |text| MusicalKey::parse(&text)),
        };
        faults.finish(Some(patch))
    }
}

/// Tags without repeats, in the order given.
fn parse_tags(faults: &mut Violations, tags: Vec<String>) -> Vec<Tag> {
    let max = model::limits::TAGS_MAX;
    if tags.len() > max {
        let fault = Fault::new("too_many", format!("must have at most {max} tags"));
        faults.0.push(fault.at("/tags"));
        return vec![];
    }
    let mut unique: Vec<Tag> = Vec::new();
    for tag in faults.each("/tags", tags, |text| Tag::parse(&text)) {
        if !unique.contains(&tag) {
            unique.push(tag);
        }
    }
    unique
}
