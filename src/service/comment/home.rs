//! What a comment stands on and goes to the trash with: a track, a checkpoint, or neither.

use crate::{Error, Result, Service, Stored};
use model::{CheckpointId, ProjectId, TrackId, checkpoint::Checkpoint, comment::Anchor, track::Track};
use store::{
    Batch,
    tables::{checkpoint::Checkpoints, track::Tracks},
};
use uuid::Uuid;

/// The row that decides whether a comment is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Home {
    pub(super) track: Option<Stored<Track>>,
    pub(super) checkpoint: Option<Stored<Checkpoint>>,
}

impl Home {
    /// A track.
    pub(crate) fn track(track: &Stored<Track>) -> Self {
        Self { track: Some(track.clone()), checkpoint: None }
    }
    /// A checkpoint.
    pub(crate) fn checkpoint(checkpoint: &Stored<Checkpoint>) -> Self {
        Self { track: None, checkpoint: Some(checkpoint.clone()) }
    }
    /// It must stay as it is.
    pub(crate) fn rely(&self, batch: &mut Batch) {
        if let Some(track) = &self.track {
            batch.assert_unchanged::<Tracks>(&track.row.id, track);
        }
        if let Some(checkpoint) = &self.checkpoint {
            batch.assert_unchanged::<Checkpoints>(&checkpoint.row.id, checkpoint);
        }
    }
    /// The project that does not count what stands here, because it lies in the trash.
    pub(super) fn uncounted(&self) -> Option<Uuid> {
        let track = self.track.as_ref().map(|track| (track.row.deleted, track.row.project_id));
        let checkpoint =
            self.checkpoint.as_ref().map(|checkpoint| (checkpoint.row.deleted, checkpoint.row.project_id));
        let home = track.or(checkpoint);
        home.filter(|(deleted, _)| deleted.is_some()).map(|(_, project)| project.uuid())
    }
}

impl Service {
    /// What a comment stands on; none if it is in the trash or gone.
    pub(super) async fn home_of(&self, anchor: &Anchor) -> Result<Option<Home>> {
        let mut home = Home::default();
        if let Some(track) = anchor.track_id {
            home.track = self.living_track(track).await?;
        }
        if let Some(checkpoint) = anchor.checkpoint_id {
            home.checkpoint = self.living_checkpoint(checkpoint).await?;
        }
        let there = home.track.is_some() == anchor.track_id.is_some()
            && home.checkpoint.is_some() == anchor.checkpoint_id.is_some();
        Ok(there.then_some(home))
    }

    /// A track that is not in the trash, if there is one.
    pub(super) async fn living_track(&self, id: TrackId) -> Result<Option<Stored<Track>>> {
        Ok(self.store().get::<Tracks>(&id).await?.filter(|track| track.row.deleted.is_none()))
    }

    async fn living_checkpoint(&self, id: CheckpointId) -> Result<Option<Stored<Checkpoint>>> {
        Ok(self.store().get::<Checkpoints>(&id).await?.filter(|checkpoint| checkpoint.row.deleted.is_none()))
    }

    /// A track of this project outside the trash.
    pub(crate) async fn track_in(&self, project: ProjectId, id: TrackId) -> Result<Stored<Track>> {
        let found = self.living_track(id).await?.filter(|track| track.row.project_id == project);
        found.ok_or(Error::NotFound("track"))
    }

    /// A checkpoint of this project outside the trash.
    pub(crate) async fn checkpoint_in(
        &self,
        project: ProjectId,
        id: CheckpointId,
    ) -> Result<Stored<Checkpoint>> {
        let found = self.living_checkpoint(id).await?;
        found.filter(|checkpoint| checkpoint.row.project_id == project).ok_or(Error::NotFound("checkpoint"))
    }
}
