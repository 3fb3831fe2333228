//! What differs between a checkpoint and another one, or the song as it stands.

use crate::{Ctx, Error, Result, Service, Stored};
use model::{
    CheckpointId,
    access::Action,
    checkpoint::{Checkpoint, CheckpointScope, CheckpointVersion},
    share::LinkScope,
};

/// With what a checkpoint is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// The song as it stands.
    Current,
    /// Another checkpoint of the project.
    Checkpoint(CheckpointId),
}

/// What differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckpointDiff {
    /// Tracks that only the other side has.
    pub added: Vec<CheckpointVersion>,
    /// Tracks that only the checkpoint has.
    pub removed: Vec<CheckpointVersion>,
    /// Tracks that both have, and that differ in more than their place.
    pub changed: Vec<Change>,
    /// Whether the tracks that both have stand in another order; chosen tracks have none.
    pub reordered: bool,
}

/// A track on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// In the checkpoint.
    pub before: CheckpointVersion,
    /// On the other side.
    pub after: CheckpointVersion,
}

/// One side: what it holds, in the order of the tracks.
struct Side {
    scope: CheckpointScope,
    items: Vec<CheckpointVersion>,
}

impl Service {
    /// What became different since a checkpoint. Tracks of which a checkpoint of chosen tracks says nothing do not count.
    ///
    /// # Errors
    /// `NotFound`, also if the other checkpoint is none of the project.
    pub async fn diff_checkpoint(&self, cx: &Ctx, id: CheckpointId, with: With) -> Result<CheckpointDiff> {
        let auth = self.authorize::<Checkpoint>(cx, id, Action::Visit).await?;
        if auth.link().is_some_and(|link| link.row.scope != LinkScope::Project) {
            return Err(Error::Forbidden(
                "the share link shows one checkpoint and nothing to compare it with",
            ));
        }
        let before = self.side(auth.resource()).await?;
        let after = match with {
            With::Current => {
                let song = self.song(auth.project_id()).await?;
                Side { scope: CheckpointScope::Whole, items: song.items(id) }
            }
            With::Checkpoint(other) => {
                let other = self.checkpoint_in(auth.project_id(), other).await?;
                self.side(&other).await?
            }
        };
        Ok(diff(&before, &after))
    }

    async fn side(&self, checkpoint: &Stored<Checkpoint>) -> Result<Side> {
        let items = self.items_of(checkpoint.row.id).await?.into_iter().map(|item| item.row).collect();
        Ok(Side { scope: checkpoint.row.scope, items })
    }
}

fn diff(before: &Side, after: &Side) -> CheckpointDiff {
    let whole = [before, after].iter().all(|side| side.scope == CheckpointScope::Whole);
    let pairs = before.items.iter().filter_map(|item| Some((item, find(after, item)?)));
    let changed = pairs.filter(|(before, after)| differs(before, after));
    let changed = changed.map(|(before, after)| Change { before: before.clone(), after: after.clone() });
    CheckpointDiff {
        added: only_in(after, before),
        removed: only_in(before, after),
        changed: changed.collect(),
        reordered: whole && order(before, after) != order(after, before),
    }
}

fn find<'a>(side: &'a Side, item: &CheckpointVersion) -> Option<&'a CheckpointVersion> {
    side.items.iter().find(|other| other.track_id == item.track_id)
}

/// What one side has and the other one, which speaks of the whole song, has not.
fn only_in(side: &Side, other: &Side) -> Vec<CheckpointVersion> {
    match other.scope {
        CheckpointScope::Whole => {
            side.items.iter().filter(|item| find(other, item).is_none()).cloned().collect()
        }
        CheckpointScope::Chosen => Vec::new(),
    }
}

/// The tracks of one side that the other one has too, in their order.
fn order(side: &Side, other: &Side) -> Vec<model::TrackId> {
    side.items.iter().filter(|item| find(other, item).is_some()).map(|item| item.track_id).collect()
}

fn differs(a: &CheckpointVersion, b: &CheckpointVersion) -> bool {
    let side = |item: &CheckpointVersion| {
        (item.version_id, item.track_name.clone(), item.fader, item.start_offset_ms)
    };
    side(a) != side(b)
}
