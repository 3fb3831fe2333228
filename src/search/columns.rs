//! What the index holds as of one commit, with the columns of its segments. They are opened once: opening them costs more than
//! most questions.

use crate::schema::{AT, AUTHOR, HIGH, KIND, LOW, SHELF};
use std::{collections::HashMap, sync::Arc};
use tantivy::{
    IndexReader, Result, Searcher, SegmentReader, TantivyError, columnar::Column, index::SegmentId,
};

/// The columns of a segment.
pub(crate) struct Columns {
    pub(crate) kind: Column<u64>,
    pub(crate) shelf: Column<u64>,
    pub(crate) author: Column<u64>,
    pub(crate) at: Column<i64>,
    pub(crate) high: Column<u64>,
    pub(crate) low: Column<u64>,
}

/// The documents as of a commit.
pub(crate) struct View {
    pub(crate) searcher: Searcher,
    columns: HashMap<SegmentId, Arc<Columns>>,
}

impl Columns {
    fn open(segment: &SegmentReader) -> Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            kind: columns.u64(KIND)?,
            shelf: columns.u64(SHELF)?,
            author: columns.u64(AUTHOR)?,
            at: columns.i64(AT)?,
            high: columns.u64(HIGH)?,
            low: columns.u64(LOW)?,
        })
    }
}

impl View {
    /// What the reader sees now. Segments never change, so those of the view before bring their columns.
    pub(crate) fn of(reader: &IndexReader, before: Option<&Self>) -> Result<Self> {
        let searcher = reader.searcher();
        let opened = |segment: &SegmentReader| {
            let id = segment.segment_id();
            let known = before.and_then(|before| before.columns.get(&id)).cloned();
            Ok((id, known.map_or_else(|| Columns::open(segment).map(Arc::new), Ok)?))
        };
        let columns = searcher.segment_readers().iter().map(opened).collect::<Result<_>>()?;
        Ok(Self { searcher, columns })
    }

    pub(crate) fn columns(&self, segment: &SegmentReader) -> Result<Arc<Columns>> {
        let missing = || TantivyError::InternalError("a segment that the view does not know".to_owned());
        self.columns.get(&segment.segment_id()).cloned().ok_or_else(missing)
    }
}
