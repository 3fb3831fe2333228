//! Tracks and the shared mix on a store in memory.

use super::*;
use crate::{
    mix::Channel,
    page::PageRequest,
    project::TrashedThing,
    stage::{Stage, a_project, keyed, later},
};
use model::{
    access::Role,
    account::{InstanceRole, User, UserStatus},
    text::PersonName,
};
use std::{collections::BTreeMap, sync::Arc};
use store::tables::{counters::ProjectVersionCount, user::Users};

fn named(name: &str, place: Place) -> NewTrack {
    let (name, kind) = (TrackName::parse(name).unwrap(), TrackKind::parse("stem").unwrap());
    NewTrack { place, ..NewTrack::named(name, kind) }
}

/// A project with tracks of these names.
async fn song(stage: &Stage, cx: &Ctx, names: &[&str]) -> (ProjectId, Vec<TrackId>) {
    let project =
        stage.service.create_project(cx, &a_project("Song")).await.unwrap().into_inner().project.row.id;
    let mut ids = vec![];
    for name in names {
        let made = stage.service.create_track(cx, project, &named(name, Place::Last)).await.unwrap();
        ids.push(made.into_inner().track.row.id);
    }
    (project, ids)
}

async fn names(stage: &Stage, cx: &Ctx, project: ProjectId) -> Vec<String> {
    let list = stage.service.list_tracks(cx, project, Include::Track).await.unwrap();
    assert!(list.tracks.windows(2).all(|pair| pair[0].position < pair[1].position));
    list.tracks.into_iter().map(|view| view.track.row.name.to_string()).collect()
}

#[tokio::test]
async fn new_tracks_go_where_they_are_put() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, ids) = song(&stage, &ada, &["Drums", "Lead"]).await;
    let service = &stage.service;
    service.create_track(&ada, project, &named("Bass", Place::After(ids[0]))).await.unwrap();
    service.create_track(&ada, project, &named("Count-in", Place::Before(ids[0]))).await.unwrap();
    assert_eq!(names(&stage, &ada, project).await, ["Count-in", "Drums", "Bass", "Lead"]);
    assert_eq!(service.get_project(&ada, project).await.unwrap().counts.tracks, 4);

    let (_, others) = song(&stage, &ada, &["Elsewhere"]).await;
    match service.create_track(&ada, project, &named("Lost", Place::Before(others[0]))).await {
        Err(Error::Invalid(faults)) => assert_eq!(faults.0[0].pointer, "/before_id"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_repeated_request_makes_one_track() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, _) = song(&stage, &ada, &[]).await;
    let again = keyed(&ada, "createTrack", 1, 1);
    let first = stage.service.create_track(&again, project, &named("Drums", Place::Last)).await.unwrap();
    let second = stage.service.create_track(&again, project, &named("Drums", Place::Last)).await.unwrap();
    assert!(matches!((&first, &second), (Done::Now(_), Done::Before(_))));
    assert_eq!(names(&stage, &ada, project).await, ["Drums"]);
}

#[tokio::test]
async fn a_project_has_a_limited_number_of_tracks_trash_included() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, ids) = song(&stage, &ada, &["Drums"]).await;
    let mut batch = Batch::new();
    batch.add::<TrackTotal>(&project, limits::TRACKS_PER_PROJECT_MAX - 1, ..);
    stage.store().commit(batch).await.unwrap();
    let refused = stage.service.create_track(&ada, project, &named("Bass", Place::Last)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    stage.service.delete_track(&ada, ids[0], None).await.unwrap();
    let refused = stage.service.create_track(&ada, project, &named("Bass", Place::Last)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    stage.service.restore_track(&ada, ids[0]).await.unwrap();
}

#[tokio::test]
async fn mixing_does_not_change_a_tracks_revision() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (_, ids) = song(&stage, &ada, &["Drums"]).await;
    let service = &stage.service;
    let before = stage.events().await.len();
    let louder = FaderPatch { volume: Some(1.5), muted: Some(true), ..FaderPatch::default() };
    let patch = TrackPatch { fader: louder, ..TrackPatch::default() };
    let view = service.update_track(&ada, ids[0], Some(1), &patch).await.unwrap();
    assert_eq!((view.track.rev, view.fader.volume, view.fader.muted, view.fader.pan), (1, 1.5, true, 0.0));
    let both = TrackPatch {
        name: Some(TrackName::parse("Kit").unwrap()),
        notes: Some(Some(Prose::parse("two mics").unwrap())),
        fader: FaderPatch { pan: Some(-0.5), ..FaderPatch::default() },
        ..TrackPatch::default()
    };
    let view = service.update_track(&later(&ada, 3), ids[0], Some(1), &both).await.unwrap();
    assert_eq!((view.track.rev, view.fader.pan, view.track.row.name.as_str()), (2, -0.5, "Kit"));
    assert_eq!(service.update_track(&ada, ids[0], None, &both).await.unwrap().track, view.track);
    let stale = service.update_track(&ada, ids[0], Some(1), &both).await;
    assert!(matches!(stale, Err(Error::RevisionConflict { current: 2 })), "{stale:?}");
    assert_eq!(stage.events().await[before..], ["mix.updated", "mix.moved", "track.updated"]);
}

#[tokio::test]
async fn tracks_move_beside_each_other() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, ids) = song(&stage, &ada, &["A", "B", "C"]).await;
    let service = &stage.service;
    let before = stage.events().await.len();
    service.move_track(&ada, ids[2], Place::Before(ids[0])).await.unwrap();
    assert_eq!(names(&stage, &ada, project).await, ["C", "A", "B"]);
    service.move_track(&ada, ids[2], Place::After(ids[0])).await.unwrap();
    assert_eq!(names(&stage, &ada, project).await, ["A", "C", "B"]);
    service.move_track(&ada, ids[0], Place::Last).await.unwrap();
    assert_eq!(names(&stage, &ada, project).await, ["C", "B", "A"]);
    let still = service.move_track(&ada, ids[1], Place::After(ids[2])).await.unwrap();
    assert_eq!(still.track.rev, 1, "it stands there already");
    assert_eq!(stage.events().await[before..], ["tracks.reordered"; 3]);
    let itself = service.move_track(&ada, ids[0], Place::Before(ids[0])).await;
    assert!(matches!(itself, Err(Error::Invalid(_))), "{itself:?}");
}

#[tokio::test]
async fn ranks_that_run_out_are_spread() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, ids) = song(&stage, &ada, &["A", "B", "C"]).await;
    let first = stage.service.get_track(&ada, ids[0]).await.unwrap().position;
    let mut longest = 0;
    for n in 0..900 {
        let (mover, neighbour) = if n % 2 == 0 { (ids[2], ids[1]) } else { (ids[1], ids[2]) };
        let view = stage.service.move_track(&ada, mover, Place::Before(neighbour)).await.unwrap();
        longest = longest.max(view.position.as_str().len());
    }
    assert_eq!(names(&stage, &ada, project).await, ["A", "B", "C"]);
    assert!(longest > 60, "the ranks never came near their limit: {longest}");
    let list = stage.service.list_tracks(&ada, project, Include::Track).await.unwrap();
    assert!(list.tracks[0].position != first, "the first one moved only because all were spread");
}

#[tokio::test]
async fn the_longest_notes_stand_in_the_way_of_no_order() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let service = &stage.service;
    let (project, mut ids) = song(&stage, &ada, &["A", "B", "C"]).await;
    let rank = async |id| service.get_track(&ada, id).await.unwrap().position;
    // Until no rank is left between the first two.
    while Rank::between(Some(&rank(ids[0]).await), Some(&rank(ids[1]).await)).is_some() {
        service.move_track(&ada, ids[2], Place::Before(ids[1])).await.unwrap();
        ids.swap(1, 2);
    }
    let notes = "\u{1d11e}".repeat(limits::USER_TEXT_BYTES_MAX / 4);
    let long = NewTrack { notes: Some(Prose::parse(&notes).unwrap()), ..named("Long", Place::Last) };
    // Together more than one write may hold.
    while ids.len() < 80 {
        ids.push(service.create_track(&ada, project, &long).await.unwrap().into_inner().track.row.id);
    }
    let between = NewTrack { place: Place::Before(ids[1]), ..long };
    let made = service.create_track(&ada, project, &between).await.unwrap().into_inner().track.row.id;
    ids.insert(1, made);
    let listed = async || service.list_tracks(&ada, project, Include::Track).await.unwrap().tracks;
    assert!(listed().await.iter().map(|view| view.track.row.id).eq(ids.iter().copied()));
    ids.reverse();
    service.reorder_tracks(&ada, project, None, &ids).await.unwrap();
    assert!(listed().await.iter().map(|view| view.track.row.id).eq(ids.iter().copied()));
}

#[tokio::test]
async fn a_new_name_of_ones_own_stands_in_nobodys_way() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (_, ids) = song(&stage, &ada, &["A"]).await;
    let id = ada.user_id().unwrap();
    let rewrite = async |change: fn(&mut User)| {
        let user = stage.store().get::<Users>(&id).await.unwrap().unwrap();
        let mut row = user.row.clone();
        change(&mut row);
        let mut batch = Batch::new();
        batch.replace::<Users>(&id, &user, &row);
        stage.store().commit(batch).await.unwrap();
    };
    rewrite(|user| user.name = PersonName::parse("Ada Lovelace").unwrap()).await;
    let rename =
        |name: &str| TrackPatch { name: Some(TrackName::parse(name).unwrap()), ..TrackPatch::default() };
    let first = stage.service.update_track(&ada, ids[0], Some(1), &rename("B")).await.unwrap();
    assert_eq!(first.track.rev, 2);
    rewrite(|user| user.role = InstanceRole::Admin).await;
    let promoted = stage.service.update_track(&ada, ids[0], None, &rename("C")).await;
    assert!(matches!(promoted, Err(Error::Conflict(_))), "{promoted:?}");
    rewrite(|user| (user.role, user.security_version) = (InstanceRole::Member, 2)).await;
    let ended = stage.service.update_track(&ada, ids[0], None, &rename("C")).await;
    assert!(matches!(ended, Err(Error::Unauthenticated)), "{ended:?}");
    rewrite(|user| (user.status, user.security_version) = (UserStatus::Disabled, 1)).await;
    let disabled = stage.service.update_track(&ada, ids[0], None, &rename("C")).await;
    assert!(matches!(disabled, Err(Error::Unauthenticated)), "{disabled:?}");
}

#[tokio::test]
async fn the_whole_order_is_exact_or_refused() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, ids) = song(&stage, &ada, &["A", "B", "C", "D"]).await;
    let (service, order) = (&stage.service, [ids[3], ids[0], ids[1], ids[2]]);
    let revision = service.list_tracks(&ada, project, Include::Track).await.unwrap().order_revision;
    let done = service.reorder_tracks(&ada, project, Some(revision), &order).await.unwrap();
    assert_eq!((done.track_ids.as_slice(), done.revision), (order.as_slice(), revision + 1));
    assert_eq!(names(&stage, &ada, project).await, ["D", "A", "B", "C"]);
    for id in &ids {
        assert_eq!(service.get_track(&ada, *id).await.unwrap().track.rev, 1, "an order is no track's own");
    }
    let same = service.reorder_tracks(&ada, project, None, &order).await.unwrap();
    assert_eq!(same.revision, revision + 1, "the order is that already");
    for wrong in [&order[..3], &[ids[0], ids[1], ids[2], ids[2]], &[&order[..], &ids[..1]].concat()] {
        let refused = service.reorder_tracks(&ada, project, None, wrong).await;
        assert!(matches!(refused, Err(Error::OrderConflict)), "{refused:?}");
    }
    let stale = service.reorder_tracks(&ada, project, Some(revision), &ids).await;
    assert!(matches!(stale, Err(Error::RevisionConflict { .. })), "{stale:?}");
}

#[tokio::test]
async fn a_deleted_track_takes_its_versions_along() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, ids) = song(&stage, &ada, &["A", "B", "C"]).await;
    let mut batch = Batch::new();
    batch.add::<VersionCount>(&ids[1], 3, ..).add::<ProjectVersionCount>(&project, 5, ..);
    stage.store().commit(batch).await.unwrap();
    let service = &stage.service;
    service.delete_track(&ada, ids[1], Some(1)).await.unwrap();
    assert!(matches!(service.get_track(&ada, ids[1]).await, Err(Error::NotFound(_))));
    assert!(matches!(service.delete_track(&ada, ids[1], None).await, Err(Error::NotFound(_))));
    let counts = service.get_project(&ada, project).await.unwrap().counts;
    assert_eq!((counts.tracks, counts.versions), (2, 2));
    let trash = service.list_project_trash(&ada, project, &PageRequest::first(10)).await.unwrap();
    assert!(
        matches!(&trash.items[..], [item] if matches!(&item.thing, TrashedThing::Track(t) if t.id == ids[1]))
    );

    let restored = service.restore_track(&ada, ids[1]).await.unwrap();
    assert_eq!((restored.track.rev, restored.version_count), (3, 3));
    assert_eq!(names(&stage, &ada, project).await, ["A", "B", "C"]);
    assert_eq!(service.get_project(&ada, project).await.unwrap().counts.versions, 5);
    assert!(matches!(service.restore_track(&ada, ids[1]).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_track_comes_back_beside_one_that_took_its_place() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, ids) = song(&stage, &ada, &["A", "B", "C"]).await;
    stage.service.delete_track(&ada, ids[1], None).await.unwrap();
    // The same neighbours give the same rank again.
    stage.service.create_track(&ada, project, &named("New", Place::After(ids[0]))).await.unwrap();
    stage.service.restore_track(&ada, ids[1]).await.unwrap();
    assert_eq!(names(&stage, &ada, project).await.len(), 4);
}

#[tokio::test]
async fn the_trash_is_paged() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, ids) = song(&stage, &ada, &["A", "B", "C", "D", "E"]).await;
    for id in &ids {
        stage.service.delete_track(&ada, *id, None).await.unwrap();
    }
    let (mut seen, mut page) = (vec![], PageRequest::first(2));
    loop {
        let part = stage.service.list_project_trash(&ada, project, &page).await.unwrap();
        seen.extend(part.items.into_iter().filter_map(|item| match item.thing {
            TrashedThing::Track(track) => Some(track.id),
            TrashedThing::Version(_) | TrashedThing::Checkpoint(_) => None,
        }));
        match part.next {
            None => break,
            after => page = PageRequest { limit: 2, after },
        }
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn an_archived_project_keeps_its_tracks_as_they_are() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (project, ids) = song(&stage, &ada, &["A", "B"]).await;
    let service = &stage.service;
    service.archive_project(&ada, project).await.unwrap();
    let (new, patch, moves) = (named("C", Place::Last), TrackPatch::default(), BTreeMap::new());
    let outcomes = [
        service.create_track(&ada, project, &new).await.err(),
        service.update_track(&ada, ids[0], None, &patch).await.err(),
        service.move_track(&ada, ids[0], Place::Last).await.err(),
        service.reorder_tracks(&ada, project, None, &[ids[1], ids[0]]).await.err(),
        service.delete_track(&ada, ids[0], None).await.err(),
        service.put_shared_mix(&ada, project, &moves).await.err(),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Some(Error::ProjectArchived)), "{outcome:?}");
    }
    assert_eq!(names(&stage, &ada, project).await, ["A", "B"]);
}

#[tokio::test]
async fn the_mix_is_written_whole_or_not_at_all() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let (project, ids) = song(&stage, &ada, &["A", "B", "C"]).await;
    stage.join(project, &ben, Role::Viewer).await;
    let service = &stage.service;
    let solo = FaderPatch { soloed: Some(true), ..FaderPatch::default() };
    let quiet =
        FaderPatch { volume: Some(0.25), soloed: Some(true), muted: Some(true), ..FaderPatch::default() };
    let before = stage.events().await.len();
    let mix = service
        .put_shared_mix(&ada, project, &BTreeMap::from([(ids[0], solo), (ids[1], quiet)]))
        .await
        .unwrap();
    assert_eq!(mix.iter().map(|channel| channel.audible).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(mix.iter().map(|channel| channel.fader.volume).collect::<Vec<_>>(), [1.0, 0.25, 1.0]);
    assert_eq!(service.get_shared_mix(&ben, project).await.unwrap(), mix);
    assert_eq!(stage.events().await[before..], ["mix.updated"]);

    service.delete_track(&ada, ids[2], None).await.unwrap();
    let strange = BTreeMap::from([(ids[0], quiet), (ids[2], quiet)]);
    match service.put_shared_mix(&ada, project, &strange).await {
        Err(Error::Invalid(faults)) => assert_eq!(faults.0[0].pointer, format!("/tracks/{}", ids[2])),
        other => panic!("{other:?}"),
    }
    let untouched: Vec<Channel> = mix.into_iter().take(2).collect();
    assert_eq!(service.get_shared_mix(&ada, project).await.unwrap(), untouched);
    let refused = service.put_shared_mix(&ben, project, &BTreeMap::new()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
}

/// Whoever loses five times in a row hears of a conflict, and tries again as a person would.
macro_rules! stubborn {
    ($attempt:expr) => {
        loop {
            match $attempt {
                Err(Error::Conflict(_)) => {}
                outcome => break outcome,
            }
        }
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_move_at_once_keep_every_track() {
    let stage = Arc::new(Stage::new());
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let (project, ids) = song(&stage, &ada, &["A", "B", "C", "D", "E", "F"]).await;
    stage.join(project, &ben, Role::Editor).await;
    let movers = [(ada.clone(), 1), (ben, 5)].map(|(cx, step)| {
        let (stage, ids) = (Arc::clone(&stage), ids.clone());
        tokio::spawn(async move {
            for n in 0..30 {
                let (mover, beside) = (ids[n * step % 6], ids[(n * step + 2) % 6]);
                let place = if n % 2 == 0 { Place::Before(beside) } else { Place::After(beside) };
                stubborn!(stage.service.move_track(&cx, mover, place).await).unwrap();
            }
        })
    });
    let adder = {
        let (stage, ada) = (Arc::clone(&stage), ada.clone());
        tokio::spawn(async move {
            for n in 0..10 {
                let new = named(&format!("New {n}"), Place::Last);
                stubborn!(stage.service.create_track(&ada, project, &new).await).unwrap();
            }
        })
    };
    for task in movers.into_iter().chain([adder]) {
        task.await.unwrap();
    }
    let mut found = names(&stage, &ada, project).await;
    found.sort();
    assert_eq!(found.len(), 16);
    found.dedup();
    assert_eq!(found.len(), 16, "{found:?}");
    assert_eq!(stage.service.get_project(&ada, project).await.unwrap().counts.tracks, 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_and_deleting_at_once_agree() {
    for round in 0..30 {
        let stage = Arc::new(Stage::new());
        let ada = stage.person("ada").await;
        let (project, ids) = song(&stage, &ada, &["A", "B", "C"]).await;
        let mover = {
            let (stage, ada, ids) = (Arc::clone(&stage), ada.clone(), ids.clone());
            tokio::spawn(async move {
                stubborn!(stage.service.move_track(&ada, ids[0], Place::After(ids[1])).await)
            })
        };
        let deleted = round % 2;
        stubborn!(stage.service.delete_track(&ada, ids[deleted], None).await).unwrap();
        match (mover.await.unwrap(), deleted) {
            (Ok(_), _) | (Err(Error::NotFound(_)), 0) | (Err(Error::Invalid(_)), 1) => {}
            (other, _) => panic!("round {round}: {other:?}"),
        }
        assert_eq!(names(&stage, &ada, project).await.len(), 2, "round {round}");
        assert_eq!(stage.service.get_project(&ada, project).await.unwrap().counts.tracks, 2);
        stage.service.restore_track(&ada, ids[deleted]).await.unwrap();
        assert_eq!(names(&stage, &ada, project).await.len(), 3, "round {round}");
    }
}
