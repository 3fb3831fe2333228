//! The index in its directory: one writer, a reader that is moved on after each commit, and a rebuild beside it.
//!
//! A commit carries the place in the log whose consequences it holds. A writer that failed is dropped with everything that was
//! not committed; the next change makes a new one.

use crate::{
    analyzer::{Analyzer, Language},
    columns::View,
    files::{self, Files},
    gather::Gather,
    query::{asked, query},
    schema::Fields,
};
use model::{
    limits,
    search::{
        Change, Document, Found, Mode, Place, Question, Rebuild, SearchError, SearchIndex, distance, slack,
        words,
    },
};
use parking_lot::{Mutex, RwLock};
use std::{io, ops::Range, path::Path, sync::Arc};
use tantivy::{
    Index, IndexReader, IndexWriter, ReloadPolicy, TantivyError,
    indexer::{IndexWriterOptions, LogMergePolicy},
};

/// Segments of about the same size that are merged into one.
const SEGMENTS_TO_MERGE: usize = 6;
/// Segments below this many documents are of the same size.
const SMALL_SEGMENT: u32 = 2_000;
/// A segment with more documents is left as it is.
const LARGE_SEGMENT: usize = 1_000_000;
/// The part of a segment that may be deleted before it is written anew.
const DELETED_MAX: f32 = 0.3;

/// The index of a data directory.
pub struct TantivyIndex {
    files: Files,
    fields: Fields,
    analyzer: Analyzer,
    open: RwLock<Option<Arc<Open>>>,
    writer: Mutex<Option<IndexWriter>>,
}

/// An index that answers.
struct Open {
    index: Index,
    reader: IndexReader,
    view: RwLock<Arc<View>>,
    place: Mutex<Place>,
}

impl Open {
    /// From now on what was committed is found.
    fn move_on(&self) -> Result<(), TantivyError> {
        self.reader.reload()?;
        let mut view = self.view.write();
        *view = Arc::new(View::of(&self.reader, Some(&view))?);
        Ok(())
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SearchError {
    SearchError::Failed(error.into())
}

impl TantivyIndex {
    /// Opens the index in this directory. One that is not there, cannot be read or was made otherwise is at no place: it asks to
    /// be rebuilt.
    ///
    /// # Errors
    /// When what an interrupted rebuild left cannot be removed.
    pub fn open(dir: &Path, language: Language) -> io::Result<Self> {
        let files = Files::of(dir);
        files.tidy()?;
        let this = Self {
            files,
            fields: Fields::new(),
            analyzer: Analyzer::new(language),
            open: RwLock::default(),
            writer: Mutex::default(),
        };
        if this.files.now.exists() {
            match this.load() {
                Ok(open) => *this.open.write() = open.map(Arc::new),
                Err(error) => {
                    tracing::warn!(%error, "the search index cannot be read; it will be made anew");
                }
            }
        }
        Ok(this)
    }

    fn load(&self) -> Result<Option<Open>, TantivyError> {
        let index = Index::open_in_dir(&self.files.now)?;
        let payload = index.load_metas()?.payload;
        let Some(place) = files::place(payload.as_deref(), &self.analyzer) else { return Ok(None) };
        self.prepare(&index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let view = RwLock::new(Arc::new(View::of(&reader, None)?));
        Ok(Some(Open { index, reader, view, place: Mutex::new(place) }))
    }

    fn prepare(&self, index: &Index) {
        for (name, analyzer) in self.analyzer.analyzers() {
            index.tokenizers().register(name, analyzer);
        }
    }

    /// Does something with the writer. A failure costs it, and all that was not committed.
    fn write<T>(
        &self,
        work: impl FnOnce(&mut IndexWriter) -> Result<T, TantivyError>,
    ) -> Result<T, SearchError> {
        let open = self.open.read().clone().ok_or(SearchError::Absent)?;
        let mut slot = self.writer.lock();
        let mut writer = match slot.take() {
            Some(writer) => writer,
            None => writer(&open.index).map_err(failed)?,
        };
        let done = work(&mut writer).map_err(failed)?;
        *slot = Some(writer);
        Ok(done)
    }

    fn change(&self, writer: &IndexWriter, change: Change) -> Result<(), TantivyError> {
        match change {
            Change::Put(document) => {
                writer.delete_term(self.fields.of_id(document.id));
                writer.add_document(self.fields.document(&document))?;
            }
            Change::Remove(id) => drop(writer.delete_term(self.fields.of_id(id))),
            Change::RemoveTrack(track) => drop(writer.delete_term(self.fields.of_track(track))),
            Change::RemoveProject(project) => drop(writer.delete_term(self.fields.of_project(project))),
        }
        Ok(())
    }
}

/// A writer with bounded memory and threads.
fn writer(index: &Index) -> Result<IndexWriter, TantivyError> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .memory_budget_per_thread(limits::SEARCH_MEMORY_BYTES)
        .num_merge_threads(1)
        .build();
    let writer = index.writer_with_options(options)?;
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(SEGMENTS_TO_MERGE);
    policy.set_min_layer_size(SMALL_SEGMENT);
    policy.set_max_docs_before_merge(LARGE_SEGMENT);
    policy.set_del_docs_ratio_before_merge(DELETED_MAX);
    writer.set_merge_policy(Box::new(policy));
    Ok(writer)
}

fn commit(writer: &mut IndexWriter, payload: &str) -> Result<(), TantivyError> {
    let mut commit = writer.prepare_commit()?;
    commit.set_payload(payload);
    commit.commit()?;
    Ok(())
}

impl SearchIndex for TantivyIndex {
    fn place(&self) -> Option<Place> {
        self.open.read().as_ref().map(|open| *open.place.lock())
    }

    fn apply(&self, changes: Vec<Change>) -> Result<(), SearchError> {
        self.write(|writer| changes.into_iter().try_for_each(|change| self.change(writer, change)))
    }

    fn commit(&self, place: Place) -> Result<(), SearchError> {
        let payload = files::payload(place, &self.analyzer);
        self.write(|writer| commit(writer, &payload))?;
        let open = self.open.read().clone().ok_or(SearchError::Absent)?;
        open.move_on().map_err(failed)?;
        *open.place.lock() = place;
        Ok(())
    }

    fn rebuild(&self) -> Result<Box<dyn Rebuild + '_>, SearchError> {
        self.files.begin().map_err(failed)?;
        let begin = || {
            let index = Index::create_in_dir(&self.files.new, self.fields.schema.clone())?;
            self.prepare(&index);
            writer(&index)
        };
        Ok(Box::new(Anew { owner: self, writer: begin().map_err(failed)? }))
    }

    fn search(&self, question: &Question) -> Result<Found, SearchError> {
        let Some(open) = self.open.read().clone() else { return Ok(Found::default()) };
        let view = Arc::clone(&open.view.read());
        let Some(query) = query(&self.fields, &self.analyzer, &view, question) else {
            return Ok(Found::default());
        };
        let gather = Gather { view: Arc::clone(&view), skip: question.skip, limit: question.limit };
        view.searcher.search(&query, &gather).map_err(failed)
    }

    fn marks(&self, text: &str, asked_for: &str, mode: Mode) -> Vec<Range<usize>> {
        let asked = asked(asked_for);
        let asked_stems = self.analyzer.stems(&asked.join(" "));
        // The words of a text and their stems stand in the same order.
        let stems = self.analyzer.stems(text);
        let meant = |number: usize, word: &str| {
            let means = |place: usize, wanted: &String| {
                let unfinished = mode != Mode::Exact && place + 1 == asked.len();
                let stem = stems.get(number);
                word == wanted
                    || (stem.is_some() && stem == asked_stems.get(place))
                    || (unfinished && word.starts_with(wanted.as_str()))
                    || (mode == Mode::Tolerant && distance(word, wanted) <= usize::from(slack(wanted)))
            };
            asked.iter().enumerate().any(|(place, wanted)| means(place, wanted))
        };
        let words = words(text).enumerate();
        words.filter(|(number, word)| meant(*number, &word.text)).map(|(_, word)| word.range).collect()
    }
}

/// A new index on its way.
struct Anew<'a> {
    owner: &'a TantivyIndex,
    writer: IndexWriter,
}

impl Rebuild for Anew<'_> {
    fn put(&mut self, documents: Vec<Document>) -> Result<(), SearchError> {
        for document in &documents {
            self.writer.add_document(self.owner.fields.document(document)).map_err(failed)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, place: Place) -> Result<(), SearchError> {
        let Anew { owner, mut writer } = *self;
        commit(&mut writer, &files::payload(place, &owner.analyzer)).map_err(failed)?;
        writer.wait_merging_threads().map_err(failed)?;
        // The old writer ends with its merges before its directory moves: they would write into the new one.
        let mut slot = owner.writer.lock();
        if let Some(old) = slot.take() {
            drop(old.wait_merging_threads());
        }
        owner.files.swap().map_err(failed)?;
        *owner.open.write() = owner.load().map_err(failed)?.map(Arc::new);
        Ok(())
    }
}
