//! Checkpoints: what the song was at a moment. `checkpoint/` holds how they are made, changed, locked, compared and brought back.
//!
//! A checkpoint holds copies of names, places and faders, and names versions. Locked, it keeps its tracks and versions from
//! being deleted; unlocked, it only remembers them.

mod change;
mod diff;
mod life;
mod lock;
mod make;
mod restore;
mod state;
#[cfg(test)]
mod tests;

pub use change::CheckpointPatch;
pub use diff::{Change, CheckpointDiff, With};
pub use make::NewCheckpoint;
pub use restore::{IncludeMix, Restored, WhatToRestore};

use crate::{
    Authorized, Ctx, Error, Result, Service, Stored,
    authorize::{Guarded, Spot, Trashed},
    page::{PageRequest, Paged},
};
use model::{
    CheckpointId, ProjectId,
    access::Action,
    checkpoint::{Checkpoint, CheckpointVersion},
    comment::Anchor,
    event::{Event, NewEvent, ResourceRef},
    limits,
    project::Project,
};
use store::{
    Scan,
    tables::checkpoint::{CheckpointVersions, Checkpoints, CheckpointsByProject},
};

impl Guarded for Checkpoint {
    const NAME: &'static str = "checkpoint";
    type Table = Checkpoints;
    fn project(&self) -> ProjectId {
        self.project_id
    }
    fn trashed(&self) -> Trashed {
        self.deleted.is_some().into()
    }
    fn spot(&self) -> Spot {
        Spot::At(Anchor { checkpoint_id: Some(self.id), ..Anchor::default() })
    }
}

/// A checkpoint as clients see it.
#[derive(Clone, Debug)]
pub struct CheckpointView {
    /// Its row.
    pub checkpoint: Stored<Checkpoint>,
    /// Its open threads, as far as the caller sees them.
    pub open_comment_count: i64,
    /// What it holds, in the order of the tracks; where it was asked for.
    pub items: Option<Vec<CheckpointVersion>>,
}

impl Service {
    /// The checkpoints of a project outside the trash, newest first, without what they hold.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a foreign cursor.
    pub async fn list_checkpoints(
        &self,
        cx: &Ctx,
        project: ProjectId,
        page: &PageRequest,
    ) -> Result<Paged<CheckpointView>> {
        let auth = self.authorize::<Project>(cx, project, Action::Visit).await?;
        let sight = self.sight_of(&auth).await?;
        let mut scan = Scan::prefix(&(project, false)).reverse().limit(page.limit + 1);
        if let Some(last) = page.place::<CheckpointId>()? {
            scan = scan.before(&((project, false), last));
        }
        let found = self.store().scan_index::<CheckpointsByProject>(scan).await?;
        let rows = found.items.into_iter().map(|hit| hit.stored).collect();
        let views = self.checkpoint_views(&auth, rows).await?;
        let mut page = Paged::cut(views, page.limit, |last: &CheckpointView| last.checkpoint.row.id);
        page.items.retain(|view| sight.shows_row(&view.checkpoint.row));
        Ok(page)
    }

    /// A checkpoint with what it holds.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_checkpoint(&self, cx: &Ctx, id: CheckpointId) -> Result<CheckpointView> {
        let auth = self.authorize::<Checkpoint>(cx, id, Action::Visit).await?;
        self.whole_view(&auth, auth.resource().clone()).await
    }

    /// A checkpoint without what it holds.
    pub(crate) async fn outline_checkpoint(&self, cx: &Ctx, id: CheckpointId) -> Result<CheckpointView> {
        let auth = self.authorize::<Checkpoint>(cx, id, Action::Visit).await?;
        let mut views = self.checkpoint_views(&auth, vec![auth.resource().clone()]).await?;
        views.pop().ok_or(Error::NotFound(Checkpoint::NAME))
    }

    async fn whole_view<T>(
        &self,
        auth: &Authorized<T>,
        checkpoint: Stored<Checkpoint>,
    ) -> Result<CheckpointView> {
        let items = self.items_of(checkpoint.row.id).await?;
        let mut views = self.checkpoint_views(auth, vec![checkpoint]).await?;
        let view = views.pop().ok_or(Error::NotFound(Checkpoint::NAME))?;
        Ok(CheckpointView { items: Some(items.into_iter().map(|item| item.row).collect()), ..view })
    }

    async fn checkpoint_views<T>(
        &self,
        auth: &Authorized<T>,
        rows: Vec<Stored<Checkpoint>>,
    ) -> Result<Vec<CheckpointView>> {
        let places: Vec<_> = rows.iter().map(|row| row.row.id.uuid()).collect();
        let counts = self.comment_counts(&places, self.reach_of(auth)).await?;
        let views = rows.into_iter().zip(counts).map(|(checkpoint, counts)| CheckpointView {
            checkpoint,
            open_comment_count: counts.open,
            items: None,
        });
        Ok(views.collect())
    }

    /// What a checkpoint holds, in the order that the tracks had.
    pub(crate) async fn items_of(&self, id: CheckpointId) -> Result<Vec<Stored<CheckpointVersion>>> {
        const MAX: usize = limits::TRACKS_PER_PROJECT_MAX as usize;
        let found = self.store().scan::<CheckpointVersions>(Scan::prefix(&id).limit(MAX)).await?;
        let mut items: Vec<_> = found.items.into_iter().map(|(_, item)| item).collect();
        items.sort_by(|a, b| a.row.position.cmp(&b.row.position));
        Ok(items)
    }

    /// An event about a checkpoint.
    pub(crate) fn checkpoint_event(
        &self,
        cx: &Ctx,
        checkpoint: &Checkpoint,
        rev: u64,
        body: Event,
    ) -> NewEvent {
        let resource = ResourceRef::new("checkpoint", checkpoint.id, rev);
        self.event_in(cx, checkpoint.project_id, resource, None, body)
    }
}
