//! Projects on a store in memory.

use super::*;
use crate::{
    page::PageRequest,
    stage::{Stage, a_project, keyed, later},
    track::Include,
};
use bytes::Bytes;
use model::{BlobHash, access::Role, project::ApprovalRule};
use store::{
    Scan,
    tables::{
        audit::Audit,
        blob::Refs,
        counters::{ProjectBytes, UsedBytes},
    },
};

fn renamed(name: &str) -> ProjectPatch {
    ProjectPatch { name: Some(ProjectName::parse(name).unwrap()), ..ProjectPatch::default() }
}

async fn made(stage: &Stage, cx: &Ctx, name: &str) -> ProjectId {
    stage.service.create_project(cx, &a_project(name)).await.unwrap().into_inner().project.row.id
}

#[tokio::test]
async fn whoever_makes_a_project_owns_it() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let new = NewProject { bpm: Some(120.0), ..a_project("Größte Hits") };
    let view = stage.service.create_project(&ada, &new).await.unwrap().into_inner();
    assert_eq!((view.role, view.project.rev, view.starred), (Some(Role::Owner), 1, false));
    assert_eq!((view.project.row.slug.as_str(), view.project.row.bpm), ("grosste-hits", Some(120.0)));
    assert_eq!(view.counts, ProjectCounts { members: 1, ..ProjectCounts::default() });
    assert!(view.capabilities.contains(&"archive"), "{:?}", view.capabilities);
    let members =
        stage.service.list_members(&ada, view.project.row.id, &PageRequest::first(10)).await.unwrap();
    assert_eq!(members.items.len(), 1);
    assert_eq!(members.items[0].user.row.id, ada.user_id().unwrap());
    assert_eq!(stage.events().await, ["project.created"]);
}

#[tokio::test]
async fn a_repeated_request_makes_one_project() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let service = &stage.service;
    let keyed_ada = keyed(&ada, "createProject", 1, 1);
    let (new, same) = (a_project("One"), a_project("One"));
    let (a, b) =
        tokio::join!(service.create_project(&keyed_ada, &new), service.create_project(&keyed_ada, &same));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(matches!((&a, &b), (Done::Now(_), Done::Before(_)) | (Done::Before(_), Done::Now(_))));
    assert_eq!(a.into_inner().project.row.id, b.into_inner().project.row.id);
    assert_eq!(stage.events().await, ["project.created"]);
    let other = service.create_project(&keyed(&ada, "createProject", 1, 2), &a_project("Two")).await;
    assert!(matches!(other, Err(Error::IdempotencyMismatch)), "{other:?}");
}

#[tokio::test]
async fn a_person_has_a_limited_number_of_projects() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let mut batch = Batch::new();
    batch.add::<ProjectsOfUser>(&ada.user_id().unwrap(), limits::PROJECTS_PER_USER_MAX, ..);
    stage.store().commit(batch).await.unwrap();
    let refused = stage.service.create_project(&ada, &a_project("One more")).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
}

#[tokio::test]
async fn strangers_see_nothing_and_viewers_change_nothing() {
    let stage = Stage::new();
    let (ada, ben, eve) = (stage.person("ada").await, stage.person("ben").await, stage.person("eve").await);
    let id = made(&stage, &ada, "Secret").await;
    stage.join(id, &ben, Role::Viewer).await;
    let service = &stage.service;
    assert!(matches!(service.get_project(&eve, id).await, Err(Error::NotFound(_))));
    assert!(matches!(service.star_project(&eve, id).await, Err(Error::NotFound(_))));
    assert_eq!(service.get_project(&ben, id).await.unwrap().role, Some(Role::Viewer));
    assert!(matches!(
        service.update_project(&ben, id, None, &renamed("Mine")).await,
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(service.archive_project(&ben, id).await, Err(Error::Forbidden(_))));
    assert!(matches!(service.delete_project(&ben, id, None).await, Err(Error::Forbidden(_))));
    let settings = SettingsPatch { viewer_can_download: Some(true), ..SettingsPatch::default() };
    assert!(matches!(
        service.update_project_settings(&ben, id, None, &settings).await,
        Err(Error::Forbidden(_))
    ));
    assert_eq!(stage.events().await, ["project.created"]);
}

#[tokio::test]
async fn a_change_names_the_revision_it_was_made_on() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let id = made(&stage, &ada, "Draft").await;
    let service = &stage.service;
    let view = service.update_project(&later(&ada, 5), id, Some(1), &renamed("Final")).await.unwrap();
    assert_eq!((view.project.rev, view.project.row.slug.as_str()), (2, "final"));
    assert_eq!(view.project.row.updated_at, ada.now.plus_millis(5));
    let stale = service.update_project(&ada, id, Some(1), &renamed("Late")).await;
    assert!(matches!(stale, Err(Error::RevisionConflict { current: 2 })), "{stale:?}");
    let same = service.update_project(&later(&ada, 9), id, None, &renamed("Final")).await.unwrap();
    assert_eq!(same.project, view.project, "nothing changed, so nothing is written");
    let cleared = ProjectPatch { bpm: Some(None), ..ProjectPatch::default() };
    assert_eq!(service.update_project(&ada, id, None, &cleared).await.unwrap().project.rev, 2);
    assert_eq!(stage.events().await, ["project.created", "project.updated"]);
}

#[tokio::test]
async fn renames_at_the_same_time_all_succeed() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let id = made(&stage, &ada, "Draft").await;
    stage.join(id, &ben, Role::Editor).await;
    let service = &stage.service;
    let (name, tags) = (
        renamed("Final"),
        ProjectPatch { tags: Some(vec![Tag::parse("dub").unwrap()]), ..ProjectPatch::default() },
    );
    let (a, b) = tokio::join!(
        service.update_project(&ada, id, None, &name),
        service.update_project(&ben, id, None, &tags)
    );
    a.unwrap();
    b.unwrap();
    let project = service.get_project(&ada, id).await.unwrap().project;
    assert_eq!((project.rev, project.row.name.as_str(), project.row.tags.len()), (3, "Final", 1));
}

#[tokio::test]
async fn an_archived_project_is_read_only() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let id = made(&stage, &ada, "Old").await;
    let service = &stage.service;
    let archived = service.archive_project(&ada, id).await.unwrap();
    assert_eq!((archived.project.rev, archived.gate.row.archived.is_some()), (2, true));
    assert_eq!(service.archive_project(&ada, id).await.unwrap().project.rev, 2, "again changes nothing");
    assert!(matches!(
        service.update_project(&ada, id, None, &renamed("New")).await,
        Err(Error::ProjectArchived)
    ));
    let settings = SettingsPatch { approval_rule: Some(ApprovalRule::AnyOwner), ..SettingsPatch::default() };
    assert!(matches!(
        service.update_project_settings(&ada, id, None, &settings).await,
        Err(Error::ProjectArchived)
    ));
    service.star_project(&ada, id).await.unwrap();
    assert!(service.unarchive_project(&ada, id).await.unwrap().gate.row.archived.is_none());
    service.update_project(&ada, id, None, &renamed("New")).await.unwrap();
    let events = stage.events().await;
    assert_eq!(events[1..3], ["project.archived", "project.starred"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_lands_after_the_archive() {
    for round in 0..20 {
        let stage = std::sync::Arc::new(Stage::new());
        let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
        let id = made(&stage, &ada, "Race").await;
        stage.join(id, &ben, Role::Editor).await;
        let writer = {
            let stage = std::sync::Arc::clone(&stage);
            tokio::spawn(async move {
                for n in 0.. {
                    match stage.service.update_project(&ben, id, None, &renamed(&format!("Take {n}"))).await {
                        Ok(_) => {}
                        Err(Error::ProjectArchived) => break,
                        Err(error) => panic!("round {round}: {error:?}"),
                    }
                }
            })
        };
        let archived = loop {
            // The archive itself may lose five times in a row against a writer that never rests.
            match stage.service.archive_project(&ada, id).await {
                Err(Error::Conflict(_)) => {}
                outcome => break outcome.unwrap(),
            }
        };
        writer.await.unwrap();
        let now = stage.service.get_project(&ada, id).await.unwrap();
        assert_eq!(now.project, archived.project, "round {round}");
    }
}

#[tokio::test]
async fn the_trash_hides_a_project_until_its_owner_restores_it() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let id = made(&stage, &ada, "Gone").await;
    stage.join(id, &ben, Role::Editor).await;
    let service = &stage.service;
    assert!(matches!(service.restore_project(&ada, id).await, Err(Error::Conflict(_))));
    service.delete_project(&ada, id, Some(1)).await.unwrap();
    assert!(matches!(service.get_project(&ada, id).await, Err(Error::NotFound(_))));
    assert!(matches!(service.delete_project(&ada, id, None).await, Err(Error::NotFound(_))));
    assert!(matches!(service.update_project(&ben, id, None, &renamed("X")).await, Err(Error::NotFound(_))));
    assert!(matches!(service.restore_project(&ben, id).await, Err(Error::Forbidden(_))));
    let names = |filter| names(&stage, &ada, filter, None);
    assert_eq!(
        (names(ProjectFilter::All).await, names(ProjectFilter::Trash).await),
        (vec![], vec!["Gone".to_owned()])
    );
    let restored = service.restore_project(&ada, id).await.unwrap();
    assert_eq!((restored.gate.row.deleted, restored.counts.members), (None, 2));
    assert_eq!(service.get_project(&ben, id).await.unwrap().project, restored.project);
    assert_eq!(stage.events().await, ["project.created", "project.deleted", "project.restored"]);
}

#[tokio::test]
async fn settings_have_a_revision_of_their_own() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let id = made(&stage, &ada, "Shared").await;
    stage.join(id, &ben, Role::Viewer).await;
    let service = &stage.service;
    assert!(!service.get_project(&ben, id).await.unwrap().capabilities.contains(&"download"));
    let open = SettingsPatch { viewer_can_download: Some(true), ..SettingsPatch::default() };
    let changed = service.update_project_settings(&ada, id, Some(1), &open).await.unwrap();
    assert_eq!((changed.rev, changed.row.settings.viewer_can_download), (2, true));
    assert!(matches!(
        service.update_project_settings(&ada, id, Some(1), &open).await,
        Err(Error::RevisionConflict { current: 2 })
    ));
    let view = service.get_project(&ben, id).await.unwrap();
    assert!(view.capabilities.contains(&"download"));
    assert_eq!((view.project.rev, service.get_project_settings(&ben, id).await.unwrap()), (1, changed));
}

#[tokio::test]
async fn stars_are_ones_own() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let id = made(&stage, &ada, "Loved").await;
    stage.join(id, &ben, Role::Viewer).await;
    let service = &stage.service;
    for _ in 0..2 {
        service.star_project(&ben, id).await.unwrap();
    }
    assert!(service.get_project(&ben, id).await.unwrap().starred);
    assert!(!service.get_project(&ada, id).await.unwrap().starred);
    for _ in 0..2 {
        service.unstar_project(&ben, id).await.unwrap();
    }
    assert!(!service.get_project(&ben, id).await.unwrap().starred);
    assert_eq!(stage.events().await, ["project.created", "project.starred", "project.unstarred"]);
}

fn query(filter: ProjectFilter, search: Option<&str>) -> ProjectQuery {
    ProjectQuery {
        filter,
        search: search.map(str::to_owned),
        sort: ProjectSort::Name,
        direction: Direction::Ascending,
        page: PageRequest::first(100),
    }
}

async fn names(stage: &Stage, cx: &Ctx, filter: ProjectFilter, search: Option<&str>) -> Vec<String> {
    let page = stage.service.list_projects(cx, &query(filter, search)).await.unwrap();
    page.items.into_iter().map(|view| view.project.row.name.to_string()).collect()
}

#[tokio::test]
async fn lists_are_filtered_and_searched() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let service = &stage.service;
    let cafe = NewProject {
        description: Some(Prose::parse("Späte Aufnahmen").unwrap()),
        tags: vec![Tag::parse("jazz").unwrap()],
        ..a_project("Café Noir")
    };
    service.create_project(&ada, &cafe).await.unwrap();
    let bens = made(&stage, &ben, "Ben's band").await;
    stage.join(bens, &ada, Role::Editor).await;
    let old = made(&stage, &ada, "Archive of Ada").await;
    service.archive_project(&ada, old).await.unwrap();
    made(&stage, &ben, "Private").await;

    let list = |filter, search| names(&stage, &ada, filter, search);
    assert_eq!(list(ProjectFilter::All, None).await, ["Archive of Ada", "Ben's band", "Café Noir"]);
    assert_eq!(list(ProjectFilter::My, None).await, ["Café Noir"]);
    assert_eq!(list(ProjectFilter::Shared, None).await, ["Ben's band"]);
    assert_eq!(list(ProjectFilter::Archived, None).await, ["Archive of Ada"]);
    for words in ["CAFE", "noir cafe", "spate", "JAZZ aufnahmen", "  cafe  "] {
        assert_eq!(list(ProjectFilter::All, Some(words)).await, ["Café Noir"], "{words}");
    }
    assert_eq!(list(ProjectFilter::All, Some("cafe rock")).await, Vec::<String>::new());
    assert_eq!(list(ProjectFilter::All, Some(" ")).await.len(), 3);
}

#[tokio::test]
async fn pages_show_every_project_once() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    for n in 0..7 {
        // Two share each name and each instant, so that the id must decide.
        made(&stage, &later(&ada, n / 2), &format!("Song {}", n / 2)).await;
    }
    for sort in [ProjectSort::Name, ProjectSort::CreatedAt, ProjectSort::UpdatedAt] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let ask = |page| ProjectQuery { sort, direction, page, ..query(ProjectFilter::All, None) };
            let whole = stage.service.list_projects(&ada, &ask(PageRequest::first(50))).await.unwrap();
            assert_eq!((whole.items.len(), &whole.next), (7, &None));
            let (mut seen, mut page) = (vec![], PageRequest::first(3));
            loop {
                let part = stage.service.list_projects(&ada, &ask(page)).await.unwrap();
                seen.extend(part.items.into_iter().map(|view| view.project.row.id));
                match part.next {
                    None => break,
                    after => page = PageRequest { limit: 3, after },
                }
            }
            let whole: Vec<_> = whole.items.into_iter().map(|view| view.project.row.id).collect();
            assert_eq!(seen, whole, "{sort:?} {direction:?}");
        }
    }
    let foreign = PageRequest { limit: 3, after: Some(vec![1, 2, 3]) };
    let refused = stage
        .service
        .list_projects(&ada, &ProjectQuery { page: foreign, ..query(ProjectFilter::All, None) })
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn a_limited_token_reaches_its_projects_alone() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (open, closed) = (made(&stage, &ada, "Open").await, made(&stage, &ada, "Closed").await);
    let mut token = ada.clone();
    if let crate::Caller::User(login) = &mut token.caller {
        let (id, scopes) = (model::ApiTokenId::new(uuid::Uuid::nil()), vec![]);
        login.via = Via::Token { id, scopes, project_ids: Some(vec![open]) };
    }
    assert_eq!(names(&stage, &token, ProjectFilter::All, None).await, ["Open"]);
    assert!(matches!(stage.service.get_project(&token, closed).await, Err(Error::NotFound(_))));
    assert!(matches!(
        stage.service.create_project(&token, &a_project("New")).await,
        Err(Error::Forbidden(_))
    ));
}

#[tokio::test]
async fn storage_tells_where_bytes_lie() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let (small, large) = (made(&stage, &ada, "Small").await, made(&stage, &ada, "Large").await);
    made(&stage, &ada, "Empty").await;
    let mut batch = Batch::new();
    batch.add::<ProjectBytes>(&small, 10, ..).add::<ProjectBytes>(&large, 90, ..).add::<UsedBytes>(
        &ada.user_id().unwrap(),
        70,
        ..,
    );
    stage.store().commit(batch).await.unwrap();
    let storage = stage.service.get_my_storage(&ada).await.unwrap();
    assert_eq!((storage.used_bytes, storage.quota_bytes), (70, None));
    let sizes: Vec<_> = storage.by_project.iter().map(|size| (size.name.as_str(), size.bytes)).collect();
    assert_eq!(sizes, [("Large", 90), ("Small", 10)]);
}

#[tokio::test]
async fn a_cover_is_stored_once_and_let_go() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let id = made(&stage, &ada, "Cover").await;
    stage.join(id, &ben, Role::Viewer).await;
    let service = &stage.service;
    let refs = async |hash: BlobHash| stage.store().count::<Refs>(&hash).await.unwrap();
    assert!(matches!(service.get_project_cover(&ben, id).await, Err(Error::NotFound("cover"))));
    let red = service.put_project_cover(&ada, id, Bytes::from_static(b"red")).await.unwrap();
    let red_hash = red.project.row.cover.unwrap();
    let again = service.put_project_cover(&ada, id, Bytes::from_static(b"red")).await.unwrap();
    assert_eq!((red.project.rev, again.project.rev, refs(red_hash).await), (2, 2, 1));
    let shown = service.get_project_cover(&ben, id).await.unwrap();
    assert_eq!((shown.length, shown.content_type.as_str()), (3, "image/png"));
    let blue = service.put_project_cover(&ada, id, Bytes::from_static(b"blue")).await.unwrap();
    let blue_hash = blue.project.row.cover.unwrap();
    assert_eq!((refs(red_hash).await, refs(blue_hash).await), (0, 1));
    for _ in 0..2 {
        service.delete_project_cover(&ada, id).await.unwrap();
    }
    assert_eq!(refs(blue_hash).await, 0);
    assert_eq!(
        stage.events().await,
        ["project.created", "project.updated", "project.updated", "project.updated"]
    );

    let no_picture = service.put_project_cover(&ada, id, Bytes::new()).await;
    assert!(matches!(no_picture, Err(Error::Invalid(_))), "{no_picture:?}");
    let large = Bytes::from(vec![0; limits::IMAGE_BYTES_MAX + 1]);
    assert!(matches!(service.put_project_cover(&ada, id, large).await, Err(Error::PayloadTooLarge { .. })));
    let viewer = service.put_project_cover(&ben, id, Bytes::from_static(b"red")).await;
    assert!(matches!(viewer, Err(Error::Forbidden(_))), "{viewer:?}");
}

#[tokio::test]
async fn what_an_administrator_does_by_office_alone_is_written_down() {
    let stage = Stage::new();
    let (ada, root) = (stage.person("ada").await, stage.administrator("root").await);
    let (hers, theirs) = (made(&stage, &ada, "Hers").await, made(&stage, &root, "Theirs").await);
    stage.service.update_project(&root, theirs, None, &renamed("Ours")).await.unwrap();
    stage.service.get_project(&root, hers).await.unwrap();
    let entries = async || {
        let rows = stage.store().scan::<Audit>(Scan::all()).await.unwrap().items;
        rows.into_iter().map(|(_, row)| row.row.entry).collect::<Vec<_>>()
    };
    // In one's own project one is a member like others.
    stage.service.list_tracks(&root, hers, Include::Track).await.unwrap();
    let seen = entries().await;
    assert_eq!(seen.len(), 1, "looking again is written down once an hour");
    assert_eq!((seen[0].action.as_str(), seen[0].target.id), ("project.viewed", hers.uuid()));
    stage.service.update_project(&root, hers, None, &renamed("Mine")).await.unwrap();
    let entries = entries().await;
    assert_eq!(
        (entries[1].action.as_str(), entries[1].after.as_deref()),
        ("project.administered", Some("edit_project"))
    );
    assert_eq!((entries[1].actor, entries[1].target.id), (root.actor(), hers.uuid()));
}
