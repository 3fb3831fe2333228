//! Checkpoints on a store in memory: whatever the song was, it comes back; and of a lock and a deletion at once one happens.

use super::*;
use crate::{
    stage::{Stage, a_project, later},
    track::{FaderPatch, Include, NewTrack, Place, TrackPatch},
};
use model::{
    BlobHash, JobId, TrackId, VersionId,
    access::Role,
    checkpoint::CheckpointKind,
    review::Review,
    text::{CheckpointName, FileName, TrackKind, TrackName},
    track::Fader,
    version::{Version, VersionStatus},
};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};
use store::{
    Batch,
    doctor::{Repair, examine},
    tables::{
        blob::Refs,
        counters::{ProjectVersionCount, TrackLocks, VersionCount, VersionSeq},
        version::Versions,
    },
};

struct Room {
    stage: Stage,
    ada: Ctx,
    project: ProjectId,
}

impl Room {
    async fn new() -> Self {
        let stage = Stage::new();
        let ada = stage.person("ada").await;
        let made = stage.service.create_project(&ada, &a_project("Song")).await.unwrap();
        let project = made.into_inner().project.row.id;
        Self { stage, ada, project }
    }

    fn service(&self) -> &Service {
        &self.stage.service
    }

    async fn track(&self, name: &str) -> TrackId {
        let new = NewTrack::named(TrackName::parse(name).unwrap(), TrackKind::parse("stem").unwrap());
        self.service().create_track(&self.ada, self.project, &new).await.unwrap().into_inner().track.row.id
    }

    /// A take that is ready, without a recording behind it; it plays.
    async fn take(&self, track: TrackId) -> VersionId {
        let store = self.stage.store();
        let number = store.count::<VersionSeq>(&track).await.unwrap() + 1;
        let (id, author): (VersionId, _) = (self.service().id(&self.ada), self.ada.user_id().unwrap());
        let original = BlobHash(*blake3::hash(id.as_bytes()).as_bytes());
        let version = Version {
            id,
            track_id: track,
            project_id: self.project,
            number,
            label: None,
            changelog: None,
            parent_version_id: None,
            uploaded_by: author,
            uploaded_by_guest: None,
            filename: FileName::parse("take.wav").unwrap(),
            original,
            sha256: original.0,
            size_bytes: 0,
            charged_to: author,
            status: VersionStatus::Ready,
            job_id: JobId::new(id.uuid()),
            make_current: true,
            carry_from: None,
            review: Review::default(),
            media: None,
            loudness: None,
            warnings: vec![],
            peaks: None,
            features: None,
            analysis: None,
            metadata: BTreeMap::new(),
            tags: vec![],
            created_at: self.ada.now,
            updated_at: self.ada.now,
            deleted: None,
        };
        let mut batch = Batch::new();
        batch
            .insert::<Versions>(&id, &version)
            .add::<Refs>(&original, 1, ..)
            .add::<VersionSeq>(&track, 1, ..)
            .add::<VersionCount>(&track, 1, ..)
            .add::<ProjectVersionCount>(&self.project, 1, ..);
        store.commit(batch).await.unwrap();
        self.service().set_current_version(&self.ada, track, None, id).await.unwrap();
        id
    }

    async fn keep(&self, name: &str) -> CheckpointId {
        let name = CheckpointName::parse(name).unwrap();
        let new = NewCheckpoint { name, description: None, versions: None };
        let made = self.service().create_checkpoint(&self.ada, self.project, &new).await.unwrap();
        made.into_inner().checkpoint.row.id
    }

    async fn bring_back(&self, id: CheckpointId) -> Restored {
        let what = WhatToRestore { tracks: None, mix: IncludeMix::Yes };
        self.service().restore_checkpoint(&self.ada, id, &what).await.unwrap()
    }

    async fn locked(&self, id: CheckpointId, locked: bool) -> Result<CheckpointView> {
        let patch = CheckpointPatch { locked: Some(locked), ..CheckpointPatch::default() };
        self.service().update_checkpoint(&self.ada, id, None, &patch).await
    }

    /// What people hear and see, track by track.
    async fn heard(&self) -> Vec<(TrackId, String, Option<VersionId>, Fader, i64)> {
        let list = self.service().list_tracks(&self.ada, self.project, Include::Track).await.unwrap();
        let tracks = list.tracks.into_iter().map(|view| {
            let row = view.track.row;
            let plays = row.current.map(|current| current.version_id);
            (row.id, row.name.to_string(), plays, view.fader, row.start_offset_ms)
        });
        tracks.collect()
    }

    fn healthy(&self) {
        let report = examine(self.stage.store(), None, Repair::No).unwrap();
        assert!(report.is_clean(), "{:?}", report.findings);
    }

    /// Somebody changes something. What cannot be done at the moment is not done.
    async fn change(&self, act: &Act) {
        let (service, ada) = (self.service(), &self.ada);
        let tracks: Vec<_> = self.heard().await;
        if let Act::Add = act {
            let track = self.track("New").await;
            self.take(track).await;
            return;
        }
        let at = |n: usize| tracks[n % tracks.len()].0;
        if tracks.is_empty() {
            return;
        }
        match act {
            Act::Add => {}
            Act::Rename(n, name) => {
                let name = Some(TrackName::parse(name).unwrap());
                let patch = TrackPatch {
                    name,
                    start_offset_ms: Some(i64::try_from(*n).unwrap()),
                    ..TrackPatch::default()
                };
                service.update_track(ada, at(*n), None, &patch).await.unwrap();
            }
            Act::Fade(n, level) => {
                let fader = FaderPatch {
                    volume: Some(f64::from(*level) / 128.0),
                    muted: Some(level % 2 == 0),
                    soloed: Some(level % 3 == 0),
                    ..FaderPatch::default()
                };
                let patch = TrackPatch { fader, ..TrackPatch::default() };
                service.update_track(ada, at(*n), None, &patch).await.unwrap();
            }
            Act::Move(n, beside) if at(*n) != at(*beside) => {
                service.move_track(ada, at(*n), Place::Before(at(*beside))).await.unwrap();
            }
            Act::Move(..) => {}
            Act::Take(n) => drop(self.take(at(*n)).await),
            Act::DropTake(n) => {
                if let Some(version) = tracks[n % tracks.len()].2 {
                    service.delete_version(ada, version, None).await.unwrap();
                }
            }
            Act::DropTrack(n) => service.delete_track(ada, at(*n), None).await.unwrap(),
        }
    }
}

#[derive(Clone, Debug)]
enum Act {
    Add,
    Rename(usize, String),
    Fade(usize, u8),
    Move(usize, usize),
    Take(usize),
    DropTake(usize),
    DropTrack(usize),
}

fn acts(most: usize) -> impl Strategy<Value = Vec<Act>> {
    let n = || 0_usize..8;
    let act = prop_oneof![
        1 => Just(Act::Add),
        2 => (n(), "[a-z]{1,8}").prop_map(|(n, name)| Act::Rename(n, name)),
        3 => (n(), any::<u8>()).prop_map(|(n, level)| Act::Fade(n, level)),
        3 => (n(), n()).prop_map(|(n, beside)| Act::Move(n, beside)),
        2 => n().prop_map(Act::Take),
        2 => n().prop_map(Act::DropTake),
        2 => n().prop_map(Act::DropTrack),
    ];
    proptest::collection::vec(act, 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn whatever_it_was_comes_back(before in acts(16), after in acts(16)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let room = Room::new().await;
            for name in ["Drums", "Bass", "Lead"] {
                let track = room.track(name).await;
                room.take(track).await;
            }
            for act in &before {
                room.change(act).await;
            }
            let (first, kept) = (room.heard().await, room.keep("First").await);
            for act in &after {
                room.change(act).await;
            }
            let second = room.heard().await;

            let done = room.bring_back(kept).await;
            let now = room.heard().await;
            assert_eq!(now[..first.len()], first, "what was held is back, first and in order");
            let aside = &now[first.len()..];
            assert!(aside.iter().all(|(.., fader, _)| fader.muted && !fader.soloed), "{aside:?}");
            let aside: Vec<_> = aside.iter().map(|(id, ..)| *id).collect();
            assert_eq!(done.set_aside, aside);
            let diff = room.service().diff_checkpoint(&room.ada, kept, With::Current).await.unwrap();
            let added: Vec<_> = diff.added.iter().map(|item| item.track_id).collect();
            assert_eq!((diff.changed, diff.removed, diff.reordered), (vec![], vec![], false));
            assert_eq!(added, aside);
            room.healthy();

            room.bring_back(done.before).await;
            let now = room.heard().await;
            assert_eq!(now, second, "and so is what was there before");
            let diff = room.service().diff_checkpoint(&room.ada, done.before, With::Current).await.unwrap();
            assert_eq!(diff, CheckpointDiff::default());
            room.healthy();
        });
    }
}

#[tokio::test]
async fn a_restore_is_one_commit_with_one_checkpoint_of_what_was() {
    let room = Room::new().await;
    let track = room.track("Drums").await;
    room.take(track).await;
    let kept = room.keep("First").await;
    room.take(track).await;
    let before = room.stage.store().events().read(0, 1000).await.unwrap().items;
    let done = room.bring_back(kept).await;
    let after = room.stage.store().events().read(0, 1000).await.unwrap().items;
    let new = &after[before.len()..];
    let kinds: Vec<_> = new.iter().map(|event| event.event.body.kind()).collect();
    assert_eq!(kinds, ["checkpoint.created", "checkpoint.restored"]);
    assert!(new.iter().all(|event| event.stamp == new[0].stamp), "one commit");
    let auto = room.service().get_checkpoint(&room.ada, done.before).await.unwrap();
    assert_eq!(auto.checkpoint.row.kind, CheckpointKind::AutoBeforeRestore);
    assert_eq!(auto.checkpoint.row.name.as_str(), "Before restoring First");
    let list =
        room.service().list_checkpoints(&room.ada, room.project, &PageRequest::first(1)).await.unwrap();
    assert_eq!(list.items[0].checkpoint.row.id, done.before, "newest first");
    assert!(list.next.is_some());
}

#[tokio::test]
async fn what_is_gone_for_good_is_named_and_the_rest_comes_back() {
    let room = Room::new().await;
    let (drums, bass) = (room.track("Drums").await, room.track("Bass").await);
    let (first, _) = (room.take(drums).await, room.take(bass).await);
    let kept = room.keep("First").await;
    room.take(drums).await;
    room.service().delete_track(&room.ada, bass, None).await.unwrap();
    let month = later(&room.ada, 31 * 24 * 3600 * 1000);
    room.service().purge_trash(&Ctx::system(month.now)).await.unwrap();
    let done = room.bring_back(kept).await;
    assert_eq!((done.missing, done.set_aside), (vec![bass], vec![]));
    let heard = room.heard().await;
    assert_eq!((heard.len(), heard[0].2), (1, Some(first)));
    let locked = room.locked(kept, true).await;
    assert!(matches!(locked, Err(Error::Conflict(_))), "{locked:?}");
    room.healthy();
}

#[tokio::test]
async fn a_purged_project_takes_locked_checkpoints_along() {
    let room = Room::new().await;
    let track = room.track("Drums").await;
    room.take(track).await;
    let kept = room.keep("First").await;
    room.locked(kept, true).await.unwrap();
    room.service().delete_project(&room.ada, room.project, None).await.unwrap();
    let month = later(&room.ada, 31 * 24 * 3600 * 1000);
    let purged = room.service().purge_trash(&Ctx::system(month.now)).await.unwrap();
    assert_eq!((purged.projects, purged.tracks, purged.versions, purged.checkpoints), (1, 1, 1, 1));
    room.healthy();
}

/// Both happen, or the first of them: whoever came second is told.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_lock_and_a_deletion_at_once_exactly_one_happens() {
    for round in 0..60 {
        let room = Arc::new(Room::new().await);
        let (drums, bass) = (room.track("Drums").await, room.track("Bass").await);
        let version = room.take(drums).await;
        room.take(bass).await;
        let kept = room.keep("First").await;
        let locker = {
            let room = Arc::clone(&room);
            tokio::spawn(async move { room.locked(kept, true).await })
        };
        let ben = room.stage.person("ben").await;
        room.stage.join(room.project, &ben, Role::Editor).await;
        let deleted = match round % 3 {
            0 => room.service().delete_version(&ben, version, None).await,
            1 => room.service().delete_track(&ben, drums, None).await,
            _ => room.service().delete_track(&ben, bass, None).await,
        };
        let locked = locker.await.unwrap();
        assert!(locked.is_ok() != deleted.is_ok(), "round {round}: {locked:?} {deleted:?}");
        for outcome in [locked.err(), deleted.err()].into_iter().flatten() {
            assert!(matches!(outcome, Error::Conflict(_)), "round {round}: {outcome:?}");
        }
        let locks = room.stage.store().count::<TrackLocks>(&bass).await.unwrap();
        let row = room.service().get_checkpoint(&room.ada, kept).await.unwrap().checkpoint.row;
        assert_eq!(i64::from(row.locked), locks, "round {round}");
        room.healthy();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_locks_and_an_unlock_at_once_count_right() {
    let room = Arc::new(Room::new().await);
    let track = room.track("Drums").await;
    let version = room.take(track).await;
    let kept = [room.keep("A").await, room.keep("B").await];
    let tasks = (0..40).map(|n| {
        let room = Arc::clone(&room);
        tokio::spawn(async move { drop(room.locked(kept[n % 2], n % 3 != 0).await) })
    });
    futures::future::join_all(tasks).await;
    room.healthy();
    for id in kept {
        room.locked(id, false).await.unwrap();
    }
    room.service().delete_version(&room.ada, version, None).await.unwrap();
    room.healthy();
}

#[tokio::test(flavor = "multi_thread")]
async fn restoring_while_others_mix_and_move_loses_nothing() {
    let room = Arc::new(Room::new().await);
    let mut tracks = vec![];
    for name in ["A", "B", "C", "D"] {
        let track = room.track(name).await;
        room.take(track).await;
        tracks.push(track);
    }
    let kept = room.keep("First").await;
    let busy = (0..3).map(|person| {
        let (room, tracks) = (Arc::clone(&room), tracks.clone());
        tokio::spawn(async move {
            for n in 0..20 {
                let (a, b) = (tracks[(n + person) % 4], tracks[(n * 3 + 1) % 4]);
                let fader = FaderPatch { volume: Some(0.5), ..FaderPatch::default() };
                let patch = TrackPatch { fader, ..TrackPatch::default() };
                drop(room.service().update_track(&room.ada, a, None, &patch).await);
                drop(room.service().move_track(&room.ada, a, Place::After(b)).await);
            }
        })
    });
    let busy: Vec<_> = busy.collect();
    let what = WhatToRestore { tracks: None, mix: IncludeMix::Yes };
    let mut restored = 0;
    for _ in 0..10 {
        match room.service().restore_checkpoint(&room.ada, kept, &what).await {
            Ok(_) => restored += 1,
            Err(Error::Conflict(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    futures::future::join_all(busy).await;
    let mut found: Vec<_> = room.heard().await.into_iter().map(|(id, ..)| id).collect();
    found.sort();
    tracks.sort();
    assert_eq!(found, tracks);
    let count = room.service().get_project(&room.ada, room.project).await.unwrap().counts.checkpoints;
    assert_eq!(count, restored + 1, "one automatic checkpoint for each restore that happened");
    room.healthy();
}
