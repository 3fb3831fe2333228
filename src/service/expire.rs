//! Forgetting what has lapsed. Nothing of it can be used any more, so nobody is told.

use crate::{Ctx, Result, Service};
use model::limits;
use store::{
    Batch, Scan, Table,
    tables::{last_seen::LastSeen, one_time_token::OneTimeTokens, session::Sessions},
};

impl Service {
    /// Forgets lapsed logins and single-use tokens; says how many.
    ///
    /// # Errors
    /// Of the store; what is left is forgotten the next time.
    pub async fn expire_sessions(&self, cx: &Ctx) -> Result<usize> {
        let sessions = self.forget::<Sessions>(|session, batch| {
            let lapsed = session.expires_at < cx.now;
            if lapsed {
                batch.remove::<LastSeen>(&session.id.uuid());
            }
            lapsed
        });
        let tokens = self.forget::<OneTimeTokens>(|token, _| token.expires_at < cx.now);
        Ok(sessions.await? + tokens.await?)
    }

    /// Deletes the rows of a table that `lapsed` picks; it may add to the batch of their page.
    async fn forget<T: Table>(&self, lapsed: impl Fn(&T::Row, &mut Batch) -> bool) -> Result<usize> {
        let (mut scan, mut count) = (Scan::all().limit(limits::JOB_STEP_ROWS), 0);
        loop {
            let page = self.store().scan::<T>(scan.clone()).await?;
            let mut batch = Batch::new();
            for (key, stored) in &page.items {
                if lapsed(&stored.row, &mut batch) {
                    batch.delete::<T>(key, stored);
                    count += 1;
                }
            }
            if !batch.is_empty() {
                batch.priority();
                self.store().commit(batch).await?;
            }
            match page.items.last() {
                Some((last, _)) if page.more => scan = scan.after(last),
                Some(_) | None => return Ok(count),
            }
        }
    }
}
