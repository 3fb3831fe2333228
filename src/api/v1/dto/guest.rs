//! What guests of a share link send and get.

use super::{Time, checkpoint::Checkpoint, share::ShareScope, track::Track, version::Version};
use crate::http::body::{Checks, Input};
use model::{
    Violations, share,
    text::{Email, PersonName},
};
use poem_openapi::Object;
use serde_json::{Value, json};
use service::guest::{Entrance, GuestLogin, SharePreview as Preview, SharedContent as Content};
use uuid::Uuid;

/// What whoever has a link sees before they are a guest.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SharePreview {
    /// Its title.
    pub title: Option<String>,
    /// It asks for a password.
    pub needs_password: bool,
    /// It asks for a name.
    pub needs_name: bool,
    /// How to dress the page.
    pub branding: ShareBranding,
}

/// How to dress the page of a link; empty where the link asks for a password.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ShareBranding {
    /// What the project is called.
    pub project_name: Option<String>,
    /// Its colour.
    pub color: Option<String>,
}

impl From<Preview> for SharePreview {
    fn from(preview: Preview) -> Self {
        Self {
            title: preview.title.map(|title| title.to_string()),
            needs_password: preview.needs_password,
            needs_name: preview.needs_name,
            branding: ShareBranding { project_name: preview.project_name, color: preview.color },
        }
    }
}

/// What somebody says to become a guest.
#[derive(Debug, Object)]
pub struct CreateGuestSession {
    /// The password of the link, if it asks for one.
    password: Option<String>,
    /// Who they are: 1 to 80 characters.
    name: Option<String>,
    /// How to reach them; those who made the link see it.
    email: Option<String>,
}

impl Input for CreateGuestSession {
    type Value = Entrance;

    fn example() -> Value {
        json!({"name": "Grace, the label"})
    }

    fn parse(self) -> Result<Entrance, Violations> {
        let mut faults = Violations::default();
        let name = faults.optional("/name", self.name, |text| PersonName::parse(&text));
        let email = faults.optional("/email", self.email, |text| Email::parse(&text));
        faults.finish(Some(Entrance { password: self.password, name, email }))
    }
}

/// A guest.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Guest {
    /// Their id, as author of what they write.
    pub id: Uuid,
    /// Who they say they are.
    pub name: Option<String>,
    /// When their session lapses.
    pub expires_at: Time,
}

impl From<share::Guest> for Guest {
    fn from(guest: share::Guest) -> Self {
        Self {
            id: guest.id.uuid(),
            name: guest.name.map(|name| name.to_string()),
            expires_at: guest.expires_at.into(),
        }
    }
}

/// The session of a guest.
#[derive(Clone, Debug, Object)]
pub struct GuestSession {
    /// For `Authorization: Bearer`; shown once.
    pub token: String,
    /// When it lapses. It ends before that when the link does.
    pub expires_at: Time,
    /// Who they are.
    pub guest: Guest,
    /// Of which project the link shows something.
    pub project_id: Uuid,
    /// What it shows.
    pub scope: ShareScope,
    /// What they may do there.
    pub capabilities: Vec<String>,
}

impl From<GuestLogin> for GuestSession {
    fn from(login: GuestLogin) -> Self {
        let link = login.link.row;
        Self {
            token: login.token,
            expires_at: login.guest.expires_at.into(),
            project_id: link.project_id.uuid(),
            scope: ShareScope::of(link.scope, link.project_id),
            capabilities: login.capabilities.into_iter().map(str::to_owned).collect(),
            guest: login.guest.into(),
        }
    }
}

/// What a link shows, for its guests.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SharedContent {
    /// The title of the link.
    pub title: Option<String>,
    /// What it shows.
    pub scope: ShareScope,
    /// Who the guest is.
    pub guest: Guest,
    /// The project it is of.
    pub project: SharedProject,
    /// The tracks it shows, in their order, each with the version that plays.
    pub tracks: Vec<Track>,
    /// The one version it shows, if it shows one.
    pub version: Option<Version>,
    /// What the track of that version is called.
    pub track_name: Option<String>,
    /// The checkpoint it shows, with what it holds, if it shows one.
    pub checkpoint: Option<Checkpoint>,
    /// What the guest may do.
    pub capabilities: Vec<String>,
}

/// A project, as far as guests see it.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SharedProject {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// Its colour.
    pub color: Option<String>,
    /// Where its cover is, if it has one.
    pub cover_url: Option<String>,
}

impl From<Content> for SharedContent {
    fn from(content: Content) -> Self {
        let (link, project) = (content.link.row, content.project.row);
        Self {
            title: link.title.map(|title| title.to_string()),
            scope: ShareScope::of(link.scope, link.project_id),
            guest: content.guest.into(),
            project: SharedProject {
                id: project.id.uuid(),
                name: project.name.to_string(),
                color: project.color.map(|color| color.to_string()),
                cover_url: project.cover.map(|_| format!("/api/v1/projects/{}/cover", project.id)),
            },
            tracks: content.tracks.into_iter().map(Into::into).collect(),
            version: content.version.map(Into::into),
            track_name: content.track_name,
            checkpoint: content.checkpoint.map(Into::into),
            capabilities: content.capabilities.into_iter().map(str::to_owned).collect(),
        }
    }
}
