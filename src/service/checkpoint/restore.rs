//! Bringing a checkpoint back: one commit, which also keeps the state it replaces as a checkpoint of its own.
//!
//! What is held comes back as it was: current versions, and with the mix names, places, faders and offsets; tracks and versions in
//! the trash come out of it, and go back there when the state before is brought back. Other tracks that a checkpoint of the whole song
//! does not hold are silenced and stand last. What is gone for good is left out and named.

use super::state::State;
use crate::{
    Ctx, Error, Result, Service, Stored, authorize::must, commit::decide_again, track::reposition,
    version::version_event, version_current::current,
};
use model::{
    CheckpointId, ProjectId, TrackId, VersionId, Violation, Violations,
    access::Action,
    checkpoint::{Checkpoint, CheckpointKind, CheckpointScope, CheckpointVersion},
    event::Event,
    rank::Rank,
    text::CheckpointName,
    track::{Fader, Track, TrackPlace},
    version::Version,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    Batch, StoreError,
    tables::{
        checkpoint::Checkpoints,
        counters::{ProjectVersionCount, TrackLocks, VersionCount},
        project::Projects,
        track::{Faders, TrackPlaces, Tracks},
        version::Versions,
    },
};

/// How much of a checkpoint comes back.
#[derive(Clone, Debug)]
pub struct WhatToRestore {
    /// Only these of its tracks; absent = all.
    pub tracks: Option<Vec<TrackId>>,
    /// Whether the mix comes back with the versions.
    pub mix: IncludeMix,
}

/// Whether the mix comes back: names, places, faders and offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeMix {
    /// It does.
    Yes,
    /// Current versions alone.
    No,
}

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The checkpoint of the state before.
    pub before: CheckpointId,
    /// Tracks that the checkpoint does not hold: silenced and last.
    pub set_aside: Vec<TrackId>,
    /// Tracks that lay in the trash at that time and lie there again.
    pub thrown_back: Vec<TrackId>,
    /// Tracks of the checkpoint that are gone for good, or whose version is.
    pub missing: Vec<TrackId>,
}

/// A track that comes back, as it is now and as it is to be.
struct Part {
    item: CheckpointVersion,
    track: Stored<Track>,
    place: Stored<TrackPlace>,
    fader: Stored<Fader>,
    version: Option<Stored<Version>>,
}

impl Service {
    /// Brings a checkpoint back.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` for tracks that it does not hold; `Conflict` with as many checkpoints as a project may
    /// have, or if more changes than one write may hold.
    pub async fn restore_checkpoint(
        &self,
        cx: &Ctx,
        id: CheckpointId,
        what: &WhatToRestore,
    ) -> Result<Restored> {
        let before = decide_again!(None, self.try_restore_checkpoint(cx, id, what).await)?;
        self.restored(id, what, before).await
    }

    async fn try_restore_checkpoint(
        &self,
        cx: &Ctx,
        id: CheckpointId,
        what: &WhatToRestore,
    ) -> Result<CheckpointId> {
        let auth = self.authorize::<Checkpoint>(cx, id, Action::EditCheckpoints).await?;
        if let Some(made) = self.made_before(cx).await? {
            return Ok(made.into());
        }
        let (checkpoint, project) = (auth.resource(), auth.project_id());
        let song = self.song(project).await?;
        let items = self.wanted(id, what).await?;
        let parts = self.parts_of(&items).await?;
        let mut batch = Batch::new();
        song.rely(&mut batch, project);
        song.line.replace_guard(&mut batch, project);
        batch.assert_unchanged::<Checkpoints>(&id, checkpoint);
        let before = self.keep_before(cx, &mut batch, &checkpoint.row, &song, &parts).await?;
        for part in &parts {
            self.put_back(cx, &mut batch, project, part, what.mix).await?;
        }
        let whole = speaks_of_all(&checkpoint.row, what);
        if whole {
            let gone = self.throw_back(cx, &mut batch, &song, &checkpoint.row).await?;
            set_aside(&mut batch, &song, |id| {
                gone.contains(id) || items.iter().any(|item| item.track_id == *id)
            });
        }
        for (id, place, rank) in places(&song, &parts, whole.then_some(items.as_slice())) {
            reposition(&mut batch, id, &place, rank);
        }
        let told = Event::CheckpointRestored { before };
        batch.emit(self.checkpoint_event(cx, &checkpoint.row, checkpoint.rev, told));
        self.remember(cx, &mut batch, before)?;
        match self.commit_kept(&auth, batch).await {
            Err(Error::Store(StoreError::TooLarge { .. })) => Err(Error::Conflict(
                "more changes than one write may hold; restore some of the tracks at a time",
            )),
            outcome => outcome.map(|_| before),
        }
    }

    /// What is to come back, in the order of the tracks.
    async fn wanted(&self, id: CheckpointId, what: &WhatToRestore) -> Result<Vec<CheckpointVersion>> {
        let mut items: Vec<_> = self.items_of(id).await?.into_iter().map(|item| item.row).collect();
        let Some(tracks) = &what.tracks else { return Ok(items) };
        let strange =
            tracks.iter().enumerate().filter(|(_, id)| !items.iter().any(|item| item.track_id == **id));
        let strange: Vec<_> = strange
            .map(|(at, _)| {
                Violation::new(format!("/tracks/{at}"), "unknown_track", "is not held by this checkpoint")
            })
            .collect();
        if !strange.is_empty() {
            return Err(Violations(strange).into());
        }
        items.retain(|item| tracks.contains(&item.track_id));
        Ok(items)
    }

    /// The rows of what comes back; what is gone for good is left out.
    async fn parts_of(&self, items: &[CheckpointVersion]) -> Result<Vec<Part>> {
        let tracks: Vec<TrackId> = items.iter().map(|item| item.track_id).collect();
        let ids: Vec<VersionId> = items.iter().filter_map(|item| item.version_id).collect();
        let places = self.store().get_many::<TrackPlaces>(&tracks).await?;
        let faders = self.store().get_many::<Faders>(&tracks).await?;
        let tracks = self.store().get_many::<Tracks>(&tracks).await?;
        let versions = self.store().get_many::<Versions>(&ids).await?;
        let versions: BTreeMap<VersionId, _> = ids.into_iter().zip(versions).collect();
        let rows = items.iter().zip(tracks).zip(places).zip(faders);
        let parts = rows.filter_map(|(((item, track), place), fader)| {
            let version = match &item.version_id {
                Some(id) => Some(versions.get(id)?.clone()?),
                None => None,
            };
            Some(Part { item: item.clone(), track: track?, place: place?, fader: fader?, version })
        });
        Ok(parts.collect())
    }

    /// Keeps the state that is about to be replaced.
    async fn keep_before(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        restored: &Checkpoint,
        song: &State,
        parts: &[Part],
    ) -> Result<CheckpointId> {
        let project = must::<Projects>(self.store(), &restored.project_id, "project").await?;
        let name: String = format!("Before restoring {}", restored.name).chars().take(120).collect();
        let name = CheckpointName::parse(&name).unwrap_or_else(|_| restored.name.clone());
        let kind = CheckpointKind::AutoBeforeRestore;
        let returned = parts.iter().filter(|part| part.track.row.deleted.is_some());
        let returned = returned.map(|part| part.item.track_id).collect();
        let kept = Checkpoint { kind, returned, ..self.checkpoint_of(cx, &project.row, name)? };
        self.keep(cx, batch, &kept, &song.items(kept.id));
        Ok(kept.id)
    }

    /// Makes a track what it was.
    async fn put_back(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        project: ProjectId,
        part: &Part,
        mix: IncludeMix,
    ) -> Result<()> {
        let Part { item, track: old, fader, version, .. } = part;
        let id = item.track_id;
        let mut track = Track { deleted: None, ..old.row.clone() };
        if track.current.map(|playing| playing.version_id) != item.version_id {
            track.current = version.as_ref().map(|version| current(&version.row, cx.now));
        }
        if mix == IncludeMix::Yes {
            track.name.clone_from(&item.track_name);
            track.start_offset_ms = item.start_offset_ms;
            if fader.row != item.fader {
                batch.replace::<Faders>(&id, fader, &item.fader);
            }
        }
        if old.row.deleted.is_some() {
            self.count_track(batch, project, id, 1).await?;
        }
        if let Some(version) = version {
            self.take_out(cx, batch, version);
        }
        if track == old.row {
            batch.assert_unchanged::<Tracks>(&id, old);
            return Ok(());
        }
        track.updated_at = cx.now;
        batch.replace::<Tracks>(&id, old, &track);
        if old.row.deleted.is_some() {
            batch.emit(self.track_event(cx, &track, old.rev + 1, Event::TrackRestored));
        } else if track.name != old.row.name {
            batch.emit(self.track_event(cx, &track, old.rev + 1, Event::TrackUpdated));
        }
        Ok(())
    }

    /// Puts back into the trash what a restore took out of it, unless a lock holds it by now.
    async fn throw_back(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        song: &State,
        checkpoint: &Checkpoint,
    ) -> Result<Vec<TrackId>> {
        let mut gone = Vec::new();
        for placed in &song.line.tracks {
            let old = &placed.track;
            let id = old.row.id;
            if !checkpoint.returned.contains(&id) || self.store().count::<TrackLocks>(&id).await? > 0 {
                continue;
            }
            let track =
                Track { deleted: Some((cx.now, cx.user_id()?)), updated_at: cx.now, ..old.row.clone() };
            batch.assert_counter::<TrackLocks>(&id, 0..=0).replace::<Tracks>(&id, old, &track);
            self.count_track(batch, track.project_id, id, -1).await?;
            batch.emit(self.track_event(cx, &track, old.rev + 1, Event::TrackDeleted));
            gone.push(id);
        }
        Ok(gone)
    }

    /// Takes a version out of the trash, if it lies there.
    fn take_out(&self, cx: &Ctx, batch: &mut Batch, version: &Stored<Version>) {
        let row = &version.row;
        if row.deleted.is_none() {
            batch.assert_unchanged::<Versions>(&row.id, version);
            return;
        }
        let after = Version { deleted: None, updated_at: cx.now, ..row.clone() };
        batch
            .replace::<Versions>(&row.id, version, &after)
            .add::<VersionCount>(&row.track_id, 1, 0..)
            .add::<ProjectVersionCount>(&row.project_id, 1, 0..)
            .emit(version_event(self, cx, &after, version.rev + 1, Event::VersionRestored));
    }

    /// What a restore did, as the rows tell: a repeat of the request tells the same.
    async fn restored(
        &self,
        id: CheckpointId,
        what: &WhatToRestore,
        before: CheckpointId,
    ) -> Result<Restored> {
        let items = self.wanted(id, what).await?;
        let there: BTreeSet<TrackId> =
            self.parts_of(&items).await?.into_iter().map(|part| part.item.track_id).collect();
        let held: Vec<TrackId> = items.iter().map(|item| item.track_id).collect();
        let missing = held.iter().copied().filter(|track| !there.contains(track)).collect();
        let checkpoint = must::<Checkpoints>(self.store(), &id, "checkpoint").await?;
        let (mut set_aside, mut thrown_back) = (Vec::new(), Vec::new());
        if speaks_of_all(&checkpoint.row, what) {
            let were = self.items_of(before).await?.into_iter().map(|item| item.row.track_id);
            let were: Vec<TrackId> = were.filter(|track| !held.contains(track)).collect();
            for (id, track) in were.iter().zip(self.store().get_many::<Tracks>(&were).await?) {
                let lies_there = track.is_none_or(|track| track.row.deleted.is_some());
                if lies_there && checkpoint.row.returned.contains(id) {
                    thrown_back.push(*id);
                } else {
                    set_aside.push(*id);
                }
            }
        }
        Ok(Restored { before, set_aside, thrown_back, missing })
    }
}

/// Whether all of the song is to be as it was.
fn speaks_of_all(checkpoint: &Checkpoint, what: &WhatToRestore) -> bool {
    checkpoint.scope == CheckpointScope::Whole && what.tracks.is_none() && what.mix == IncludeMix::Yes
}

/// Silences what was not there: the song sounds as it did, and nothing is lost.
fn set_aside(batch: &mut Batch, song: &State, held: impl Fn(&TrackId) -> bool) {
    for (id, fader) in song.faders.iter().filter(|(id, _)| !held(id)) {
        let silent = Fader { muted: true, soloed: false, ..fader.row };
        if silent != fader.row {
            batch.replace::<Faders>(id, fader, &silent);
        }
    }
}

/// Where every track goes: those out of the trash to where they stood, and if there is an order, the tracks of it first.
fn places(
    song: &State,
    parts: &[Part],
    order: Option<&[CheckpointVersion]>,
) -> Vec<(TrackId, Stored<TrackPlace>, Rank)> {
    let placed = song.line.tracks.iter();
    let mut all: Vec<_> = placed.map(|placed| (placed.track.row.id, placed.place.clone())).collect();
    for part in parts.iter().filter(|part| part.track.row.deleted.is_some()) {
        let next = all.iter().position(|(_, place)| place.row.position > part.place.row.position);
        all.insert(next.unwrap_or(all.len()), (part.item.track_id, part.place.clone()));
    }
    if let Some(items) = order {
        all.sort_by_key(|(id, _)| items.iter().position(|item| item.track_id == *id).unwrap_or(usize::MAX));
    }
    let now: Vec<Rank> = all.iter().map(|(_, place)| place.row.position.clone()).collect();
    all.into_iter().zip(Rank::reordered(&now)).map(|((id, place), rank)| (id, place, rank)).collect()
}
