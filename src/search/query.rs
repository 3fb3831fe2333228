//! A question as a query: every word in one of its forms, and the filter that only lets through what may be found.

use crate::{analyzer::Analyzer, columns::View, schema::Fields};
use model::{
    Timestamp, limits,
    search::{Mode, Question, SearchKind, Shelf, slack, words},
};
use std::sync::Arc;
use tantivy::{
    DocId, Result, SegmentReader, Term,
    query::{
        BooleanQuery, BoostQuery, FuzzyTermQuery, Occur, Query, TermQuery,
        doc_predicate_query::{DocPredicateQuery, FunctionPredicate},
    },
    schema::{Field, IndexRecordOption},
};

/// What a word counts in a title, elsewhere, as another form, unfinished, misspelt.
const TITLE: f32 = 4.0;
const TEXT: f32 = 2.0;
const STEM: f32 = 1.0;
const UNFINISHED: f32 = 1.0;
const MISSPELT: f32 = 0.5;

/// The words that are asked for, without those beyond the limit.
pub(crate) fn asked(text: &str) -> Vec<String> {
    words(text).take(limits::SEARCH_WORDS_MAX).map(|word| word.text).collect()
}

/// The query; none if nothing was asked.
pub(crate) fn query(
    fields: &Fields,
    analyzer: &Analyzer,
    view: &Arc<View>,
    question: &Question,
) -> Option<BooleanQuery> {
    let asked = asked(&question.words);
    let last = asked.len().checked_sub(1)?;
    let mut all: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, visible(view, question))];
    for (number, word) in asked.iter().enumerate() {
        let unfinished = number == last && question.mode != Mode::Exact;
        let misspelt = if question.mode == Mode::Tolerant { slack(word) } else { 0 };
        all.push((Occur::Must, Box::new(forms(fields, analyzer, word, unfinished, misspelt))));
    }
    Some(BooleanQuery::new(all))
}

/// A word in the forms in which it may be found.
fn forms(fields: &Fields, analyzer: &Analyzer, word: &str, unfinished: bool, misspelt: u8) -> BooleanQuery {
    let mut any: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let mut add = |query: Box<dyn Query>, weight| {
        any.push((Occur::Should, Box::new(BoostQuery::new(query, weight))));
    };
    let said = |field: Field, word: &str| {
        let term = Term::from_field_text(field, word);
        Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
    };
    for (field, weight) in [(fields.title, TITLE), (fields.text, TEXT)] {
        add(said(field, word), weight);
        let term = || Term::from_field_text(field, word);
        if unfinished {
            add(Box::new(FuzzyTermQuery::new_prefix(term(), 0, true)), UNFINISHED);
        }
        if misspelt > 0 {
            add(Box::new(FuzzyTermQuery::new(term(), misspelt, true)), MISSPELT);
        }
    }
    for stem in analyzer.stems(word) {
        add(said(fields.stems, &stem), STEM);
    }
    BooleanQuery::new(any)
}

/// Only what whoever asks may find and wants to: asked for each document that has the words, before it is counted.
fn visible(view: &Arc<View>, question: &Question) -> Box<dyn Query> {
    let (view, question) = (Arc::clone(view), Arc::new(question.clone()));
    let predicate = FunctionPredicate::from(move |segment: &SegmentReader| -> Result<_> {
        let columns = view.columns(segment)?;
        let question = Arc::clone(&question);
        Ok(move |document: DocId| {
            let shelf = Shelf::of_number(columns.shelf.first(document).unwrap_or_default());
            // Most questions ask for nothing else: then nothing else is read.
            let kind = || columns.kind.first(document).and_then(SearchKind::of_number);
            let kind = if question.kinds.is_empty() { None } else { kind() };
            let author = question.author.and_then(|_| columns.author.first(document));
            let timed = question.from.is_some() || question.to.is_some();
            let at = if timed { columns.at.first(document).unwrap_or_default() } else { 0 };
            question.admits(kind, shelf, author, Timestamp(at))
        })
    });
    Box::new(DocPredicateQuery::from(predicate))
}
