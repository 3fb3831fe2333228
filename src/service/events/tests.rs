//! Tests.

use super::{stream::Delivery, *};
use crate::stage::{Stage, a_project};
use model::{
    JobId,
    access::Role,
    account::{User, UserStatus},
    event::{NewEvent, ResourceRef},
    job::JobProgress,
};
use std::time::Duration;
use store::{Batch, Stored};
use uuid::Uuid;

/// Longer than any check of a stream takes.
const SOON: Duration = Duration::from_secs(10);
/// A reader who lost the right to a stream hears nothing more within a second.
const _: () = assert!(limits::STREAM_CHECK_MS < 1_000);

async fn open(stage: &Stage, cx: &Ctx, scope: Scope, after: Option<String>) -> EventStream {
    let request = StreamRequest { scope, after, types: TypeFilter::default(), connection: None };
    stage.service.open_event_stream(cx.clone(), request).await.unwrap()
}

/// The next thing a stream says, in a few words.
async fn said(stream: &mut EventStream) -> String {
    match tokio::time::timeout(SOON, stream.next()).await.expect("a stream that says something") {
        None => "over".to_owned(),
        Some(Delivery::Ready(_)) => "ready".to_owned(),
        Some(Delivery::Reset(_)) => "reset".to_owned(),
        Some(Delivery::Event(told)) => told.envelope.event.body.kind().to_owned(),
        Some(Delivery::Ephemeral(message)) => message.body.kind().to_owned(),
    }
}

async fn place(stream: &mut EventStream) -> String {
    match stream.next().await {
        Some(Delivery::Ready(place)) => place.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn make(stage: &Stage, cx: &Ctx, name: &str) -> ProjectId {
    stage.service.create_project(cx, &a_project(name)).await.unwrap().into_inner().project.row.id
}

fn marked(project: ProjectId, number: u128) -> NewEvent {
    NewEvent {
        id: model::EventId::new(Uuid::from_u128(number)),
        project: Some(project),
        users: vec![],
        actor: Actor::System,
        resource: ResourceRef::new("project", project, 1),
        track: None,
        body: Event::ProjectUpdated,
    }
}

async fn emit(stage: &Stage, events: impl IntoIterator<Item = NewEvent>) {
    let mut batch = Batch::new();
    for event in events {
        batch.emit(event);
    }
    stage.store().commit(batch).await.unwrap();
}

#[test]
fn a_filter_names_kinds_or_areas() {
    let filter = TypeFilter::parse("comment.*, version.ready").unwrap();
    assert!(filter.wants("comment.created") && filter.wants("version.ready"));
    assert!(
        !filter.wants("version.failed") && !filter.wants("commentary.created") && !filter.wants("comment")
    );
    assert!(TypeFilter::default().wants("anything.at_all"));
    let many = vec!["track.created"; limits::EVENT_TYPES_MAX + 1].join(",");
    for odd in ["*", "Comment.created", "a b", &many] {
        assert_eq!(TypeFilter::parse(odd), None, "{odd}");
    }
}

#[tokio::test]
async fn a_stream_tells_of_my_projects_and_not_of_others() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let mut stream = open(&stage, &ada, Scope::Mine, None).await;
    assert_eq!(said(&mut stream).await, "ready");
    make(&stage, &ben, "His").await;
    let mine = make(&stage, &ada, "Mine").await;
    let Some(Delivery::Event(told)) = stream.next().await else { panic!("an event") };
    assert_eq!(told.envelope.event.project, Some(mine));
    assert_eq!(told.actor_name.as_deref(), Some("ada"));
    let Some(Subject::Project(view)) = told.subject else { panic!("the project") };
    assert_eq!(view.project.row.name.to_string(), "Mine");
}

#[tokio::test]
async fn a_stream_goes_on_where_it_ended() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let mut first = open(&stage, &ada, Scope::Mine, None).await;
    let start = place(&mut first).await;
    let project = make(&stage, &ada, "One").await;
    emit(&stage, [marked(project, 1), marked(project, 2)]).await;
    assert_eq!(said(&mut first).await, "project.created");
    let Some(Delivery::Event(seen)) = first.next().await else { panic!("an event") };
    drop(first);
    for scope in [Scope::Mine, Scope::Project(project)] {
        let mut again = open(&stage, &ada, scope, Some(seen.position.to_string())).await;
        assert_eq!([said(&mut again).await, said(&mut again).await], ["ready", "project.updated"]);
        let mut all = open(&stage, &ada, scope, Some(start.clone())).await;
        assert_eq!([said(&mut all).await, said(&mut all).await], ["ready", "project.created"]);
    }
}

#[tokio::test]
async fn a_place_that_is_gone_or_too_far_back_means_reading_everything_again() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let project = make(&stage, &ada, "One").await;
    let start = stage.service.position(0);
    let elsewhere = Position { epoch: Uuid::from_u128(1), ..start };
    let ahead = Position { seq: 99, ..start };
    for place in [elsewhere.to_string(), ahead.to_string(), "48213".to_owned()] {
        let mut stream = open(&stage, &ada, Scope::Mine, Some(place)).await;
        assert_eq!([said(&mut stream).await, said(&mut stream).await], ["ready", "reset"]);
    }
    for number in 0..=limits::EVENT_REPLAY_MAX as u128 {
        emit(&stage, [marked(project, number)]).await;
    }
    for scope in [Scope::Mine, Scope::Project(project)] {
        let mut stream = open(&stage, &ada, scope, Some(start.to_string())).await;
        assert_eq!([said(&mut stream).await, said(&mut stream).await], ["ready", "reset"]);
        // It goes on from the end.
        emit(&stage, [marked(project, 9_999)]).await;
        assert_eq!(said(&mut stream).await, "project.updated");
    }
}

#[tokio::test]
async fn whoever_leaves_a_project_hears_no_more_of_it() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let project = make(&stage, &ada, "One").await;
    stage.join(project, &ben, Role::Viewer).await;
    let mut of_project = open(&stage, &ben, Scope::Project(project), None).await;
    let mut his = open(&stage, &ben, Scope::Mine, None).await;
    assert_eq!([said(&mut of_project).await, said(&mut his).await], ["ready", "ready"]);
    emit(&stage, [marked(project, 1)]).await;
    assert_eq!([said(&mut of_project).await, said(&mut his).await], ["project.updated", "project.updated"]);
    let key = (project, ben.user_id().unwrap());
    let member = stage.store().get::<Members>(&key).await.unwrap().unwrap();
    let mut batch = Batch::new();
    batch.delete::<Members>(&key, &member).emit(marked(project, 2));
    stage.store().commit(batch).await.unwrap();
    assert_eq!(said(&mut of_project).await, "over");
    make(&stage, &ben, "Two").await;
    assert_eq!(said(&mut his).await, "project.created");
}

#[tokio::test]
async fn a_stream_ends_at_once_with_the_login_behind_it() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let mut stream = open(&stage, &ada, Scope::Mine, None).await;
    assert_eq!(said(&mut stream).await, "ready");
    let id = ada.user_id().unwrap();
    let user: Stored<User> = stage.store().get::<Users>(&id).await.unwrap().unwrap();
    let mut batch = Batch::new();
    batch.replace::<Users>(&id, &user, &User { status: UserStatus::Disabled, ..user.row.clone() });
    stage.store().commit(batch).await.unwrap();
    assert_eq!(said(&mut stream).await, "over");
    let login = ada.login().unwrap();
    let revoked = Login { via: Via::Session(model::SessionId::new(Uuid::from_u128(5))), ..login.clone() };
    assert!(matches!(stage.service.login_now(&revoked, ada.now).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn of_a_deleted_project_one_hears_that_and_nothing_else() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let start = stage.service.position(0).to_string();
    let project = make(&stage, &ada, "One").await;
    emit(&stage, [marked(project, 1)]).await;
    stage.service.delete_project(&ada, project, None).await.unwrap();
    let mut stream = open(&stage, &ada, Scope::Mine, Some(start)).await;
    assert_eq!([said(&mut stream).await, said(&mut stream).await], ["ready", "project.deleted"]);
}

#[tokio::test]
async fn progress_reaches_members_and_leaves_no_trace() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let project = make(&stage, &ada, "One").await;
    let mut hers = open(&stage, &ada, Scope::Mine, None).await;
    let mut his = open(&stage, &ben, Scope::Mine, None).await;
    assert_eq!([said(&mut hers).await, said(&mut his).await], ["ready", "ready"]);
    let before = stage.events().await.len();
    let message = crate::live::Ephemeral {
        project: Some(project),
        users: vec![],
        resource: ResourceRef::new("job", JobId::new(Uuid::from_u128(1)), 0),
        body: crate::live::EphemeralBody::JobProgress(JobProgress { fraction: 0.5, stage: None }),
    };
    stage.service.live().tell(message);
    assert_eq!(said(&mut hers).await, "job.progress");
    make(&stage, &ben, "Two").await;
    assert_eq!(said(&mut his).await, "project.created");
    assert_eq!(stage.events().await.len(), before + 1);
}

#[tokio::test]
async fn a_person_has_so_many_streams_at_once() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let mut streams = Vec::new();
    for _ in 0..limits::STREAMS_PER_USER_MAX {
        streams.push(open(&stage, &ada, Scope::Mine, None).await);
    }
    let request =
        || StreamRequest { scope: Scope::Mine, after: None, types: TypeFilter::default(), connection: None };
    let refused = stage.service.open_event_stream(ada.clone(), request()).await;
    assert!(matches!(refused, Err(Error::RateLimited { .. })));
    streams.pop();
    assert!(stage.service.open_event_stream(ada, request()).await.is_ok());
}

#[tokio::test]
async fn the_log_can_be_polled_in_pages() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let project = make(&stage, &ada, "One").await;
    emit(&stage, (1..=4).map(|number| marked(project, number))).await;
    let first = stage.service.list_project_events(&ada, project, None, 3).await.unwrap();
    assert_eq!(first.items.len(), 3);
    let next = first.next.unwrap().to_string();
    let last = stage.service.list_project_events(&ada, project, Some(&next), 3).await.unwrap();
    assert_eq!((last.items.len(), last.next, last.reset), (2, None, None));
    let lost = stage.service.list_project_events(&ada, project, Some("elsewhere"), 3).await.unwrap();
    assert_eq!((lost.items.len(), lost.reset), (0, Some(last.items[1].position)));
    let outsider = stage.service.list_project_events(&ben, project, None, 3).await;
    assert!(matches!(outsider, Err(Error::NotFound(_))));
}
