//! How people come into a project: invitations by e-mail and by link, and requests of people who ask themselves.

use crate::{
    AccessRequestId, InvitationId, ProjectId, Timestamp, UserId,
    access::Role,
    text::{Email, Note},
};
use serde::{Deserialize, Serialize};

/// An invitation into a project. Its secret is derived from its id and only stored hashed; how often it was used is a
/// counter, so that two people who accept at once do not collide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Into which project.
    pub project_id: ProjectId,
    /// For whom; absent for a link that anybody may use who has it.
    pub email: Option<Email>,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// The part that whoever accepts will have.
    pub role: Role,
    /// A few words from whoever invites.
    pub message: Option<Note>,
    /// Who invites. Only while they may.
    pub invited_by: UserId,
    /// What somebody decided about it.
    pub decision: InvitationDecision,
    /// How many may accept.
    pub max_uses: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// What was decided about an invitation; whether it is used up or has lapsed follows from its counter and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationDecision {
    /// Nothing yet.
    Open,
    /// The person it was for does not want to.
    Declined,
    /// An owner took it back.
    Revoked,
}

/// What an invitation is good for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// It can be accepted.
    Pending,
    /// As many as may have accepted.
    Accepted,
    /// The person it was for does not want to.
    Declined,
    /// An owner took it back, or whoever invited may not any more.
    Revoked,
    /// Its time is over.
    Expired,
}

impl Invitation {
    /// What it is good for after `uses` uses.
    pub fn state(&self, uses: i64, now: Timestamp) -> InvitationState {
        match self.decision {
            InvitationDecision::Declined => InvitationState::Declined,
            InvitationDecision::Revoked => InvitationState::Revoked,
            InvitationDecision::Open if uses >= self.max_uses => InvitationState::Accepted,
            InvitationDecision::Open if self.expires_at <= now => InvitationState::Expired,
            InvitationDecision::Open => InvitationState::Pending,
        }
    }
}

/// Somebody accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Which.
    pub invitation_id: InvitationId,
    /// When.
    pub at: Timestamp,
}

/// Somebody was removed from a project: links that were made before do not let them in again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
}

/// Somebody asks to be let into a project. There is one row for each person and project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessRequest {
    /// Its id.
    pub id: AccessRequestId,
    /// Into which project.
    pub project_id: ProjectId,
    /// Who asks.
    pub user_id: UserId,
    /// Why.
    pub message: Option<Note>,
    /// What became of it.
    pub state: AccessRequestState,
    /// When they asked.
    pub created_at: Timestamp,
    /// By whom it was decided, and when.
    pub decided: Option<(UserId, Timestamp)>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessRequestState {
    /// Nobody decided yet.
    Pending,
    /// They were let in.
    Approved,
    /// They were not.
    Declined,
}
