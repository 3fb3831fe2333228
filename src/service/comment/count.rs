//! How many threads are open and resolved: counted for the project, and for what they are about or were carried to.
//!
//! Threads for the team are counted apart, so that nobody learns of them by counting.

use crate::{Result, Service, Stored};
use model::{
    CommentId, VersionId,
    comment::{Comment, CommentPlacement, Visibility},
    limits,
};
use store::{
    Batch, Scan,
    tables::{
        comment::CommentPlacements,
        counters::{OpenComments, ResolvedComments},
    },
};
use uuid::Uuid;

/// How many threads there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommentCounts {
    /// Not settled.
    pub open: i64,
    /// Settled.
    pub resolved: i64,
}

/// Counts what a thread became: absent before it is made, absent after it is gone.
pub(super) fn recount(
    batch: &mut Batch,
    before: Option<&Comment>,
    after: Option<&Comment>,
    placed: &[VersionId],
) {
    let places = after.or(before).into_iter().flat_map(Comment::places);
    recount_in(batch, before, after, places.chain(placed.iter().map(|version| version.uuid())));
}

/// The same in these places.
pub(super) fn recount_in(
    batch: &mut Batch,
    before: Option<&Comment>,
    after: Option<&Comment>,
    places: impl Iterator<Item = Uuid>,
) {
    let Some(comment) = after.or(before) else { return };
    let weight = |comment: Option<&Comment>| comment.map_or((0, 0), Comment::weight);
    let (was, is) = (weight(before), weight(after));
    for place in places {
        add(batch, place, comment.visibility, (is.0 - was.0, is.1 - was.1));
    }
}

/// Counts a thread where it was carried to.
pub(super) fn count_placed(batch: &mut Batch, comment: &Comment, version: VersionId) {
    add(batch, version.uuid(), comment.visibility, comment.weight());
}

/// Adds to both counts of a place.
pub(super) fn add(batch: &mut Batch, place: Uuid, visibility: Visibility, (open, resolved): (i64, i64)) {
    let key = (place, visibility == Visibility::Team);
    if open != 0 {
        batch.add::<OpenComments>(&key, open, 0..);
    }
    if resolved != 0 {
        batch.add::<ResolvedComments>(&key, resolved, 0..);
    }
}

impl Service {
    /// The counts of several places, as far as a reader of this reach may know.
    pub(crate) async fn comment_counts(
        &self,
        places: &[Uuid],
        reach: Option<Visibility>,
    ) -> Result<Vec<CommentCounts>> {
        let mut counts = vec![CommentCounts::default(); places.len()];
        for (visibility, team) in [(Visibility::Everyone, false), (Visibility::Team, true)] {
            if reach < Some(visibility) {
                break;
            }
            let keys: Vec<_> = places.iter().map(|place| (*place, team)).collect();
            let open = self.store().count_many::<OpenComments>(&keys).await?;
            let resolved = self.store().count_many::<ResolvedComments>(&keys).await?;
            for (count, (open, resolved)) in counts.iter_mut().zip(open.into_iter().zip(resolved)) {
                count.open += open;
                count.resolved += resolved;
            }
        }
        Ok(counts)
    }

    /// Takes the threads of a track or checkpoint out of its project's counts (−1) or back in (+1). They must stay what was read.
    pub(crate) async fn count_threads_of(
        &self,
        batch: &mut Batch,
        project: Uuid,
        place: Uuid,
        sign: i64,
    ) -> Result<()> {
        for (visibility, team) in [(Visibility::Everyone, false), (Visibility::Team, true)] {
            let key = (place, team);
            let open = self.store().count::<OpenComments>(&key).await?;
            let resolved = self.store().count::<ResolvedComments>(&key).await?;
            batch.assert_counter::<OpenComments>(&key, open..=open);
            batch.assert_counter::<ResolvedComments>(&key, resolved..=resolved);
            add(batch, project, visibility, (sign * open, sign * resolved));
        }
        Ok(())
    }

    /// The versions that a comment was carried to.
    pub(crate) async fn placements_of(&self, id: CommentId) -> Result<Vec<Stored<CommentPlacement>>> {
        const MAX: usize = limits::VERSIONS_PER_TRACK_MAX as usize;
        let found = self.store().scan::<CommentPlacements>(Scan::prefix(&id).limit(MAX)).await?;
        Ok(found.items.into_iter().map(|(_, placement)| placement).collect())
    }

    /// The same as ids.
    pub(super) async fn placed_in(&self, id: CommentId) -> Result<Vec<VersionId>> {
        Ok(self.placements_of(id).await?.into_iter().map(|placement| placement.row.version_id).collect())
    }
}
