//! Following the log: a named cursor, every event at least once, effects and cursor in one batch.
//!
//! One bad event stops nothing: a consumer that fails or panics on it three times parks it and goes on. A consumer that the
//! log went on without is told to rebuild from the tables first.

#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;

use async_trait::async_trait;
use futures::FutureExt;
use model::{Timestamp, event::Envelope};
use thiserror::Error;

use crate::{
    Batch, Store, StoreError, Stored,
    limits::{CONSUME_EVENTS, CONSUME_TRIES},
    tables::cursor::{CursorRow, Cursors, Parked, ParkedRow},
};

/// Why a consumer could not take an event.
#[derive(Debug, Error)]
pub enum ConsumeError {
    /// The store said no; conflicts are tried again.
    #[error("the store could not serve the consumer")]
    Store(#[from] StoreError),
    /// The event cannot be taken, for this reason.
    #[error("{0}")]
    Refused(String),
}

/// Why an event is to blame: it is tried again and then stepped over. Otherwise the store itself is in trouble.
fn blame(error: ConsumeError) -> Result<String, StoreError> {
    match error {
        ConsumeError::Refused(why) => Ok(why),
        ConsumeError::Store(error) => match error {
            StoreError::Conflict { .. }
            | StoreError::Corrupt { .. }
            | StoreError::TooLarge { .. }
            | StoreError::Misuse { .. } => Ok(error.to_string()),
            StoreError::Full(_)
            | StoreError::Busy
            | StoreError::OutcomeUnknown
            | StoreError::Closed
            | StoreError::Io(_)
            | StoreError::Open { .. } => Err(error),
        },
    }
}

/// Something that follows the log.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// Its name: the key of its cursor.
    fn name(&self) -> &'static str;

    /// Adds what follows from an event to the batch that also moves the cursor. May be asked again about the same event.
    ///
    /// # Errors
    /// [`ConsumeError`]: asked again, and after the third time the event is parked.
    async fn take(&self, event: &Envelope, batch: &mut Batch) -> Result<(), ConsumeError>;

    /// The log went on without it: do over, from the tables, what the lost events would have led to.
    ///
    /// # Errors
    /// [`ConsumeError`]: tried again later.
    async fn rebuild(&self) -> Result<(), ConsumeError>;
}

/// A consumer and its place in the log.
#[derive(Debug)]
pub struct Tail<C> {
    store: Store,
    consumer: C,
    cursor: Option<Stored<CursorRow>>,
}

impl<C: Consumer> Tail<C> {
    /// Finds the consumer's place; a new one starts at the beginning of the log.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn open(store: Store, consumer: C) -> Result<Self, StoreError> {
        let cursor = store.get::<Cursors>(&consumer.name().to_owned()).await?;
        Ok(Tail { store, consumer, cursor })
    }

    /// The last event it is done with.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.cursor.as_ref().map_or(0, |cursor| cursor.row.seq)
    }

    /// The consumer.
    #[must_use]
    pub fn consumer(&self) -> &C {
        &self.consumer
    }

    /// Takes the next events, at most [`CONSUME_EVENTS`], and says how many it went past. 0 means: wait for the watch.
    ///
    /// # Errors
    /// [`ConsumeError`] when the store fails, or the consumer's rebuild does; ask again later.
    pub async fn step(&mut self) -> Result<usize, ConsumeError> {
        if self.must_rebuild().await? {
            self.rebuild().await?;
        }
        let page = self.store.events().read(self.seq(), CONSUME_EVENTS).await?;
        if page.items.is_empty() {
            return Ok(0);
        }
        match self.take_all(&page.items).await {
            Ok(()) => return Ok(page.items.len()),
            // Together it did not work: one at a time, so that one bad event is found.
            Err(error) => drop(blame(error)?),
        }
        self.reload().await?;
        for event in &page.items {
            self.take_one(event).await?;
        }
        Ok(page.items.len())
    }

    async fn take_all(&mut self, events: &[Envelope]) -> Result<(), ConsumeError> {
        let mut batch = Batch::new();
        for event in events {
            let mut one = Batch::new();
            self.ask(event, &mut one).await?;
            batch.merge(one);
        }
        Ok(self.advance(batch, events).await?)
    }

    async fn take_one(&mut self, event: &Envelope) -> Result<(), StoreError> {
        let mut reason = String::new();
        for _ in 0..CONSUME_TRIES {
            // Another one with the same name was here first.
            if self.seq() >= event.seq {
                return Ok(());
            }
            match self.take_all(std::slice::from_ref(event)).await {
                Ok(()) => return Ok(()),
                Err(error) => reason = blame(error)?,
            }
            self.reload().await?;
        }
        self.park(event, reason).await
    }

    async fn park(&mut self, event: &Envelope, reason: String) -> Result<(), StoreError> {
        let consumer = self.consumer.name();
        let kind = event.event.body.kind().to_owned();
        tracing::error!(
            event.seq = event.seq,
            event.kind = kind,
            log.consumer = consumer,
            "an event was parked"
        );
        let row = ParkedRow { kind, reason: reason.chars().take(200).collect(), at: self.now() };
        let mut batch = Batch::new();
        batch.put::<Parked>(&(consumer.to_owned(), event.seq), &row);
        self.advance(batch, std::slice::from_ref(event)).await
    }

    /// Asks the consumer; a panic is an answer too.
    async fn ask(&self, event: &Envelope, batch: &mut Batch) -> Result<(), ConsumeError> {
        let asked = AssertUnwindSafe(self.consumer.take(event, batch)).catch_unwind().await;
        asked.unwrap_or_else(|_| Err(ConsumeError::Refused("the consumer panicked".into())))
    }

    /// Commits effects together with the cursor behind the last of `events`.
    async fn advance(&mut self, batch: Batch, events: &[Envelope]) -> Result<(), StoreError> {
        let seq = events.last().map_or(self.seq(), |event| event.seq);
        self.commit(batch, CursorRow { seq, at: self.now(), rebuild: false }).await
    }

    async fn commit(&mut self, mut batch: Batch, row: CursorRow) -> Result<(), StoreError> {
        let name = self.consumer.name().to_owned();
        batch.priority();
        let rev = match &self.cursor {
            Some(old) => {
                batch.replace::<Cursors>(&name, old, &row);
                old.rev + 1
            }
            None => {
                batch.insert::<Cursors>(&name, &row);
                1
            }
        };
        let stamp = self.store.commit(batch).await?.stamp;
        self.cursor = Some(Stored { row, rev, stamp });
        Ok(())
    }

    async fn must_rebuild(&mut self) -> Result<bool, StoreError> {
        let events = self.store.events();
        // Its place lies behind the end: another log. Or events after its place were trimmed.
        let oldest = events.oldest().await?.unwrap_or(1);
        let lost = self.seq() > events.durable_seq() || (self.cursor.is_some() && self.seq() + 1 < oldest);
        Ok(lost || self.cursor.as_ref().is_some_and(|cursor| cursor.row.rebuild))
    }

    async fn rebuild(&mut self) -> Result<(), ConsumeError> {
        // Events from here on are still to come; what was before is in the tables.
        let seq = self.store.events().durable_seq();
        self.consumer.rebuild().await?;
        self.reload().await?;
        Ok(self.commit(Batch::new(), CursorRow { seq, at: self.now(), rebuild: false }).await?)
    }

    async fn reload(&mut self) -> Result<(), StoreError> {
        self.cursor = self.store.get::<Cursors>(&self.consumer.name().to_owned()).await?;
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.store.config().clock.now()
    }
}
