//! The shared mix: the faders of all tracks outside the trash, read and written as one.

use crate::{Ctx, Result, Service, Stored, commit::decide_again, track::FaderPatch};
use model::{
    ProjectId, TrackId, Violation, Violations,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    project::Project,
    track::Fader,
};
use std::collections::BTreeMap;
use store::{
    Batch,
    tables::track::{Faders, TrackSets},
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
        let ids: Vec<TrackId> = line.tracks.iter().map(|track| track.row.id).collect();
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
        let ids: Vec<TrackId> = line.tracks.iter().map(|track| track.row.id).collect();
        known(&ids, moves)?;
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

    async fn faders(&self, ids: &[TrackId]) -> Result<Vec<(TrackId, Stored<Fader>)>> {
        let faders = self.store().get_many::<Faders>(ids).await?;
        Ok(ids.iter().copied().zip(faders).filter_map(|(id, fader)| Some((id, fader?))).collect())
    }

    /// The event of faders that moved.
    pub(crate) fn mix_event(&self, cx: &Ctx, project: ProjectId, tracks: Vec<TrackId>) -> NewEvent {
        let track = if let [one] = tracks.as_slice() { Some(*one) } else { None };
        let resource = ResourceRef::new("mix", project, 0);
        self.event_in(cx, project, resource, track, Event::MixUpdated { tracks })
    }
}

/// Refuses ids that are no tracks of the project.
fn known(ids: &[TrackId], moves: &BTreeMap<TrackId, FaderPatch>) -> Result<()> {
    let strange = moves.keys().filter(|id| !ids.contains(id)).map(|id| {
        Violation::new(format!("/tracks/{id}"), "unknown_track", "must be a track of this project")
    });
    let strange: Vec<Violation> = strange.collect();
    if strange.is_empty() { Ok(()) } else { Err(Violations(strange).into()) }
}

fn console(mix: Vec<(TrackId, Fader)>) -> Vec<Channel> {
    let (ids, faders): (Vec<TrackId>, Vec<Fader>) = mix.into_iter().unzip();
    let audible = Fader::audible(&faders);
    let channels = ids.into_iter().zip(faders).zip(audible);
    channels.map(|((track_id, fader), audible)| Channel { track_id, fader, audible }).collect()
}
