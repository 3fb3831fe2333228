//! What each row counts for: the definition of every counter, in one place.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
};

use model::{
    CheckpointId, CommentId, VersionId,
    access::Role,
    account::{InstanceRole, User, UserStatus},
    checkpoint::{Checkpoint, CheckpointVersion},
    comment::{Comment, CommentPlacement, Reaction, Visibility},
    invitation::Acceptance,
    job::JobFile,
    mood::Mood,
    project::{Project, ProjectMember},
    rendition::{Rendition, RenditionState},
    review::VersionApproval,
    share::{Guest, ShareLink},
    track::Track,
    upload::{Upload, UploadState},
    version::Version,
};
use uuid::Uuid;

use crate::{
    Counter, Key, TableId,
    tables::{
        blob::Refs,
        counters::{
            ActiveAdmins, ApprovalCount, CheckpointCount, CheckpointTotal, CommentTotal, InvitationUses,
            LinkVisits, Locks, MemberCount, MoodsOfDay, OpenComments, Owners, ProjectBytes,
            ProjectVersionCount, ProjectsOfUser, ReactionCount, ReplyCount, ResolvedComments, ShareLinkCount,
            TrackCount, TrackLocks, TrackTotal, UsedBytes, VersionCount, VersionSeq,
        },
    },
};

/// What a counter must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// What the rows say.
    pub value: i64,
    /// The counter may be higher: numbers once given stay given.
    least: bool,
}

impl Want {
    pub(super) fn allows(self, found: i64) -> bool {
        if self.least { found >= self.value } else { found == self.value }
    }
    /// How it is stored; a counter of 0 is not.
    pub(super) fn stored(self) -> Option<Vec<u8>> {
        (self.value != 0).then(|| self.value.to_be_bytes().to_vec())
    }
}

/// The counters that follow from rows, and what later rows must know of earlier ones: tracks come before versions and comments,
/// checkpoints before what they hold and before comments, placements before comments.
#[derive(Debug, Default)]
pub struct Sums {
    counters: BTreeMap<TableId, BTreeMap<Vec<u8>, Want>>,
    /// Tracks and checkpoints in the trash: what is on them does not count for the project.
    trashed: BTreeSet<Uuid>,
    /// Locked checkpoints.
    locked: BTreeSet<CheckpointId>,
    /// The later versions that comments were carried to.
    placed: BTreeMap<CommentId, Vec<VersionId>>,
}

impl Sums {
    fn add<C: Counter>(&mut self, key: &C::Key, delta: i64) {
        self.counters.entry(C::ID).or_default().entry(key.to_bytes()).or_default().value += delta;
    }
    fn at_least<C: Counter>(&mut self, key: &C::Key, number: i64) {
        let want = self.counters.entry(C::ID).or_default().entry(key.to_bytes()).or_default();
        *want = Want { value: want.value.max(number), least: true };
    }
    /// The counters of one kind, by key.
    pub(super) fn of(&self, id: TableId) -> BTreeMap<Vec<u8>, Want> {
        self.counters.get(&id).cloned().unwrap_or_default()
    }
}

fn bytes(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// Adds what a row counts for.
pub(super) fn tally(row: &dyn Any, sums: &mut Sums) {
    if let Some(user) = row.downcast_ref::<User>() {
        if user.role == InstanceRole::Admin && user.status == UserStatus::Active {
            sums.add::<ActiveAdmins>(&(), 1);
        }
        user.avatar.iter().for_each(|blob| sums.add::<Refs>(blob, 1));
    } else if let Some(project) = row.downcast_ref::<Project>() {
        project.cover.iter().for_each(|blob| sums.add::<Refs>(blob, 1));
    } else if let Some(member) = row.downcast_ref::<ProjectMember>() {
        sums.add::<MemberCount>(&member.project_id, 1);
        sums.add::<ProjectsOfUser>(&member.user_id, 1);
        sums.add::<Owners>(&member.project_id, i64::from(member.role == Role::Owner));
    } else if let Some(acceptance) = row.downcast_ref::<Acceptance>() {
        sums.add::<InvitationUses>(&acceptance.invitation_id, 1);
    } else if let Some(link) = row.downcast_ref::<ShareLink>() {
        sums.add::<ShareLinkCount>(&link.project_id, 1);
    } else if let Some(guest) = row.downcast_ref::<Guest>() {
        sums.add::<LinkVisits>(&guest.link_id, 1);
    } else if let Some(track) = row.downcast_ref::<Track>() {
        sums.add::<TrackTotal>(&track.project_id, 1);
        // Its numbers stay given when all its versions are gone.
        sums.at_least::<VersionSeq>(&track.id, 0);
        sums.add::<TrackCount>(&track.project_id, i64::from(track.deleted.is_none()));
        if track.deleted.is_some() {
            sums.trashed.insert(track.id.uuid());
        }
        track.cover.iter().for_each(|blob| sums.add::<Refs>(blob, 1));
    } else if let Some(version) = row.downcast_ref::<Version>() {
        tally_version(version, sums);
    } else if let Some(checkpoint) = row.downcast_ref::<Checkpoint>() {
        tally_checkpoint(checkpoint, sums);
    } else if let Some(held) = row.downcast_ref::<CheckpointVersion>() {
        if sums.locked.contains(&held.checkpoint_id) {
            sums.add::<TrackLocks>(&held.track_id, 1);
            held.version_id.iter().for_each(|version| sums.add::<Locks>(version, 1));
        }
    } else if let Some(rendition) = row.downcast_ref::<Rendition>() {
        if let RenditionState::Ready { made } = &rendition.state {
            sums.add::<Refs>(&made.blob, 1);
        }
    } else if let Some(result) = row.downcast_ref::<JobFile>() {
        sums.add::<Refs>(&result.made.blob, 1);
    } else if let Some(upload) = row.downcast_ref::<Upload>() {
        sums.add::<UsedBytes>(&upload.user_id, bytes(upload.size_bytes));
        if let UploadState::Complete { blob, .. } = &upload.state {
            sums.add::<Refs>(blob, 1);
        }
    } else if let Some(placement) = row.downcast_ref::<CommentPlacement>() {
        sums.placed.entry(placement.comment_id).or_default().push(placement.version_id);
    } else if let Some(comment) = row.downcast_ref::<Comment>() {
        tally_comment(comment, sums);
    } else if let Some(approval) = row.downcast_ref::<VersionApproval>() {
        sums.add::<ApprovalCount>(&approval.version_id, 1);
    } else if let Some(mood) = row.downcast_ref::<Mood>() {
        sums.add::<MoodsOfDay>(&(mood.project_id, mood.user_id, mood.day().first_day()), 1);
    } else if let Some(reaction) = row.downcast_ref::<Reaction>() {
        sums.add::<ReactionCount>(&reaction.comment_id, 1);
    }
}

fn tally_comment(comment: &Comment, sums: &mut Sums) {
    sums.add::<CommentTotal>(&comment.project_id, 1);
    comment.parent_id.iter().for_each(|parent| sums.add::<ReplyCount>(parent, 1));
    let (open, resolved) = comment.weight();
    let project = comment.project_id.uuid();
    let hidden = comment.anchor.homes().any(|home| sums.trashed.contains(&home));
    let placed = sums.placed.get(&comment.id).cloned().unwrap_or_default();
    let places = comment.places().filter(|place| !hidden || *place != project);
    for place in places.chain(placed.into_iter().map(VersionId::uuid)) {
        let key = (place, comment.visibility == Visibility::Team);
        sums.add::<OpenComments>(&key, open);
        sums.add::<ResolvedComments>(&key, resolved);
    }
}

fn tally_checkpoint(checkpoint: &Checkpoint, sums: &mut Sums) {
    sums.add::<CheckpointTotal>(&checkpoint.project_id, 1);
    sums.add::<CheckpointCount>(&checkpoint.project_id, i64::from(checkpoint.deleted.is_none()));
    if checkpoint.deleted.is_some() {
        sums.trashed.insert(checkpoint.id.uuid());
    }
    if checkpoint.locked {
        sums.locked.insert(checkpoint.id);
    }
}

fn tally_version(version: &Version, sums: &mut Sums) {
    let shown = i64::from(version.deleted.is_none());
    sums.add::<VersionCount>(&version.track_id, shown);
    let track_shown = i64::from(!sums.trashed.contains(&version.track_id.uuid()));
    sums.add::<ProjectVersionCount>(&version.project_id, shown * track_shown);
    sums.add::<ProjectBytes>(&version.project_id, bytes(version.size_bytes));
    sums.add::<UsedBytes>(&version.charged_to, bytes(version.size_bytes));
    sums.at_least::<VersionSeq>(&version.track_id, version.number);
    for blob in version.blobs() {
        sums.add::<Refs>(&blob, 1);
    }
}
