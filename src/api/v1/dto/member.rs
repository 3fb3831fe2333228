//! Members of a project as JSON.

use super::{Time, presence::PresenceEntry, project::Role};
use crate::http::body::Input;
use model::{UserId, Violations, access};
use poem_openapi::{Enum, Object};
use serde_json::{Value, json};
use service::{member::MemberView, mentionable::Mentionable as Target};
use uuid::Uuid;

/// Somebody who belongs to a project.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ProjectMember {
    /// Who.
    pub user: UserRef,
    /// Their part.
    pub role: Role,
    /// Since when.
    pub joined_at: Time,
    /// By whose invitation.
    pub invited_by: Option<Uuid>,
    /// When they were last seen, to the minute; absent for those who do not show it.
    pub last_seen_at: Option<Time>,
    /// Where they are on the project now; absent for those who are not, or do not show it.
    pub presence: Option<PresenceEntry>,
    /// Grows by one with each change.
    pub revision: i64,
}

/// A person, in a few words.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct UserRef {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their name for mentions.
    pub handle: String,
    /// Where their picture is, if they have one.
    pub avatar_url: Option<String>,
}

impl From<&model::account::User> for UserRef {
    fn from(user: &model::account::User) -> Self {
        Self {
            id: user.id.uuid(),
            name: user.name.to_string(),
            handle: user.handle.to_string(),
            avatar_url: user.avatar.map(|_| format!("/api/v1/users/{}/avatar", user.id)),
        }
    }
}

/// People by name.
#[derive(Clone, Debug, Object)]
pub struct UserList {
    /// By name; there are never more than one page.
    pub items: Vec<UserRef>,
    /// Always null.
    #[oai(nullable)]
    pub next_cursor: Option<String>,
}

impl From<Vec<service::Stored<model::account::User>>> for UserList {
    fn from(users: Vec<service::Stored<model::account::User>>) -> Self {
        Self { items: users.iter().map(|user| UserRef::from(&user.row)).collect(), next_cursor: None }
    }
}

impl From<MemberView> for ProjectMember {
    fn from(view: MemberView) -> Self {
        let member = &view.member.row;
        Self {
            user: UserRef::from(&view.user.row),
            role: member.role.into(),
            joined_at: member.joined_at.into(),
            invited_by: member.invited_by.map(|user| user.uuid()),
            last_seen_at: view.last_seen_at.map(Into::into),
            presence: view.presence.map(Into::into),
            revision: view.member.rev.cast_signed(),
        }
    }
}

/// What changes about a member.
#[derive(Debug, Object)]
pub struct UpdateMember {
    /// Their part.
    role: Role,
}

impl Input for UpdateMember {
    type Value = access::Role;

    fn example() -> Value {
        json!({"role": "editor"})
    }

    fn parse(self) -> Result<access::Role, Violations> {
        Ok(self.role.into())
    }
}

/// To whom a project is handed over.
#[derive(Debug, Object)]
pub struct TransferOwnership {
    /// Another member.
    user_id: Uuid,
}

impl Input for TransferOwnership {
    type Value = UserId;

    fn example() -> Value {
        json!({"user_id": "0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f"})
    }

    fn parse(self) -> Result<UserId, Violations> {
        Ok(UserId::new(self.user_id))
    }
}

/// What can be mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum MentionableKind {
    /// A member.
    User,
    /// Several members at once.
    Group,
}

/// Somebody, or several, to mention.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Mentionable {
    /// What it is.
    pub kind: MentionableKind,
    /// What stands after the `@`: a handle, `all` or `editors`.
    pub handle: String,
    /// The member; absent for a group.
    pub user: Option<UserRef>,
}

/// Whom one can mention.
#[derive(Clone, Debug, Object)]
pub struct MentionableList {
    /// Groups first, then members by name.
    pub items: Vec<Mentionable>,
    /// Always null: type more to find others.
    #[oai(nullable)]
    pub next_cursor: Option<String>,
}

impl From<Target> for Mentionable {
    fn from(target: Target) -> Self {
        let group =
            |handle: &str| Self { kind: MentionableKind::Group, handle: handle.to_owned(), user: None };
        match target {
            Target::All => group("all"),
            Target::Editors => group("editors"),
            Target::Member(user) => Self {
                kind: MentionableKind::User,
                handle: user.row.handle.to_string(),
                user: Some(UserRef::from(&user.row)),
            },
        }
    }
}

impl From<Vec<Target>> for MentionableList {
    fn from(targets: Vec<Target>) -> Self {
        Self { items: targets.into_iter().map(Into::into).collect(), next_cursor: None }
    }
}
