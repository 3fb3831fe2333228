//! The event log, read: by everybody, by project, by person, and as a project's feed. Only as far as it is durable.

mod consumer;
mod trim;

pub use consumer::{ConsumeError, Consumer, Tail};

use model::{
    ProjectId, TrackId, UserId,
    event::{Actor, Envelope, NewEvent},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    Store, Table,
    error::StoreError,
    key::Key,
    record,
    scan::{Page, Scan},
    store::{page, range},
    table::Index,
    tables::{
        activity::{ActivityByActor, ActivityByKind, ActivityByTrack, Feed},
        event::{Events, EventsByProject, EventsByUser},
    },
};

/// Reads the event log.
#[derive(Clone, Debug)]
pub struct EventReader {
    store: Store,
}

/// Which entries of a project's feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedFilter {
    /// All of them.
    All,
    /// By one person.
    Actor(Actor),
    /// On one track.
    Track(TrackId),
    /// Of one kind, in the contract's words.
    Kind(String),
}

impl EventReader {
    pub(crate) fn new(store: Store) -> Self {
        EventReader { store }
    }

    /// The number of the last durable event; 0 before the first.
    #[must_use]
    pub fn durable_seq(&self) -> u64 {
        *self.store.inner.durable_seq.borrow()
    }

    /// Which log this is: a position in another one means nothing here.
    #[must_use]
    pub fn epoch(&self) -> Uuid {
        self.store.inner.epoch
    }

    /// Wakes when there are new durable events. A hint: the data is read from the log.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.store.inner.durable_seq.subscribe()
    }

    /// The number of the oldest event still there; none in an empty log.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn oldest(&self) -> Result<Option<u64>, StoreError> {
        let page = self.read(0, 1).await?;
        Ok(page.items.first().map(|event| event.seq))
    }

    /// Events after `after`, oldest first.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn read(&self, after: u64, limit: usize) -> Result<Page<Envelope>, StoreError> {
        let scan = self.bounded(Scan::all().after(&after), &()).limit(limit);
        let result = self.store.ask(range(Events::ID, &scan, None)).await?;
        page(&result, |found| envelope::<Events>(&found.key[1..], Some(&found.value)))
    }

    /// Events of one project after `after`, oldest first.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn of_project(
        &self,
        project: ProjectId,
        after: u64,
        limit: usize,
    ) -> Result<Page<Envelope>, StoreError> {
        let scan = Scan::prefix(&project).after(&(project, after)).limit(limit);
        self.indexed::<EventsByProject>(&self.bounded(scan, &(project,))).await
    }

    /// Events of one person's own stream after `after`, oldest first.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn of_user(
        &self,
        user: UserId,
        after: u64,
        limit: usize,
    ) -> Result<Page<Envelope>, StoreError> {
        let scan = Scan::prefix(&user).after(&(user, after)).limit(limit);
        self.indexed::<EventsByUser>(&self.bounded(scan, &(user,))).await
    }

    /// The feed of a project before `before` (or from its end), newest first.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub async fn feed(
        &self,
        project: ProjectId,
        filter: &FeedFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<Envelope>, StoreError> {
        let before = before.unwrap_or(u64::MAX).min(self.durable_seq() + 1);
        let pk = (project, before);
        match filter {
            FeedFilter::All => {
                let scan = Scan::prefix(&project).before(&pk).reverse().limit(limit);
                let result = self.store.ask(range(Feed::ID, &scan, None)).await?;
                page(&result, |found| envelope::<Feed>(&found.key[1..], Some(&found.value)))
            }
            FeedFilter::Actor(actor) => self.feed_by::<ActivityByActor>(&(project, *actor), pk, limit).await,
            FeedFilter::Track(track) => self.feed_by::<ActivityByTrack>(&(project, *track), pk, limit).await,
            FeedFilter::Kind(kind) => {
                self.feed_by::<ActivityByKind>(&(project, kind.clone()), pk, limit).await
            }
        }
    }

    async fn feed_by<I: Index<Table = Feed>>(
        &self,
        key: &I::Key,
        before: (ProjectId, u64),
        limit: usize,
    ) -> Result<Page<Envelope>, StoreError> {
        let scan = Scan::prefix(key).before(&(key.clone(), before)).reverse().limit(limit);
        self.indexed::<I>(&scan).await
    }

    async fn indexed<I: Index>(&self, scan: &Scan) -> Result<Page<Envelope>, StoreError>
    where
        I::Table: Table<Row = NewEvent>,
    {
        let result = self.store.ask(range(I::ID, scan, Some(<I::Table as Table>::ID))).await?;
        page(&result, |found| envelope::<I::Table>(&found.value, found.row.as_deref()))
    }

    /// Cuts a range of `(prefix, seq)` keys at the last durable event.
    fn bounded(&self, scan: Scan, prefix: &impl Key) -> Scan {
        let end = (prefix.clone(), self.durable_seq() + 1);
        scan.before(&end)
    }
}

/// An event from its primary key, which ends with its `seq`, and its row.
fn envelope<T: Table<Row = NewEvent>>(key: &[u8], value: Option<&[u8]>) -> Result<Envelope, StoreError> {
    let corrupt = |why| StoreError::corrupt(T::ID, key, why);
    let value = value.ok_or_else(|| corrupt("an index leads to no row"))?;
    let tail = key.last_chunk::<8>().ok_or_else(|| corrupt("the key is too short"))?;
    let raw = record::open(value).map_err(corrupt)?;
    let event = record::decode_body(raw.version, raw.body).map_err(corrupt)?;
    Ok(Envelope { seq: u64::from_be_bytes(*tail), at: raw.at, stamp: raw.stamp, event })
}
