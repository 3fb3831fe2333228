//! The full-text index: tantivy behind the port [`model::search::SearchIndex`].
//!
//! Everything here can be made anew from the rows. Documents hold words and where they stand, never bodies: what is shown of
//! a hit is read and authorized again by whoever asked.

mod analyzer;
mod columns;
mod files;
mod gather;
mod index;
mod query;
mod schema;
#[cfg(test)]
mod tests;

pub use analyzer::{Language, UnknownLanguage};
pub use index::TantivyIndex;
