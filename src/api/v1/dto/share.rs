//! Share links as JSON, for those who make them.

use super::{Time, member::UserRef};
use crate::http::body::{Checks, Input};
use model::{
    ProjectId, Violations, limits,
    share::{self as stored, LinkRights},
    text::Label,
    violation::Fault,
};
use poem_openapi::{Enum, Object, types::MaybeUndefined};
use serde_json::{Value, json};
use service::{
    Password,
    share::{NewShareLink, ShareLinkPatch, ShareLinkView, Visit},
};
use uuid::Uuid;

super::mirror::mirrored! { stored;
    /// What a link is good for.
    ShareLinkState {
        /// It can be opened.
        Open,
        /// As many as may have come; those who are in stay in.
        UsedUp,
        /// Its time is over.
        Expired,
        /// It was closed, or whoever vouched for it may not share any more.
        Revoked,
    }
}

/// What kind of thing a link shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ShareScopeType {
    /// All of the project.
    Project,
    /// One track.
    Track,
    /// One version.
    Version,
    /// One checkpoint.
    Checkpoint,
}

/// What a link shows.
#[derive(Clone, Copy, Debug, Object)]
pub struct ShareScope {
    /// What kind of thing.
    #[oai(rename = "type")]
    pub kind: ShareScopeType,
    /// Its id.
    pub id: Uuid,
}

impl ShareScope {
    /// What this link shows of its project.
    pub fn of(scope: stored::LinkScope, project: ProjectId) -> Self {
        let kind = match scope {
            stored::LinkScope::Project => ShareScopeType::Project,
            stored::LinkScope::Track(_) => ShareScopeType::Track,
            stored::LinkScope::Version(_) => ShareScopeType::Version,
            stored::LinkScope::Checkpoint(_) => ShareScopeType::Checkpoint,
        };
        Self { kind, id: scope.id(project) }
    }
}

/// A link that shows something of a project to whoever has it.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ShareLink {
    /// Its id.
    pub id: Uuid,
    /// Of which project.
    pub project_id: Uuid,
    /// What it shows.
    pub scope: ShareScope,
    /// What guests read above it.
    pub title: Option<String>,
    /// It asks for a password.
    pub has_password: bool,
    /// When it lapses.
    pub expires_at: Option<Time>,
    /// How many may come.
    pub max_visits: Option<i64>,
    /// How many came; not part of the revision.
    pub visits: i64,
    /// When the last one came.
    pub last_visited_at: Option<Time>,
    /// Guests may comment and react.
    pub can_comment: bool,
    /// Guests may download.
    pub can_download: bool,
    /// Guests see what others commented.
    pub can_see_comments: bool,
    /// Guests see older versions, not only the one that plays.
    pub can_see_versions: bool,
    /// Guests may approve versions.
    pub can_approve: bool,
    /// Guests may upload takes; the quota of whoever made or last changed the link is charged.
    pub can_upload: bool,
    /// Guests say who they are.
    pub require_name: bool,
    /// What it is good for.
    pub state: ShareLinkState,
    /// Who made it.
    pub created_by: Option<UserRef>,
    /// Who made or last changed it: the link is good while they may share.
    pub vouched_by: Uuid,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When it was closed.
    pub revoked_at: Option<Time>,
    /// The link to hand on. Whoever has it may use it: it is a secret.
    pub url: Option<String>,
    /// Only the secret in it, for `openShareLink` and `createGuestSession`.
    pub token: Option<String>,
    /// Grows by one with each change.
    pub revision: i64,
}

impl From<ShareLinkView> for ShareLink {
    fn from(view: ShareLinkView) -> Self {
        let row = view.link.row;
        let alive = row.revoked_at.is_none();
        Self {
            id: row.id.uuid(),
            project_id: row.project_id.uuid(),
            scope: ShareScope::of(row.scope, row.project_id),
            title: row.title.map(|title| title.to_string()),
            has_password: row.password_hash.is_some(),
            expires_at: row.expires_at.map(Into::into),
            max_visits: row.max_visits,
            visits: view.visits,
            last_visited_at: view.last_visited_at.map(Into::into),
            can_comment: row.rights.comment,
            can_download: row.rights.download,
            can_see_comments: row.rights.see_comments,
            can_see_versions: row.rights.see_versions,
            can_approve: row.rights.approve,
            can_upload: row.rights.upload,
            require_name: row.require_name,
            state: view.state.into(),
            created_by: view.created_by.map(|user| UserRef::from(&user.row)),
            vouched_by: row.vouched_by.uuid(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            revoked_at: row.revoked_at.map(Into::into),
            url: alive.then_some(view.url),
            token: alive.then_some(view.token),
            revision: view.link.rev.cast_signed(),
        }
    }
}

/// What a new link shows; the id of the project may be left out.
#[derive(Clone, Copy, Debug, Object)]
pub struct NewShareScope {
    /// What kind of thing.
    #[oai(rename = "type")]
    kind: ShareScopeType,
    /// Its id; needed for everything but the project.
    id: Option<Uuid>,
}

impl NewShareScope {
    fn parse(self) -> Result<stored::LinkScope, Fault> {
        let missing = || Fault::new("required", "must be given for a track, version or checkpoint");
        Ok(match self.kind {
            ShareScopeType::Project => stored::LinkScope::Project,
            ShareScopeType::Track => stored::LinkScope::Track(self.id.ok_or_else(missing)?.into()),
            ShareScopeType::Version => stored::LinkScope::Version(self.id.ok_or_else(missing)?.into()),
            ShareScopeType::Checkpoint => stored::LinkScope::Checkpoint(self.id.ok_or_else(missing)?.into()),
        })
    }
}

/// A link to make.
#[derive(Debug, Object)]
pub struct CreateShareLink {
    /// What it shows.
    scope: NewShareScope,
    /// What guests read above it: 1 to 80 characters.
    title: Option<String>,
    /// A password that guests must know: at least 8 characters.
    password: Option<String>,
    /// When it lapses; absent = never.
    expires_at: Option<Time>,
    /// How many may come: 1 to 10,000.
    max_visits: Option<i64>,
    /// Guests may comment and react.
    #[oai(default)]
    can_comment: bool,
    /// Guests may download.
    #[oai(default)]
    can_download: bool,
    /// Guests see what others commented.
    #[oai(default)]
    can_see_comments: bool,
    /// Guests see older versions, not only the one that plays.
    #[oai(default)]
    can_see_versions: bool,
    /// Guests may approve versions.
    #[oai(default)]
    can_approve: bool,
    /// Guests may upload takes, which never become the current version by themselves; your quota is charged.
    #[oai(default)]
    can_upload: bool,
    /// Guests say who they are.
    #[oai(default)]
    require_name: bool,
}

fn visits(count: i64) -> Result<i64, Fault> {
    let range = 1..=limits::VISITS_PER_LINK_MAX;
    let fault = || Fault::new("out_of_range", format!("must be 1 to {}", limits::VISITS_PER_LINK_MAX));
    if range.contains(&count) { Ok(count) } else { Err(fault()) }
}

impl Input for CreateShareLink {
    type Value = NewShareLink;

    fn example() -> Value {
        json!({"scope": {"type": "project"}, "title": "First mixes", "can_comment": true, "can_see_comments": true})
    }

    fn parse(self) -> Result<NewShareLink, Violations> {
        let mut faults = Violations::default();
        let scope = faults.check("/scope/id", self.scope.parse());
        let title = faults.optional("/title", self.title, |text| Label::parse(&text));
        let password = faults.optional("/password", self.password, |text| Password::parse(&text));
        let max_visits = faults.optional("/max_visits", self.max_visits, visits);
        let rights = LinkRights {
            comment: self.can_comment,
            download: self.can_download,
            see_comments: self.can_see_comments,
            see_versions: self.can_see_versions,
            approve: self.can_approve,
            upload: self.can_upload,
        };
        faults.finish(scope.map(|scope| NewShareLink {
            scope,
            title,
            password,
            expires_at: self.expires_at.map(|time| time.0),
            max_visits,
            rights,
            require_name: self.require_name,
        }))
    }
}

/// What changes; absent fields stay, null clears.
#[derive(Debug, Object)]
pub struct UpdateShareLink {
    /// What guests read above it: 1 to 80 characters.
    #[oai(nullable)]
    title: MaybeUndefined<String>,
    /// Its password. A new one ends the sessions of all guests.
    #[oai(nullable)]
    password: MaybeUndefined<String>,
    /// When it lapses.
    #[oai(nullable)]
    expires_at: MaybeUndefined<Time>,
    /// How many may come: 1 to 10,000.
    #[oai(nullable)]
    max_visits: MaybeUndefined<i64>,
    /// Guests may comment and react.
    can_comment: Option<bool>,
    /// Guests may download.
    can_download: Option<bool>,
    /// Guests see what others commented.
    can_see_comments: Option<bool>,
    /// Guests see older versions, not only the one that plays.
    can_see_versions: Option<bool>,
    /// Guests may approve versions.
    can_approve: Option<bool>,
    /// Guests may upload takes; your quota is charged from now on.
    can_upload: Option<bool>,
    /// Guests say who they are.
    require_name: Option<bool>,
}

impl Input for UpdateShareLink {
    type Value = ShareLinkPatch;

    fn example() -> Value {
        json!({"title": "Second mixes", "can_download": true, "password": null})
    }

    fn parse(self) -> Result<ShareLinkPatch, Violations> {
        let mut faults = Violations::default();
        let patch = ShareLinkPatch {
            title: faults.patch("/title", self.title, |text| Label::parse(&text)),
            password: faults.patch("/password", self.password, |text| Password::parse(&text)),
            expires_at: faults.patch("/expires_at", self.expires_at, |time| Ok(time.0)),
            max_visits: faults.patch("/max_visits", self.max_visits, visits),
            comment: self.can_comment,
            download: self.can_download,
            see_comments: self.can_see_comments,
            see_versions: self.can_see_versions,
            approve: self.can_approve,
            upload: self.can_upload,
            require_name: self.require_name,
        };
        faults.finish(Some(patch))
    }
}

/// Somebody who came by a link.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ShareLinkVisit {
    /// Their id, as author of what they write.
    pub guest_id: Uuid,
    /// Who they say they are.
    pub name: Option<String>,
    /// How to reach them, if they say so.
    pub email: Option<String>,
    /// When they came.
    pub visited_at: Time,
    /// When they last did something, to the minute.
    pub last_seen_at: Time,
    /// When their session lapses.
    pub expires_at: Time,
}

impl From<Visit> for ShareLinkVisit {
    fn from(visit: Visit) -> Self {
        let guest = visit.guest;
        Self {
            guest_id: guest.id.uuid(),
            name: guest.name.map(|name| name.to_string()),
            email: guest.email.map(|email| email.to_string()),
            visited_at: guest.created_at.into(),
            last_seen_at: visit.last_seen_at.into(),
            expires_at: guest.expires_at.into(),
        }
    }
}
