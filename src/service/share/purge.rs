//! Forgetting the links and guests of a project that is removed for good.

use crate::{Result, Service};
use model::{ProjectId, limits};
use store::{
    Batch, Scan,
    tables::{
        counters::{LinkVisits, ShareLinkCount},
        last_seen::LastSeen,
        share::{Guests, GuestsByLink, ShareLinks, ShareLinksByProject},
    },
};

impl Service {
    /// Forgets all of them, a few at a time.
    pub(crate) async fn purge_shares(&self, project: ProjectId) -> Result<()> {
        loop {
            let links = Scan::prefix(&project).limit(1);
            let links = self.store().scan_index::<ShareLinksByProject>(links).await?;
            let Some(link) = links.items.first() else { return Ok(()) };
            let id = link.key;
            let guests = Scan::prefix(&id).limit(limits::JOB_STEP_ROWS);
            let guests = self.store().scan_index::<GuestsByLink>(guests).await?;
            let mut batch = Batch::new();
            batch.priority();
            for hit in &guests.items {
                batch.delete::<Guests>(&hit.key, &hit.stored).remove::<LastSeen>(&hit.key.uuid());
            }
            batch.add::<LinkVisits>(&id, -i64::try_from(guests.items.len()).unwrap_or(0), 0..);
            if !guests.more {
                batch.delete::<ShareLinks>(&id, &link.stored).add::<ShareLinkCount>(&project, -1, 0..);
            }
            self.store().commit(batch).await?;
        }
    }
}
