//! A row that cannot be read keeps nothing else from being found.

use super::*;
use crate::stage::{Stage, a_project};
use store::{
    Batch, Stored, Table, TableId,
    tables::{last_seen::Seen, track::Tracks, user::Users},
};

/// Accounts as no program of ours writes them.
struct Nonsense;

impl Table for Nonsense {
    const ID: TableId = TableId::Users;
    type Key = model::UserId;
    type Row = Seen;
}

/// Tracks as no program of ours writes them.
struct Noise;

impl Table for Noise {
    const ID: TableId = TableId::Tracks;
    type Key = model::TrackId;
    type Row = Seen;
}

/// Puts something unreadable in the place of a row.
async fn damage<T: Table, W: Table<Key = T::Key, Row = Seen>>(stage: &Stage, key: &T::Key) {
    let old = stage.store().get::<T>(key).await.unwrap().unwrap();
    let row = Seen { at: Timestamp(0) };
    let mut batch = Batch::new();
    batch.replace::<W>(key, &Stored { row, rev: old.rev, stamp: old.stamp }, &row);
    stage.store().commit(batch).await.unwrap();
    assert!(stage.store().get::<T>(key).await.is_err(), "it is damaged");
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_passed_over() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let song = stage.service.create_project(&ada, &a_project("Song")).await.unwrap().into_inner();
    let (project, followed) = (song.project.row.id, stage.service.search_followed());
    stage.join(project, &ben, model::access::Role::Editor).await;
    stage.service.reindex(&|_| ()).await.unwrap();
    let before = *followed.borrow();

    // What he did is not found by his name; what came after it is.
    stage.track(&ben, project).await;
    stage.service.create_project(&ada, &a_project("Another tune")).await.unwrap();
    damage::<Users, Nonsense>(&stage, &ben.user_id().unwrap()).await;
    let mut read = 0;
    assert!(!stage.service.index_on(&mut read).await.unwrap());
    assert!(*followed.borrow() > before);
    assert_eq!(found(&stage, &ada, "tune").await, 1);

    // The same for an index that is made anew.
    let kept = stage.track(&ada, project).await;
    let damaged = stage.track(&ada, project).await;
    damage::<Tracks, Noise>(&stage, &damaged).await;
    stage.service.reindex(&|_| ()).await.unwrap();
    let tracks = stage.service.search(&ada, &asked("drums", SearchKind::Track)).await.unwrap();
    assert!(tracks.page.items.iter().any(|hit| hit.id == kept.uuid()));
}

fn asked(words: &str, kind: SearchKind) -> SearchQuery {
    SearchQuery {
        words: words.to_owned(),
        kinds: vec![kind],
        project: None,
        author: None,
        from: None,
        to: None,
        page: PageRequest::first(10),
    }
}

async fn found(stage: &Stage, cx: &Ctx, words: &str) -> u64 {
    stage.service.search(cx, &asked(words, SearchKind::Project)).await.unwrap().total
}
