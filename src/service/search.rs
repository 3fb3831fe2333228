//! Search over everything that somebody may see. `search/` holds what is indexed of a row, how the index follows the log, and
//! how a hit is read again.
//!
//! The index is asked only about the shelves that the caller may look at now, so nothing else is found, counted or suggested;
//! each hit is then read and checked once more, and what is shown of it comes from its row.

mod document;
mod follow;
mod hit;
mod rebuild;
mod snippet;

pub use hit::SearchHit;
pub use rebuild::{JOB_KIND, Told};
pub use snippet::Snippet;

use crate::{
    Ctx, Error, Login, Memo, Result, Service,
    page::{PageRequest, Paged},
    project::Known,
};
use model::{
    ProjectId, Timestamp,
    access::Action,
    comment::Visibility,
    limits,
    project::Project,
    search::{Found, Mode, Place, Question, SearchError, SearchIndex, SearchKind, Shelf},
    text::ProjectName,
};
use std::{collections::BTreeMap, sync::Arc};
use store::Key as _;
use tokio::sync::{Mutex, Semaphore, watch};
use uuid::Uuid;

/// The index and who works on it.
pub(crate) struct Search {
    index: Arc<dyn SearchIndex>,
    /// Held by whoever changes the index.
    turn: Mutex<()>,
    slots: Semaphore,
    /// The last event whose consequences are found.
    followed: watch::Sender<u64>,
    /// What everybody searches, while nothing is written.
    libraries: Memo<(Login, Option<ProjectId>), Arc<Library>>,
}

impl Search {
    pub(crate) fn new(index: Arc<dyn SearchIndex>) -> Self {
        let followed = watch::Sender::new(index.place().map_or(0, |place| place.seq));
        let slots = Semaphore::new(limits::SEARCHES_AT_ONCE);
        Self { index, turn: Mutex::new(()), slots, followed, libraries: Memo::default() }
    }
}

fn internal(what: &str) -> Error {
    Error::Internal(what.to_owned())
}

/// An index that failed is nobody's fault but ours.
fn failed(error: SearchError) -> Error {
    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
    Error::Internal(format!("{error}{}", source.unwrap_or_default()))
}

/// What is searched for.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    /// What was typed.
    pub words: String,
    /// Only these kinds; none = all.
    pub kinds: Vec<SearchKind>,
    /// Only in this project.
    pub project: Option<ProjectId>,
    /// Only by this person or guest.
    pub author: Option<Uuid>,
    /// Not made before.
    pub from: Option<Timestamp>,
    /// Made before.
    pub to: Option<Timestamp>,
    /// How many, and from where.
    pub page: PageRequest,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct SearchResults {
    /// The best first.
    pub page: Paged<SearchHit>,
    /// How many there are, of all pages.
    pub total: u64,
    /// How many of each kind that occurs.
    pub kinds: Vec<(SearchKind, u64)>,
    /// In which projects the most are.
    pub projects: Vec<(ProjectId, ProjectName, u64)>,
    /// Nothing says exactly what was typed; this comes close.
    pub close: bool,
    /// The index is being made: something may be missing.
    pub incomplete: bool,
}

/// Libraries with more projects are read each time, so that the remembered ones stay small.
const REMEMBERED_PROJECTS_MAX: usize = 50;

/// The projects that somebody searches, by the shelf that everybody in them sees.
pub(crate) struct Library {
    projects: BTreeMap<Shelf, (Known, Visibility)>,
}

impl Library {
    /// Every shelf, in order.
    fn shelves(&self) -> Vec<Shelf> {
        let of = |(known, reach): &(Known, Visibility)| {
            let id = known.project.row.id;
            let team = (*reach == Visibility::Team).then_some(Shelf::of(id, Visibility::Team));
            [Some(Shelf::of(id, Visibility::Everyone)), team].into_iter().flatten()
        };
        let mut shelves: Vec<Shelf> = self.projects.values().flat_map(of).collect();
        shelves.sort_unstable();
        shelves
    }

    fn project(&self, shelf: Shelf) -> Option<&(Known, Visibility)> {
        self.projects.get(&shelf.open())
    }

    /// Where the most was found.
    fn facets(&self, found: &Found) -> Vec<(ProjectId, ProjectName, u64)> {
        let mut counts: BTreeMap<Shelf, u64> = BTreeMap::new();
        for (shelf, count) in &found.shelves {
            *counts.entry(shelf.open()).or_default() += count;
        }
        let named = |(shelf, count): (Shelf, u64)| {
            let project = &self.project(shelf)?.0.project.row;
            Some((project.id, project.name.clone(), count))
        };
        let mut facets: Vec<_> = counts.into_iter().filter_map(named).collect();
        facets.sort_by(|(_, a, most), (_, b, more)| (more, a).cmp(&(most, b)));
        facets.truncate(limits::SEARCH_FACETS_MAX);
        facets
    }
}

impl Service {
    /// What the caller's projects say about some words. If nothing says exactly that, what comes close.
    ///
    /// # Errors
    /// `Unauthenticated`; `NotFound` for a project the caller may not see; `Invalid` for a foreign cursor.
    pub async fn search(&self, cx: &Ctx, query: &SearchQuery) -> Result<SearchResults> {
        let library = self.searched(cx, query.project).await?;
        let (skip, asked) = match query.page.place::<(u64, bool)>()? {
            None => (0, None),
            Some((skip, close)) => (usize::try_from(skip).unwrap_or(usize::MAX), Some(close)),
        };
        let skip = skip.min(limits::SEARCH_DEPTH_MAX);
        let mut question = Question {
            words: query.words.clone(),
            mode: if asked == Some(true) { Mode::Tolerant } else { Mode::Exact },
            shelves: library.shelves(),
            kinds: query.kinds.clone(),
            author: query.author,
            from: query.from,
            to: query.to,
            skip,
            limit: query.page.limit,
        };
        let mut found = self.ask(question.clone()).await?;
        if found.total == 0 && asked.is_none() {
            let close = self.ask(Question { mode: Mode::Tolerant, ..question.clone() }).await?;
            // What was said in between may be exactly what was typed.
            found = self.ask(question.clone()).await?;
            if found.total == 0 {
                (question.mode, found) = (Mode::Tolerant, close);
            }
        }
        let close = question.mode == Mode::Tolerant;
        let upto = skip + found.hits.len();
        let more = !found.hits.is_empty() && (upto as u64) < found.total && upto < limits::SEARCH_DEPTH_MAX;
        let items = self.hits(&library, &question, &found).await?;
        let kinds = SearchKind::ALL.into_iter().zip(found.kinds).filter(|(_, count)| *count > 0);
        Ok(SearchResults {
            page: Paged { items, next: more.then(|| (upto as u64, close).to_bytes()) },
            total: found.total,
            kinds: kinds.collect(),
            projects: library.facets(&found),
            close,
            incomplete: self.search.index.place().is_none(),
        })
    }

    /// What the caller may be about to type: the things that say so, not the words alone.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn suggest(&self, cx: &Ctx, words: &str) -> Result<Vec<SearchHit>> {
        let library = self.searched(cx, None).await?;
        let kinds = SearchKind::ALL.into_iter().filter(|kind| *kind != SearchKind::Activity).collect();
        let question = Question {
            words: words.to_owned(),
            mode: Mode::Prefix,
            shelves: library.shelves(),
            kinds,
            author: None,
            from: None,
            to: None,
            skip: 0,
            limit: limits::SUGGESTIONS_MAX,
        };
        let found = self.ask(question.clone()).await?;
        self.hits(&library, &question, &found).await
    }

    /// How far the index has come: it wakes when more is found.
    #[must_use]
    pub fn search_followed(&self) -> watch::Receiver<u64> {
        self.search.followed.subscribe()
    }

    /// The projects the caller searches: those they are a member of, or one they may see. What is in the trash is not there.
    async fn searched(&self, cx: &Ctx, project: Option<ProjectId>) -> Result<Arc<Library>> {
        let (generation, question) = (self.store().generation(), (cx.login()?.clone(), project));
        if let Some(library) = self.search.libraries.recall(generation, &question) {
            return Ok(library);
        }
        let library = Arc::new(self.shelved(cx, project).await?);
        if library.projects.len() <= REMEMBERED_PROJECTS_MAX {
            self.search.libraries.keep(generation, question, Arc::clone(&library));
        }
        Ok(library)
    }

    async fn shelved(&self, cx: &Ctx, project: Option<ProjectId>) -> Result<Library> {
        let known = match project {
            None => self.projects_of(cx).await?,
            Some(id) => vec![Known::of(&self.authorize::<Project>(cx, id, Action::View).await?)],
        };
        let alive = known.into_iter().filter(|known| known.gate.row.deleted.is_none());
        let shelved = alive.filter_map(|known| {
            let reach = self.reach(known.standing, &known.gate.row.settings)?;
            Some((Shelf::of(known.project.row.id, Visibility::Everyone), (known, reach)))
        });
        Ok(Library { projects: shelved.collect() })
    }

    /// Asks the index, a few at a time.
    async fn ask(&self, question: Question) -> Result<Found> {
        let _slot = self.search.slots.acquire().await.map_err(|_| internal("the search has closed"))?;
        let index = Arc::clone(&self.search.index);
        let asked = tokio::task::spawn_blocking(move || index.search(&question)).await;
        asked.map_err(|_| internal("the search panicked"))?.map_err(failed)
    }

    /// The place of the index in the log that is there.
    fn search_place(&self) -> Option<Place> {
        let epoch = self.store().events().epoch();
        self.search.index.place().filter(|place| place.epoch == epoch)
    }
}

#[cfg(test)]
mod tests;
