//! What each row counts for: the definition of every counter, in one place.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
};

use model::{
    TrackId,
    access::Role,
    account::{InstanceRole, User, UserStatus},
    invitation::Acceptance,
    project::{Project, ProjectMember},
    track::Track,
    upload::{Upload, UploadState},
    version::Version,
};

use crate::{
    Counter, Key, TableId,
    tables::{
        blob::Refs,
        counters::{
            ActiveAdmins, InvitationUses, MemberCount, Owners, ProjectBytes, ProjectVersionCount,
            ProjectsOfUser, TrackCount, TrackTotal, UsedBytes, VersionCount, VersionSeq,
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

/// The counters that follow from rows, and what later rows must know of earlier ones: tracks come before versions.
#[derive(Debug, Default)]
pub struct Sums {
    counters: BTreeMap<TableId, BTreeMap<Vec<u8>, Want>>,
    /// Tracks in the trash: what is on them does not count for the project.
    trashed: BTreeSet<TrackId>,
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
    } else if let Some(track) = row.downcast_ref::<Track>() {
        sums.add::<TrackTotal>(&track.project_id, 1);
        sums.add::<TrackCount>(&track.project_id, i64::from(track.deleted.is_none()));
        if track.deleted.is_some() {
            sums.trashed.insert(track.id);
        }
        track.cover.iter().for_each(|blob| sums.add::<Refs>(blob, 1));
    } else if let Some(version) = row.downcast_ref::<Version>() {
        tally_version(version, sums);
    } else if let Some(upload) = row.downcast_ref::<Upload>() {
        sums.add::<UsedBytes>(&upload.user_id, bytes(upload.size_bytes));
        if let UploadState::Complete { blob, .. } = &upload.state {
            sums.add::<Refs>(blob, 1);
        }
    }
}

fn tally_version(version: &Version, sums: &mut Sums) {
    let shown = i64::from(version.deleted.is_none());
    sums.add::<VersionCount>(&version.track_id, shown);
    let track_shown = i64::from(!sums.trashed.contains(&version.track_id));
    sums.add::<ProjectVersionCount>(&version.project_id, shown * track_shown);
    sums.add::<ProjectBytes>(&version.project_id, bytes(version.size_bytes));
    sums.add::<UsedBytes>(&version.charged_to, bytes(version.size_bytes));
    sums.at_least::<VersionSeq>(&version.track_id, version.number);
    for blob in [Some(version.original), version.peaks, version.features].into_iter().flatten() {
        sums.add::<Refs>(&blob, 1);
    }
}
