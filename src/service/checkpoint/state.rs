//! The song as it stands: every track outside the trash with its place and fader, read to be kept or replaced as one.

use crate::{Result, Service, Stored, track::Line};
use model::{CheckpointId, ProjectId, TrackId, checkpoint::CheckpointVersion, track::Fader};
use std::collections::BTreeMap;
use store::{
    Batch,
    tables::track::{Faders, TrackSets, Tracks},
};

/// The song as it stands.
pub(super) struct State {
    pub(super) line: Line,
    pub(super) faders: BTreeMap<TrackId, Stored<Fader>>,
}

impl State {
    /// What a checkpoint would hold of it, in the order of the tracks.
    pub(super) fn items(&self, checkpoint_id: CheckpointId) -> Vec<CheckpointVersion> {
        let tracks = self.line.tracks.iter();
        let held = tracks.filter_map(|placed| {
            let track = &placed.track.row;
            let fader = self.faders.get(&track.id)?.row;
            Some(CheckpointVersion {
                checkpoint_id,
                track_id: track.id,
                version_id: track.current.map(|current| current.version_id),
                track_name: track.name.clone(),
                position: placed.place.row.position.clone(),
                fader,
                start_offset_ms: track.start_offset_ms,
            })
        });
        held.collect()
    }

    /// It must be the same when the batch is applied. The guard stands for the set of tracks and their places.
    pub(super) fn rely(&self, batch: &mut Batch, project: ProjectId) {
        batch.assert_unchanged::<TrackSets>(&project, &self.line.guard);
        for placed in &self.line.tracks {
            batch.assert_unchanged::<Tracks>(&placed.track.row.id, &placed.track);
        }
        for (id, fader) in &self.faders {
            batch.assert_unchanged::<Faders>(id, fader);
        }
    }
}

impl Service {
    /// Reads the song as it stands. Several reads: [`State::rely`] makes a commit fail if they do not belong together.
    pub(super) async fn song(&self, project: ProjectId) -> Result<State> {
        let line = self.line_up(project).await?;
        let faders = self.faders(&line.ids()).await?.into_iter().collect();
        Ok(State { line, faders })
    }
}
