//! The index follows the log: what an event touched is indexed from its row as it is now, a few changes together.
//!
//! How far it has come stands in the index itself, in the same commit: after a crash it goes on from there, and what it takes
//! twice replaces itself.

use super::{document, failed, internal};
use crate::{Error, Result, Service, activity::Entry};
use model::{
    ProjectId, TrackId, VersionId,
    event::{Activity, Envelope, Event},
    limits,
    search::{Change, DocumentId, Place, SearchKind},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::{
    Scan, StoreError,
    tables::{comment::CommentsByPlace, version::VersionsByTrack},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Entries of the log that are read at once.
const PAGE: usize = 500;
/// The pause after something failed.
const PAUSE: Duration = Duration::from_millis(1000);
/// Entries without consequences after which the place is written down all the same.
const SILENT_MAX: u64 = 10_000;

/// What an event touches.
enum Touched {
    /// One document.
    One(DocumentId),
    /// Everything that belongs to a track came back.
    TrackBack(TrackId),
    /// Everything that belongs to a track is gone.
    TrackGone(TrackId),
    /// Everything that belongs to a project is gone.
    ProjectGone(ProjectId),
    /// Nothing that is found.
    Nothing,
}

fn touched(event: &Envelope) -> Touched {
    let resource = &event.event.resource;
    let one = |kind| Touched::One(DocumentId::new(kind, resource.id));
    if matches!(event.event.body, Event::ReactionAdded { .. } | Event::ReactionRemoved { .. }) {
        return Touched::Nothing;
    }
    match (&event.event.body, resource.kind.as_str()) {
        (Event::TrackDeleted | Event::TrackPurged, _) => Touched::TrackGone(TrackId::new(resource.id)),
        (Event::TrackRestored, _) => Touched::TrackBack(TrackId::new(resource.id)),
        (Event::ProjectPurged, _) => Touched::ProjectGone(ProjectId::new(resource.id)),
        (_, "project") => one(SearchKind::Project),
        (_, "track") => one(SearchKind::Track),
        (_, "version") => one(SearchKind::Version),
        (_, "comment") => one(SearchKind::Comment),
        (_, "checkpoint") => one(SearchKind::Checkpoint),
        _ => Touched::Nothing,
    }
}

/// Changes in their order, each document once.
#[derive(Default)]
struct Changes {
    documents: BTreeMap<DocumentId, Change>,
    done: Vec<Change>,
}

impl Changes {
    fn one(&mut self, id: DocumentId, change: Change) {
        self.documents.insert(id, change);
    }
    /// Something about many documents: it comes after those before it.
    fn many(&mut self, change: Change) {
        self.done.extend(std::mem::take(&mut self.documents).into_values());
        self.done.push(change);
    }
    fn len(&self) -> usize {
        self.documents.len() + self.done.len()
    }
    fn into_vec(mut self) -> Vec<Change> {
        self.done.extend(self.documents.into_values());
        self.done
    }
}

impl Service {
    /// Keeps the index up with the log until `closing`; makes it anew where there is none for this log.
    pub async fn follow_search(&self, closing: CancellationToken) {
        let mut watch = self.store().events().watch();
        let mut read = 0;
        while !closing.is_cancelled() {
            watch.mark_unchanged();
            let turn = tokio::select! {
                biased;
                () = closing.cancelled() => break,
                turn = self.index_on(&mut read) => turn,
            };
            match turn {
                Ok(true) => {}
                Ok(false) => wait(&mut watch, &closing).await,
                Err(error) => {
                    tracing::warn!(%error, "the search index has to wait");
                    read = 0;
                    pause(PAUSE, &closing).await;
                }
            }
        }
    }

    /// Takes what is new in the log; whether there is more. `read` is how far the log was looked at.
    pub(super) async fn index_on(&self, read: &mut u64) -> Result<bool> {
        let _turn = self.search.turn.lock().await;
        let Some(place) = self.search_place() else {
            self.rebuild_index(&|_| ()).await?;
            return Ok(true);
        };
        let events = self.store().events();
        let lost = events.oldest().await?.is_some_and(|oldest| place.seq + 1 < oldest);
        if lost || place.seq > events.durable_seq() {
            self.rebuild_index(&|_| ()).await?;
            return Ok(true);
        }
        *read = (*read).max(place.seq).min(events.durable_seq());
        let (mut changes, mut more) = (Changes::default(), false);
        loop {
            let page = events.read(*read, PAGE).await?;
            let Some(last) = page.items.last().map(|event| event.seq) else { break };
            self.changes(&page.items, &mut changes).await?;
            *read = last;
            if changes.len() >= limits::SEARCH_COMMIT_DOCUMENTS {
                more = page.more;
                break;
            }
        }
        let seq = *read;
        if changes.len() > 0 || seq - place.seq > SILENT_MAX {
            self.store().check_room()?;
            let place = Place { seq, ..place };
            let index = Arc::clone(&self.search.index);
            let written = tokio::task::spawn_blocking(move || {
                index.apply(changes.into_vec())?;
                index.commit(place)
            });
            written.await.map_err(|_| internal("the index panicked"))?.map_err(failed)?;
        }
        self.search.followed.send_replace(seq);
        Ok(more)
    }

    async fn changes(&self, events: &[Envelope], changes: &mut Changes) -> Result<()> {
        for event in events {
            match self.change(event, changes).await {
                // One row that cannot be read keeps nothing else from being found.
                Err(Error::Store(error @ StoreError::Corrupt { .. })) => {
                    tracing::error!(event.seq = event.seq, %error, "an event was not indexed");
                }
                other => other?,
            }
        }
        let feed = events.iter().filter(|event| event.event.body.activity() == Activity::Feed);
        for entry in self.readable_entries(feed.cloned().collect()).await? {
            if let Some(project) = entry.envelope.event.project {
                let document = document::of_entry(project, &entry);
                changes.one(document.id, Change::Put(Box::new(document)));
            }
        }
        Ok(())
    }

    /// Entries of a feed with their names, without those whose names cannot be read.
    pub(super) async fn readable_entries(&self, envelopes: Vec<Envelope>) -> Result<Vec<Entry>> {
        match self.entries(envelopes.clone()).await {
            Err(Error::Store(StoreError::Corrupt { .. })) => {}
            outcome => return outcome,
        }
        let mut entries = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            let seq = envelope.seq;
            match self.entries(vec![envelope]).await {
                Err(Error::Store(error @ StoreError::Corrupt { .. })) => {
                    tracing::error!(event.seq = seq, %error, "an entry of a feed was not indexed");
                }
                found => entries.extend(found?),
            }
        }
        Ok(entries)
    }

    async fn change(&self, event: &Envelope, changes: &mut Changes) -> Result<()> {
        match touched(event) {
            Touched::Nothing => {}
            Touched::One(id) => self.put(id, changes).await?,
            Touched::TrackGone(track) => changes.many(Change::RemoveTrack(track)),
            Touched::ProjectGone(project) => changes.many(Change::RemoveProject(project)),
            Touched::TrackBack(track) => self.put_track(track, changes).await?,
        }
        Ok(())
    }

    async fn put(&self, id: DocumentId, changes: &mut Changes) -> Result<()> {
        let change = match self.document(id).await? {
            Some(document) => Change::Put(Box::new(document)),
            None => Change::Remove(id),
        };
        changes.one(id, change);
        Ok(())
    }

    /// Everything that belongs to a track.
    async fn put_track(&self, track: TrackId, changes: &mut Changes) -> Result<()> {
        self.put(DocumentId::new(SearchKind::Track, track), changes).await?;
        let mut scan = Scan::prefix(&(track, false)).limit(PAGE);
        loop {
            let page = self.store().scan_index::<VersionsByTrack>(scan.clone()).await?;
            for hit in &page.items {
                self.put(DocumentId::new(SearchKind::Version, VersionId::uuid(hit.key)), changes).await?;
            }
            match page.items.last() {
                Some(last) if page.more => scan = scan.after(&(last.index_key, last.key)),
                _ => break,
            }
        }
        for replies in [false, true] {
            let mut scan = Scan::prefix(&(track.uuid(), replies)).limit(PAGE);
            loop {
                let page = self.store().scan_index::<CommentsByPlace>(scan.clone()).await?;
                for hit in &page.items {
                    self.put(DocumentId::new(SearchKind::Comment, hit.key), changes).await?;
                }
                match page.items.last() {
                    Some(last) if page.more => scan = scan.after(&(last.index_key, last.key)),
                    _ => break,
                }
            }
        }
        Ok(())
    }
}

/// Waits for something new, and then a little for what comes with it.
async fn wait(watch: &mut watch::Receiver<u64>, closing: &CancellationToken) {
    tokio::select! {
        biased;
        () = closing.cancelled() => {}
        changed = watch.changed() => match changed {
            Ok(()) => pause(Duration::from_millis(limits::SEARCH_COMMIT_MS), closing).await,
            // Nobody writes any more.
            Err(_) => closing.cancelled().await,
        },
    }
}

async fn pause(time: Duration, closing: &CancellationToken) {
    tokio::select! {
        biased;
        () = closing.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}
