//! Who is on a project, on which track and where: told by the WebSockets of this process, kept in memory, never stored.
//!
//! A tab says where its person is, and has to give a sign of life every [`limits::PRESENCE_TTL_MS`]. Several tabs of one person
//! are one entry: the one that plays, or else the one that spoke last. Whoever does not want to be seen is not.

mod room;

pub use room::{Face, Person, Spot, Tab};

use crate::{
    Ctx, Error, Result, Service,
    authorize::must,
    live::{Ephemeral, EphemeralBody},
};
use model::{ProjectId, Timestamp, UserId, access::Action, event::ResourceRef, limits, project::Project};
use parking_lot::Mutex;
use room::{Change, Room};
use std::collections::{BTreeSet, HashMap};
use store::tables::{preferences::Preferences, track::Tracks, user::Users, version::Versions};

/// The people on the projects of this process.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    rooms: Mutex<HashMap<ProjectId, Room>>,
}

impl Service {
    /// Who is on a project.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn list_presence(&self, cx: &Ctx, project: ProjectId) -> Result<Vec<Person>> {
        self.authorize::<Project>(cx, project, Action::View).await?;
        Ok(self.present(project, cx.now))
    }

    /// Everybody on a project who shows it.
    pub(crate) fn present(&self, project: ProjectId, now: Timestamp) -> Vec<Person> {
        let mut rooms = self.live.presence.rooms.lock();
        rooms.get_mut(&project).map(|room| room.present(now)).unwrap_or_default()
    }

    /// A tab says where its person is.
    ///
    /// # Errors
    /// `NotFound` for a project, track or version the caller may not see; `Conflict` if too many are there.
    pub(crate) async fn appear(&self, cx: &Ctx, project: ProjectId, tab: Tab, spot: Spot) -> Result<()> {
        self.authorize::<Project>(cx, project, Action::View).await?;
        self.check_spot(project, &spot).await?;
        let user = cx.user_id()?;
        let shy = !self.store().get::<Preferences>(&user).await?.is_none_or(|row| row.row.show_presence);
        if shy {
            self.vanish(project, user, tab);
            return Ok(());
        }
        let account = must::<Users>(self.store(), &user, "user").await?.row;
        let face = Face { user_id: user, name: account.name.to_string(), pictured: account.avatar.is_some() };
        let change = {
            let mut rooms = self.live.presence.rooms.lock();
            rooms.entry(project).or_default().appear(face, tab, spot, cx.now)
        };
        let full = || Error::Conflict("too many people or tabs are on this project");
        self.tell_presence(project, user, change.ok_or_else(full)?);
        Ok(())
    }

    /// A tab lives, wherever its person is.
    pub(crate) fn still_here(&self, project: ProjectId, user: UserId, tab: Tab, now: Timestamp) {
        if let Some(room) = self.live.presence.rooms.lock().get_mut(&project) {
            room.still_here(user, tab, now);
        }
    }

    /// A tab is gone from a project.
    pub(crate) fn vanish(&self, project: ProjectId, user: UserId, tab: Tab) {
        let change = {
            let mut rooms = self.live.presence.rooms.lock();
            let Some(room) = rooms.get_mut(&project) else { return };
            let change = room.vanish(user, tab);
            if room.is_empty() {
                rooms.remove(&project);
            }
            change
        };
        self.tell_presence(project, user, change);
    }

    /// Somebody does not want to be seen any more: no tab of theirs is anywhere.
    pub(crate) fn hide(&self, user: UserId) {
        let left: Vec<ProjectId> = {
            let mut rooms = self.live.presence.rooms.lock();
            let left = rooms.iter_mut().filter_map(|(id, room)| room.hide(user).then_some(*id)).collect();
            rooms.retain(|_, room| !room.is_empty());
            left
        };
        for project in left {
            self.tell_presence(project, user, Change::Left);
        }
    }

    /// What is played is of this project.
    async fn check_spot(&self, project: ProjectId, spot: &Spot) -> Result<()> {
        if let Some(track) = spot.track_id {
            let found = self.store().get::<Tracks>(&track).await?;
            let there = found.is_some_and(|row| row.row.project_id == project && row.row.deleted.is_none());
            there.then_some(()).ok_or(Error::NotFound("track"))?;
        }
        if let Some(version) = spot.version_id {
            let found = self.store().get::<Versions>(&version).await?;
            let there = found.is_some_and(|row| row.row.project_id == project && row.row.deleted.is_none());
            there.then_some(()).ok_or(Error::NotFound("version"))?;
        }
        Ok(())
    }

    fn tell_presence(&self, project: ProjectId, user: UserId, change: Change) {
        let body = match change {
            Change::None => return,
            Change::Joined(person) => EphemeralBody::PresenceJoined(Box::new(person)),
            Change::Updated(person) => EphemeralBody::PresenceUpdated(Box::new(person)),
            Change::Left => EphemeralBody::PresenceLeft,
        };
        self.live.tell(Ephemeral {
            project: Some(project),
            users: vec![],
            resource: ResourceRef::new("user", user, 0),
            body,
        });
    }
}

/// One open socket: the projects on which it shows its person. They are left when it goes.
pub struct Visit {
    service: Service,
    user: UserId,
    tab: Tab,
    projects: BTreeSet<ProjectId>,
    seen_at: Timestamp,
}

impl Visit {
    /// A socket of whoever asks.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub fn new(service: &Service, cx: &Ctx) -> Result<Self> {
        Ok(Self {
            service: service.clone(),
            user: cx.user_id()?,
            tab: Tab(service.id(cx)),
            projects: BTreeSet::new(),
            seen_at: cx.now,
        })
    }

    /// The socket gave a sign of life.
    pub fn alive(&mut self, now: Timestamp) {
        self.seen_at = now;
        for project in &self.projects {
            self.service.still_here(*project, self.user, self.tab, now);
        }
    }

    /// Whether the socket was silent for too long.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.seen_at) >= limits::PRESENCE_TTL_MS
    }

    /// Its person is there.
    ///
    /// # Errors
    /// As [`Service::list_presence`], and `Conflict` for too many projects at once.
    pub async fn appear(&mut self, cx: &Ctx, project: ProjectId, spot: Spot) -> Result<()> {
        if !self.projects.contains(&project) && self.projects.len() >= limits::PRESENCE_PROJECTS_MAX {
            return Err(Error::Conflict("one connection shows its person on a few projects only"));
        }
        self.service.appear(cx, project, self.tab, spot).await?;
        self.projects.insert(project);
        self.alive(cx.now);
        Ok(())
    }

    /// Its person is not there any more.
    pub fn vanish(&mut self, project: ProjectId) {
        if self.projects.remove(&project) {
            self.service.vanish(project, self.user, self.tab);
        }
    }

    /// Whether its person may still be where it shows them.
    ///
    /// # Errors
    /// `NotFound` if not; of the store.
    pub async fn check(&self, cx: &Ctx) -> Result<()> {
        for project in &self.projects {
            self.service.authorize::<Project>(cx, *project, Action::View).await?;
        }
        Ok(())
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        for project in &self.projects {
            self.service.vanish(*project, self.user, self.tab);
        }
    }
}
