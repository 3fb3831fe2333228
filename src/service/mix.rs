//! The shared mix: the faders of all tracks outside the trash, read and written as one, and told at a pace.

use crate::{Ctx, Result, Service, Stored, commit::decide_again, mixdown::unknown_tracks, track::FaderPatch};
use model::{
    ProjectId, Timestamp, TrackId,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    limits,
    project::Project,
    track::Fader,
};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{
    Batch,
    tables::{
        project::ProjectGates,
        track::{Faders, TrackSets},
    },
};

/// One channel of the console.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// The track.
    pub track_id: TrackId,
    /// Its fader.
    pub fader: Fader,
    /// Whether it is heard, given all the others.
    pub audible: bool,
}

impl Service {
    /// The shared mix, in the order of the tracks.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_shared_mix(&self, cx: &Ctx, project: ProjectId) -> Result<Vec<Channel>> {
        self.authorize::<Project>(cx, project, Action::View).await?;
        let line = self.line_up(project).await?;
        let ids: Vec<TrackId> = line.ids();
        let faders = self.faders(&ids).await?;
        Ok(console(faders.into_iter().map(|(id, fader)| (id, fader.row)).collect()))
    }

    /// Moves any number of faders at once, all or none. Tracks that are not named keep theirs.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` for every id that is no track of this project.
    pub async fn put_shared_mix(
        &self,
        cx: &Ctx,
        project: ProjectId,
        moves: &BTreeMap<TrackId, FaderPatch>,
    ) -> Result<Vec<Channel>> {
        decide_again!(None, self.try_put_mix(cx, project, moves).await)
    }

    async fn try_put_mix(
        &self,
        cx: &Ctx,
        project: ProjectId,
        moves: &BTreeMap<TrackId, FaderPatch>,
    ) -> Result<Vec<Channel>> {
        let auth = self.authorize::<Project>(cx, project, Action::EditTracks).await?;
        let line = self.line_up(project).await?;
        let ids: Vec<TrackId> = line.ids();
        unknown_tracks("/tracks", &ids, moves.keys())?;
        let mut batch = Batch::new();
        // The guard stands for every track: none of them went to the trash meanwhile.
        batch.assert_unchanged::<TrackSets>(&project, &line.guard);
        let (mut mix, mut moved) = (Vec::with_capacity(ids.len()), Vec::new());
        for (id, old) in self.faders(&ids).await? {
            let fader = moves.get(&id).map_or(old.row, |change| change.applied(old.row));
            if fader != old.row {
                batch.replace::<Faders>(&id, &old, &fader);
                moved.push(id);
            }
            mix.push((id, fader));
        }
        if !moved.is_empty() {
            batch.emit(self.mix_event(cx, project, moved));
            self.commit(&auth, batch).await?;
        }
        Ok(console(mix))
    }

    pub(crate) async fn faders(&self, ids: &[TrackId]) -> Result<Vec<(TrackId, Stored<Fader>)>> {
        let faders = self.store().get_many::<Faders>(ids).await?;
        Ok(ids.iter().copied().zip(faders).filter_map(|(id, fader)| Some((id, fader?))).collect())
    }

    /// The event of faders that moved: for everybody, unless the project has just heard of others. Then the server remembers
    /// them, and a job tells of all together ([`Service::mix_settled`]).
    pub(crate) fn mix_event(&self, cx: &Ctx, project: ProjectId, tracks: Vec<TrackId>) -> NewEvent {
        let track = if let [one] = tracks.as_slice() { Some(*one) } else { None };
        let resource = ResourceRef::new("mix", project, 0);
        let body = match self.live.mixes.admits(project, cx.now) {
            true => Event::MixUpdated { tracks },
            false => Event::MixMoved { tracks },
        };
        self.event_in(cx, project, resource, track, body)
    }

    /// What tells a project of the faders that moved from the event `since` on; nothing if none did.
    ///
    /// # Errors
    /// Of the store.
    pub async fn mix_settled(&self, cx: &Ctx, project: ProjectId, since: u64) -> Result<Option<Batch>> {
        if self.store().get::<ProjectGates>(&project).await?.is_none() {
            return Ok(None);
        }
        let (mut tracks, mut last) = (BTreeSet::new(), None);
        let mut after = since.saturating_sub(1);
        loop {
            let page = self.store().events().of_project(project, after, limits::PAGE_MAX).await?;
            for envelope in &page.items {
                after = envelope.seq;
                if let Event::MixMoved { tracks: moved } = &envelope.event.body {
                    tracks.extend(moved.iter().copied());
                    last = Some(envelope.event.actor);
                }
            }
            if !page.more {
                break;
            }
        }
        let Some(actor) = last else { return Ok(None) };
        self.live.mixes.told(project, cx.now);
        let tracks: Vec<TrackId> = tracks.into_iter().collect();
        let track = if let [one] = tracks.as_slice() { Some(*one) } else { None };
        let resource = ResourceRef::new("mix", project, 0);
        let event = self.event_in(cx, project, resource, track, Event::MixUpdated { tracks });
        let mut batch = Batch::new();
        batch.emit(NewEvent { actor, ..event });
        Ok(Some(batch))
    }
}

/// When each project last heard of its mix, so that a fader that is dragged does not flood its streams and its feed. After a
/// restart it hears once more than it must.
#[derive(Debug, Default)]
pub(crate) struct MixPace(Mutex<HashMap<ProjectId, Timestamp>>);

impl MixPace {
    /// Whether a project may hear of its mix now; if so, it has.
    fn admits(&self, project: ProjectId, now: Timestamp) -> bool {
        let recent = |at: &Timestamp| now.since(*at).abs() < limits::MIX_TOLD_EVERY_MS;
        let mut told = self.0.lock();
        if told.get(&project).is_some_and(recent) {
            return false;
        }
        if told.len() >= limits::MIX_TOLD_PROJECTS {
            told.retain(|_, at| recent(at));
        }
        told.insert(project, now);
        true
    }

    fn told(&self, project: ProjectId, now: Timestamp) {
        self.0.lock().insert(project, now);
    }
}

fn console(mix: Vec<(TrackId, Fader)>) -> Vec<Channel> {
    let (ids, faders): (Vec<TrackId>, Vec<Fader>) = mix.into_iter().unzip();
    let audible = Fader::audible(&faders);
    let channels = ids.into_iter().zip(faders).zip(audible);
    channels.map(|((track_id, fader), audible)| Channel { track_id, fader, audible }).collect()
}
