//! Locking: what a locked checkpoint holds cannot be deleted.
//!
//! Each locked checkpoint counts one on its versions and tracks; deleting and purging them assert that this count is 0. A lock asserts
//! the rows it counts on, so that of a lock and a deletion at the same time exactly one happens.

use crate::{Authorized, Error, Result, Service};
use model::{
    TrackId, VersionId,
    checkpoint::{Checkpoint, CheckpointVersion},
};
use store::{
    Batch,
    tables::{
        counters::{Locks, TrackLocks},
        track::Tracks,
        version::Versions,
    },
};

impl Service {
    /// Counts a lock on everything that a checkpoint holds.
    ///
    /// # Errors
    /// `Conflict` if some of it is in the trash or gone.
    pub(super) async fn take_locks(&self, batch: &mut Batch, items: &[CheckpointVersion]) -> Result<()> {
        let gone = || {
            Error::Conflict("some of what this checkpoint holds is in the trash or gone; restore it first")
        };
        let tracks: Vec<TrackId> = items.iter().map(|item| item.track_id).collect();
        for track in self.store().get_many::<Tracks>(&tracks).await? {
            let track = track.filter(|track| track.row.deleted.is_none()).ok_or_else(gone)?;
            batch.assert_unchanged::<Tracks>(&track.row.id, &track).add::<TrackLocks>(&track.row.id, 1, ..);
        }
        let versions: Vec<VersionId> = items.iter().filter_map(|item| item.version_id).collect();
        for version in self.store().get_many::<Versions>(&versions).await? {
            let version = version.filter(|version| version.row.deleted.is_none()).ok_or_else(gone)?;
            batch.assert_unchanged::<Versions>(&version.row.id, &version).add::<Locks>(
                &version.row.id,
                1,
                ..,
            );
        }
        Ok(())
    }
}

/// Whether it was locked or not decided which right was asked for: it must not have changed in between.
pub(super) fn still(seen: &Authorized<Checkpoint>, auth: &Authorized<Checkpoint>) -> Result<()> {
    if seen.resource().stamp == auth.resource().stamp {
        return Ok(());
    }
    Err(Error::Conflict("it was changed by somebody else at the same time; try again"))
}

/// Takes the locks back.
pub(super) fn release_locks<'a>(batch: &mut Batch, items: impl Iterator<Item = &'a CheckpointVersion>) {
    for item in items {
        batch.add::<TrackLocks>(&item.track_id, -1, 0..);
        if let Some(version) = &item.version_id {
            batch.add::<Locks>(version, -1, 0..);
        }
    }
}
