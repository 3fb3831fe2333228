//! Comments and reactions as JSON.

mod change;

pub use change::{CreateComment, ResolveComment, UpdateComment};

use super::Time;
use model::{comment as stored, principal::Principal};
use poem_openapi::{Enum, Object};
use service::comment::{self as seen, CommentView, EditView, ReactionView};
use uuid::Uuid;

/// What kind of somebody speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// A person with an account.
    User,
    /// A guest through a share link.
    Guest,
}

/// Somebody who wrote or reacted.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Author {
    /// What kind of somebody.
    pub kind: PrincipalKind,
    /// Their id.
    pub id: Uuid,
    /// Their name as it is now.
    pub name: Option<String>,
    /// Where their picture is, if they have one.
    pub avatar_url: Option<String>,
}

impl From<seen::Person> for Author {
    fn from(person: seen::Person) -> Self {
        let (kind, id) = kind_and_id(person.principal);
        let avatar_url = person.pictured.then(|| format!("/api/v1/users/{id}/avatar"));
        Self { kind, id, name: person.name, avatar_url }
    }
}

fn kind_and_id(principal: Principal) -> (PrincipalKind, Uuid) {
    match principal {
        Principal::User(id) => (PrincipalKind::User, id.uuid()),
        Principal::Guest(id) => (PrincipalKind::Guest, id.uuid()),
    }
}

/// Who sees a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum CommentVisibility {
    /// Everybody who sees the project.
    Everyone,
    /// Editors and owners.
    Team,
}

impl From<stored::Visibility> for CommentVisibility {
    fn from(visibility: stored::Visibility) -> Self {
        match visibility {
            stored::Visibility::Everyone => Self::Everyone,
            stored::Visibility::Team => Self::Team,
        }
    }
}

impl From<CommentVisibility> for stored::Visibility {
    fn from(visibility: CommentVisibility) -> Self {
        match visibility {
            CommentVisibility::Everyone => Self::Everyone,
            CommentVisibility::Team => Self::Team,
        }
    }
}

/// Whether a thread is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum CommentState {
    /// It is not.
    Open,
    /// It is.
    Resolved,
}

/// A group that can be mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum MentionGroup {
    /// `@all`: everybody who sees the comment.
    All,
    /// `@editors`: editors and owners.
    Editors,
}

impl From<stored::Group> for MentionGroup {
    fn from(group: stored::Group) -> Self {
        match group {
            stored::Group::All => Self::All,
            stored::Group::Editors => Self::Editors,
        }
    }
}

/// What somebody said.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Comment {
    /// Its id.
    pub id: Uuid,
    /// The project it belongs to.
    pub project_id: Uuid,
    /// The track it is about.
    pub track_id: Option<Uuid>,
    /// The version it was written on.
    pub version_id: Option<Uuid>,
    /// The checkpoint it is about.
    pub checkpoint_id: Option<Uuid>,
    /// The comment it answers.
    pub parent_id: Option<Uuid>,
    /// Who wrote it.
    pub author: Author,
    /// What it says, in a subset of Markdown; mentions are `@handle`, with the handles that people have now. Empty once deleted.
    pub body: String,
    /// The people it mentions by name.
    pub mentions: Vec<Uuid>,
    /// The groups it mentions.
    pub mention_groups: Vec<MentionGroup>,
    /// Where it begins on the version it was written on, in milliseconds.
    pub start_ms: Option<i64>,
    /// Where it ends, if it is about a range.
    pub end_ms: Option<i64>,
    /// Where it stands on the version that was asked for, if it was carried there.
    pub placement: Option<CommentPlacement>,
    /// The version it was carried from, in a list of a version it was carried to.
    pub carried_from_version_id: Option<Uuid>,
    /// Who sees it.
    pub visibility: CommentVisibility,
    /// Shown first.
    pub pinned: bool,
    /// Whether its thread is settled; absent on replies and once deleted.
    pub state: Option<CommentState>,
    /// When it was settled.
    pub resolved_at: Option<Time>,
    /// By whom.
    pub resolved_by: Option<Uuid>,
    /// In which version.
    pub resolved_in_version_id: Option<Uuid>,
    /// Its reactions, in the order in which each emoji first came; not part of the revision.
    pub reactions: Vec<ReactionSummary>,
    /// How many replies it has; not part of the revision.
    pub reply_count: i64,
    /// Its first 200 replies, oldest first, where they were asked for.
    pub replies: Option<Vec<Comment>>,
    /// How often its text was changed.
    pub edit_count: i64,
    /// When its text was last changed.
    pub edited_at: Option<Time>,
    /// When it was deleted; what is left holds the place of its replies.
    pub deleted_at: Option<Time>,
    /// By whom.
    pub deleted_by: Option<Uuid>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Grows by one with each change.
    pub revision: i64,
}

/// Where a carried comment stands.
#[derive(Clone, Copy, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CommentPlacement {
    /// On which version.
    pub version_id: Uuid,
    /// Where it begins there, in milliseconds; absent if that lies outside of the recording.
    pub start_ms: Option<i64>,
    /// Where it ends there.
    pub end_ms: Option<i64>,
    /// How sure it is that the music was found again, 0 to 1. Below 0.3 the comment was not moved; absent if the recordings
    /// could not be compared.
    pub confidence: Option<f32>,
}

impl From<stored::CommentPlacement> for CommentPlacement {
    fn from(placement: stored::CommentPlacement) -> Self {
        Self {
            version_id: placement.version_id.uuid(),
            start_ms: placement.span.map(|span| span.start_ms),
            end_ms: placement.span.and_then(|span| span.end_ms),
            confidence: placement.confidence,
        }
    }
}

impl From<CommentView> for Comment {
    fn from(view: CommentView) -> Self {
        let row = view.comment.row;
        let state = match row.weight() {
            (0, 0) => None,
            (1, _) => Some(CommentState::Open),
            (_, _) => Some(CommentState::Resolved),
        };
        let resolved = row.resolved;
        Self {
            id: row.id.uuid(),
            project_id: row.project_id.uuid(),
            track_id: row.anchor.track_id.map(Into::into),
            version_id: row.anchor.version_id.map(Into::into),
            checkpoint_id: row.anchor.checkpoint_id.map(Into::into),
            parent_id: row.parent_id.map(Into::into),
            author: view.author.into(),
            body: view.text,
            mentions: row.body.people().iter().map(|id| id.uuid()).collect(),
            mention_groups: row.body.groups().iter().map(|group| (*group).into()).collect(),
            start_ms: row.span.map(|span| span.start_ms),
            end_ms: row.span.and_then(|span| span.end_ms),
            placement: view.placement.map(Into::into),
            carried_from_version_id: view.placement.map(|placement| placement.from_version_id.uuid()),
            visibility: row.visibility.into(),
            pinned: row.pinned,
            state,
            resolved_at: resolved.map(|resolved| resolved.at.into()),
            resolved_by: resolved.map(|resolved| kind_and_id(resolved.by).1),
            resolved_in_version_id: resolved.and_then(|resolved| resolved.version_id).map(Into::into),
            reactions: view.reactions.into_iter().map(Into::into).collect(),
            reply_count: view.reply_count,
            replies: view.replies.map(|replies| replies.into_iter().map(Into::into).collect()),
            edit_count: row.edits.into(),
            edited_at: row.edited_at.map(Into::into),
            deleted_at: row.deleted.map(|(at, _)| at.into()),
            deleted_by: row.deleted.map(|(_, by)| kind_and_id(by).1),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            revision: view.comment.rev.cast_signed(),
        }
    }
}

/// The reactions with one emoji.
#[derive(Clone, Debug, Object)]
pub struct ReactionSummary {
    /// With what.
    pub emoji: String,
    /// How many.
    pub count: i64,
    /// Whether you are among them.
    pub me: bool,
    /// The first five of them.
    pub first_principals: Vec<Author>,
}

impl From<seen::ReactionSummary> for ReactionSummary {
    fn from(summary: seen::ReactionSummary) -> Self {
        Self {
            emoji: summary.emoji.to_string(),
            count: summary.count,
            me: summary.me,
            first_principals: summary.first.into_iter().map(Into::into).collect(),
        }
    }
}

/// One reaction.
#[derive(Clone, Debug, Object)]
pub struct Reaction {
    /// With what.
    pub emoji: String,
    /// Whose.
    pub principal: Author,
    /// Since when.
    pub at: Time,
}

impl From<ReactionView> for Reaction {
    fn from(view: ReactionView) -> Self {
        Self { emoji: view.emoji.to_string(), principal: view.person.into(), at: view.at.into() }
    }
}

/// A text that a comment had before.
#[derive(Clone, Debug, Object)]
pub struct CommentEdit {
    /// Which change it was, from 1.
    pub number: i64,
    /// What the comment said until then.
    pub body_before: String,
    /// Who changed it.
    pub edited_by: Author,
    /// When.
    pub at: Time,
}

impl From<EditView> for CommentEdit {
    fn from(view: EditView) -> Self {
        Self {
            number: view.number.into(),
            body_before: view.text,
            edited_by: view.editor.into(),
            at: view.at.into(),
        }
    }
}
