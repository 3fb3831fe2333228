//! Who is where, as JSON, and what clients say about it over a WebSocket.

use super::Time;
use model::{Violations, limits, violation::Fault};
use poem_openapi::Object;
use serde::Deserialize;
use service::presence::{Person, Spot};
use uuid::Uuid;

/// Somebody who is on a project; several tabs of one person are one entry.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct PresenceEntry {
    /// Who.
    pub user: PresentUser,
    /// On which track.
    pub track_id: Option<Uuid>,
    /// On which version.
    pub version_id: Option<Uuid>,
    /// Where in it, in milliseconds; while `playing`, where they were at `updated_at`.
    pub position_ms: Option<i64>,
    /// They listen.
    pub playing: bool,
    /// They have not touched anything for a while, in any tab.
    pub idle: bool,
    /// How many tabs they have open.
    pub tabs: i32,
    /// Since when they are on the project.
    pub since: Time,
    /// When they last said where they are.
    pub updated_at: Time,
    /// When they last gave a sign of life; without one for 45 s they are not there any more.
    pub seen_at: Time,
}

/// Somebody who is there.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct PresentUser {
    /// Their id.
    pub id: Uuid,
    /// What they are called.
    pub name: String,
    /// Where their picture is, if they have one.
    pub avatar_url: Option<String>,
}

impl From<Person> for PresenceEntry {
    fn from(person: Person) -> Self {
        let Person { face, spot, since, spoke_at, seen_at, tabs } = person;
        let avatar_url = face.pictured.then(|| format!("/api/v1/users/{}/avatar", face.user_id));
        Self {
            user: PresentUser { id: face.user_id.uuid(), name: face.name, avatar_url },
            track_id: spot.track_id.map(Into::into),
            version_id: spot.version_id.map(Into::into),
            position_ms: spot.position_ms,
            playing: spot.playing,
            idle: spot.idle,
            tabs: i32::try_from(tabs).unwrap_or(i32::MAX),
            since: Time(since),
            updated_at: Time(spoke_at),
            seen_at: Time(seen_at),
        }
    }
}

/// What a client says over a WebSocket.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Command {
    /// Where its person is; also a sign of life.
    #[serde(rename = "presence.update")]
    Update(Update),
    /// Its person is not on a project any more.
    #[serde(rename = "presence.leave")]
    Leave {
        /// Which.
        project_id: Uuid,
    },
    /// A sign of life; answered with `pong`.
    #[serde(rename = "ping")]
    Ping {},
}

/// Where somebody is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// On which project.
    pub project_id: Uuid,
    track_id: Option<Uuid>,
    version_id: Option<Uuid>,
    position_ms: Option<i64>,
    #[serde(default)]
    playing: bool,
    #[serde(default)]
    idle: bool,
}

impl Update {
    /// In the words of the service.
    ///
    /// # Errors
    /// A position that no recording has.
    pub fn spot(&self) -> Result<Spot, Violations> {
        const MAX: i64 = limits::AUDIO_DURATION_MS_MAX;
        let mut faults = Violations::default();
        let good = self.position_ms.is_none_or(|position| (0..=MAX).contains(&position));
        let fault = || Fault::new("out_of_range", format!("must be between 0 and {MAX}"));
        faults.check("/position_ms", good.then_some(()).ok_or_else(fault));
        faults.finish(Some(Spot {
            track_id: self.track_id.map(Into::into),
            version_id: self.version_id.map(Into::into),
            position_ms: self.position_ms,
            playing: self.playing,
            idle: self.idle,
        }))
    }
}
