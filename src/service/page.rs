//! Pages of lists: how much is asked for, and where the next page begins.

use crate::Result;
use model::Violation;
use store::Key;

/// How much of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Items to return at most.
    pub limit: usize,
    /// The place after which to go on: `next` of the page before.
    pub after: Option<Vec<u8>>,
}

impl PageRequest {
    /// The first page.
    pub fn first(limit: usize) -> Self {
        Self { limit, after: None }
    }

    /// The place after which to go on, as the list that gave it wrote it.
    ///
    /// # Errors
    /// `Invalid` if it is not a place of this list.
    pub(crate) fn place<K: Key>(&self) -> Result<Option<K>> {
        let Some(bytes) = &self.after else { return Ok(None) };
        let invalid = |_| Violation::new("?cursor", "invalid_cursor", "is not a cursor of this list");
        Ok(Some(K::from_bytes(bytes).map_err(invalid)?))
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// The place after the last item, if there is more.
    pub next: Option<Vec<u8>>,
}

impl<T> Paged<T> {
    /// The first `limit` of these items; `place` says where an item stands. `items` holds at least one more if there is more.
    pub(crate) fn cut<K: Key>(mut items: Vec<T>, limit: usize, place: impl FnOnce(&T) -> K) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| place(last).to_bytes());
        Self { items, next }
    }
}
