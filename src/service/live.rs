//! What open streams are told and nobody stores: how far jobs are, who is there.
//!
//! Bounded: a stream that is too slow misses some of it, since every message is replaced by the next one anyway.

use crate::{
    Service,
    events::LogMemory,
    mix::MixPace,
    presence::{Person, Presence},
    ticket::Tickets,
};
use model::{
    ProjectId, UserId,
    event::ResourceRef,
    job::{Job, JobProgress},
    limits,
    principal::Principal,
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};
use tokio::sync::broadcast;

/// Something that is told once and never replayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Ephemeral {
    /// The project whose members may hear it.
    pub project: Option<ProjectId>,
    /// The people on whose own stream it appears.
    pub users: Vec<UserId>,
    /// What it is about.
    pub resource: ResourceRef,
    /// What happened.
    pub body: EphemeralBody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EphemeralBody {
    /// A running job got further.
    JobProgress(JobProgress),
    /// Somebody came to a project.
    PresenceJoined(Box<Person>),
    /// They are somewhere else in it.
    PresenceUpdated(Box<Person>),
    /// They went.
    PresenceLeft,
}

impl EphemeralBody {
    /// The name in the contract's words.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::JobProgress(_) => "job.progress",
            Self::PresenceJoined(_) => "presence.joined",
            Self::PresenceUpdated(_) => "presence.updated",
            Self::PresenceLeft => "presence.left",
        }
    }
}

/// The streams of this process.
pub struct Live {
    sender: broadcast::Sender<Arc<Ephemeral>>,
    open: Arc<Mutex<HashMap<Principal, usize>>>,
    pub(crate) tickets: Tickets,
    pub(crate) mixes: MixPace,
    pub(crate) presence: Presence,
    pub(crate) log: LogMemory,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(limits::LIVE_BACKLOG),
            open: Arc::default(),
            tickets: Tickets::default(),
            mixes: MixPace::default(),
            presence: Presence::default(),
            log: LogMemory::default(),
        }
    }
}

impl Live {
    /// Tells how far a job is.
    pub fn job_progress(&self, job: &Job, progress: JobProgress) {
        let users = match job.project_id {
            Some(_) => Vec::new(),
            None => job.created_by.into_iter().collect(),
        };
        self.tell(Ephemeral {
            project: job.project_id,
            users,
            resource: ResourceRef::new("job", job.id, 0),
            body: EphemeralBody::JobProgress(progress),
        });
    }

    /// Tells every open stream that may hear it.
    pub fn tell(&self, message: Ephemeral) {
        // Nobody listens: nobody is told.
        drop(self.sender.send(Arc::new(message)));
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Ephemeral>> {
        self.sender.subscribe()
    }

    /// A place among a person's open streams; none if they have too many.
    pub(crate) fn seat(&self, who: Principal) -> Option<Seat> {
        let mut open = self.open.lock();
        let count = open.entry(who).or_default();
        if *count >= limits::STREAMS_PER_USER_MAX {
            return None;
        }
        *count += 1;
        Some(Seat { who, open: Arc::downgrade(&self.open) })
    }
}

/// One open stream of a person, counted while it lives.
#[derive(Debug)]
pub(crate) struct Seat {
    who: Principal,
    open: Weak<Mutex<HashMap<Principal, usize>>>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(open) = self.open.upgrade() else { return };
        let mut open = open.lock();
        if let Some(count) = open.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.who);
            }
        }
    }
}

impl Service {
    /// The live streams of this process.
    pub fn live(&self) -> &Live {
        &self.live
    }
}
