//! Changing a checkpoint: its name and description, its lock, and which versions it holds.

use super::{
    CheckpointView,
    lock::{release_locks, still},
};
use crate::{
    Authorized, Ctx, Error, Result, Service, Stored,
    commit::{check_revision, decide_again},
    project::patched,
};
use model::{
    CheckpointId, TrackId, VersionId, Violation,
    access::Action,
    checkpoint::{Checkpoint, CheckpointScope, CheckpointVersion},
    event::Event,
    text::{CheckpointName, Prose},
};
use std::collections::BTreeMap;
use store::{
    Batch,
    tables::checkpoint::{CheckpointVersions, Checkpoints},
};

/// What changes: an absent field stays; `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct CheckpointPatch {
    /// Its name.
    pub name: Option<CheckpointName>,
    /// What it is for.
    pub description: Option<Option<Prose>>,
    /// Whether it is locked.
    pub locked: Option<bool>,
    /// The versions it holds, by track: others instead, or none of the track any more.
    pub versions: BTreeMap<TrackId, Option<VersionId>>,
}

impl Service {
    /// Changes a checkpoint. Unlocking is for owners.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict`; `Invalid`; `Conflict` if it is locked and its versions are to change, or is
    /// to be locked and holds what is in the trash or gone.
    pub async fn update_checkpoint(
        &self,
        cx: &Ctx,
        id: CheckpointId,
        expect: Option<u64>,
        patch: &CheckpointPatch,
    ) -> Result<CheckpointView> {
        decide_again!(expect, self.try_update_checkpoint(cx, id, expect, patch).await)?;
        self.get_checkpoint(cx, id).await
    }

    async fn try_update_checkpoint(
        &self,
        cx: &Ctx,
        id: CheckpointId,
        expect: Option<u64>,
        patch: &CheckpointPatch,
    ) -> Result<()> {
        let seen = self.authorize::<Checkpoint>(cx, id, Action::View).await?;
        let action = match seen.resource().row.locked && patch.locked == Some(false) {
            true => Action::BreakLocks,
            false => Action::EditCheckpoints,
        };
        let auth = self.authorize::<Checkpoint>(cx, id, action).await?;
        still(&seen, &auth)?;
        check_revision(expect, auth.resource())?;
        let before = auth.resource().row.clone();
        let mut after = before.clone();
        patched(&mut after.name, patch.name.as_ref());
        patched(&mut after.description, patch.description.as_ref());
        patched(&mut after.locked, patch.locked.as_ref());
        if before.locked && after.locked && !patch.versions.is_empty() {
            return Err(Error::Conflict("a locked checkpoint holds what it holds; unlock it first"));
        }
        let held = self.items_of(id).await?;
        let mut batch = Batch::new();
        if before.locked && !after.locked {
            release_locks(&mut batch, held.iter().map(|item| &item.row));
        }
        let items = self.choose(&mut batch, &mut after, held, &patch.versions).await?;
        if after.locked && !before.locked {
            self.take_locks(&mut batch, &items).await?;
        }
        let told = match after.locked && !before.locked {
            true => Event::CheckpointLocked,
            false => Event::CheckpointUpdated,
        };
        if after != before || !patch.versions.is_empty() {
            self.save_checkpoint(cx, &auth, after, batch, told).await?;
        }
        Ok(())
    }

    /// Writes a checkpoint's row with whatever else is in the batch.
    pub(super) async fn save_checkpoint(
        &self,
        cx: &Ctx,
        auth: &Authorized<Checkpoint>,
        mut after: Checkpoint,
        mut batch: Batch,
        told: Event,
    ) -> Result<()> {
        let before = auth.resource();
        after.updated_at = cx.now;
        batch.replace::<Checkpoints>(&after.id, before, &after).emit(self.checkpoint_event(
            cx,
            &after,
            before.rev + 1,
            told,
        ));
        self.commit(auth, batch).await?;
        Ok(())
    }

    /// Lets a checkpoint hold other versions; what it holds then.
    async fn choose(
        &self,
        batch: &mut Batch,
        checkpoint: &mut Checkpoint,
        held: Vec<Stored<CheckpointVersion>>,
        versions: &BTreeMap<TrackId, Option<VersionId>>,
    ) -> Result<Vec<CheckpointVersion>> {
        let mut items: BTreeMap<TrackId, Stored<CheckpointVersion>> =
            held.into_iter().map(|item| (item.row.track_id, item)).collect();
        let mut fresh = Vec::new();
        if !versions.is_empty() {
            let song = self.song(checkpoint.project_id).await?;
            let chosen = versions.iter().filter_map(|(track, version)| Some((*track, (*version)?)));
            self.check_chosen(batch, &song, &chosen.collect()).await?;
            song.rely(batch, checkpoint.project_id);
            fresh = song.items(checkpoint.id);
        }
        for (track, version) in versions {
            let key = (checkpoint.id, *track);
            match (items.get(track), version) {
                (None, None) => {
                    let detail = format!("{track} is not held by this checkpoint");
                    let pointer = "/remove_tracks";
                    return Err(Violation::new(pointer, "unknown_track", detail).into());
                }
                (Some(item), None) => {
                    batch.delete::<CheckpointVersions>(&key, item);
                    items.remove(track);
                    // It does not speak of the whole song any more.
                    checkpoint.scope = CheckpointScope::Chosen;
                }
                (Some(item), Some(_)) => {
                    let other = CheckpointVersion { version_id: *version, ..item.row.clone() };
                    batch.replace::<CheckpointVersions>(&key, item, &other);
                    let item = Stored { row: other, ..item.clone() };
                    items.insert(*track, item);
                }
                (None, Some(_)) => {
                    let Some(item) = fresh.iter().find(|item| item.track_id == *track) else { continue };
                    let item = CheckpointVersion { version_id: *version, ..item.clone() };
                    batch.insert::<CheckpointVersions>(&key, &item);
                    items.insert(*track, Stored { row: item, rev: 1, stamp: 0 });
                }
            }
        }
        Ok(items.into_values().map(|item| item.row).collect())
    }
}
