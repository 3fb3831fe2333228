//! The activity feed: what happened in a project, and in all projects of a person, newest first.
//!
//! Entries hold ids; names and titles are read when they are shown. What a filter passes over is bounded: then a page is
//! shorter, and goes on from where it stopped.

mod feed;

pub use feed::ActivityQuery;

use crate::{Ctx, Result, Service, page::Paged};
use model::{
    ProjectId, TrackId, UserId, VersionId,
    access::Action,
    comment::Visibility,
    event::{Actor, Envelope},
    project::Project,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    Table,
    tables::{project::Projects, track::Tracks, user::Users, version::Versions},
};

/// Rows looked up at once.
const ROWS: usize = 500;

/// An entry of a feed.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the log says.
    pub envelope: Envelope,
    /// The name of the person who did it, as it is now.
    pub actor_name: Option<String>,
    /// What the thing it is about is called now: a project, a track, a version with its track, a person. Of a comment, its track.
    pub title: Option<String>,
}

impl Entry {
    /// The entry in one line, for searching: who, what, to what.
    #[must_use]
    pub fn line(&self) -> String {
        let what = self.envelope.event.body.kind().replace(['.', '_'], " ");
        let parts = [self.actor_name.as_deref(), Some(what.as_str()), self.title.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

impl Service {
    /// The feed of a project.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a foreign cursor.
    pub async fn list_project_activity(
        &self,
        cx: &Ctx,
        project: ProjectId,
        query: &ActivityQuery,
    ) -> Result<Paged<Entry>> {
        let auth = self.authorize::<Project>(cx, project, Action::View).await?;
        let seen: Vec<_> = self.reach_of(&auth).map(|reach| (project, reach)).into_iter().collect();
        self.feed(&seen, query).await
    }

    /// The feed of all projects the caller is a member of, outside the trash.
    ///
    /// # Errors
    /// `Unauthenticated`; `Invalid` for a foreign cursor.
    pub async fn list_my_activity(&self, cx: &Ctx, query: &ActivityQuery) -> Result<Paged<Entry>> {
        let known = self.projects_of(cx).await?;
        let alive = known.iter().filter(|known| known.gate.row.deleted.is_none());
        let projects: Vec<(ProjectId, Visibility)> = alive
            .filter_map(|known| {
                let reach = self.reach(known.standing, &known.gate.row.settings)?;
                Some((known.project.row.id, reach))
            })
            .collect();
        self.feed(&projects, query).await
    }

    /// Entries with the names that everything has now.
    pub(crate) async fn entries(&self, envelopes: Vec<Envelope>) -> Result<Vec<Entry>> {
        let names = self.names(&envelopes).await?;
        let named = |envelope: Envelope| Entry {
            actor_name: names.actor(envelope.event.actor),
            title: names.title(&envelope),
            envelope,
        };
        Ok(envelopes.into_iter().map(named).collect())
    }

    async fn names(&self, envelopes: &[Envelope]) -> Result<Names> {
        let events = || envelopes.iter().map(|envelope| &envelope.event);
        let of_kind = |kind: &'static str| {
            let found = events().filter(move |event| event.resource.kind == kind);
            found.map(|event| event.resource.id)
        };
        let actors = events().filter_map(|event| match event.actor {
            Actor::User(user) => Some(user),
            Actor::Guest(_) | Actor::System => None,
        });
        let versions = self.rows::<Versions>(of_kind("version").map(VersionId::new).collect()).await?;
        let tracks = events().filter_map(|event| event.track).chain(of_kind("track").map(TrackId::new));
        let tracks = tracks.chain(versions.values().map(|version| version.track_id)).collect();
        Ok(Names {
            users: self.rows::<Users>(actors.chain(of_kind("member").map(UserId::new)).collect()).await?,
            projects: self.rows::<Projects>(of_kind("project").map(ProjectId::new).collect()).await?,
            tracks: self.rows::<Tracks>(tracks).await?,
            versions,
        })
    }

    /// The rows of some keys that are there.
    pub(crate) async fn rows<T: Table<Key: Ord>>(
        &self,
        keys: BTreeSet<T::Key>,
    ) -> Result<BTreeMap<T::Key, T::Row>> {
        let keys: Vec<T::Key> = keys.into_iter().collect();
        let mut rows = BTreeMap::new();
        for keys in keys.chunks(ROWS) {
            let found = self.store().get_many::<T>(keys).await?;
            let there = keys.iter().zip(found).filter_map(|(key, row)| Some((key.clone(), row?.row)));
            rows.extend(there);
        }
        Ok(rows)
    }
}

/// What everything is called.
struct Names {
    users: BTreeMap<UserId, model::account::User>,
    projects: BTreeMap<ProjectId, Project>,
    tracks: BTreeMap<TrackId, model::track::Track>,
    versions: BTreeMap<VersionId, model::version::Version>,
}

impl Names {
    fn actor(&self, actor: Actor) -> Option<String> {
        match actor {
            Actor::User(id) => self.users.get(&id).map(|user| user.name.to_string()),
            Actor::Guest(_) | Actor::System => None,
        }
    }

    fn track(&self, id: TrackId) -> Option<String> {
        self.tracks.get(&id).map(|track| track.name.to_string())
    }

    fn title(&self, envelope: &Envelope) -> Option<String> {
        let event = &envelope.event;
        let id = event.resource.id;
        match event.resource.kind.as_str() {
            "project" => self.projects.get(&ProjectId::new(id)).map(|project| project.name.to_string()),
            "track" => self.track(TrackId::new(id)),
            "version" => self.versions.get(&VersionId::new(id)).map(|version| {
                let label = version.label.as_ref().map(ToString::to_string);
                let label = label.unwrap_or_else(|| format!("v{}", version.number));
                self.track(version.track_id).map_or(label.clone(), |track| format!("{track} {label}"))
            }),
            "member" => self.users.get(&UserId::new(id)).map(|user| user.name.to_string()),
            _ => event.track.and_then(|track| self.track(track)),
        }
    }
}
