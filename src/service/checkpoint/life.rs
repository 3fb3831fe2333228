//! A checkpoint into the trash, out of it, and out of the world.

use super::{
    CheckpointView,
    lock::{release_locks, still},
};
use crate::{
    Ctx, Error, Result, Service, Stored,
    comment::Home,
    commit::{check_revision, decide_again},
    purge::Purged,
};
use model::{CheckpointId, access::Action, checkpoint::Checkpoint, event::Event};
use store::{
    Batch,
    tables::{
        checkpoint::{CheckpointVersions, Checkpoints},
        counters::{CheckpointCount, CheckpointTotal},
    },
};

impl Service {
    /// Moves a checkpoint to the trash. A locked one is for owners; its lock ends.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict`.
    pub async fn delete_checkpoint(&self, cx: &Ctx, id: CheckpointId, expect: Option<u64>) -> Result<()> {
        decide_again!(expect, self.try_delete_checkpoint(cx, id, expect).await)
    }

    async fn try_delete_checkpoint(&self, cx: &Ctx, id: CheckpointId, expect: Option<u64>) -> Result<()> {
        let seen = self.authorize::<Checkpoint>(cx, id, Action::View).await?;
        let action = if seen.resource().row.locked { Action::BreakLocks } else { Action::EditCheckpoints };
        let auth = self.authorize::<Checkpoint>(cx, id, action).await?;
        still(&seen, &auth)?;
        check_revision(expect, auth.resource())?;
        let before = auth.resource().row.clone();
        let mut batch = Batch::new();
        batch.priority();
        if before.locked {
            let items = self.items_of(id).await?;
            release_locks(&mut batch, items.iter().map(|item| &item.row));
        }
        self.count_checkpoint(&mut batch, &before, -1).await?;
        let after = Checkpoint { locked: false, deleted: Some((cx.now, cx.user_id()?)), ..before };
        self.save_checkpoint(cx, &auth, after, batch, Event::CheckpointDeleted).await
    }

    /// Takes a checkpoint out of the trash, unlocked.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Conflict` if it is not in the trash.
    pub async fn undelete_checkpoint(&self, cx: &Ctx, id: CheckpointId) -> Result<CheckpointView> {
        decide_again!(None, self.try_undelete_checkpoint(cx, id).await)?;
        self.get_checkpoint(cx, id).await
    }

    async fn try_undelete_checkpoint(&self, cx: &Ctx, id: CheckpointId) -> Result<()> {
        let auth = self.authorize_trashed::<Checkpoint>(cx, id, Action::EditCheckpoints).await?;
        let before = auth.resource().row.clone();
        let mut batch = Batch::new();
        self.count_checkpoint(&mut batch, &before, 1).await?;
        let after = Checkpoint { deleted: None, ..before };
        self.save_checkpoint(cx, &auth, after, batch, Event::CheckpointUndeleted).await
    }

    /// Counts a checkpoint and its threads in or out.
    async fn count_checkpoint(&self, batch: &mut Batch, checkpoint: &Checkpoint, sign: i64) -> Result<()> {
        let project = checkpoint.project_id;
        batch.add::<CheckpointCount>(&project, sign, 0..);
        self.count_threads_of(batch, project.uuid(), checkpoint.id.uuid(), sign).await
    }

    /// Removes a checkpoint for good, its comments first.
    ///
    /// # Errors
    /// Of the store, conflicts among them.
    pub(crate) async fn purge_checkpoint(
        &self,
        cx: &Ctx,
        checkpoint: &Stored<Checkpoint>,
        done: &mut Purged,
    ) -> Result<()> {
        let row = &checkpoint.row;
        self.purge_comments(row.id.uuid(), &Home::checkpoint(checkpoint)).await?;
        let items = self.items_of(row.id).await?;
        let mut batch = Batch::new();
        batch
            .priority()
            .delete::<Checkpoints>(&row.id, checkpoint)
            .add::<CheckpointTotal>(&row.project_id, -1, 0..)
            .add::<CheckpointCount>(&row.project_id, -i64::from(row.deleted.is_none()), 0..);
        for item in &items {
            batch.delete::<CheckpointVersions>(&(row.id, item.row.track_id), item);
        }
        if row.locked {
            release_locks(&mut batch, items.iter().map(|item| &item.row));
        }
        batch.emit(self.checkpoint_event(cx, row, checkpoint.rev, Event::CheckpointPurged));
        self.store().commit(batch).await.map_err(Error::from)?;
        done.checkpoints += 1;
        Ok(())
    }
}
