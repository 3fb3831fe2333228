//! The disk gate as the committer sees it: before each group it asks how much room there is.

use crate::{
    batch::Class,
    error::{Mark, StoreError},
    space::{Reservation, Room},
};

/// How much may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Everything.
    Open,
    /// Only what frees room or must not wait: batches marked `priority`.
    Soft,
    /// Nothing.
    Hard,
}

/// Asked before each group. Must not block.
pub trait Gate: Send + Sync {
    /// How much may be written now.
    fn check(&self) -> Level;

    /// Keeps room for so many bytes until the reservation is dropped.
    ///
    /// # Errors
    /// [`StoreError::Full`] when that would pass the soft mark.
    fn reserve(&self, bytes: u64) -> Result<Reservation, StoreError>;

    /// How much room the disk has, if that is known.
    fn room(&self) -> Option<Room> {
        None
    }

    /// The engine failed and is about to be opened again: make room.
    fn make_room(&self) {}
}

/// There is always room.
#[derive(Clone, Copy, Debug)]
pub struct AlwaysOpen;

impl Gate for AlwaysOpen {
    fn check(&self) -> Level {
        Level::Open
    }
    fn reserve(&self, _bytes: u64) -> Result<Reservation, StoreError> {
        Ok(Reservation::default())
    }
}

impl Level {
    /// The mark that refuses a batch at this level, if it is refused.
    pub(crate) fn refuses(self, class: Class) -> Option<Mark> {
        match (self, class) {
            (Level::Open, _) | (Level::Soft, Class::System) => None,
            (Level::Soft, Class::Normal | Class::Relaxed) => Some(Mark::Soft),
            (Level::Hard, _) => Some(Mark::Hard),
        }
    }
}
