//! The one list of everything that is stored: tables, indexes, unique indexes and counters, one byte each.
//!
//! Everything lives in one ordered key space, `table id ++ key`. A removed entry stays as a tombstone, so that its byte is
//! never used again. `docs/STORAGE.md` is generated from this list (`BACKLINE_BLESS=1 cargo nextest run storage_md`).

#[cfg(test)]
mod tests;

/// What an entry of the catalogue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Rows by primary key.
    Table,
    /// `key ++ primary key → primary key`.
    Index,
    /// `key → primary key`, at most one.
    Unique,
    /// `key → i64`; a counter of 0 is not stored.
    Counter,
    /// No longer used; the byte stays taken.
    Tombstone,
}

/// One line of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The id.
    pub id: TableId,
    /// Its name, snake case.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The shape of its key.
    pub key: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

macro_rules! catalogue {
    ($($byte:literal $variant:ident $name:literal $kind:ident $key:literal $purpose:literal;)+) => {
        /// A table, index or counter: the first byte of its keys.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum TableId {
            $(#[doc = $purpose] $variant = $byte,)+
        }

        /// Every entry, in the order of the bytes.
        pub const CATALOG: &[Entry] = &[
            $(Entry { id: TableId::$variant, name: $name, kind: Kind::$kind, key: $key, purpose: $purpose },)+
        ];

        impl TableId {
            /// The entry's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(TableId::$variant => $name,)+ }
            }

            /// What the entry is.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(TableId::$variant => Kind::$kind,)+ }
            }

            /// The entry of a byte, if it has one.
            #[must_use]
            pub const fn from_byte(byte: u8) -> Option<TableId> {
                match byte { $($byte => Some(TableId::$variant),)+ _ => None }
            }
        }
    };
}

impl TableId {
    /// The byte that its keys start with.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

// Bytes by area: 01 the store itself, 10 the log, 20 blobs and uploads, 30 accounts, 50 projects, 60 tracks and versions,
// 70 how people come into projects, 80 jobs, 90 conversation, A0 sharing, B0 notifications and plugins, C0 checkpoints and
// review, D0 mood and emotion. A table is followed by its indexes.
catalogue! {
    0x01 Meta "meta" Table "name" "Facts about the directory: the head of the log, the schema, marks set once";
    0x02 Audit "audit" Table "number" "Who did what to whom; each row holds the hash of the one before";
    0x08 Idem "idem" Table "actor, operation, key" "Answers to replay for an Idempotency-Key";
    0x09 IdemByAge "idem_by_age" Index "at" "Remembered answers, oldest first, for forgetting";

    0x10 Events "events" Table "seq" "The event log";
    0x11 EventsByProject "events_by_project" Index "project" "The log of one project";
    0x12 EventsByUser "events_by_user" Index "user" "The own stream of one user";
    0x13 Activity "activity" Table "project, seq" "What happened in a project, kept as long as the project";
    0x14 ActivityByActor "activity_by_actor" Index "project, actor" "Activity of one person";
    0x15 ActivityByTrack "activity_by_track" Index "project, track" "Activity on one track";
    0x16 ActivityByKind "activity_by_kind" Index "project, kind" "Activity of one kind";
    0x17 Cursors "cursors" Table "consumer" "How far each reader of the log has come";
    0x18 Parked "parked" Table "consumer, seq" "Events that a consumer failed on three times";

    0x20 Blobs "blobs" Table "hash" "Stored content by its BLAKE3 hash";
    0x21 BlobsCondemned "blobs_condemned" Index "condemned at" "Content about to be collected";
    0x22 Refs "refs" Counter "hash" "How many rows refer to a blob";
    0x23 BlobsIdle "blobs_idle" Table "hash" "Blobs that lost a reference, until the collector has seen to them";
    0x28 Uploads "uploads" Table "upload" "Bytes on their way in";
    0x29 UploadsByUser "uploads_by_user" Index "user" "The uploads of one person";
    0x2a UploadsByExpiry "uploads_by_expiry" Index "expires at" "Uploads by when they lapse";

    0x30 Users "users" Table "user" "Accounts";
    0x31 UserByEmail "user_by_email" Unique "email" "The account of an address";
    0x32 UserByHandle "user_by_handle" Unique "handle" "The account of a handle";
    0x33 Credentials "credentials" Table "user" "Password hashes";
    0x34 Preferences "preferences" Table "user" "What a person prefers";
    0x35 Sessions "sessions" Table "session" "Logins";
    0x36 SessionsByUser "sessions_by_user" Index "user" "The logins of one person";
    0x37 ApiTokens "api_tokens" Table "token" "Personal access tokens";
    0x38 ApiTokenByHash "api_token_by_hash" Unique "hash" "The token with a secret of this hash";
    0x39 ApiTokensByUser "api_tokens_by_user" Index "user" "The tokens of one person";
    0x3a OneTimeTokens "one_time_tokens" Table "token" "Setup, reset, verification and registration tokens";
    0x3b OneTimeTokenByHash "one_time_token_by_hash" Unique "hash" "The token with a secret of this hash";
    0x3c OneTimeTokensByUser "one_time_tokens_by_user" Index "user?" "The tokens of one person, or of nobody yet";
    0x3d LastSeen "last_seen" Table "id" "When a user, session or token was last used";
    0x3e UsedBytes "used_bytes" Counter "user" "Bytes a person stores or has reserved";
    0x3f ActiveAdmins "active_admins" Counter "()" "Administrators that may log in";
    0x40 ProjectsOfUser "projects_of_user" Counter "user" "Projects a person is a member of";
    0x41 Instance "instance" Table "()" "What was decided in setup";

    0x50 Projects "projects" Table "project" "Projects";
    0x51 ProjectGates "project_gates" Table "project" "Archive, trash and settings: asserted by every batch of the project";
    0x52 Members "members" Table "project, user" "Who belongs to a project";
    0x53 MembersByUser "members_by_user" Index "user" "The memberships of one person";
    0x54 Owners "owners" Counter "project" "Owners; never below 1";
    0x55 MemberCount "member_count" Counter "project" "Members";
    0x56 TrackCount "track_count" Counter "project" "Tracks outside the trash";
    0x57 TrackTotal "track_total" Counter "project" "Tracks, trash included";
    0x58 ProjectVersionCount "project_version_count" Counter "project" "Versions outside the trash";
    0x59 ProjectBytes "project_bytes" Counter "project" "Bytes of the versions, trash included";
    0x5a Stars "stars" Table "user, project" "Projects a person marked";
    0x5b ProjectsTrashed "projects_trashed" Index "deleted at" "The projects in the trash";

    0x60 Tracks "tracks" Table "track" "Tracks";
    0x61 TracksByProject "tracks_by_project" Index "project, in the trash" "The tracks of a project";
    0x62 TrackSets "track_sets" Table "project" "Guard: replaced by every change of the set or order of tracks";
    0x63 Faders "faders" Table "track" "The shared mix";
    0x64 VersionSeq "version_seq" Counter "track" "The highest version number given";
    0x65 VersionCount "version_count" Counter "track" "Versions outside the trash";
    0x66 Versions "versions" Table "version" "Takes";
    0x67 VersionByNumber "version_by_number" Unique "track, number" "The version with a number; numbers are never given twice";
    0x68 VersionsByTrack "versions_by_track" Index "track, in the trash, number descending" "The versions of a track, newest first";
    0x69 VersionsByContent "versions_by_content" Index "sha-256" "The versions that play the same bytes";
    0x6a Locks "locks" Counter "version" "Locked checkpoints that hold a version";
    0x6b TrackPlaces "track_places" Table "track" "Where each track stands among its siblings";
    0x6c TracksTrashed "tracks_trashed" Index "deleted at" "The tracks in the trash";
    0x6d VersionsTrashed "versions_trashed" Index "deleted at" "The versions in the trash";
    0x6e Renditions "renditions" Table "project, recording, recipe" "Recordings in other forms";
    0x6f RenditionsByContent "renditions_by_content" Index "recording, recipe" "The same in every project";

    0x70 Invitations "invitations" Table "invitation" "Invitations into projects, by e-mail and by link";
    0x71 InvitationByHash "invitation_by_hash" Unique "hash" "The invitation with a secret of this hash";
    0x72 InvitationsByProject "invitations_by_project" Index "project" "The invitations into a project";
    0x73 InvitationsByEmail "invitations_by_email" Index "email" "The invitations for an address";
    0x74 InvitationUses "invitation_uses" Counter "invitation" "How many accepted; never above what the invitation allows";
    0x75 Acceptances "acceptances" Table "invitation, user" "Who accepted an invitation";
    0x76 AccessRequests "access_requests" Table "request" "Requests to be let into projects";
    0x77 AccessRequestOf "access_request_of" Unique "project, user" "The request of a person; all of a project";
    0x78 Removals "removals" Table "project, user" "Who was removed: older links do not let them in again";

    0x80 Jobs "jobs" Table "job" "Work to do, being done and done";
    0x81 JobsReady "jobs_ready" Index "queue, priority, cause" "Jobs that may run";
    0x82 JobsDue "jobs_due" Index "run at" "Jobs that wait for their time";
    0x83 JobsLeased "jobs_leased" Index "node, boot" "Running jobs by who has them";
    0x84 JobsBySubject "jobs_by_subject" Index "kind, id" "The jobs that work on one thing";
    0x85 JobsByState "jobs_by_state" Index "state, changed descending" "Jobs by state, the last to change first";
    0x86 JobByKey "job_by_key" Unique "kind, key" "The queued job of a kind and key";
    0x87 JobsByProject "jobs_by_project" Index "project" "The jobs of a project";
    0x88 JobsProgress "jobs_progress" Table "job" "How far running jobs are";
    0x89 JobBeats "job_beats" Table "node" "Signs of life of the processes that run jobs";
    0x8a JobFiles "job_files" Table "job" "Files that jobs made for people, kept as long as the job";
    0x8b Mixdowns "mixdowns" Table "job" "Mixdowns that are not made yet";
    0x8c MixdownsByProject "mixdowns_by_project" Index "project" "The open mixdowns of a project";

    0x90 Comments "comments" Table "comment" "Comments and replies";
    0x91 CommentsByPlace "comments_by_place" Index "project, track, version or checkpoint; reply" "The threads and replies of a place, oldest first";
    0x92 CommentsByTime "comments_by_time" Index "project, track, version or checkpoint; start" "The threads of a place in the order of the music";
    0x93 CommentsByAuthor "comments_by_author" Index "project, person or guest" "What one person wrote";
    0x94 CommentsByMention "comments_by_mention" Index "project, person or group" "Where somebody is mentioned";
    0x95 CommentsByThread "comments_by_thread" Index "parent" "The replies of a comment";
    0x96 CommentEdits "comment_edits" Table "comment, number" "What comments said before";
    0x97 CommentPlacements "comment_placements" Table "comment, version" "Where comments stand in later versions";
    0x98 PlacementsByTime "placements_by_time" Index "version, start" "The comments carried to a version in the order of the music";
    0x99 PlacementsByVersion "placements_by_version" Index "version" "The comments carried to a version, oldest first";
    0x9a Reactions "reactions" Table "comment, person or guest, emoji" "Reactions";
    0x9b CommentTotal "comment_total" Counter "project" "Comments and replies";
    0x9c OpenComments "open_comments" Counter "project, track, version or checkpoint; team only" "Open threads";
    0x9d ResolvedComments "resolved_comments" Counter "project, track, version or checkpoint; team only" "Resolved threads";
    0x9e ReplyCount "reply_count" Counter "comment" "Replies";
    0x9f ReactionCount "reaction_count" Counter "comment" "Reactions";

    0xa0 ShareLinks "share_links" Table "link" "Links that show something of a project to whoever has them";
    0xa1 ShareLinkByHash "share_link_by_hash" Unique "hash" "The link with a secret of this hash";
    0xa2 ShareLinksByProject "share_links_by_project" Index "project" "The links of a project";
    0xa3 Guests "guests" Table "guest" "Who came by share links";
    0xa4 GuestByHash "guest_by_hash" Unique "hash" "The guest with a token of this hash";
    0xa5 GuestsByLink "guests_by_link" Index "link" "The guests of a link";
    0xa6 LinkVisits "link_visits" Counter "link" "How many came by a link; never above what it allows";
    0xa7 ShareLinkCount "share_link_count" Counter "project" "Links of a project, closed ones included";

    0xc0 Checkpoints "checkpoints" Table "checkpoint" "What songs were at a moment";
    0xc1 CheckpointsByProject "checkpoints_by_project" Index "project, in the trash" "The checkpoints of a project";
    0xc2 CheckpointsTrashed "checkpoints_trashed" Index "deleted at" "The checkpoints in the trash";
    0xc3 CheckpointVersions "checkpoint_versions" Table "checkpoint, track" "What checkpoints hold of each track";
    0xc4 CheckpointCount "checkpoint_count" Counter "project" "Checkpoints outside the trash";
    0xc5 CheckpointTotal "checkpoint_total" Counter "project" "Checkpoints, trash included";
    0xc6 TrackLocks "track_locks" Counter "track" "Locked checkpoints that hold a track";
    0xc8 Approvals "approvals" Table "version, person or guest" "What people think of versions";
    0xc9 ApprovalCount "approval_count" Counter "version" "Decisions about a version";

    0xd0 EmotionReadings "emotion_readings" Table "comment" "What models read out of comments, and what their authors say about it";
    0xd1 Moods "moods" Table "mood" "How people felt";
    0xd2 MoodsByDay "moods_by_day" Index "project, day" "The moods of a day";
    0xd3 MoodsByUser "moods_by_user" Index "user" "What one person recorded";
    0xd4 MoodsOfMember "moods_of_member" Index "project, user" "What one person recorded about a project";
    0xd5 MoodsNamed "moods_named" Index "project" "The moods that everybody in a project sees";
    0xd6 MoodsOfDay "moods_of_day" Counter "project, user, day" "How often a person recorded a mood on a day";
    0xd7 MoodBlocks "mood_blocks" Table "project, day or week, first day, version?" "What a team sees of its moods, added up";
    0xd8 MoodBlocksByVersion "mood_blocks_by_version" Index "version" "What a team sees of its moods about a version";
    0xd9 MoodShares "mood_shares" Table "project, day, mood" "What blocks hold, without whose it is";
    0xda MoodVoices "mood_voices" Table "project, day or week, first day" "What comments say of feelings, added up";
    0xdb MoodsDue "moods_due" Table "due at, task, project, first day" "Days and weeks to be closed or looked at again";
}
