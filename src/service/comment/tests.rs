//! What only shows from inside: bounds, events that are not told, two writers at once.

use super::*;
use crate::{
    commit::Done,
    page::PageRequest,
    stage::{Stage, a_project, keyed},
};
use model::{
    Timestamp, UserId, VersionId,
    access::Role,
    comment::{Body, CommentEdit, CommentPlacement, Known, Resolution, Span},
    text::CommentText,
};
use std::collections::BTreeSet;
use store::tables::comment::{CommentEdits, CommentPlacements};
use uuid::Uuid;

/// A project of ada, which ben edits and eve views.
struct Room {
    stage: Stage,
    ada: Ctx,
    ben: Ctx,
    eve: Ctx,
    project: ProjectId,
}

impl Room {
    async fn open() -> Self {
        let stage = Stage::new();
        let (ada, ben, eve) =
            (stage.person("ada").await, stage.person("ben").await, stage.person("eve").await);
        let made = stage.service.create_project(&ada, &a_project("Song")).await.unwrap();
        let project = made.into_inner().project.row.id;
        stage.join(project, &ben, Role::Editor).await;
        stage.join(project, &eve, Role::Viewer).await;
        Self { stage, ada, ben, eve, project }
    }

    async fn say(&self, cx: &Ctx, new: &NewComment) -> CommentId {
        let made = self.stage.service.create_comment(cx, self.project, new).await.unwrap();
        made.into_inner().comment.row.id
    }

    async fn list(
        &self,
        cx: &Ctx,
        filter: CommentFilter,
        page: PageRequest,
    ) -> crate::page::Paged<CommentView> {
        let query = CommentQuery { filter, sort: CommentSort::NewestFirst, page };
        self.stage.service.list_comments(cx, self.project, &query).await.unwrap()
    }
}

fn saying(text: &str) -> NewComment {
    NewComment {
        text: CommentText::parse(text).unwrap(),
        track_id: None,
        version_id: None,
        checkpoint_id: None,
        span: None,
        parent_id: None,
        visibility: None,
    }
}

fn to_team(text: &str) -> NewComment {
    NewComment { visibility: Some(Visibility::Team), ..saying(text) }
}

#[tokio::test]
async fn the_largest_comment_and_its_history_fit_into_rows() {
    let room = Room::open().await;
    let ids: BTreeSet<UserId> = (0..20).map(|n| UserId::new(Uuid::from_u128(n))).collect();
    let mentions: String = ids.iter().map(|id| format!("@[{id}]")).collect();
    let filler = limits::USER_TEXT_BYTES_MAX - mentions.len() - " @all @editors ".len();
    let text = format!("{mentions} @all @editors {}", "é".repeat(filler / 2));
    let known = Known { ids, ..Known::default() };
    let body = Body::new(&CommentText::parse(&text).unwrap(), &known).unwrap();
    assert_eq!((body.people().len(), body.groups().len()), (20, 2));
    let id = CommentId::new(Uuid::from_u128(1));
    let somebody = speaker(&room.ada).unwrap();
    let comment = Comment {
        id,
        project_id: room.project,
        anchor: model::comment::Anchor {
            track_id: Some(Uuid::max().into()),
            version_id: Some(Uuid::max().into()),
            checkpoint_id: Some(Uuid::max().into()),
        },
        parent_id: Some(id),
        author: somebody,
        body: body.clone(),
        span: Some(Span { start_ms: i64::MAX, end_ms: Some(i64::MAX) }),
        visibility: Visibility::Everyone,
        pinned: true,
        resolved: Some(Resolution {
            at: Timestamp(i64::MAX),
            by: somebody,
            version_id: Some(VersionId::new(Uuid::max())),
        }),
        edits: u32::MAX,
        edited_at: Some(Timestamp(i64::MAX)),
        deleted: Some((Timestamp(i64::MAX), somebody)),
        created_at: Timestamp(i64::MAX),
        updated_at: Timestamp(i64::MAX),
    };
    let edit = CommentEdit { body_before: body, edited_by: somebody, at: Timestamp(i64::MAX) };
    let mut batch = Batch::new();
    batch.insert::<Comments>(&id, &comment).insert::<CommentEdits>(&(id, u32::MAX), &edit);
    room.stage.store().commit(batch).await.unwrap();
}

#[tokio::test]
async fn a_long_list_is_looked_through_a_part_at_a_time() {
    let room = Room::open().await;
    for n in 0..=limits::COMMENTS_SCANNED_MAX {
        room.say(&room.ada, &saying(if n == 0 { "a needle" } else { "hay" })).await;
    }
    let filter = || CommentFilter { search: Some("NEEDLE".to_owned()), ..CommentFilter::default() };
    let first = room.list(&room.ada, filter(), PageRequest::first(50)).await;
    assert_eq!(first.items.len(), 0);
    let rest = room.list(&room.ada, filter(), PageRequest { limit: 50, after: first.next }).await;
    assert_eq!((rest.items.len(), rest.next), (1, None));
}

#[tokio::test]
async fn the_team_is_among_itself() {
    let room = Room::open().await;
    let service = &room.stage.service;
    let id = room.say(&room.ben, &to_team("@eve must not hear of this, @ada")).await;
    let row = service.get_comment(&room.ada, id, Include::Comment).await.unwrap();
    assert_eq!(row.comment.row.body.people(), [room.ada.user_id().unwrap()]);
    let event = Event::ReactionAdded {
        emoji: model::emoji::Emoji::parse("🥁").unwrap(),
        visibility: Visibility::Team,
    };
    service.add_reaction(&room.ada, id, &model::emoji::Emoji::parse("🥁").unwrap()).await.unwrap();
    service.pin_comment(&room.ada, id, Pin::On).await.unwrap();
    let log = service.list_project_events(&room.eve, room.project, None, 200).await.unwrap();
    let heard: Vec<_> = log.items.iter().map(|told| told.envelope.event.body.kind()).collect();
    assert_eq!(heard, ["project.created"]);
    let log = service.list_project_events(&room.ben, room.project, None, 200).await.unwrap();
    let heard: Vec<_> = log.items.iter().map(|told| told.envelope.event.body.kind()).collect();
    assert_eq!(heard, ["project.created", "comment.created", "reaction.added", "comment.pinned"]);
    assert_eq!(log.items[2].envelope.event.body, event);
    for refused in [
        service.get_comment(&room.eve, id, Include::Comment).await.map(drop),
        service.pin_comment(&room.eve, id, Pin::Off).await,
        service.delete_comment(&room.eve, id, None).await,
        service
            .create_comment(&room.eve, room.project, &NewComment { parent_id: Some(id), ..saying("?") })
            .await
            .map(drop),
    ] {
        assert!(matches!(refused, Err(Error::NotFound("comment"))), "{refused:?}");
    }
    let refused = service.create_comment(&room.eve, room.project, &to_team("let me in")).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    assert_eq!(room.list(&room.eve, CommentFilter::default(), PageRequest::first(9)).await.items.len(), 0);
    let open = async |cx: &Ctx| service.get_project(cx, room.project).await.unwrap().counts.open_comments;
    assert_eq!((open(&room.eve).await, open(&room.ben).await, open(&room.ada).await), (0, 1, 1));
}

#[tokio::test]
async fn a_repeat_of_a_request_writes_nothing() {
    let room = Room::open().await;
    let service = &room.stage.service;
    let cx = keyed(&room.ada, "createComment", 1, 1);
    let first = room.say(&cx, &saying("once")).await;
    let again = service.create_comment(&cx, room.project, &saying("once")).await.unwrap();
    assert!(matches!(&again, Done::Before(view) if view.comment.row.id == first));
}

#[tokio::test]
async fn a_thread_stands_on_a_later_version_once_and_is_counted_there() {
    let room = Room::open().await;
    let (service, store) = (&room.stage.service, room.stage.store());
    let track = room.stage.track(&room.ada, room.project).await;
    let span = Some(Span { start_ms: 1_000, end_ms: Some(2_000) });
    let id = room.say(&room.ada, &NewComment { track_id: Some(track), span, ..to_team("too loud") }).await;
    let (version, from) = (VersionId::new(Uuid::from_u128(7)), VersionId::new(Uuid::from_u128(6)));
    let found = store.get::<Comments>(&id).await.unwrap().unwrap();
    let placement = CommentPlacement {
        comment_id: id,
        version_id: version,
        from_version_id: from,
        offset_ms: 500,
        confidence: Some(0.9),
        span: span.and_then(|span| span.shifted(500, None)),
    };
    let mut batch = Batch::new();
    batch.insert::<CommentPlacements>(&(id, version), &placement);
    count::count_placed(&mut batch, &found.row, version);
    store.commit(batch).await.unwrap();
    let counts = async |reach| service.comment_counts(&[version.uuid()], Some(reach)).await.unwrap()[0];
    assert_eq!(counts(Visibility::Team).await, CommentCounts { open: 1, resolved: 0 });
    assert_eq!(counts(Visibility::Everyone).await, CommentCounts::default());

    let patch = CommentPatch { start_ms: Some(Some(3_000)), end_ms: Some(None), ..CommentPatch::default() };
    service.update_comment(&room.ada, id, None, &patch).await.unwrap();
    let moved = store.get::<CommentPlacements>(&(id, version)).await.unwrap().unwrap();
    assert_eq!(moved.row.span, Some(Span { start_ms: 3_500, end_ms: None }));

    service.resolve_comment(&room.ben, id, None, &Resolve::default()).await.unwrap();
    assert_eq!(counts(Visibility::Team).await, CommentCounts { open: 0, resolved: 1 });
    service.reopen_comment(&room.ben, id, None).await.unwrap();
    service.delete_comment(&room.ada, id, None).await.unwrap();
    assert_eq!(counts(Visibility::Team).await, CommentCounts::default());
    assert_eq!(store.get::<CommentPlacements>(&(id, version)).await.unwrap(), None);
}
