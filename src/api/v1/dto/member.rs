//! Members of a project as JSON.

use super::{Time, project::Role};
use poem_openapi::Object;
use service::project::MemberView;
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

impl From<MemberView> for ProjectMember {
    fn from(view: MemberView) -> Self {
        let member = view.member.row;
        Self {
            user: UserRef::from(&view.user.row),
            role: member.role.into(),
            joined_at: member.joined_at.into(),
            invited_by: member.invited_by.map(|user| user.uuid()),
        }
    }
}
