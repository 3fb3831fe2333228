//! Comments of what is removed for good go with it, a bounded write at a time. Nobody can see them any more.

use super::{
    Home,
    count::{add, recount_in},
};
use crate::{Result, Service, Stored};
use model::{VersionId, comment::Comment, limits};
use store::{
    Batch, Scan,
    tables::{
        comment::{CommentPlacements, Comments, CommentsByPlace, PlacementsByVersion},
        counters::ReplyCount,
    },
};
use uuid::Uuid;

impl Service {
    /// Removes every comment of a place: of a home, which must not change meanwhile, or what is left in a project.
    ///
    /// # Errors
    /// Of the store, conflicts among them.
    pub(crate) async fn purge_comments(&self, place: Uuid, home: &Home) -> Result<()> {
        for replies in [true, false] {
            loop {
                let scan = Scan::prefix(&(place, replies)).limit(limits::JOB_STEP_ROWS);
                let page = self.store().scan_index::<CommentsByPlace>(scan).await?;
                for hit in page.items {
                    self.purge_comment(&hit.stored, home).await?;
                }
                if !page.more {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn purge_comment(&self, comment: &Stored<Comment>, home: &Home) -> Result<()> {
        let row = &comment.row;
        let mut batch = Batch::new();
        batch.priority();
        self.drop_text(row.id, &mut batch).await?;
        let placed = self.placed_in(row.id).await?;
        // The project does not count what is in its trash.
        let hidden = home.uncounted();
        let places = row.places().filter(|place| Some(*place) != hidden);
        recount_in(&mut batch, Some(row), None, places.chain(placed.into_iter().map(VersionId::uuid)));
        if let Some(parent) = &row.parent_id {
            batch.add::<ReplyCount>(parent, -1, 0..);
        }
        home.rely(&mut batch);
        self.drop_row(&mut batch, comment).await?;
        self.store().commit(batch).await?;
        Ok(())
    }

    /// Removes the places that comments of other versions have on a version that goes.
    ///
    /// # Errors
    /// Of the store, conflicts among them.
    pub(crate) async fn purge_placements(&self, version: VersionId) -> Result<()> {
        loop {
            let scan = Scan::prefix(&version).limit(limits::JOB_STEP_ROWS);
            let page = self.store().scan_index::<PlacementsByVersion>(scan).await?;
            let keys: Vec<_> = page.items.iter().map(|hit| hit.key.0).collect();
            let comments = self.store().get_many::<Comments>(&keys).await?;
            let mut batch = Batch::new();
            for (hit, comment) in page.items.iter().zip(comments) {
                batch.delete::<CommentPlacements>(&hit.key, &hit.stored);
                let Some(comment) = comment else { continue };
                batch.assert_unchanged::<Comments>(&hit.key.0, &comment);
                let (open, resolved) = comment.row.weight();
                add(&mut batch, version.uuid(), comment.row.visibility, (-open, -resolved));
            }
            if !batch.is_empty() {
                batch.priority();
                self.store().commit(batch).await?;
            }
            if !page.more {
                return Ok(());
            }
        }
    }
}
