//! Making the index anew from the tables, beside the old one, which answers meanwhile.

use super::{document, failed, internal};
use crate::{Ctx, Error, Result, Service};
use model::{
    JobId, ProjectId, TrackId,
    event::{Event, NewEvent, ResourceRef},
    search::{Document, Place, SearchError, SearchIndex},
};
use std::{collections::BTreeSet, sync::Arc};
use store::{
    Batch, Scan, StoreError, Table, TableId,
    log::FeedFilter,
    tables::{
        checkpoint::Checkpoints,
        comment::Comments,
        project::{ProjectGates, Projects},
        track::Tracks,
        version::Versions,
    },
};
use tokio::sync::mpsc;

/// The kind of the job that makes the index anew.
pub const JOB_KIND: &str = "search.reindex";
/// Rows that are read at once.
const PAGE: usize = 500;

/// Hears how many documents are made.
pub type Told<'a> = &'a (dyn Fn(u64) + Sync);

/// What the thread that writes the new index is told.
enum Word {
    Documents(Vec<Document>),
    /// That was all.
    Done,
}

/// The way to the new index.
struct Pen<'a> {
    words: mpsc::Sender<Word>,
    written: u64,
    told: Told<'a>,
}

impl Pen<'_> {
    async fn write(&mut self, documents: Vec<Document>) -> Result<()> {
        self.written += documents.len() as u64;
        let sent = self.words.send(Word::Documents(documents)).await;
        (self.told)(self.written);
        sent.map_err(|_| internal("the new index failed"))
    }
}

impl Service {
    /// Makes the index anew from the tables; how many documents it has then. The old one answers meanwhile.
    ///
    /// # Errors
    /// Of the store, and of the index; the old one stays then.
    pub async fn reindex(&self, told: Told<'_>) -> Result<u64> {
        let _turn = self.search.turn.lock().await;
        self.rebuild_index(told).await
    }

    /// An administrator wants the index anew; the job that makes it.
    ///
    /// # Errors
    /// `Unauthenticated`, `Forbidden`.
    pub async fn admin_reindex(&self, cx: &Ctx) -> Result<crate::job_view::JobView> {
        Self::operator(cx)?;
        let job = match crate::commit::decide_again!(None, self.try_admin_reindex(cx).await) {
            Err(error) if error.conflicts_on(TableId::Idem) => self.try_admin_reindex(cx).await?,
            outcome => outcome?,
        };
        self.get_job(cx, job).await
    }

    async fn try_admin_reindex(&self, cx: &Ctx) -> Result<JobId> {
        if let Some(id) = self.made_before(cx).await? {
            return Ok(JobId::new(id));
        }
        let job: JobId = self.id(cx);
        let mut batch = Batch::new();
        self.rely_on(&cx.caller, &mut batch).await?;
        self.remember(cx, &mut batch, job)?;
        batch.emit(NewEvent {
            id: self.id(cx),
            project: None,
            users: vec![],
            actor: cx.actor(),
            resource: ResourceRef::new("search", job, 0),
            track: None,
            body: Event::SearchReindexRequested { job },
        });
        self.store().commit(batch).await?;
        Ok(job)
    }

    /// The same for whoever has the turn.
    pub(super) async fn rebuild_index(&self, told: Told<'_>) -> Result<u64> {
        self.store().check_room()?;
        // What happens from here on is taken from the log afterwards.
        let events = self.store().events();
        let place = Place { epoch: events.epoch(), seq: events.durable_seq() };
        let (words, heard) = mpsc::channel(4);
        let index = Arc::clone(&self.search.index);
        let writing = tokio::task::spawn_blocking(move || write(index.as_ref(), heard, place));
        let mut pen = Pen { words, written: 0, told };
        let read = self.everything(&mut pen).await;
        if read.is_ok() {
            // If it is gone, its own answer says why.
            drop(pen.words.send(Word::Done).await);
        }
        let written = pen.written;
        drop(pen);
        let outcome = writing.await.map_err(|_| internal("the new index panicked"))?;
        read?;
        outcome.map_err(failed)?;
        self.search.followed.send_replace(place.seq);
        tracing::info!(search.documents = written, event.seq = place.seq, "The search index was made anew.");
        Ok(written)
    }

    async fn everything(&self, pen: &mut Pen<'_>) -> Result<()> {
        let mut trashed: BTreeSet<TrackId> = BTreeSet::new();
        let mut projects: Vec<ProjectId> = Vec::new();
        self.each::<Projects, _>(pen, |project| {
            projects.push(project.id);
            None
        })
        .await?;
        for id in projects {
            match self.project_and_feed(id, pen).await {
                Err(Error::Store(error @ StoreError::Corrupt { .. })) => {
                    tracing::error!(%error, "a feed was not indexed to its end");
                }
                outcome => outcome?,
            }
        }
        self.each::<Tracks, _>(pen, |track| {
            let document = document::of_track(track);
            if document.is_none() {
                trashed.insert(track.id);
            }
            document
        })
        .await?;
        let gone = |track: Option<TrackId>| track.is_some_and(|track| trashed.contains(&track));
        self.each::<Versions, _>(pen, |version| {
            document::of_version(version).filter(|_| !gone(Some(version.track_id)))
        })
        .await?;
        self.each::<Comments, _>(pen, |comment| {
            document::of_comment(comment).filter(|_| !gone(comment.anchor.track_id))
        })
        .await?;
        self.each::<Checkpoints, _>(pen, document::of_checkpoint).await
    }

    /// Writes what is made of every row of a table.
    async fn each<T, F>(&self, pen: &mut Pen<'_>, mut document: F) -> Result<()>
    where
        T: Table,
        F: FnMut(&T::Row) -> Option<Document>,
    {
        let mut scan = Scan::all().limit(PAGE);
        loop {
            let page = self.store().scan_each::<T>(scan.clone()).await?;
            let readable = page.items.iter().filter_map(|(_, row)| {
                row.as_ref().inspect_err(|error| tracing::error!(%error, "a row was not indexed")).ok()
            });
            let made: Vec<Document> = readable.filter_map(|row| document(&row.row)).collect();
            if !made.is_empty() {
                pen.write(made).await?;
            }
            match page.items.last() {
                Some((last, _)) if page.more => scan = scan.after(last),
                _ => return Ok(()),
            }
        }
    }

    async fn project_and_feed(&self, id: ProjectId, pen: &mut Pen<'_>) -> Result<()> {
        let project = self.store().get::<Projects>(&id).await?;
        let gate = self.store().get::<ProjectGates>(&id).await?;
        let Some((project, gate)) = project.zip(gate) else { return Ok(()) };
        let Some(document) = document::of_project(&project.row, &gate.row) else { return Ok(()) };
        pen.write(vec![document]).await?;
        let mut before = None;
        loop {
            let page = self.store().events().feed(id, &FeedFilter::All, before, PAGE).await?;
            let (last, more) = (page.items.last().map(|entry| entry.seq), page.more);
            let entries = self.readable_entries(page.items).await?;
            pen.write(entries.iter().map(|entry| document::of_entry(id, entry)).collect()).await?;
            match last {
                Some(seq) if more => before = Some(seq),
                _ => return Ok(()),
            }
        }
    }
}

/// Writes the new index on a thread of its own. A reader that gave up leaves the old one in place.
fn write(
    index: &dyn SearchIndex,
    mut words: mpsc::Receiver<Word>,
    place: Place,
) -> std::result::Result<(), SearchError> {
    let mut anew = index.rebuild()?;
    while let Some(word) = words.blocking_recv() {
        match word {
            Word::Documents(documents) => anew.put(documents)?,
            Word::Done => return anew.finish(place),
        }
    }
    Ok(())
}
