//! Trimming the log: events older than a week that every consumer is done with. The last event stays, so that the next
//! number is never in doubt.

#[cfg(test)]
mod tests;

use model::{Timestamp, limits::EVENT_REPLAY_MS};

use super::EventReader;
use crate::{
    Batch, Scan, StoreError,
    limits::{CONSUMER_BEHIND_MS, SCAN_MAX_ROWS, TRIM_BATCHES, TRIM_EVENTS},
    tables::cursor::{CursorRow, Cursors},
};

impl EventReader {
    /// Trims what may go, a bounded number of batches of it, and says how many events went.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; what is left is trimmed the next time.
    pub async fn trim(&self, now: Timestamp) -> Result<u64, StoreError> {
        let floor = self.floor(now).await?;
        let cutoff = now.plus_millis(-EVENT_REPLAY_MS);
        let mut trimmed = 0;
        for _ in 0..TRIM_BATCHES {
            let page = self.read(0, TRIM_EVENTS).await?;
            let mut batch = Batch::relaxed();
            let mut count = 0;
            for event in page.items.iter().take_while(|event| event.seq <= floor && event.at < cutoff) {
                batch.trim_event(event.seq, &event.event);
                count += 1;
            }
            if count == 0 {
                break;
            }
            self.store.commit(batch).await?;
            trimmed += count;
        }
        Ok(trimmed)
    }

    /// The last event that no consumer needs any more. Consumers too far behind are marked and passed over.
    async fn floor(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut floor = self.durable_seq().saturating_sub(1);
        let cursors = self.store.scan::<Cursors>(Scan::all().limit(SCAN_MAX_ROWS)).await?;
        for (name, cursor) in cursors.items {
            if cursor.row.rebuild {
                continue;
            }
            let next = self.read(cursor.row.seq, 1).await?;
            let behind = next.items.first().is_some_and(|event| now.since(event.at) > CONSUMER_BEHIND_MS);
            if !behind {
                floor = floor.min(cursor.row.seq);
                continue;
            }
            tracing::warn!(
                log.consumer = name,
                event.seq = cursor.row.seq,
                "a consumer is too far behind the log"
            );
            let mut batch = Batch::new();
            batch.priority().replace::<Cursors>(
                &name,
                &cursor,
                &CursorRow { rebuild: true, ..cursor.row.clone() },
            );
            match self.store.commit(batch).await {
                // It moved after all.
                Err(error) if error.is_conflict() => floor = floor.min(cursor.row.seq),
                other => drop(other?),
            }
        }
        Ok(floor)
    }
}
