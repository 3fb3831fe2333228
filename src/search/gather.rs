//! What is kept of the documents that a query lets through: the best of them, and how many there are of what.

use crate::columns::{Columns, View};
use model::search::{DocumentId, Found, SearchKind, Shelf};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
    sync::Arc,
};
use tantivy::{
    DocId, Result, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::Column,
};
use uuid::Uuid;

/// How much an entry of the activity feed counts beside the thing it is about.
const ACTIVITY: Score = 0.1;

/// The best first; of equal ones the newest.
type Rank = (u32, i64, SegmentOrdinal, DocId);

/// Gathers what is found.
pub(crate) struct Gather {
    pub(crate) view: Arc<View>,
    pub(crate) skip: usize,
    pub(crate) limit: usize,
}

/// The same in one segment.
pub(crate) struct InSegment {
    segment: SegmentOrdinal,
    columns: Arc<Columns>,
    keep: usize,
    best: BinaryHeap<Reverse<Rank>>,
    kinds: [u64; SearchKind::ALL.len()],
    shelves: HashMap<u64, u64>,
}

/// What a segment gave.
pub(crate) struct Part {
    best: Vec<(Rank, DocumentId, Shelf)>,
    kinds: [u64; SearchKind::ALL.len()],
    shelves: HashMap<u64, u64>,
}

impl Collector for Gather {
    type Fruit = Found;
    type Child = InSegment;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> Result<InSegment> {
        Ok(InSegment {
            segment,
            columns: self.view.columns(reader)?,
            keep: self.skip + self.limit,
            best: BinaryHeap::new(),
            kinds: Default::default(),
            shelves: HashMap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, parts: Vec<Part>) -> Result<Found> {
        let mut found = Found::default();
        let (mut best, mut shelves) = (Vec::new(), BTreeMap::<Shelf, u64>::new());
        for part in parts {
            best.extend(part.best);
            for (sum, count) in found.kinds.iter_mut().zip(part.kinds) {
                *sum += count;
            }
            for (shelf, count) in part.shelves {
                *shelves.entry(Shelf::of_number(shelf)).or_default() += count;
            }
        }
        best.sort_unstable_by_key(|(rank, ..)| Reverse(*rank));
        let page = best.into_iter().skip(self.skip).take(self.limit);
        found.hits = page.map(|(_, id, shelf)| (id, shelf)).collect();
        found.total = found.kinds.iter().sum();
        found.shelves = shelves.into_iter().collect();
        Ok(found)
    }
}

impl SegmentCollector for InSegment {
    type Fruit = Part;

    fn collect(&mut self, document: DocId, score: Score) {
        let kind = self.columns.kind.first(document).unwrap_or_default();
        if let Some(count) = usize::try_from(kind).ok().and_then(|kind| self.kinds.get_mut(kind)) {
            *count += 1;
        }
        let shelf = self.columns.shelf.first(document).unwrap_or_default();
        *self.shelves.entry(shelf).or_default() += 1;
        let activity = kind == u64::from(SearchKind::Activity.number());
        let score = if activity { score * ACTIVITY } else { score };
        // Scores are positive, so their bits are in their order.
        let bits = score.max(0.0).to_bits();
        let worst = self.best.peek().map(|Reverse((worst, ..))| *worst);
        let full = self.best.len() >= self.keep;
        if self.keep == 0 || (full && worst.is_some_and(|worst| bits < worst)) {
            return;
        }
        let at = self.columns.at.first(document).unwrap_or_default();
        self.best.push(Reverse((bits, at, self.segment, document)));
        if full {
            self.best.pop();
        }
    }

    fn harvest(self) -> Part {
        let Columns { kind, shelf, high, low, .. } = &*self.columns;
        let named = |Reverse(rank): Reverse<Rank>| {
            let number = |column: &Column<u64>| column.first(rank.3).unwrap_or_default();
            let kind = SearchKind::of_number(number(kind))?;
            let id = DocumentId { kind, id: Uuid::from_u64_pair(number(high), number(low)) };
            Some((rank, id, Shelf::of_number(number(shelf))))
        };
        let best = self.best.into_iter().filter_map(named).collect();
        Part { best, kinds: self.kinds, shelves: self.shelves }
    }
}
