//! Events as JSON: one envelope for live streams, the polled log and everything that will carry events later.

use super::{
    Time, account::User, checkpoint::Checkpoint, comment::Comment, invitation::Invitation, job::Job,
    member::ProjectMember, mood::Mood, presence::PresenceEntry, project::Project, share::ShareLink,
    track::Track, version::Version,
};
use crate::http::sse::SseEvent;
use model::{Timestamp, event, job::JobProgress};
use poem_openapi::{
    Enum, Object,
    types::{Any, ToJSON},
};
use serde_json::{Map, Value, json};
use service::{
    events::{EventPage, Told, position::Position, subject::Subject},
    live::{Ephemeral, EphemeralBody},
    ticket::Ticket,
};
use uuid::Uuid;

/// Fields of a resource that depend on who looks at it; an event is the same for everybody.
const PER_CALLER: [&str; 5] = ["my_role", "capabilities", "starred", "url", "token"];

/// What kind of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person with an account.
    User,
    /// A guest through a share link.
    Guest,
    /// The server itself.
    System,
}

/// Who did it.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct EventActor {
    /// What kind of somebody.
    pub kind: ActorKind,
    /// Their id; absent for the server itself.
    pub id: Option<Uuid>,
    /// Their name as it is now.
    pub name: Option<String>,
}

/// What an event is about.
#[derive(Clone, Debug, Object)]
pub struct EventResource {
    /// `project`, `track`, `version`, `upload`, `job`, `user`, `session` …
    #[oai(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Its revision after the event; 0 where it has none.
    pub revision: i64,
}

/// Something that happened.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct EventEnvelope {
    /// Its id; absent for what is never replayed.
    pub id: Option<Uuid>,
    /// Its place in the log, for `Last-Event-ID` and `?after=`; absent for what is never replayed.
    pub position: Option<String>,
    /// What happened, such as `version.ready`. New types are added over time: ignore those you do not know.
    #[oai(rename = "type")]
    pub kind: String,
    /// When.
    pub time: Time,
    /// In which project.
    pub project_id: Option<Uuid>,
    /// Who did it.
    pub actor: Option<EventActor>,
    /// What it is about.
    pub resource: Option<EventResource>,
    /// The resource as it is now, in the form its own operations answer with but without what depends on the reader; absent
    /// for deletions. Events that are about no resource have their parameters here.
    pub data: Option<Any<Value>>,
}

/// A page of the log.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct EventList {
    /// The events, oldest first. A single `sync.reset` says that events are lost: read everything again and go on from its
    /// `position`.
    pub items: Vec<EventEnvelope>,
    /// What to send as `after` for the next page, if there is one.
    pub next_cursor: Option<String>,
}

/// A ticket for a live stream.
#[derive(Clone, Debug, Object)]
pub struct RealtimeTicket {
    /// For `?ticket=`. It opens one stream, and the same one again while your login lives.
    pub ticket: String,
    /// How long it may wait for its first use, in seconds.
    pub expires_in: i64,
}

impl From<Ticket> for RealtimeTicket {
    fn from(ticket: Ticket) -> Self {
        Self { ticket: ticket.ticket, expires_in: ticket.expires_in_ms / 1000 }
    }
}

impl EventEnvelope {
    /// An event about the stream itself.
    pub fn of_stream(kind: &str, at: Timestamp, position: Option<Position>, data: Option<Value>) -> Self {
        Self {
            id: None,
            position: position.map(|position| position.to_string()),
            kind: kind.to_owned(),
            time: Time(at),
            project_id: None,
            actor: None,
            resource: None,
            data: data.map(Any),
        }
    }

    /// Something that is told once.
    pub fn of_ephemeral(message: &Ephemeral, at: Timestamp) -> Self {
        let id = message.resource.id;
        let data = match &message.body {
            EphemeralBody::JobProgress(JobProgress { fraction, stage }) => {
                json!({ "id": id, "progress": fraction, "stage": stage })
            }
            EphemeralBody::PresenceJoined(person) | EphemeralBody::PresenceUpdated(person) => {
                PresenceEntry::from((**person).clone()).to_json().unwrap_or_default()
            }
            EphemeralBody::PresenceLeft => json!({ "user": { "id": id } }),
        };
        Self {
            project_id: message.project.map(Into::into),
            resource: Some(resource(&message.resource)),
            ..Self::of_stream(message.body.kind(), at, None, Some(data))
        }
    }

    /// As an event of a live stream.
    pub fn into_sse(self) -> SseEvent {
        let data = self.to_json().unwrap_or_default();
        SseEvent { id: self.position, event: self.kind, data }
    }
}

impl From<Told> for EventEnvelope {
    fn from(told: Told) -> Self {
        let event = told.envelope.event;
        Self {
            id: Some(event.id.uuid()),
            position: Some(told.position.to_string()),
            kind: event.body.kind().to_owned(),
            time: Time(told.envelope.at),
            project_id: event.project.map(Into::into),
            actor: Some(actor(event.actor, told.actor_name)),
            resource: Some(resource(&event.resource)),
            data: told.subject.map(|subject| Any(data(subject))),
        }
    }
}

impl From<EventPage> for EventList {
    fn from(page: EventPage) -> Self {
        let reset = page.reset.map(|end| EventEnvelope::of_stream("sync.reset", page.at, Some(end), None));
        Self {
            items: reset.into_iter().chain(page.items.into_iter().map(Into::into)).collect(),
            next_cursor: page.next.map(|position| position.to_string()),
        }
    }
}

pub(super) fn actor(actor: event::Actor, name: Option<String>) -> EventActor {
    let (kind, id) = match actor {
        event::Actor::User(id) => (ActorKind::User, Some(id.uuid())),
        event::Actor::Guest(id) => (ActorKind::Guest, Some(id.uuid())),
        event::Actor::System => (ActorKind::System, None),
    };
    EventActor { kind, id, name }
}

pub(super) fn resource(resource: &event::ResourceRef) -> EventResource {
    EventResource { kind: resource.kind.clone(), id: resource.id, revision: resource.revision.cast_signed() }
}

fn data(subject: Subject) -> Value {
    let body = match subject {
        Subject::Project(view) => Project::from(*view).to_json(),
        Subject::Track(view) => Track::from(*view).to_json(),
        Subject::Member(view) => ProjectMember::from(*view).to_json(),
        Subject::Invitation(view) => Invitation::from(*view).to_json(),
        Subject::Version(view) => Version::from(*view).to_json(),
        Subject::Checkpoint(view) => Checkpoint::from(*view).to_json(),
        Subject::Comment(view) => Comment::from(*view).to_json(),
        Subject::Mood(view) => Mood::from(*view).to_json(),
        Subject::ShareLink(view) => ShareLink::from(*view).to_json(),
        Subject::Job(view) => Job::from(*view).to_json(),
        Subject::User(view) => User::from(*view).to_json(),
    };
    match body {
        Some(Value::Object(fields)) => Value::Object(for_everybody(fields)),
        other => other.unwrap_or_default(),
    }
}

fn for_everybody(mut fields: Map<String, Value>) -> Map<String, Value> {
    for name in PER_CALLER {
        fields.remove(name);
    }
    // Whether the reader is among those who reacted.
    let reactions = fields.get_mut("reactions").and_then(Value::as_array_mut);
    for reaction in reactions.into_iter().flatten().filter_map(Value::as_object_mut) {
        reaction.remove("me");
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{EventId, JobId, ProjectId, UserId, event::*};

    #[test]
    fn an_entry_of_the_log_is_told_with_its_place() {
        let id = |number| Uuid::from_u128(number);
        let event = NewEvent {
            id: EventId::new(id(1)),
            project: Some(ProjectId::new(id(2))),
            users: vec![],
            actor: Actor::User(UserId::new(id(3))),
            resource: ResourceRef::new("track", id(4), 7),
            track: None,
            body: Event::TrackDeleted,
        };
        let told = Told {
            position: Position { epoch: id(5), seq: 48213 },
            envelope: Envelope { seq: 48213, at: Timestamp(1_795_344_120_125), stamp: 9, event },
            actor_name: Some("Ada".to_owned()),
            subject: None,
        };
        let sse = EventEnvelope::from(told).into_sse();
        assert_eq!(sse.event, "track.deleted");
        assert_eq!(sse.id.as_deref(), Some("00000000000000000000000000000005-48213"));
        assert_eq!(
            sse.data,
            json!({
                "id": id(1), "position": sse.id, "type": "track.deleted", "time": "2026-11-22T10:42:00.125Z",
                "project_id": id(2), "actor": { "kind": "user", "id": id(3), "name": "Ada" },
                "resource": { "type": "track", "id": id(4), "revision": 7 },
            })
        );
    }

    #[test]
    fn progress_has_no_place() {
        let message = Ephemeral {
            project: None,
            users: vec![],
            resource: ResourceRef::new("job", JobId::new(Uuid::from_u128(1)), 0),
            body: EphemeralBody::JobProgress(JobProgress {
                fraction: 0.5,
                stage: Some("analyse".to_owned()),
            }),
        };
        let sse = EventEnvelope::of_ephemeral(&message, Timestamp(0)).into_sse();
        assert_eq!((sse.id, sse.event.as_str()), (None, "job.progress"));
        assert_eq!(
            sse.data["data"],
            json!({ "id": Uuid::from_u128(1), "progress": 0.5, "stage": "analyse" })
        );
    }

    #[test]
    fn what_depends_on_the_reader_is_left_out() {
        let fields = json!({ "id": 1, "my_role": "owner", "capabilities": [], "starred": true });
        let Value::Object(fields) = fields else { panic!("an object") };
        assert_eq!(Value::Object(for_everybody(fields)), json!({ "id": 1 }));
    }
}
