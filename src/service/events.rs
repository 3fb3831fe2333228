//! Live events: a person's stream, a project's stream, and the log to poll.
//!
//! Entries are read from the log, only as far as it is durable; the wake-up is a hint. Access is checked when an entry is
//! delivered, not when the stream is opened. An entry that may end what a reader sees makes their stream look at once whether
//! it goes on; what no entry tells (a link that lapses) is looked at all the time.

mod guest;
pub mod position;
mod replay;
pub mod stream;
pub mod subject;
mod tail;

pub(crate) use tail::LogMemory;

use crate::{
    Caller, Ctx, Error, Login, Result, Service, Via,
    events::{position::Position, subject::Subject},
};
use model::{
    ProjectId, Timestamp,
    access::{Action, Decision},
    event::{Actor, Envelope, Event},
    limits,
    project::Project,
};
use store::tables::{
    api_token::ApiTokens, member::Members, project::ProjectGates, session::Sessions, user::Users,
};

pub use stream::{EventStream, StreamRequest};

/// Whose events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The caller's own stream and all projects they are a member of.
    Mine,
    /// One project.
    Project(ProjectId),
}

/// Which kinds of events: exact names, or `comment.*`; none = all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeFilter(Vec<String>);

impl TypeFilter {
    /// Reads `comment.*,version.ready`; none if there are too many or they look like no type.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let patterns: Vec<String> =
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let good = |part: &String| {
            let name = part.strip_suffix(".*").unwrap_or(part);
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
        };
        (patterns.len() <= limits::EVENT_TYPES_MAX && patterns.iter().all(good)).then_some(Self(patterns))
    }

    /// The one kind that is wanted, if it is one.
    pub(crate) fn only(&self) -> Option<&str> {
        match self.0.as_slice() {
            [kind] if !kind.ends_with(".*") => Some(kind),
            _ => None,
        }
    }

    /// Whether events of this kind are wanted.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|pattern| match pattern.strip_suffix(".*") {
                Some(area) => kind.strip_prefix(area).is_some_and(|rest| rest.starts_with('.')),
                None => pattern == kind,
            })
    }
}

/// An entry of the log as it is told: with the thing it is about, as that is now.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where it stands.
    pub position: Position,
    /// The entry.
    pub envelope: Envelope,
    /// The name of the person who did it.
    pub actor_name: Option<String>,
    /// The thing as it is now; none for deletions and things without a form of their own.
    pub subject: Option<Subject>,
}

/// A page of a project's log.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The entries, oldest first.
    pub items: Vec<Told>,
    /// Where to go on, if there is more.
    pub next: Option<Position>,
    /// The place that was asked for is gone: read everything again, then go on from here.
    pub reset: Option<Position>,
    /// When it was read.
    pub at: Timestamp,
}

impl Service {
    /// Opens a live stream.
    ///
    /// # Errors
    /// `Unauthenticated` if nobody is logged in, `NotFound` for a project the caller may not see, `RateLimited` for too many
    /// streams at once.
    pub async fn open_event_stream(&self, cx: Ctx, request: StreamRequest) -> Result<EventStream> {
        self.enter(&cx, request.scope).await?;
        let seat = self.live.seat(cx.principal()?).ok_or(Error::RateLimited { retry_after_s: 30 })?;
        EventStream::open(self.clone(), cx, request, seat).await
    }

    /// Entries of a project's log after `after`, for clients that poll.
    ///
    /// # Errors
    /// `NotFound` for a project the caller may not see.
    pub async fn list_project_events(
        &self,
        cx: &Ctx,
        project: ProjectId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<EventPage> {
        self.authorize::<Project>(cx, project, Action::View).await?;
        let log = self.store().events();
        let after = match after {
            None => 0,
            Some(text) => match self.known(text).await? {
                Some(seq) => seq,
                None => {
                    let end = self.position(log.durable_seq());
                    return Ok(EventPage { items: Vec::new(), next: None, reset: Some(end), at: cx.now });
                }
            },
        };
        let page = log.of_project(project, after, limit).await?;
        let next = page.items.last().filter(|_| page.more).map(|last| self.position(last.seq));
        let mut items = Vec::with_capacity(page.items.len());
        for envelope in page.items {
            if self.may_hear(cx, Scope::Project(project), &envelope).await? {
                items.push(self.told(cx, envelope).await?);
            }
        }
        Ok(EventPage { items, next, reset: None, at: cx.now })
    }

    /// A place in this log.
    pub(crate) fn position(&self, seq: u64) -> Position {
        Position { epoch: self.store().events().epoch(), seq }
    }

    /// The place a client names, if the log still has everything after it.
    pub(crate) async fn known(&self, text: &str) -> Result<Option<u64>> {
        let log = self.store().events();
        let Some(position) = Position::parse(text) else { return Ok(None) };
        if position.epoch != log.epoch() || position.seq > log.durable_seq() {
            return Ok(None);
        }
        // A place before the oldest entry has lost what lay between.
        let lost = log.oldest().await?.is_some_and(|oldest| position.seq + 1 < oldest);
        Ok((!lost).then_some(position.seq))
    }

    /// Whether the caller may open this stream, or may still be on it.
    pub(crate) async fn enter(&self, cx: &Ctx, scope: Scope) -> Result<()> {
        match scope {
            Scope::Mine => cx.login().map(drop),
            Scope::Project(project) => {
                cx.principal()?;
                self.authorize::<Project>(cx, project, Action::Visit).await.map(drop)
            }
        }
    }

    /// The same login as it is now.
    ///
    /// # Errors
    /// `Unauthenticated` if it is over.
    pub async fn login_now(&self, login: &Login, now: Timestamp) -> Result<Login> {
        let user = self.store().get::<Users>(&login.user_id).await?.ok_or(Error::Unauthenticated)?;
        let alive = user.row.status == model::account::UserStatus::Active
            && match &login.via {
                Via::Session(id) => self.store().get::<Sessions>(id).await?.is_some_and(|session| {
                    session.row.expires_at > now && session.row.security_version == user.row.security_version
                }),
                Via::Token { id, .. } => self
                    .store()
                    .get::<ApiTokens>(id)
                    .await?
                    .is_some_and(|token| token.row.expires_at.is_none_or(|at| at > now)),
                Via::ControlSocket => true,
            };
        if !alive {
            return Err(Error::Unauthenticated);
        }
        Ok(Login { role: user.row.role, security_version: user.row.security_version, ..login.clone() })
    }

    /// The same circumstances now, for connections that outlive their request.
    ///
    /// # Errors
    /// `Unauthenticated` if the login is over.
    pub async fn renewed(&self, cx: &Ctx) -> Result<Ctx> {
        let now = self.now();
        Ok(refreshed(cx, self.caller_now(&cx.caller, now).await?, now))
    }

    /// Whether this entry is for the caller, now.
    pub(crate) async fn may_hear(&self, cx: &Ctx, scope: Scope, envelope: &Envelope) -> Result<bool> {
        let event = &envelope.event;
        if is_internal(&event.body) {
            return Ok(false);
        }
        if scope == Scope::Mine && event.users.contains(&cx.user_id()?) {
            return Ok(true);
        }
        match event.project {
            None => Ok(false),
            Some(project) if matches!(cx.caller, Caller::Guest(_)) => {
                self.guest_may_hear(cx, project, event).await
            }
            Some(project) => self.may_hear_of(cx, scope, project, &event.body).await,
        }
    }

    async fn may_hear_of(&self, cx: &Ctx, scope: Scope, project: ProjectId, body: &Event) -> Result<bool> {
        // Administrators may look into every project; their own stream tells of those they are a member of.
        if scope == Scope::Mine && !self.is_member(cx, project).await? {
            return Ok(false);
        }
        let Some(gate) = self.store().get::<ProjectGates>(&project).await? else { return Ok(false) };
        // Of a deleted project one hears that it was deleted, and nothing else.
        if gate.row.deleted.is_some() && *body != Event::ProjectDeleted {
            return Ok(false);
        }
        let (standing, _) = self.standing(cx, project).await?;
        let settings = &gate.row.settings;
        let decision = self.parts.access.decide(standing, Action::View, settings);
        let meant = Some(body.visibility()) <= self.reach(standing, settings);
        Ok(decision == Decision::Allow && meant && self.reaches(cx, project))
    }

    /// Whether the caller is a member of a project themselves.
    pub(crate) async fn is_member(&self, cx: &Ctx, project: ProjectId) -> Result<bool> {
        Ok(self.store().get::<Members>(&(project, cx.user_id()?)).await?.is_some())
    }

    /// The present, for streams that outlive their request.
    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    async fn told_anew(&self, cx: &Ctx, envelope: Envelope) -> Result<Told> {
        let actor_name = match envelope.event.actor {
            Actor::User(user) => {
                self.store().get::<Users>(&user).await?.map(|user| user.row.name.to_string())
            }
            Actor::Guest(guest) => {
                let guest = self.guests(&[guest]).await?.pop();
                guest.and_then(|guest| guest.name).map(|name| name.to_string())
            }
            Actor::System => None,
        };
        let subject = self.subject(cx, &envelope.event).await?;
        Ok(Told { position: self.position(envelope.seq), envelope, actor_name, subject })
    }
}

/// Requests to the server itself, which are nobody's business.
fn is_internal(body: &Event) -> bool {
    matches!(
        body,
        Event::MailRequested { .. } | Event::MixMoved { .. } | Event::CommentsCarryRequested { .. }
    )
}

/// The same circumstances, later and with the caller as they are now.
pub(crate) fn refreshed(cx: &Ctx, caller: Caller, now: Timestamp) -> Ctx {
    Ctx { caller, now, ..cx.clone() }
}

#[cfg(test)]
mod tests;
