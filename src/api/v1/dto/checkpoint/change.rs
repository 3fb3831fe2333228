//! Checkpoints as they are asked for.

use crate::http::body::{Checks, Input};
use model::{
    TrackId, Violation, Violations, limits,
    text::{CheckpointName, Prose},
};
use poem_openapi::{Object, types::MaybeUndefined};
use serde_json::{Value, json};
use service::checkpoint::{CheckpointPatch, IncludeMix, NewCheckpoint, WhatToRestore};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a new checkpoint is made of.
#[derive(Clone, Debug, Object)]
pub struct CreateCheckpoint {
    /// Its name: 1 to 120 characters.
    pub name: String,
    /// What it is for: up to 4,000 characters.
    pub description: Option<String>,
    /// The versions it is to hold, by the ids of their tracks; without it, every track with what it plays.
    pub tracks: Option<BTreeMap<String, Uuid>>,
}

impl Input for CreateCheckpoint {
    type Value = NewCheckpoint;

    fn example() -> Value {
        json!({"name": "Rough mix for Friday", "description": "Before we try the new bass."})
    }

    fn parse(self) -> Result<NewCheckpoint, Violations> {
        let mut faults = Violations::default();
        let name = faults.check("/name", CheckpointName::parse(&self.name));
        let description = faults.optional("/description", self.description, |text| Prose::parse(&text));
        if self.tracks.as_ref().is_some_and(BTreeMap::is_empty) {
            faults.0.push(Violation::new("/tracks", "too_few", "name one track at least, or leave it out"));
        }
        let versions = self.tracks.map(|tracks| by_track(&mut faults, tracks, Into::into));
        faults.finish(name.map(|name| NewCheckpoint { name, description, versions }))
    }
}

/// What changes; absent fields stay, null clears.
#[derive(Clone, Debug, Object)]
pub struct UpdateCheckpoint {
    /// Its name: 1 to 120 characters.
    pub name: Option<String>,
    /// What it is for: up to 4,000 characters.
    #[oai(nullable)]
    pub description: MaybeUndefined<String>,
    /// Whether what it holds is kept from being deleted.
    pub locked: Option<bool>,
    /// Other versions, by the ids of their tracks. What is not named stays.
    pub tracks: Option<BTreeMap<String, Uuid>>,
    /// Tracks it lets go of.
    pub remove_tracks: Option<Vec<Uuid>>,
}

impl Input for UpdateCheckpoint {
    type Value = CheckpointPatch;

    fn example() -> Value {
        json!({"name": "The mix we sent out", "locked": true})
    }

    fn parse(self) -> Result<CheckpointPatch, Violations> {
        let mut faults = Violations::default();
        let mut versions = by_track(&mut faults, self.tracks.unwrap_or_default(), |id| Some(id.into()));
        for (at, id) in self.remove_tracks.unwrap_or_default().into_iter().enumerate() {
            if versions.insert(id.into(), None).is_some() {
                let pointer = format!("/remove_tracks/{at}");
                faults.0.push(Violation::new(pointer, "contradiction", "is named twice"));
            }
        }
        let patch = CheckpointPatch {
            name: faults.optional("/name", self.name, |text| CheckpointName::parse(&text)),
            description: faults.patch("/description", self.description, |text| Prose::parse(&text)),
            locked: self.locked,
            versions,
        };
        faults.finish(Some(patch))
    }
}

/// How much of a checkpoint is to come back.
#[derive(Clone, Debug, Object)]
pub struct RestoreCheckpoint {
    /// Only these of its tracks; without it, all.
    pub tracks: Option<Vec<Uuid>>,
    /// Whether names, order, faders and offsets come back too (the default), or current versions alone.
    pub include_mix: Option<bool>,
}

impl Input for RestoreCheckpoint {
    type Value = WhatToRestore;

    fn example() -> Value {
        json!({"include_mix": true})
    }

    fn parse(self) -> Result<WhatToRestore, Violations> {
        let mut faults = Violations::default();
        if self.tracks.as_ref().is_some_and(|tracks| most(tracks.len())) {
            let detail = format!("must be at most {}", limits::TRACKS_PER_PROJECT_MAX);
            faults.0.push(Violation::new("/tracks", "too_many", detail));
        }
        let tracks = self.tracks.map(|ids| ids.into_iter().map(TrackId::from).collect());
        let mix = if self.include_mix.unwrap_or(true) { IncludeMix::Yes } else { IncludeMix::No };
        faults.finish(Some(WhatToRestore { tracks, mix }))
    }
}

/// Whether these are more than a project may have tracks.
fn most(many: usize) -> bool {
    i64::try_from(many).is_ok_and(|many| many > limits::TRACKS_PER_PROJECT_MAX)
}

/// What is said of each track, by its id.
fn by_track<T>(
    faults: &mut Violations,
    tracks: BTreeMap<String, Uuid>,
    version: impl Fn(Uuid) -> T,
) -> BTreeMap<TrackId, T> {
    let mut found = BTreeMap::new();
    for (id, said) in tracks {
        let pointer = format!("/tracks/{}", id.replace('~', "~0").replace('/', "~1"));
        match id.parse::<TrackId>() {
            Ok(id) => drop(found.insert(id, version(said))),
            Err(_) => {
                faults.0.push(Violation::new(pointer, "unknown_track", "must be a track of this project"));
            }
        }
    }
    if most(found.len()) {
        let detail = format!("must be at most {}", limits::TRACKS_PER_PROJECT_MAX);
        faults.0.push(Violation::new("/tracks", "too_many", detail));
    }
    found
}
