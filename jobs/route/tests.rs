//! The whole table, as text: `route/table.txt`.

use super::*;
use model::{
    BlobHash, CheckpointId, EventId, JobId, OneTimeTokenId, ProjectId, Timestamp, UploadId, UserId,
    access::Role,
    backup::BackupContents,
    comment::Visibility,
    emoji::Emoji,
    event::{MailKind, NewEvent, ResourceRef},
    review::ReviewStatus,
};
use std::fmt::Write;
use uuid::Uuid;

fn every() -> Vec<Event> {
    let id = Uuid::from_u128(7);
    let job = JobId::new(id);
    [
        of_projects(id),
        of_recordings(id, job),
        of_checkpoints(id),
        of_comments(id, job),
        of_the_instance(id, job),
    ]
    .concat()
}

fn of_projects(id: Uuid) -> Vec<Event> {
    vec![
        Event::ProjectCreated,
        Event::ProjectUpdated,
        Event::ProjectArchived,
        Event::ProjectUnarchived,
        Event::ProjectDeleted,
        Event::ProjectRestored,
        Event::ProjectSettingsChanged,
        Event::MemberJoined { role: Role::Viewer },
        Event::MemberLeft,
        Event::MemberRemoved,
        Event::MemberRoleChanged { role: Role::Editor },
        Event::ProjectOwnershipTransferred { to: UserId::new(id) },
        Event::InvitationCreated { by_mail: true },
        Event::InvitationResent { by_mail: true },
        Event::InvitationAccepted,
        Event::InvitationDeclined,
        Event::InvitationRevoked,
        Event::ShareLinkCreated,
        Event::ShareLinkUpdated,
        Event::ShareLinkVisited,
        Event::ShareLinkRevoked,
        Event::GuestJoined,
        Event::AccessRequestCreated { project: ProjectId::new(id) },
        Event::AccessRequestDecided { project: ProjectId::new(id) },
        Event::ProjectStarred { project: ProjectId::new(id) },
        Event::ProjectUnstarred { project: ProjectId::new(id) },
        Event::TrackCreated,
        Event::TrackUpdated,
        Event::TrackDeleted,
        Event::TrackRestored,
        Event::TracksReordered,
        Event::MixUpdated { tracks: vec![] },
        Event::MixMoved { tracks: vec![] },
    ]
}

fn of_recordings(id: Uuid, job: JobId) -> Vec<Event> {
    vec![
        Event::UploadCompleted { upload: UploadId::new(id) },
        Event::VersionCreated { original: BlobHash([0; 32]), job, number: 1 },
        Event::VersionReady { job },
        Event::VersionFailed { job, code: "corrupt_audio".to_owned() },
        Event::RenditionRequested {
            original: BlobHash([0; 32]),
            recipe: "wav-24@96000".parse().unwrap(),
            job,
        },
        Event::MixdownRequested { job },
        Event::VersionUpdated,
        Event::VersionDeleted,
        Event::VersionRestored,
        Event::VersionPurged,
        Event::TrackPurged,
        Event::ProjectPurged,
        Event::VersionCurrentChanged { version: None, before: None },
    ]
}

fn of_checkpoints(id: Uuid) -> Vec<Event> {
    vec![
        Event::VersionReviewStatusChanged { status: ReviewStatus::InReview, reviewers: vec![] },
        Event::VersionApproved,
        Event::VersionChangesRequested,
        Event::VersionApprovalWithdrawn,
        Event::CheckpointCreated,
        Event::CheckpointUpdated,
        Event::CheckpointLocked,
        Event::CheckpointRestored { before: CheckpointId::new(id) },
        Event::CheckpointDeleted,
        Event::CheckpointUndeleted,
        Event::CheckpointPurged,
    ]
}

fn of_comments(id: Uuid, job: JobId) -> Vec<Event> {
    let (visibility, from) = (Visibility::Everyone, VersionId::new(id));
    let emoji = || Emoji::parse("🥁").unwrap();
    vec![
        Event::CommentCreated { visibility },
        Event::CommentUpdated { visibility },
        Event::CommentDeleted { visibility },
        Event::CommentResolved { visibility },
        Event::CommentReopened { visibility },
        Event::CommentPinned { visibility },
        Event::CommentsCarryRequested { from, job },
        Event::CommentCarriedOver { from, visibility },
        Event::ReactionAdded { emoji: emoji(), visibility },
        Event::ReactionRemoved { emoji: emoji(), visibility },
        Event::MoodRecorded,
        Event::MoodUpdated,
        Event::MoodDeleted,
        Event::TeamMoodUpdated { visibility },
    ]
}

fn of_the_instance(id: Uuid, job: JobId) -> Vec<Event> {
    vec![
        Event::JobStarted,
        Event::JobSucceeded,
        Event::JobFailed { code: "crashed".to_owned() },
        Event::JobCancelled,
        Event::UserRegistered,
        Event::UserUpdated,
        Event::SessionRevoked,
        Event::NewLogin,
        Event::PasswordChanged,
        Event::ApiTokenCreated,
        Event::ApiTokenRevoked,
        Event::EmailChanged,
        Event::LinkCreated,
        Event::BackupRequested { job, contents: BackupContents::Everything },
        Event::BackupCompleted { seq: 1 },
        Event::BackupFailed { code: "crashed".to_owned() },
        Event::SearchReindexRequested { job },
        Event::MailRequested { token: Some(OneTimeTokenId::new(id)), mail: MailKind::PasswordReset },
    ]
}

fn envelope(body: Event) -> Envelope {
    let event = NewEvent {
        id: EventId::new(Uuid::from_u128(1)),
        project: Some(ProjectId::new(Uuid::from_u128(2))),
        users: vec![],
        actor: Actor::User(UserId::new(Uuid::from_u128(3))),
        resource: ResourceRef::new("thing", Uuid::from_u128(4), 1),
        track: None,
        body,
    };
    Envelope { seq: 5, at: Timestamp(6), stamp: 9, event }
}

#[test]
fn every_event_starts_what_the_table_says() {
    let mut kinds: Vec<_> = every().iter().map(Event::kind).collect();
    kinds.sort_unstable();
    let mut all = Event::KINDS.to_vec();
    all.sort_unstable();
    assert_eq!(kinds, all, "a kind of event is missing in this test");
    let mut table = String::new();
    for body in every() {
        let kind = body.kind();
        let jobs = route(&envelope(body));
        assert!(jobs.len() <= 1, "{kind} starts more than one job");
        let row = jobs.first().map_or("-".to_owned(), |job| {
            let job = &job.row;
            let id = job.id.uuid().as_u128();
            format!("{} {id} {} {} {}", job.kind, job.queue, job.dedup_key, job.payload)
        });
        writeln!(table, "{kind:<26}{row}").unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/route/table.txt");
    if std::env::var_os("BACKLINE_BLESS").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    assert_eq!(table, std::fs::read_to_string(path).unwrap_or_default(), "BACKLINE_BLESS=1 writes it anew");
}
