//! What ends a stream by itself, without a look by the clock; and what all readers are told in the same words.

use super::*;
use crate::{
    account::admin::{UserAccess, UserChange},
    events::subject::Subject,
    share::NewShareLink,
    stage::{Stage, a_project},
};
use model::{
    ProjectId,
    access::Role,
    share::{LinkRights, LinkScope},
};

/// Longer than anything takes here.
const SOON: Duration = Duration::from_secs(20);

/// An open stream that never looks by the clock.
async fn open(stage: &Stage, cx: &Ctx, scope: Scope) -> EventStream {
    let request = StreamRequest { scope, after: None, types: TypeFilter::default(), connection: None };
    let mut stream = stage.service.open_event_stream(cx.clone(), request).await.unwrap();
    let never = Duration::from_secs(24 * 3600);
    stream.check = tokio::time::interval_at(tokio::time::Instant::now() + never, never);
    assert!(matches!(stream.next().await, Some(Delivery::Ready(_))));
    stream
}

/// Everything it says until it is over, by kind.
async fn rest(mut stream: EventStream) -> Vec<&'static str> {
    let mut said = Vec::new();
    let all = async {
        while let Some(delivery) = stream.next().await {
            match delivery {
                Delivery::Event(told) => said.push(told.envelope.event.body.kind()),
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(SOON, all).await.expect("a stream that ends");
    said
}

async fn project(stage: &Stage, owner: &Ctx) -> ProjectId {
    stage.service.create_project(owner, &a_project("One")).await.unwrap().into_inner().project.row.id
}

#[tokio::test]
async fn who_loses_the_right_to_a_stream_loses_the_stream_with_it() {
    let stage = Stage::new();
    let (root, ada, ben) =
        (stage.administrator("root").await, stage.person("ada").await, stage.person("ben").await);
    let one = project(&stage, &ada).await;
    let his = ben.user_id().unwrap();
    stage.join(one, &ben, Role::Editor).await;
    let stream = open(&stage, &ben, Scope::Project(one)).await;
    stage.service.remove_member(&ada, one, his).await.unwrap();
    assert_eq!(rest(stream).await, [""; 0]);

    stage.join(one, &ben, Role::Editor).await;
    let streams = [open(&stage, &ben, Scope::Project(one)).await, open(&stage, &ben, Scope::Mine).await];
    let disabled = UserChange { access: Some(UserAccess::Disabled), ..UserChange::default() };
    stage.service.admin_update_user(&root, his, None, &disabled).await.unwrap();
    for stream in streams {
        assert_eq!(rest(stream).await, [""; 0]);
    }

    let stream = open(&stage, &ada, Scope::Project(one)).await;
    stage.service.delete_project(&ada, one, None).await.unwrap();
    assert_eq!(rest(stream).await, ["project.deleted"]);
}

#[tokio::test]
async fn guests_lose_their_streams_with_the_link_and_with_whoever_vouches_for_it() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let one = project(&stage, &ada).await;
    stage.join(one, &ben, Role::Editor).await;
    let new = NewShareLink {
        scope: LinkScope::Project,
        title: None,
        password: None,
        expires_at: None,
        max_visits: None,
        rights: LinkRights::default(),
        require_name: false,
    };
    let mut streams = Vec::new();
    for maker in [&ada, &ben] {
        let link = stage.service.create_share_link(maker, one, &new).await.unwrap().into_inner();
        let entrance = crate::guest::Entrance::default();
        let anybody = Ctx { caller: Caller::Anonymous, ..ada.clone() };
        let guest = stage.service.create_guest_session(&anybody, &link.token, &entrance).await.unwrap();
        let caller = stage.service.caller_of(&guest.token, ada.now).await.unwrap();
        let guest = Ctx { caller, ..ada.clone() };
        streams.push((link, open(&stage, &guest, Scope::Project(one)).await));
    }
    let (_, of_ben) = streams.pop().unwrap();
    stage.service.remove_member(&ada, one, ben.user_id().unwrap()).await.unwrap();
    assert_eq!(rest(of_ben).await, [""; 0]);
    let (link, of_ada) = streams.pop().unwrap();
    stage.service.revoke_share_link(&ada, link.link.row.id, None).await.unwrap();
    assert_eq!(rest(of_ada).await, [""; 0]);
}

#[tokio::test]
async fn readers_with_the_same_part_are_told_the_same_and_others_their_own() {
    let stage = Stage::new();
    let (ada, ben, cleo) = (stage.person("ada").await, stage.person("ben").await, stage.person("cleo").await);
    let one = project(&stage, &ada).await;
    stage.join(one, &ben, Role::Viewer).await;
    stage.join(one, &cleo, Role::Viewer).await;
    let mut streams = Vec::new();
    for reader in [&ada, &ben, &cleo] {
        streams.push(open(&stage, reader, Scope::Project(one)).await);
    }
    stage.track(&ada, one).await;
    let mut told = Vec::new();
    for stream in &mut streams {
        let Some(Delivery::Event(next)) = stream.next().await else { panic!("an event") };
        let Some(Subject::Track(track)) = next.subject else { panic!("the track") };
        told.push((next.envelope.seq, track.track.row.id));
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    // What was told is forgotten with the next write, not with the next reader.
    let event = stage.store().events().read(told[0].0 - 1, 1).await.unwrap().items.remove(0);
    let role = super::super::tail::Reader::Member(Role::Viewer);
    let generation = stage.store().generation();
    assert!(stage.service.live.log.recalled(generation, event.seq, role));
    stage.track(&ada, one).await;
    assert!(!stage.service.live.log.recalled(stage.store().generation(), event.seq, role));
}
