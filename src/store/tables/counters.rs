//! Counters of accounts, projects, tracks and versions: numbers that many writers change without reading them.

use model::{CommentId, InvitationId, ProjectId, ShareLinkId, TrackId, UserId, VersionId};
use uuid::Uuid;

use crate::{Counter, TableId};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident: $key:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Counter for $name {
            const ID: TableId = TableId::$name;
            type Key = $key;
        }
    )+};
}

counters! {
    /// Active administrators of the instance; while there is none, setup is due.
    ActiveAdmins: ();
    /// Bytes a person stores or has reserved: versions and open uploads.
    UsedBytes: UserId;
    /// Projects a person is a member of.
    ProjectsOfUser: UserId;
    /// Owners of a project; never below 1.
    Owners: ProjectId;
    /// Members of a project.
    MemberCount: ProjectId;
    /// How many accepted an invitation.
    InvitationUses: InvitationId;
    /// Tracks of a project outside the trash.
    TrackCount: ProjectId;
    /// Tracks of a project, trash included.
    TrackTotal: ProjectId;
    /// Versions of a project outside the trash.
    ProjectVersionCount: ProjectId;
    /// Bytes of a project's versions, trash included.
    ProjectBytes: ProjectId;
    /// The highest version number given in a track.
    VersionSeq: TrackId;
    /// Versions of a track outside the trash.
    VersionCount: TrackId;
    /// Locked checkpoints that hold a version; it can only be deleted at 0.
    Locks: VersionId;
    /// Locked checkpoints that hold a track; it can only be deleted at 0.
    TrackLocks: TrackId;
    /// Checkpoints of a project outside the trash.
    CheckpointCount: ProjectId;
    /// Checkpoints of a project, trash included.
    CheckpointTotal: ProjectId;
    /// Moods that a person recorded about a project on a day, counted from 1970-01-01.
    MoodsOfDay: (ProjectId, UserId, i64);
    /// Decisions about a version.
    ApprovalCount: VersionId;
    /// Comments of a project, replies and what is left of deleted ones included.
    CommentTotal: ProjectId;
    /// Open threads of a project, track, version or checkpoint: those for everybody, and those for the team alone. A project's
    /// leave out the tracks and checkpoints in the trash.
    OpenComments: (Uuid, bool);
    /// Resolved threads, as [`OpenComments`].
    ResolvedComments: (Uuid, bool);
    /// Replies of a comment.
    ReplyCount: CommentId;
    /// Reactions of a comment.
    ReactionCount: CommentId;
    /// How many came by a share link.
    LinkVisits: ShareLinkId;
    /// Share links of a project, closed ones included.
    ShareLinkCount: ProjectId;
}
