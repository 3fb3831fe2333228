//! Forgetting invitations that were over long ago, and all of a project that is removed for good.

use crate::{Ctx, Result, Service, Stored};
use model::{ProjectId, invitation::Invitation, limits};
use store::{
    Batch, Scan,
    tables::{
        counters::InvitationUses,
        invitation::{Acceptances, AccessRequestOf, AccessRequests, Invitations, InvitationsByProject},
        member::Removals,
    },
};

impl Service {
    /// Forgets invitations whose time was over [`limits::INVITATION_KEEP_MS`] ago, whatever became of them; says how many.
    ///
    /// # Errors
    /// Of the store; what is left is forgotten the next time.
    pub async fn expire_invitations(&self, cx: &Ctx) -> Result<usize> {
        let cutoff = cx.now.plus_millis(-limits::INVITATION_KEEP_MS);
        let (mut scan, mut count) = (Scan::all().limit(limits::JOB_STEP_ROWS), 0);
        loop {
            let page = self.store().scan::<Invitations>(scan.clone()).await?;
            for (_, invitation) in &page.items {
                if invitation.row.expires_at >= cutoff {
                    continue;
                }
                match self.forget_invitation(invitation).await {
                    Ok(()) => count += 1,
                    // Somebody did something with it at this moment.
                    Err(error) if error.is_conflict() => {}
                    Err(error) => return Err(error),
                }
            }
            match page.items.last() {
                Some((last, _)) if page.more => scan = scan.after(last),
                Some(_) | None => return Ok(count),
            }
        }
    }

    /// Forgets how people came into a project that is removed for good.
    pub(crate) async fn purge_invitations(&self, project: ProjectId) -> Result<()> {
        let first = || Scan::prefix(&project).limit(limits::JOB_STEP_ROWS);
        loop {
            let page = self.store().scan_index::<InvitationsByProject>(first()).await?;
            for hit in &page.items {
                self.forget_invitation(&hit.stored).await?;
            }
            let requests = self.store().scan_unique::<AccessRequestOf>(first()).await?;
            let removals = self.store().scan::<Removals>(first()).await?;
            let mut batch = Batch::new();
            for (key, request) in &requests.items {
                batch.delete::<AccessRequests>(key, request);
            }
            for (key, removal) in &removals.items {
                batch.delete::<Removals>(key, removal);
            }
            if !batch.is_empty() {
                batch.priority();
                self.store().commit(batch).await?;
            }
            if !(page.more || requests.more || removals.more) {
                return Ok(());
            }
        }
    }

    /// The row, who accepted, and the counter: at most [`limits::INVITATION_USES_MAX`] rows.
    async fn forget_invitation(&self, invitation: &Stored<Invitation>) -> Result<()> {
        let id = invitation.row.id;
        let most = limits::INVITATION_USES_MAX.unsigned_abs() as usize;
        let accepted = self.store().scan::<Acceptances>(Scan::prefix(&id).limit(most)).await?;
        let mut batch = Batch::new();
        batch.priority().delete::<Invitations>(&id, invitation);
        for (key, row) in &accepted.items {
            batch.delete::<Acceptances>(key, row);
        }
        let uses = i64::try_from(accepted.items.len()).unwrap_or(i64::MAX);
        batch.add::<InvitationUses>(&id, -uses, 0..=0);
        self.store().commit(batch).await?;
        Ok(())
    }
}
