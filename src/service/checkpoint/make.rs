//! Making a checkpoint: of everything that plays, or of chosen versions.

use super::{CheckpointView, state::State};
use crate::{
    Ctx, Done, Error, Result, Service, commit::decide_again, mixdown::unknown_tracks,
    version_current::playable,
};
use model::{
    CheckpointId, ProjectId, TrackId, VersionId, Violation, Violations,
    access::Action,
    checkpoint::{Checkpoint, CheckpointKind, CheckpointScope, CheckpointVersion},
    event::Event,
    limits,
    project::Project,
    text::{CheckpointName, Prose},
};
use std::collections::BTreeMap;
use store::{
    Batch, Committed, TableId,
    tables::{
        checkpoint::{CheckpointVersions, Checkpoints},
        counters::{CheckpointCount, CheckpointTotal},
        version::Versions,
    },
};

/// What a new checkpoint is made of.
#[derive(Clone, Debug)]
pub struct NewCheckpoint {
    /// Its name.
    pub name: CheckpointName,
    /// What it is for.
    pub description: Option<Prose>,
    /// The versions it is to hold, by track; absent = every track with what it plays.
    pub versions: Option<BTreeMap<TrackId, VersionId>>,
}

impl Service {
    /// Keeps the song as it stands: every current version with the mix, or chosen versions of some tracks.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` for tracks and versions that are not of this project or not ready; `Conflict` at
    /// [`limits::CHECKPOINTS_PER_PROJECT_MAX`] checkpoints; `IdempotencyMismatch`.
    pub async fn create_checkpoint(
        &self,
        cx: &Ctx,
        project: ProjectId,
        new: &NewCheckpoint,
    ) -> Result<Done<CheckpointView>> {
        Ok(match decide_again!(None, self.try_create_checkpoint(cx, project, new).await)? {
            Done::Now(id) => Done::Now(self.get_checkpoint(cx, id).await?),
            Done::Before(id) => Done::Before(self.get_checkpoint(cx, id).await?),
        })
    }

    async fn try_create_checkpoint(
        &self,
        cx: &Ctx,
        project: ProjectId,
        new: &NewCheckpoint,
    ) -> Result<Done<CheckpointId>> {
        let auth = self.authorize::<Project>(cx, project, Action::EditCheckpoints).await?;
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(id.into()));
        }
        let song = self.song(project).await?;
        let mut batch = Batch::new();
        song.rely(&mut batch, project);
        let mut checkpoint = self.checkpoint_of(cx, &auth.resource().row, new.name.clone())?;
        checkpoint.description.clone_from(&new.description);
        let mut items = song.items(checkpoint.id);
        if let Some(versions) = &new.versions {
            checkpoint.scope = CheckpointScope::Chosen;
            self.check_chosen(&mut batch, &song, versions).await?;
            items.retain_mut(|item| {
                item.version_id = versions.get(&item.track_id).copied();
                item.version_id.is_some()
            });
        }
        self.keep(cx, &mut batch, &checkpoint, &items);
        self.remember(cx, &mut batch, checkpoint.id)?;
        self.commit_kept(&auth, batch).await?;
        Ok(Done::Now(checkpoint.id))
    }

    /// The row of a checkpoint that somebody makes of a whole project.
    pub(super) fn checkpoint_of(
        &self,
        cx: &Ctx,
        project: &Project,
        name: CheckpointName,
    ) -> Result<Checkpoint> {
        Ok(Checkpoint {
            id: self.id(cx),
            project_id: project.id,
            name,
            description: None,
            kind: CheckpointKind::Manual,
            scope: CheckpointScope::Whole,
            returned: Vec::new(),
            locked: false,
            bpm: project.bpm,
            time_signature: project.time_signature.clone(),
            created_by: cx.user_id()?,
            created_at: cx.now,
            updated_at: cx.now,
            deleted: None,
        })
    }

    /// Puts a new checkpoint into a batch, with what is counted and told.
    pub(super) fn keep(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        checkpoint: &Checkpoint,
        items: &[CheckpointVersion],
    ) {
        const MAX: i64 = limits::CHECKPOINTS_PER_PROJECT_MAX as i64;
        batch
            .insert::<Checkpoints>(&checkpoint.id, checkpoint)
            .add::<CheckpointCount>(&checkpoint.project_id, 1, ..)
            .add::<CheckpointTotal>(&checkpoint.project_id, 1, ..=MAX)
            .emit(self.checkpoint_event(cx, checkpoint, 1, Event::CheckpointCreated));
        for item in items {
            batch.insert::<CheckpointVersions>(&(checkpoint.id, item.track_id), item);
        }
    }

    /// Commits a batch that makes a checkpoint.
    pub(super) async fn commit_kept<T>(
        &self,
        auth: &crate::Authorized<T>,
        batch: Batch,
    ) -> Result<Committed> {
        match self.commit(auth, batch).await {
            Err(error) if error.conflicts_on(TableId::CheckpointTotal) => Err(Error::Conflict(
                "the project has as many checkpoints as one may have, those in the trash included",
            )),
            outcome => outcome,
        }
    }

    /// Refuses versions that are not of these tracks, in the trash, or not ready; the others must stay so.
    pub(super) async fn check_chosen(
        &self,
        batch: &mut Batch,
        song: &State,
        versions: &BTreeMap<TrackId, VersionId>,
    ) -> Result<()> {
        unknown_tracks("/tracks", &song.line.ids(), versions.keys())?;
        let ids: Vec<VersionId> = versions.values().copied().collect();
        let found = self.store().get_many::<Versions>(&ids).await?;
        let mut faults = Violations::default();
        for ((track, id), version) in versions.iter().zip(found) {
            let pointer = format!("/tracks/{track}");
            let ours =
                version.filter(|version| version.row.track_id == *track && version.row.deleted.is_none());
            match ours {
                None => {
                    faults.0.push(Violation::new(pointer, "not_found", "must be a version of this track"))
                }
                Some(version) if playable(&version.row).is_err() => {
                    faults.0.push(Violation::new(pointer, "not_ready", "is not ready to be played"));
                }
                Some(version) => drop(batch.assert_unchanged::<Versions>(id, &version)),
            }
        }
        faults.finish(Some(())).map_err(Into::into)
    }
}
