//! Invitations and requests as JSON.

use super::{Time, member::UserRef, mirror::mirrored, project::Role};
use crate::http::body::{Checks, Input};
use model::{Violations, invitation as stored, limits, text::Email, text::Note, violation::Fault};
use poem_openapi::{Enum, Object};
use serde_json::{Value, json};
use service::{
    access_request::{AccessRequestView, Verdict},
    invitation::{InvitationPreview as Preview, InvitationView, NewInvitation},
};
use uuid::Uuid;

mirrored! { stored;
    /// What an invitation is good for.
    InvitationState {
        /// It can be accepted.
        Pending,
        /// As many as may have accepted.
        Accepted,
        /// The person it was for does not want to.
        Declined,
        /// It was taken back, or whoever invited may not any more.
        Revoked,
        /// Its time is over.
        Expired,
    }
    /// What became of a request.
    AccessRequestState {
        /// Nobody decided yet.
        Pending,
        /// They were let in.
        Approved,
        /// They were not.
        Declined,
    }
}

/// An invitation into a project.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// Into which project.
    pub project_id: Uuid,
    /// What the project is called.
    pub project_name: Option<String>,
    /// For whom; absent for a link.
    pub email: Option<String>,
    /// The part that whoever accepts will have.
    pub role: Role,
    /// A few words from whoever invites.
    pub message: Option<String>,
    /// Who invites.
    pub invited_by: Option<UserRef>,
    /// What it is good for.
    pub state: InvitationState,
    /// How many may accept.
    pub max_uses: i64,
    /// How many accepted; not part of the revision.
    pub uses: i64,
    /// Who accepted.
    pub accepted_by: Vec<Uuid>,
    /// When it was made.
    pub created_at: Time,
    /// When it lapses.
    pub expires_at: Time,
    /// The link to hand on, while it can be accepted. Whoever has it may use it: it is a secret.
    pub url: Option<String>,
    /// Only the secret in it, for `previewInvitation`, `acceptInvitation` and `declineInvitation`.
    pub token: Option<String>,
    /// Grows by one with each change.
    pub revision: i64,
}

impl From<InvitationView> for Invitation {
    fn from(view: InvitationView) -> Self {
        let row = view.invitation.row;
        let (url, token) = view.link.map(|link| (link.url, link.token)).unzip();
        Self {
            id: row.id.uuid(),
            project_id: row.project_id.uuid(),
            project_name: view.project_name,
            email: row.email.map(|email| email.to_string()),
            role: row.role.into(),
            message: row.message.map(|message| message.to_string()),
            invited_by: view.invited_by.map(|user| UserRef::from(&user.row)),
            state: view.state.into(),
            max_uses: row.max_uses,
            uses: view.uses,
            accepted_by: view.accepted_by.into_iter().map(|user| user.uuid()).collect(),
            created_at: row.created_at.into(),
            expires_at: row.expires_at.into(),
            url,
            token,
            revision: view.invitation.rev.cast_signed(),
        }
    }
}

/// Invitations that wait for a person.
#[derive(Clone, Debug, Object)]
pub struct InvitationList {
    /// Newest first; there are never more than one page.
    pub items: Vec<Invitation>,
    /// Always null.
    #[oai(nullable)]
    pub next_cursor: Option<String>,
}

impl From<Vec<InvitationView>> for InvitationList {
    fn from(views: Vec<InvitationView>) -> Self {
        Self { items: views.into_iter().map(Into::into).collect(), next_cursor: None }
    }
}

/// What whoever has the link sees before they log in.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct InvitationPreview {
    /// What the project is called; only while it can be accepted.
    pub project_name: Option<String>,
    /// Who invites; only while it can be accepted.
    pub inviter: Option<String>,
    /// The part they would have.
    pub role: Role,
    /// When it lapses.
    pub expires_at: Time,
    /// What it is good for.
    pub state: InvitationState,
}

impl From<Preview> for InvitationPreview {
    fn from(preview: Preview) -> Self {
        Self {
            project_name: preview.project_name,
            inviter: preview.inviter,
            role: preview.role.into(),
            expires_at: preview.expires_at.into(),
            state: preview.state.into(),
        }
    }
}

/// Whom to invite: either `email` or `link: true`.
#[derive(Debug, Object)]
pub struct CreateInvitation {
    /// One person, by their address.
    email: Option<String>,
    /// A link for whoever has it.
    #[oai(default)]
    link: bool,
    /// The part that whoever accepts will have; `owner` only by e-mail.
    role: Role,
    /// A few words: up to 500 characters.
    message: Option<String>,
    /// When it lapses: at most 90 days from now; absent = in 14 days.
    expires_at: Option<Time>,
    /// How many may accept a link: 1 to 100.
    #[oai(default = "one", validator(minimum(value = "1"), maximum(value = "100")))]
    max_uses: i64,
}

const fn one() -> i64 {
    1
}

impl Input for CreateInvitation {
    type Value = NewInvitation;

    fn example() -> Value {
        json!({"email": "ben@example.org", "role": "editor", "message": "We need a bass."})
    }

    fn parse(self) -> Result<NewInvitation, Violations> {
        debug_assert!(self.max_uses <= limits::INVITATION_USES_MAX);
        let mut faults = Violations::default();
        let email = faults.optional("/email", self.email, |text| Email::parse(&text));
        let message = faults.optional("/message", self.message, |text| Note::parse(&text));
        let way = match (email.is_some(), self.link) {
            (true, true) => Err(Fault::new("one_of", "must not be given together with link")),
            (false, false) if faults.0.is_empty() => {
                Err(Fault::new("required", "must be given, or link: true"))
            }
            (true, false) | (false, true | false) => Ok(()),
        };
        let way = faults.check("/email", way);
        faults.finish(way.map(|()| NewInvitation {
            email,
            role: self.role.into(),
            message,
            expires_at: self.expires_at.map(|time| time.0),
            max_uses: self.max_uses,
        }))
    }
}

/// Somebody who asked to be let into a project.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AccessRequest {
    /// Its id.
    pub id: Uuid,
    /// Into which project.
    pub project_id: Uuid,
    /// Who asks.
    pub user: UserRef,
    /// Why.
    pub message: Option<String>,
    /// What became of it.
    pub state: AccessRequestState,
    /// When they asked.
    pub created_at: Time,
    /// Who decided.
    pub decided_by: Option<Uuid>,
    /// When it was decided.
    pub decided_at: Option<Time>,
    /// Grows by one with each change.
    pub revision: i64,
}

impl From<AccessRequestView> for AccessRequest {
    fn from(view: AccessRequestView) -> Self {
        let row = view.request.row;
        Self {
            id: row.id.uuid(),
            project_id: row.project_id.uuid(),
            user: UserRef::from(&view.user.row),
            message: row.message.map(|message| message.to_string()),
            state: row.state.into(),
            created_at: row.created_at.into(),
            decided_by: row.decided.map(|(user, _)| user.uuid()),
            decided_at: row.decided.map(|(_, at)| at.into()),
            revision: view.request.rev.cast_signed(),
        }
    }
}

/// Why somebody asks.
#[derive(Debug, Object)]
pub struct RequestAccess {
    /// A few words: up to 500 characters.
    message: Option<String>,
}

impl Input for RequestAccess {
    type Value = Option<Note>;

    fn example() -> Value {
        json!({"message": "I play the bass."})
    }

    fn parse(self) -> Result<Option<Note>, Violations> {
        let mut faults = Violations::default();
        let message = faults.optional("/message", self.message, |text| Note::parse(&text));
        faults.finish(Some(message))
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum AccessDecision {
    /// They become a member.
    Approve,
    /// They do not.
    Decline,
}

/// What an owner decides about a request.
#[derive(Debug, Object)]
pub struct DecideAccessRequest {
    /// Yes or no.
    decision: AccessDecision,
    /// The part they will have; without it, `viewer`.
    role: Option<Role>,
}

impl Input for DecideAccessRequest {
    type Value = Verdict;

    fn example() -> Value {
        json!({"decision": "approve", "role": "editor"})
    }

    fn parse(self) -> Result<Verdict, Violations> {
        Ok(match self.decision {
            AccessDecision::Approve => Verdict::Approve(self.role.unwrap_or(Role::Viewer).into()),
            AccessDecision::Decline => Verdict::Decline,
        })
    }
}
