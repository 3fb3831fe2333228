//! A plain index in memory that looks at everything: what another index must find, and what tests without a disk use.

use super::{
    Change, Document, DocumentId, Found, Mode, Place, Question, Rebuild, SearchError, SearchIndex,
    SearchKind, Shelf, distance, slack, words,
};
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The index. A new one is at no place: it asks to be rebuilt.
#[derive(Debug, Default)]
pub struct Oracle {
    shown: Mutex<Shown>,
    waiting: Mutex<Vec<Change>>,
}

#[derive(Debug, Default)]
struct Shown {
    documents: BTreeMap<DocumentId, Document>,
    place: Option<Place>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shown {
    fn change(&mut self, change: Change) {
        match change {
            Change::Put(document) => drop(self.documents.insert(document.id, *document)),
            Change::Remove(id) => drop(self.documents.remove(&id)),
            Change::RemoveTrack(track) => {
                self.documents.retain(|_, document| document.track != Some(track));
            }
            Change::RemoveProject(project) => {
                self.documents.retain(|_, document| document.project != project);
            }
        }
    }
}

impl SearchIndex for Oracle {
    fn place(&self) -> Option<Place> {
        held(&self.shown).place
    }

    fn apply(&self, changes: Vec<Change>) -> Result<(), SearchError> {
        held(&self.waiting).extend(changes);
        Ok(())
    }

    fn commit(&self, place: Place) -> Result<(), SearchError> {
        let mut shown = held(&self.shown);
        for change in held(&self.waiting).drain(..) {
            shown.change(change);
        }
        shown.place = Some(place);
        Ok(())
    }

    fn rebuild(&self) -> Result<Box<dyn Rebuild + '_>, SearchError> {
        Ok(Box::new(Anew { oracle: self, documents: BTreeMap::new() }))
    }

    fn search(&self, question: &Question) -> Result<Found, SearchError> {
        let shown = held(&self.shown);
        let mut found = Found::default();
        let mut counts: BTreeMap<Shelf, u64> = BTreeMap::new();
        let mut hits: Vec<&Document> = Vec::new();
        for document in shown.documents.values().filter(|document| answers(question, document)) {
            found.kinds[usize::from(document.id.kind.number())] += 1;
            *counts.entry(document.shelf()).or_default() += 1;
            hits.push(document);
        }
        hits.sort_by_key(|document| Reverse((document.at, document.id)));
        found.total = hits.len() as u64;
        let page = hits.into_iter().skip(question.skip).take(question.limit);
        found.hits = page.map(|document| (document.id, document.shelf())).collect();
        found.shelves = counts.into_iter().collect();
        Ok(found)
    }

    fn marks(&self, text: &str, asked: &str, mode: Mode) -> Vec<Range<usize>> {
        let asked: Vec<String> = words(asked).map(|word| word.text).collect();
        let meant = |word: &str| (0..asked.len()).any(|number| says(word, &asked, number, mode));
        words(text).filter(|word| meant(&word.text)).map(|word| word.range).collect()
    }
}

/// Whether a word is the one asked for at this place.
fn says(word: &str, asked: &[String], number: usize, mode: Mode) -> bool {
    let wanted = asked[number].as_str();
    let unfinished = mode != Mode::Exact && number + 1 == asked.len();
    let misspelt = mode == Mode::Tolerant && distance(word, wanted) <= usize::from(slack(wanted));
    word == wanted || (unfinished && word.starts_with(wanted)) || misspelt
}

fn answers(question: &Question, document: &Document) -> bool {
    let asked: Vec<String> = words(&question.words).map(|word| word.text).collect();
    let said: Vec<String> =
        words(&document.title).chain(words(&document.text)).map(|word| word.text).collect();
    let kind: SearchKind = document.id.kind;
    let author = document.author.map(|author| author.as_u64_pair().1);
    !asked.is_empty()
        && question.admits(Some(kind), document.shelf(), author, document.at)
        && (0..asked.len()).all(|number| said.iter().any(|word| says(word, &asked, number, question.mode)))
}

struct Anew<'a> {
    oracle: &'a Oracle,
    documents: BTreeMap<DocumentId, Document>,
}

impl Rebuild for Anew<'_> {
    fn put(&mut self, documents: Vec<Document>) -> Result<(), SearchError> {
        self.documents.extend(documents.into_iter().map(|document| (document.id, document)));
        Ok(())
    }

    fn finish(self: Box<Self>, place: Place) -> Result<(), SearchError> {
        held(&self.oracle.waiting).clear();
        *held(&self.oracle.shown) = Shown { documents: self.documents, place: Some(place) };
        Ok(())
    }
}
