//! Moods of a project that is removed for good go with it, and everything that was shown of them; so do those of a person.

use crate::{Result, Service};
use model::{ProjectId, UserId, limits};
use store::{
    Batch, Index, Key, Scan, Table,
    tables::{
        counters::MoodsOfDay,
        mood::{MoodBlocks, MoodShares, MoodVoices, Moods, MoodsByDay, MoodsByUser},
    },
};

impl Service {
    /// Removes every mood of a project and what was shown of them. What is due finds nothing and goes by itself.
    ///
    /// # Errors
    /// Of the store, conflicts among them.
    pub(crate) async fn purge_moods(&self, project: ProjectId) -> Result<()> {
        self.drop_moods::<MoodsByDay>(&project).await?;
        self.purge_rows::<MoodShares>(project).await?;
        self.purge_rows::<MoodBlocks>(project).await?;
        self.purge_rows::<MoodVoices>(project).await
    }

    /// Removes every mood of a person. What teams were shown of them stays: it says of nobody whose it was.
    ///
    /// # Errors
    /// Of the store, conflicts among them.
    pub(crate) async fn forget_moods(&self, user: UserId) -> Result<()> {
        self.drop_moods::<MoodsByUser>(&user).await
    }

    /// Removes the moods that an index has under a key.
    async fn drop_moods<I: Index<Table = Moods>>(&self, key: &impl Key) -> Result<()> {
        loop {
            let page = self.store().scan_index::<I>(Scan::prefix(key).limit(limits::JOB_STEP_ROWS)).await?;
            let mut batch = Batch::new();
            for hit in &page.items {
                let counter = super::counted(&hit.stored.row);
                batch.delete::<Moods>(&hit.key, &hit.stored).add::<MoodsOfDay>(&counter, -1, 0..);
            }
            self.commit_purge(batch).await?;
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Removes the rows of a table whose keys begin with a project.
    async fn purge_rows<T: Table>(&self, project: ProjectId) -> Result<()> {
        loop {
            let page = self.store().scan::<T>(Scan::prefix(&project).limit(limits::JOB_STEP_ROWS)).await?;
            let mut batch = Batch::new();
            for (key, row) in &page.items {
                batch.delete::<T>(key, row);
            }
            self.commit_purge(batch).await?;
            if !page.more {
                return Ok(());
            }
        }
    }

    async fn commit_purge(&self, mut batch: Batch) -> Result<()> {
        if !batch.is_empty() {
            batch.priority();
            self.store().commit(batch).await?;
        }
        Ok(())
    }
}
