//! Checkpoints as JSON.

mod change;

pub use change::{CreateCheckpoint, RestoreCheckpoint, UpdateCheckpoint};

use super::{Time, mirror::mirrored};
use model::checkpoint as stored;
use poem_openapi::Object;
use service::checkpoint::{Change, CheckpointDiff as Diff, CheckpointView, Restored};
use uuid::Uuid;

mirrored! { stored;
    /// Of how much of the song a checkpoint speaks.
    CheckpointScope {
        /// Of every track there was: what it does not hold was not there.
        Whole,
        /// Of some tracks: it says nothing about the others.
        Chosen,
    }
}

/// What the song was at a moment.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Checkpoint {
    /// Its id.
    pub id: Uuid,
    /// The project it belongs to.
    pub project_id: Uuid,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// `manual`, or `auto_before_restore`: the state that a restore replaced. More kinds may come.
    pub kind: String,
    /// Of how much of the song it speaks.
    pub scope: CheckpointScope,
    /// Locked: what it holds cannot be deleted.
    pub locked: bool,
    /// The tempo of the project at that moment, in beats per minute.
    pub bpm: Option<f64>,
    /// The time signature of the project at that moment.
    pub time_signature: Option<String>,
    /// Its comments that are not resolved, as far as you see them; not part of the revision.
    pub open_comment_count: i64,
    /// What it holds, in the order of the tracks; absent in lists and events.
    pub items: Option<Vec<CheckpointVersion>>,
    /// Who made it, or caused it.
    pub created_by: Uuid,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Grows by one with each change.
    pub revision: i64,
}

/// What a checkpoint holds of one track: a copy that nothing changes later.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CheckpointVersion {
    /// The track.
    pub track_id: Uuid,
    /// The version that played; absent while the track had none.
    pub version_id: Option<Uuid>,
    /// The name of the track.
    pub track_name: String,
    /// Where it stood: in byte order of these, tracks are in their order.
    pub position: String,
    /// Linear gain, 0 to 2.
    pub volume: f64,
    /// −1 (left) to 1 (right).
    pub pan: f64,
    /// Silenced.
    pub muted: bool,
    /// Heard alone.
    pub soloed: bool,
    /// Where in the song it started, in milliseconds.
    pub start_offset_ms: i64,
}

/// What a restore did.
#[derive(Debug, Object)]
pub struct RestoredCheckpoint {
    /// The checkpoint of the state before: restore it to undo.
    pub checkpoint_before_id: Uuid,
    /// Tracks that the checkpoint does not hold: muted, and last.
    pub set_aside: Vec<Uuid>,
    /// Tracks that lay in the trash at that time and lie there again: an earlier restore had taken them out.
    pub back_in_trash: Vec<Uuid>,
    /// Tracks of the checkpoint that are gone for good, or whose version is; they stay as they are.
    pub missing: Vec<Uuid>,
}

/// What differs between a checkpoint and the other side.
#[derive(Debug, Object)]
pub struct CheckpointDiff {
    /// Whether nothing differs.
    pub same: bool,
    /// Tracks that only the other side has.
    pub added: Vec<CheckpointVersion>,
    /// Tracks that only the checkpoint has.
    pub removed: Vec<CheckpointVersion>,
    /// Tracks that both have, and that differ in more than their place.
    pub changed: Vec<CheckpointChange>,
    /// Whether the tracks that both have stand in another order.
    pub reordered: bool,
}

/// A track that differs.
#[derive(Debug, Object)]
pub struct CheckpointChange {
    /// The track.
    pub track_id: Uuid,
    /// The fields that differ: `version_id`, `track_name`, `volume`, `pan`, `muted`, `soloed`, `start_offset_ms`.
    pub fields: Vec<String>,
    /// In the checkpoint.
    pub before: CheckpointVersion,
    /// On the other side.
    pub after: CheckpointVersion,
}

impl From<CheckpointView> for Checkpoint {
    fn from(view: CheckpointView) -> Self {
        let row = view.checkpoint.row;
        Self {
            id: row.id.uuid(),
            project_id: row.project_id.uuid(),
            name: row.name.to_string(),
            description: row.description.map(|text| text.to_string()),
            kind: match row.kind {
                stored::CheckpointKind::Manual => "manual".to_owned(),
                stored::CheckpointKind::AutoBeforeRestore => "auto_before_restore".to_owned(),
            },
            scope: row.scope.into(),
            locked: row.locked,
            bpm: row.bpm,
            time_signature: row.time_signature.map(|signature| signature.to_string()),
            open_comment_count: view.open_comment_count,
            items: view.items.map(held),
            created_by: row.created_by.uuid(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            revision: view.checkpoint.rev.cast_signed(),
        }
    }
}

fn held(items: Vec<stored::CheckpointVersion>) -> Vec<CheckpointVersion> {
    items.into_iter().map(Into::into).collect()
}

impl From<stored::CheckpointVersion> for CheckpointVersion {
    fn from(item: stored::CheckpointVersion) -> Self {
        Self {
            track_id: item.track_id.uuid(),
            version_id: item.version_id.map(Into::into),
            track_name: item.track_name.to_string(),
            position: item.position.to_string(),
            volume: item.fader.volume,
            pan: item.fader.pan,
            muted: item.fader.muted,
            soloed: item.fader.soloed,
            start_offset_ms: item.start_offset_ms,
        }
    }
}

impl From<Restored> for RestoredCheckpoint {
    fn from(restored: Restored) -> Self {
        let ids = |tracks: Vec<model::TrackId>| tracks.into_iter().map(Into::into).collect();
        Self {
            checkpoint_before_id: restored.before.uuid(),
            set_aside: ids(restored.set_aside),
            back_in_trash: ids(restored.thrown_back),
            missing: ids(restored.missing),
        }
    }
}

impl From<Diff> for CheckpointDiff {
    fn from(diff: Diff) -> Self {
        Self {
            same: diff == Diff::default(),
            added: held(diff.added),
            removed: held(diff.removed),
            changed: diff.changed.into_iter().map(Into::into).collect(),
            reordered: diff.reordered,
        }
    }
}

impl From<Change> for CheckpointChange {
    fn from(change: Change) -> Self {
        let (before, after): (CheckpointVersion, CheckpointVersion) =
            (change.before.into(), change.after.into());
        Self { track_id: before.track_id, fields: differing(&before, &after), before, after }
    }
}

#[expect(clippy::float_cmp, reason = "a fader that did not move has the same bits")]
fn differing(a: &CheckpointVersion, b: &CheckpointVersion) -> Vec<String> {
    let fields = [
        ("version_id", a.version_id != b.version_id),
        ("track_name", a.track_name != b.track_name),
        ("volume", a.volume != b.volume),
        ("pan", a.pan != b.pan),
        ("muted", a.muted != b.muted),
        ("soloed", a.soloed != b.soloed),
        ("start_offset_ms", a.start_offset_ms != b.start_offset_ms),
    ];
    fields.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned()).collect()
}
