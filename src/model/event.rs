//! Events: what happened, in the words of the contract. Everything that follows a change reads these.
//!
//! An event names things by id and carries short parameters, never text that people wrote: readers load the row as it is now.

use crate::{
    BlobHash, CheckpointId, EventId, GuestId, JobId, OneTimeTokenId, ProjectId, Timestamp, TrackId, UploadId,
    UserId, VersionId, access::Role, backup::BackupContents, comment::Visibility, emoji::Emoji,
    rendition::Recipe, review::ReviewStatus,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Actor {
    /// A person with an account.
    User(UserId),
    /// A guest through a share link.
    Guest(GuestId),
    /// The server itself.
    System,
}

/// Which thing an event is about, with its revision after the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceRef {
    /// `project`, `track`, `version`, `upload`, `job`, `user`, `session` …
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Its revision; 0 where it has none.
    pub revision: u64,
}

impl ResourceRef {
    /// A reference.
    pub fn new(kind: &str, id: impl Into<Uuid>, revision: u64) -> Self {
        Self { kind: kind.to_owned(), id: id.into(), revision }
    }
}

/// Whether an event is also an entry of the activity feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// Shown in the feed, kept as long as the project.
    Feed,
    /// Only in the log.
    Silent,
}

/// An event on its way into the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// Its id for clients.
    pub id: EventId,
    /// The project whose members may see it.
    pub project: Option<ProjectId>,
    /// The people on whose own stream it appears.
    pub users: Vec<UserId>,
    /// Who did it.
    pub actor: Actor,
    /// What it is about.
    pub resource: ResourceRef,
    /// The track it belongs to, for the feed's filter.
    pub track: Option<TrackId>,
    /// What happened.
    pub body: Event,
}

/// An event as it stands in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Its place in the log; gap-free.
    pub seq: u64,
    /// When it was committed; never runs backwards.
    pub at: Timestamp,
    /// The number of the commit.
    pub stamp: u64,
    /// The event.
    pub event: NewEvent,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })? = $kind:literal $activity:ident $hearers:ident;)+) => {
        /// What happened.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Event {
            $($(#[$doc])* #[serde(rename = $kind)] $name $({ $($(#[$fdoc])* $field: $type),* })?),+
        }
        impl Event {
            /// Every kind in the contract's words.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];
            /// The name in the contract's words.
            pub const fn kind(&self) -> &'static str { match self { $(Self::$name { .. } => $kind),+ } }
            /// Whether it belongs in the activity feed.
            pub const fn activity(&self) -> Activity { match self { $(Self::$name { .. } => Activity::$activity),+ } }
            /// Who in the project may hear of it, unless it says so itself.
            const fn hearers(&self) -> Visibility { match self { $(Self::$name { .. } => Visibility::$hearers),+ } }
        }
    };
}

events! {
    /// A project was made.
    ProjectCreated = "project.created" Feed Everyone;
    /// Its name, description, cover … changed.
    ProjectUpdated = "project.updated" Feed Everyone;
    /// It became read-only.
    ProjectArchived = "project.archived" Feed Everyone;
    /// It became writable again.
    ProjectUnarchived = "project.unarchived" Feed Everyone;
    /// It was moved to the trash.
    ProjectDeleted = "project.deleted" Feed Everyone;
    /// It was taken out of the trash.
    ProjectRestored = "project.restored" Feed Everyone;
    /// Its settings changed.
    ProjectSettingsChanged = "project.settings_changed" Feed Everyone;
    /// Somebody became a member.
    MemberJoined {
        /// With which part.
        role: Role,
    } = "member.joined" Feed Everyone;
    /// A member left.
    MemberLeft = "member.left" Feed Everyone;
    /// A member was removed.
    MemberRemoved = "member.removed" Feed Everyone;
    /// A member got another part.
    MemberRoleChanged {
        /// Which.
        role: Role,
    } = "member.role_changed" Feed Everyone;
    /// The project was handed over.
    ProjectOwnershipTransferred {
        /// To whom.
        to: UserId,
    } = "project.ownership_transferred" Feed Everyone;
    /// Somebody was invited, or a link was made.
    InvitationCreated {
        /// It goes by mail.
        by_mail: bool,
    } = "invitation.created" Feed Everyone;
    /// An invitation was sent again.
    InvitationResent {
        /// It goes by mail.
        by_mail: bool,
    } = "invitation.resent" Silent Everyone;
    /// Somebody accepted an invitation.
    InvitationAccepted = "invitation.accepted" Feed Everyone;
    /// Somebody declined an invitation.
    InvitationDeclined = "invitation.declined" Silent Everyone;
    /// An invitation was taken back.
    InvitationRevoked = "invitation.revoked" Silent Everyone;
    /// A share link was made.
    ShareLinkCreated = "share_link.created" Feed Team;
    /// A share link changed.
    ShareLinkUpdated = "share_link.updated" Silent Team;
    /// Somebody came by a share link.
    ShareLinkVisited = "share_link.visited" Silent Team;
    /// A share link was closed.
    ShareLinkRevoked = "share_link.revoked" Feed Team;
    /// A guest is here.
    GuestJoined = "guest.joined" Feed Team;
    /// Somebody asks to be let in; owners hear of it.
    AccessRequestCreated {
        /// Into which project.
        project: ProjectId,
    } = "access_request.created" Silent Everyone;
    /// It was decided; whoever asked hears of it.
    AccessRequestDecided {
        /// About which project.
        project: ProjectId,
    } = "access_request.decided" Silent Everyone;
    /// A person marked a project; only they hear of it.
    ProjectStarred {
        /// Which.
        project: ProjectId,
    } = "project.starred" Silent Everyone;
    /// A person took their mark off a project; only they hear of it.
    ProjectUnstarred {
        /// Which.
        project: ProjectId,
    } = "project.unstarred" Silent Everyone;
    /// A track was made.
    TrackCreated = "track.created" Feed Everyone;
    /// A track changed.
    TrackUpdated = "track.updated" Feed Everyone;
    /// A track was moved to the trash.
    TrackDeleted = "track.deleted" Feed Everyone;
    /// A track was taken out of the trash.
    TrackRestored = "track.restored" Feed Everyone;
    /// The order of the tracks changed.
    TracksReordered = "tracks.reordered" Feed Everyone;
    /// Faders moved.
    MixUpdated {
        /// Whose faders.
        tracks: Vec<TrackId>,
    } = "mix.updated" Feed Everyone;
    /// Faders moved shortly after their project heard of others; told together with what follows.
    MixMoved {
        /// Whose faders.
        tracks: Vec<TrackId>,
    } = "mix.moved" Silent Everyone;
    /// All bytes of an upload are here.
    UploadCompleted {
        /// Which.
        upload: UploadId,
    } = "upload.completed" Silent Everyone;
    /// A version was made from an upload; its processing starts.
    VersionCreated {
        /// The recording.
        original: BlobHash,
        /// The job that will process it.
        job: JobId,
        /// Its number in the track.
        number: i64,
    } = "version.created" Feed Everyone;
    /// A version plays and shows.
    VersionReady {
        /// The job that made it so.
        job: JobId,
    } = "version.ready" Feed Everyone;
    /// A version cannot be used.
    VersionFailed {
        /// The job that found out.
        job: JobId,
        /// A problem code.
        code: String,
    } = "version.failed" Silent Everyone;
    /// A recording is wanted in another form.
    RenditionRequested {
        /// The recording.
        original: BlobHash,
        /// The form.
        recipe: Recipe,
        /// The job that will make it.
        job: JobId,
    } = "rendition.requested" Silent Everyone;
    /// A mixdown is wanted.
    MixdownRequested {
        /// The job that will make it.
        job: JobId,
    } = "mixdown.requested" Silent Everyone;
    /// A version's label, changelog, metadata or tags changed.
    VersionUpdated = "version.updated" Feed Everyone;
    /// A version was moved to the trash.
    VersionDeleted = "version.deleted" Feed Everyone;
    /// A version was taken out of the trash.
    VersionRestored = "version.restored" Feed Everyone;
    /// A version is gone for good, its recording with it if nothing else holds it.
    VersionPurged = "version.purged" Silent Everyone;
    /// A track is gone for good.
    TrackPurged = "track.purged" Silent Everyone;
    /// A project is gone for good.
    ProjectPurged = "project.purged" Silent Everyone;
    /// Another version plays.
    VersionCurrentChanged {
        /// Which, if any.
        version: Option<VersionId>,
        /// Which before.
        before: Option<VersionId>,
    } = "version.current_changed" Feed Everyone;
    /// A version's review is elsewhere.
    VersionReviewStatusChanged {
        /// Where.
        status: ReviewStatus,
        /// Who is asked; empty = everybody.
        reviewers: Vec<UserId>,
    } = "version.review_status_changed" Feed Everyone;
    /// Somebody approved of a version.
    VersionApproved = "version.approved" Feed Everyone;
    /// Somebody wants changes of a version.
    VersionChangesRequested = "version.changes_requested" Feed Everyone;
    /// Somebody withdrew what they decided about a version.
    VersionApprovalWithdrawn = "version.approval_withdrawn" Silent Everyone;
    /// A checkpoint was made: by somebody, or of the state that a restore replaces.
    CheckpointCreated = "checkpoint.created" Feed Everyone;
    /// A checkpoint's name, description or versions changed, or it was unlocked.
    CheckpointUpdated = "checkpoint.updated" Feed Everyone;
    /// A checkpoint was locked.
    CheckpointLocked = "checkpoint.locked" Feed Everyone;
    /// The song is again what a checkpoint holds: tracks, their order and the mix are to be read again.
    CheckpointRestored {
        /// The checkpoint of the state before.
        before: CheckpointId,
    } = "checkpoint.restored" Feed Everyone;
    /// A checkpoint was moved to the trash.
    CheckpointDeleted = "checkpoint.deleted" Feed Everyone;
    /// A checkpoint was taken out of the trash.
    CheckpointUndeleted = "checkpoint.undeleted" Feed Everyone;
    /// A checkpoint is gone for good.
    CheckpointPurged = "checkpoint.purged" Silent Everyone;
    /// Somebody wrote a comment or a reply.
    CommentCreated {
        /// Who may hear of it.
        visibility: Visibility,
    } = "comment.created" Feed Team;
    /// A comment says something else, stands elsewhere, or is not pinned any more.
    CommentUpdated {
        /// Who may hear of it.
        visibility: Visibility,
    } = "comment.updated" Silent Team;
    /// A comment was deleted.
    CommentDeleted {
        /// Who may hear of it.
        visibility: Visibility,
    } = "comment.deleted" Feed Team;
    /// A thread was settled.
    CommentResolved {
        /// Who may hear of it.
        visibility: Visibility,
    } = "comment.resolved" Feed Team;
    /// A settled thread is open again.
    CommentReopened {
        /// Who may hear of it.
        visibility: Visibility,
    } = "comment.reopened" Feed Team;
    /// A comment was pinned.
    CommentPinned {
        /// Who may hear of it.
        visibility: Visibility,
    } = "comment.pinned" Feed Team;
    /// A version that asks for the open comments of another one is ready: the server is to carry them over.
    CommentsCarryRequested {
        /// Where the comments are.
        from: VersionId,
        /// The job that will carry them.
        job: JobId,
    } = "comment.carry_requested" Silent Team;
    /// Open comments of another version now stand on this one too.
    CommentCarriedOver {
        /// Where they were.
        from: VersionId,
        /// Who may hear of it.
        visibility: Visibility,
    } = "comment.carried_over" Silent Team;
    /// Somebody reacted to a comment.
    ReactionAdded {
        /// With what.
        emoji: Emoji,
        /// Who may hear of it.
        visibility: Visibility,
    } = "reaction.added" Silent Team;
    /// Somebody took a reaction back.
    ReactionRemoved {
        /// With what.
        emoji: Emoji,
        /// Who may hear of it.
        visibility: Visibility,
    } = "reaction.removed" Silent Team;
    /// Somebody recorded a mood, or named one; of moods that are not named only whose they are hears.
    MoodRecorded = "mood.recorded" Silent Everyone;
    /// A mood changed.
    MoodUpdated = "mood.updated" Silent Everyone;
    /// A mood is gone, or not named any more.
    MoodDeleted = "mood.deleted" Silent Everyone;
    /// A day or week of a team's mood is shown, or shown otherwise.
    TeamMoodUpdated {
        /// Who may hear of it.
        visibility: Visibility,
    } = "team_mood.updated" Silent Team;
    /// A worker took a job.
    JobStarted = "job.started" Silent Everyone;
    /// A job is done.
    JobSucceeded = "job.succeeded" Silent Everyone;
    /// A job was given up.
    JobFailed {
        /// Its failure code.
        code: String,
    } = "job.failed" Silent Everyone;
    /// A job was called off.
    JobCancelled = "job.cancelled" Silent Everyone;
    /// Somebody registered or was made an account.
    UserRegistered = "user.registered" Silent Everyone;
    /// A person's profile or preferences changed.
    UserUpdated = "user.updated" Silent Everyone;
    /// A login was ended from elsewhere.
    SessionRevoked = "session.revoked" Silent Everyone;
    /// Somebody logged in.
    NewLogin = "security.new_login" Silent Everyone;
    /// A password changed; every other session ended.
    PasswordChanged = "security.password_changed" Silent Everyone;
    /// A personal access token was made.
    ApiTokenCreated = "security.token_created" Silent Everyone;
    /// A personal access token was revoked.
    ApiTokenRevoked = "security.token_revoked" Silent Everyone;
    /// The address of an account changed.
    EmailChanged = "security.email_changed" Silent Everyone;
    /// An administrator wants a backup.
    BackupRequested {
        /// The job that will write it.
        job: JobId,
        /// How much it will hold.
        contents: BackupContents,
    } = "backup.requested" Silent Everyone;
    /// A backup was written.
    BackupCompleted {
        /// The number of the last event whose state it holds.
        seq: u64,
    } = "backup.completed" Silent Everyone;
    /// A backup was not written.
    BackupFailed {
        /// The failure code of its job.
        code: String,
    } = "backup.failed" Silent Everyone;
    /// An administrator wants the search index made anew.
    SearchReindexRequested {
        /// The job that will make it.
        job: JobId,
    } = "search.reindex_requested" Silent Everyone;
    /// A link was made for somebody to hand on: setup, a new password, an invitation to register.
    LinkCreated = "link.created" Silent Everyone;
    /// A mail with a single-use token is due.
    MailRequested {
        /// The token whose secret the mail carries; absent for a plain notice.
        token: Option<OneTimeTokenId>,
        /// Which text.
        mail: MailKind,
    } = "mail.requested" Silent Everyone;
}

impl Event {
    /// Whether somebody may see less after it: open streams look at once whether they go on.
    pub const fn changes_access(&self) -> bool {
        matches!(
            self,
            Self::MemberLeft
                | Self::MemberRemoved
                | Self::MemberRoleChanged { .. }
                | Self::ProjectDeleted
                | Self::ProjectPurged
                | Self::ShareLinkUpdated
                | Self::ShareLinkRevoked
                | Self::UserUpdated
                | Self::SessionRevoked
                | Self::PasswordChanged
                | Self::ApiTokenRevoked
        )
    }

    /// Who in the project may hear of it: what its kind or, for a kind about a thread, the event itself says.
    pub const fn visibility(&self) -> Visibility {
        if let Self::CommentCreated { visibility }
        | Self::CommentUpdated { visibility }
        | Self::CommentDeleted { visibility }
        | Self::CommentResolved { visibility }
        | Self::CommentReopened { visibility }
        | Self::CommentPinned { visibility }
        | Self::CommentCarriedOver { visibility, .. }
        | Self::ReactionAdded { visibility, .. }
        | Self::ReactionRemoved { visibility, .. }
        | Self::TeamMoodUpdated { visibility } = self
        {
            *visibility
        } else {
            self.hearers()
        }
    }
}

/// The texts of mails that accounts send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// A link to set a new password.
    PasswordReset,
    /// A link to prove an address.
    VerifyEmail,
    /// Somebody tried to register with an address that already has an account.
    AlreadyRegistered,
    /// Notice to the old address that a change was asked for; sent then, while it is still known.
    EmailChanged,
    /// Notice that the password changed.
    PasswordChanged,
    /// An invitation into a project.
    ProjectInvitation,
}
