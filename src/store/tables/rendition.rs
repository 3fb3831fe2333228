//! `renditions`: recordings in other forms, by project, recording and recipe; the same recording is found in other projects by content.

use model::{BlobHash, ProjectId, rendition::Rendition};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Renditions.
#[derive(Debug)]
pub struct Renditions;

impl Table for Renditions {
    const ID: TableId = TableId::Renditions;
    /// Project, recording, recipe.
    type Key = (ProjectId, BlobHash, String);
    type Row = Rendition;

    fn indexes(row: &Rendition, _key: &Self::Key, out: &mut IndexSink) {
        out.index::<RenditionsByContent>(&(row.original, row.recipe.to_string()));
    }
}
record!(Rendition, 1);

indexes! {
    /// The renditions of a recording by recipe, whichever project it is in.
    Index RenditionsByContent: (BlobHash, String) => Renditions;
}
