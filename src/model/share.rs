//! Share links: what somebody without an account sees and may do, and the guests who came by them.

use crate::{
    CheckpointId, GuestId, ProjectId, ShareLinkId, Timestamp, TrackId, UserId, VersionId,
    comment::Anchor,
    text::{Email, Label, PersonName},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A link that shows something of a project to whoever has it. Its secret is derived from its id and only stored hashed; how
/// often it was used is a counter, so that two guests who come at once do not collide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareLink {
    /// Its id.
    pub id: ShareLinkId,
    /// Of which project.
    pub project_id: ProjectId,
    /// What it shows.
    pub scope: LinkScope,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// What guests read above it.
    pub title: Option<Label>,
    /// The argon2id hash of its password.
    pub password_hash: Option<String>,
    /// Counts the passwords it had: guests who came by an older one are out.
    pub password_version: u32,
    /// When it lapses; absent = never.
    pub expires_at: Option<Timestamp>,
    /// How many may come; absent = [`crate::limits::VISITS_PER_LINK_MAX`].
    pub max_visits: Option<i64>,
    /// What guests may do.
    pub rights: LinkRights,
    /// Guests say who they are.
    pub require_name: bool,
    /// Who made it.
    pub created_by: UserId,
    /// Who made or last changed it. It is good only while they may share.
    pub vouched_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was closed for good.
    pub revoked_at: Option<Timestamp>,
}

/// What a link shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "id")]
pub enum LinkScope {
    /// All of the project.
    Project,
    /// One track.
    Track(TrackId),
    /// One version.
    Version(VersionId),
    /// One checkpoint.
    Checkpoint(CheckpointId),
}

impl LinkScope {
    /// The id of what it shows, in this project.
    pub const fn id(self, project: ProjectId) -> Uuid {
        match self {
            Self::Project => project.uuid(),
            Self::Track(id) => id.uuid(),
            Self::Version(id) => id.uuid(),
            Self::Checkpoint(id) => id.uuid(),
        }
    }
    /// Whether what stands here lies within it.
    pub fn holds(self, at: &Anchor) -> bool {
        match self {
            Self::Project => true,
            Self::Track(id) => at.track_id == Some(id),
            Self::Version(id) => at.version_id == Some(id),
            Self::Checkpoint(id) => at.checkpoint_id == Some(id),
        }
    }
}

/// What guests may do besides looking and listening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRights {
    /// Write comments and react.
    pub comment: bool,
    /// Keep recordings.
    pub download: bool,
    /// See what others commented.
    pub see_comments: bool,
    /// See older versions, not only the one that plays.
    pub see_versions: bool,
    /// Approve versions or ask for changes.
    pub approve: bool,
    /// Upload takes.
    #[serde(default)]
    pub upload: bool,
}

/// What a link is good for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareLinkState {
    /// It can be opened.
    Open,
    /// As many as may have come; those who are in stay in.
    UsedUp,
    /// Its time is over.
    Expired,
    /// It was closed, or whoever vouched for it may not share any more.
    Revoked,
}

impl ShareLink {
    /// What it is good for after `visits` visits.
    pub fn state(&self, visits: i64, now: Timestamp) -> ShareLinkState {
        if self.revoked_at.is_some() {
            ShareLinkState::Revoked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            ShareLinkState::Expired
        } else if visits >= self.visits_max() {
            ShareLinkState::UsedUp
        } else {
            ShareLinkState::Open
        }
    }
    /// Whether guests who came by it may stay.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        match self.state(0, now) {
            ShareLinkState::Open | ShareLinkState::UsedUp => true,
            ShareLinkState::Expired | ShareLinkState::Revoked => false,
        }
    }
    /// How many may come.
    pub fn visits_max(&self) -> i64 {
        self.max_visits.unwrap_or(crate::limits::VISITS_PER_LINK_MAX)
    }
}

/// Somebody who came by a link. The row stays as long as the link: it says who wrote what they wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// Their id.
    pub id: GuestId,
    /// By which link.
    pub link_id: ShareLinkId,
    /// Of which project.
    pub project_id: ProjectId,
    /// Who they say they are.
    pub name: Option<PersonName>,
    /// How to reach them, if they say so.
    pub email: Option<Email>,
    /// SHA-256 of their token.
    pub hash: [u8; 32],
    /// The password of the link that they knew.
    pub password_version: u32,
    /// When they came.
    pub created_at: Timestamp,
    /// When their token lapses.
    pub expires_at: Timestamp,
}
