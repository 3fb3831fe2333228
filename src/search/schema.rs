//! The fields of a document, and how the model's documents become tantivy's.

use crate::analyzer::{STEMS, WORDS};
use model::{
    ProjectId, TrackId,
    search::{Document, DocumentId},
};
use tantivy::{
    TantivyDocument, Term,
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
};

/// Grows with every change of the fields: an index with other fields is made anew.
pub(crate) const GENERATION: u32 = 1;

/// The kind's number, for facets.
pub(crate) const KIND: &str = "kind";
/// The shelf's number, for who may look.
pub(crate) const SHELF: &str = "shelf";
/// The first half of the id.
pub(crate) const HIGH: &str = "high";
/// The second half of the id.
pub(crate) const LOW: &str = "low";
/// The second half of the author's id.
pub(crate) const AUTHOR: &str = "author";
/// When it was made, in milliseconds.
pub(crate) const AT: &str = "at";

/// The fields.
#[derive(Clone)]
pub(crate) struct Fields {
    pub(crate) schema: Schema,
    id: Field,
    project: Field,
    track: Field,
    kind: Field,
    shelf: Field,
    high: Field,
    low: Field,
    author: Field,
    at: Field,
    /// The words of the title.
    pub(crate) title: Field,
    /// The words of everything else.
    pub(crate) text: Field,
    /// The stems of all of them.
    pub(crate) stems: Field,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let words = |tokenizer| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer);
            TextOptions::default()
                .set_indexing_options(indexing.set_index_option(IndexRecordOption::WithFreqs))
        };
        Self {
            id: schema.add_bytes_field("id", INDEXED),
            project: schema.add_bytes_field("project", INDEXED),
            track: schema.add_bytes_field("track", INDEXED),
            kind: schema.add_u64_field(KIND, FAST),
            shelf: schema.add_u64_field(SHELF, FAST),
            high: schema.add_u64_field(HIGH, FAST),
            low: schema.add_u64_field(LOW, FAST),
            author: schema.add_u64_field(AUTHOR, FAST),
            at: schema.add_i64_field(AT, FAST),
            title: schema.add_text_field("title", words(WORDS)),
            text: schema.add_text_field("text", words(WORDS)),
            stems: schema.add_text_field("stems", words(STEMS)),
            schema: schema.build(),
        }
    }

    /// What finds the document of an id.
    pub(crate) fn of_id(&self, id: DocumentId) -> Term {
        Term::from_field_bytes(self.id, &id.to_bytes())
    }
    /// What finds everything that belongs to a track.
    pub(crate) fn of_track(&self, track: TrackId) -> Term {
        Term::from_field_bytes(self.track, track.as_bytes())
    }
    /// What finds everything that belongs to a project.
    pub(crate) fn of_project(&self, project: ProjectId) -> Term {
        Term::from_field_bytes(self.project, project.as_bytes())
    }

    pub(crate) fn document(&self, from: &Document) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        let (high, low) = from.id.id.as_u64_pair();
        document.add_bytes(self.id, &from.id.to_bytes());
        document.add_bytes(self.project, from.project.as_bytes());
        if let Some(track) = &from.track {
            document.add_bytes(self.track, track.as_bytes());
        }
        document.add_u64(self.kind, from.id.kind.number().into());
        document.add_u64(self.shelf, from.shelf().number());
        document.add_u64(self.high, high);
        document.add_u64(self.low, low);
        if let Some(author) = &from.author {
            document.add_u64(self.author, author.as_u64_pair().1);
        }
        document.add_i64(self.at, from.at.millis());
        for (field, text) in [(self.title, &from.title), (self.text, &from.text)] {
            document.add_text(field, text);
            document.add_text(self.stems, text);
        }
        document
    }
}
