//! Every bound of the product, named once, with its unit. Docs and error texts quote these.

/// The longest text a person may store in one field, in UTF-8 bytes (a stored value stays under 16 KiB).
pub const USER_TEXT_BYTES_MAX: usize = 15 * 1024;
/// The largest JSON request body, in bytes.
pub const JSON_BODY_BYTES_MAX: usize = 256 * 1024;
/// The largest upload unless configured otherwise, in bytes (4 GiB).
pub const UPLOAD_BYTES_MAX_DEFAULT: u64 = 4 * 1024 * 1024 * 1024;
/// How long an upload may stay open or unused, in milliseconds (24 h).
pub const UPLOAD_TTL_MS: i64 = 24 * 3600 * 1000;
/// Open uploads of one user at a time.
pub const OPEN_UPLOADS_MAX: usize = 50;
/// Of those, open uploads of one guest.
pub const GUEST_UPLOADS_MAX: usize = 5;
/// How long a transfer may stand still, in seconds.
pub const UPLOAD_IDLE_S_MAX: u64 = 60;
/// After how many bytes a transfer looks again whether the disk has room, in bytes.
pub const UPLOAD_ROOM_CHECK_BYTES: u64 = 8 * 1024 * 1024;
/// What a client is told to send at a time, in bytes.
pub const UPLOAD_CHUNK_BYTES: i64 = 8 * 1024 * 1024;
/// What a form may hold beside the file, in bytes.
pub const FORM_EXTRA_BYTES_MAX: u64 = 64 * 1024;
/// What the file in a form of unknown length takes from the quota at a time, in bytes (64 MiB).
pub const FORM_STEP_BYTES: u64 = 64 * 1024 * 1024;
/// The longest media type a client may declare, in characters.
pub const CONTENT_TYPE_CHARS_MAX: usize = 200;
/// Versions with the declared hash that are looked at before a transfer is asked for after all.
pub const DEDUPLICATION_VERSIONS_MAX: usize = 50;
/// The largest avatar or cover upload, in bytes (5 MB).
pub const IMAGE_BYTES_MAX: usize = 5_000_000;
/// The longest side of an uploaded image, in pixels.
pub const IMAGE_SIDE_MAX: u32 = 4096;
/// Pictures decoded at once; each takes up to 64 MB for a moment.
pub const PICTURES_AT_ONCE: usize = 2;
/// The side of a stored avatar, in pixels.
pub const AVATAR_SIDE: u32 = 512;
/// The longest side of a stored cover, in pixels.
pub const COVER_SIDE: u32 = 1024;

/// Items of a page when the client names no limit.
pub const PAGE_DEFAULT: usize = 50;
/// The most items of a page.
pub const PAGE_MAX: usize = 200;
/// Checkpoints of a project, automatic ones and the trash included.
pub const CHECKPOINTS_PER_PROJECT_MAX: usize = 1000;
/// Tracks of a project, trash included.
pub const TRACKS_PER_PROJECT_MAX: i64 = 200;
/// Versions of a track, trash included.
pub const VERSIONS_PER_TRACK_MAX: i64 = 1000;
/// Projects a user may be a member of.
pub const PROJECTS_PER_USER_MAX: i64 = 1000;
/// Members of a project.
pub const MEMBERS_PER_PROJECT_MAX: i64 = 500;
/// Owners who hear of what concerns owners alone.
pub const OWNERS_TOLD_MAX: usize = 64;
/// Open invitations into one project.
pub const INVITATIONS_PER_PROJECT_MAX: usize = 200;
/// How many may accept one link.
pub const INVITATION_USES_MAX: i64 = 100;
/// The life of an invitation that names no other, in milliseconds (14 days).
pub const INVITATION_TTL_MS: i64 = 14 * 24 * 3600 * 1000;
/// The longest life of an invitation, in milliseconds (90 days).
pub const INVITATION_TTL_MS_MAX: i64 = 90 * 24 * 3600 * 1000;
/// How long an invitation is shown after its time is over, in milliseconds (30 days).
pub const INVITATION_KEEP_MS: i64 = 30 * 24 * 3600 * 1000;
/// Requests to be let in of one project, decided ones included.
pub const ACCESS_REQUESTS_PER_PROJECT_MAX: usize = 500;
/// How long somebody waits before they ask again, in milliseconds (24 h).
pub const ACCESS_REQUEST_AGAIN_MS: i64 = 24 * 3600 * 1000;
/// Share links of one project, closed ones included.
pub const SHARE_LINKS_PER_PROJECT_MAX: i64 = 1_000;
/// How many may come by one share link.
pub const VISITS_PER_LINK_MAX: i64 = 10_000;
/// The life of a guest's token, in milliseconds (24 h).
pub const GUEST_TTL_MS: i64 = 24 * 3600 * 1000;
/// People and groups that autocompletion offers.
pub const MENTIONABLES_MAX: usize = 20;
/// Decisions about one version.
pub const APPROVALS_PER_VERSION_MAX: i64 = 1000;
/// Of those, decisions by guests: there is room for every member beside them.
pub const GUEST_APPROVALS_PER_VERSION_MAX: i64 = APPROVALS_PER_VERSION_MAX - MEMBERS_PER_PROJECT_MAX;
/// Members who are asked by name to review one version.
pub const REVIEWERS_MAX: usize = 50;
/// Tags of one project or version.
pub const TAGS_MAX: usize = 20;
/// Metadata entries of one version.
pub const METADATA_ENTRIES_MAX: usize = 50;
/// Text of one version (label, changelog, metadata and tags together), in UTF-8 bytes: with the facts it fits into a stored row.
pub const VERSION_TEXT_BYTES_MAX: usize = 12 * 1024;
/// Warnings kept of one recording.
pub const VERSION_WARNINGS_MAX: usize = 10;
/// Characters kept of one warning.
pub const VERSION_WARNING_CHARS_MAX: usize = 200;
/// Personal access tokens of one user.
pub const API_TOKENS_PER_USER_MAX: usize = 50;
/// Live sessions of one user; the oldest is revoked when one more logs in.
pub const SESSIONS_PER_USER_MAX: usize = 50;

/// Comments of one project, replies included.
pub const COMMENTS_PER_PROJECT_MAX: i64 = 200_000;
/// Replies of one comment.
pub const REPLIES_PER_COMMENT_MAX: i64 = 500;
/// Times one comment may be edited; each leaves an entry in its history.
pub const EDITS_PER_COMMENT_MAX: u32 = 100;
/// People one comment may mention by name; groups come on top.
pub const MENTIONS_PER_COMMENT_MAX: usize = 20;
/// Different names after an @ that are looked up in one comment; further ones stay plain text.
pub const MENTION_LOOKUPS_MAX: usize = 100;
/// Reactions of one comment.
pub const REACTIONS_PER_COMMENT_MAX: i64 = 500;
/// Different emoji one person may react with to one comment.
pub const REACTIONS_PER_PERSON_MAX: usize = 20;
/// People that a summary of reactions names for each emoji.
pub const REACTION_NAMES_MAX: usize = 5;
/// How far a comment may reach beyond the end of its recording, in milliseconds: players round.
pub const COMMENT_OVERHANG_MS: i64 = 1_000;
/// Comments that one page of a filtered list looks at.
pub const COMMENTS_SCANNED_MAX: usize = 2_000;
/// Comments that are carried over to a new version in one write.
pub const CARRY_BATCH: usize = 100;
/// Shifts between two recordings that are remembered.
pub const SHIFTS_REMEMBERED: usize = 1_000;
/// The confidence from which on a shift between two recordings is believed, 0 to 1.
pub const ALIGNMENT_CONFIDENCE_MIN: f32 = 0.3;

/// Moods one person may record about a project in a UTC day.
pub const MOODS_PER_DAY_MAX: i64 = 6;
/// How long after its end a day or week of moods is closed, in milliseconds (10 min).
pub const MOOD_CLOSING_MS: i64 = 10 * 60 * 1000;
/// Moods that one day or week looks at: every member's, every day.
pub const MOODS_PER_BUCKET_MAX: usize = 3_400;
/// Buckets of one answer.
pub const MOOD_BUCKETS_MAX: usize = 120;
/// Versions of one answer, the newest ones of a track.
pub const MOOD_VERSIONS_MAX: usize = 50;
/// Comments whose emotions one bucket or strip adds up.
pub const MOOD_COMMENTS_MAX: usize = 2_000;
/// Steps of an emotion strip.
pub const MOOD_STEPS_MAX: i64 = 600;
/// Days and weeks that one run closes.
pub const MOOD_CLOSINGS_MAX: usize = 1_000;

/// The longest word that is searched for, in bytes; longer ones are cut.
pub const SEARCH_WORD_BYTES_MAX: usize = 64;
/// What can be asked of the search, in characters.
pub const SEARCH_CHARS_MAX: usize = 200;
/// Words of one question; further ones are passed over.
pub const SEARCH_WORDS_MAX: usize = 12;
/// Hits that one can page to.
pub const SEARCH_DEPTH_MAX: usize = 1_000;
/// Suggestions of one answer.
pub const SUGGESTIONS_MAX: usize = 8;
/// Projects that the facets of one answer name.
pub const SEARCH_FACETS_MAX: usize = 20;
/// The length of a snippet, in characters.
pub const SNIPPET_CHARS: usize = 200;
/// Searches that run at once; more wait.
pub const SEARCHES_AT_ONCE: usize = 8;
/// How long changes wait before the index makes them found together, in milliseconds.
pub const SEARCH_COMMIT_MS: u64 = 250;
/// Documents after which the index does not wait any longer.
pub const SEARCH_COMMIT_DOCUMENTS: usize = 2_000;
/// Memory for documents on their way into the index, in bytes (32 MiB).
pub const SEARCH_MEMORY_BYTES: usize = 32 * 1024 * 1024;
/// Entries of a feed that one page of a filtered list looks at.
pub const ACTIVITY_SCANNED_MAX: usize = 2_000;

/// The shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// The longest password, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// Password hashes computed or waiting at once; one more answers 503.
pub const PASSWORD_QUEUE_MAX: usize = 64;
/// Password hashes computed at once; each takes a core and 19 MiB.
pub const PASSWORD_WORKERS: usize = 2;
/// The life of an access token, in milliseconds (15 min).
pub const ACCESS_TOKEN_TTL_MS: i64 = 15 * 60 * 1000;
/// The life of an unused refresh token, in milliseconds (30 days).
pub const REFRESH_TOKEN_TTL_MS: i64 = 30 * 24 * 3600 * 1000;
/// The life of a setup token, in milliseconds (24 h).
pub const SETUP_TOKEN_TTL_MS: i64 = 24 * 3600 * 1000;
/// The life of a password reset token, in milliseconds (1 h).
pub const RESET_TOKEN_TTL_MS: i64 = 3600 * 1000;
/// The life of an e-mail verification token, in milliseconds (3 days).
pub const VERIFY_TOKEN_TTL_MS: i64 = 3 * 24 * 3600 * 1000;
/// The life of a registration invite, in milliseconds (14 days).
pub const INVITE_TOKEN_TTL_MS: i64 = 14 * 24 * 3600 * 1000;
/// Single-use tokens of one person, or of nobody yet, that are looked at.
pub const ONE_TIME_TOKENS_MAX: usize = 1000;
/// Open invitations to register.
pub const REGISTRATION_INVITES_MAX: usize = 500;
/// Scopes of one personal access token.
pub const SCOPES_PER_TOKEN_MAX: usize = 40;
/// Projects one personal access token may be limited to.
pub const PROJECTS_PER_TOKEN_MAX: usize = 100;
/// The longest bearer token that is looked at, in characters.
pub const BEARER_CHARS_MAX: usize = 2048;
/// Keys of access tokens that still open them; the newest seals.
pub const ACCESS_KEYS_MAX: usize = 4;
/// The age at which the newest key of access tokens is replaced at a start, in milliseconds (90 days).
pub const ACCESS_KEY_AGE_MS_MAX: i64 = 90 * 24 * 3600 * 1000;
/// How often it is written down that somebody was seen, in milliseconds (1 min).
pub const LAST_SEEN_EVERY_MS: i64 = 60_000;
/// Users, sessions and tokens whose last sight is remembered in memory.
pub const LAST_SEEN_MEMORY_MAX: usize = 20_000;
/// Accounts that one page of the administrators' list looks at.
pub const USERS_SCANNED_MAX: usize = 2_000;

/// The fewest people whose mood a team may be shown, as administrators may choose.
pub const MOOD_GROUP_MIN: u32 = 3;
/// The most they may ask for.
pub const MOOD_GROUP_MAX: u32 = 10;

/// People that a search by name finds.
pub const PEOPLE_FOUND_MAX: usize = 50;
/// People that a search by name looks at.
pub const PEOPLE_LOOKED_AT_MAX: usize = 5_000;
/// Entries that one page of the audit log looks at.
pub const AUDIT_SCANNED_MAX: usize = 5_000;
/// Jobs that one page of the administrators' list looks at, and that are counted in one state.
pub const JOBS_SCANNED_MAX: usize = 5_000;
/// How often it is written down that an administrator looks at the same thing, in milliseconds (1 h).
pub const OFFICE_NOTED_EVERY_MS: i64 = 3600 * 1000;
/// Things looked at by administrators that are remembered.
pub const OFFICE_MEMORY_MAX: usize = 10_000;

/// Wrong passwords for one account from one address before waiting starts.
pub const LOGIN_FREE_TRIES: u32 = 5;
/// The same for one address over all accounts.
pub const LOGIN_ADDRESS_FREE_TRIES: u32 = 30;
/// Wrong passwords for one account from anywhere before every address has only one free try for it.
pub const LOGIN_ACCOUNT_FREE_TRIES: u32 = 50;
/// The longest wait after a wrong password, in seconds.
pub const LOGIN_WAIT_S_MAX: i64 = 60;
/// How long failed logins are remembered, in milliseconds (1 h).
pub const LOGIN_MEMORY_MS: i64 = 3600 * 1000;
/// Accounts and addresses whose failures are remembered.
pub const LOGIN_MEMORY_ENTRIES_MAX: usize = 10_000;
/// Mails to one address in the time that failures are remembered.
pub const MAILS_PER_ADDRESS_MAX: u32 = 5;
/// The least time that an answer takes which must not tell a known address from an unknown one, in milliseconds.
pub const ANONYMOUS_ANSWER_MS: u64 = 200;
/// The longest life of a signed stream URL, in seconds.
pub const STREAM_URL_TTL_S_MAX: i64 = 3600;
/// The time in which a real-time ticket must be used, in milliseconds.
pub const TICKET_TTL_MS: i64 = 60_000;

/// How long an Idempotency-Key is remembered, in milliseconds (24 h).
pub const IDEMPOTENCY_TTL_MS: i64 = 24 * 3600 * 1000;
/// The longest Idempotency-Key, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// How often a service decides again after a conflict.
pub const CONFLICT_RETRIES_MAX: u32 = 5;

/// How long events are replayed, in milliseconds (7 days).
pub const EVENT_REPLAY_MS: i64 = 7 * 24 * 3600 * 1000;
/// The most events one resume replays; more answer `sync.reset`.
pub const EVENT_REPLAY_MAX: usize = 1000;
/// The longest life of one live stream, in milliseconds (30 min).
pub const STREAM_LIFE_MS: i64 = 30 * 60 * 1000;
/// Live streams of one user at a time.
pub const STREAMS_PER_USER_MAX: usize = 20;
/// Tickets of one user; one more makes the oldest void.
pub const TICKETS_PER_USER_MAX: usize = 50;
/// Entries of the log one replay of a person's stream looks at; more answer `sync.reset`.
pub const EVENT_REPLAY_SCAN_MAX: usize = 20_000;
/// How often an open stream asks whether its reader still may read, in milliseconds.
pub const STREAM_CHECK_MS: u64 = 750;
/// How often a quiet stream says that it lives, in milliseconds.
pub const STREAM_KEEP_ALIVE_MS: u64 = 15_000;
/// Ephemeral messages a slow stream may be behind before it misses some.
pub const LIVE_BACKLOG: usize = 256;
/// How long somebody is there without a sign of life, in milliseconds.
pub const PRESENCE_TTL_MS: i64 = 45_000;
/// People on one project at a time.
pub const PRESENCE_PEOPLE_MAX: usize = 500;
/// Tabs of one person on one project.
pub const PRESENCE_TABS_MAX: usize = 10;
/// Projects on which one connection shows its person.
pub const PRESENCE_PROJECTS_MAX: usize = 10;
/// The largest message of a client on a WebSocket, in bytes.
pub const SOCKET_MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// The pause after each message of a client on a WebSocket, in milliseconds.
pub const SOCKET_PAUSE_MS: u64 = 50;
/// How long a WebSocket may take to accept a message, in milliseconds.
pub const SOCKET_SEND_MS: u64 = 10_000;
/// Patterns of one `types` filter.
pub const EVENT_TYPES_MAX: usize = 32;

/// How often a project hears that its mix changed, in milliseconds: what moves in between is told together (5 s).
pub const MIX_TOLD_EVERY_MS: i64 = 5_000;
/// Projects whose last word about their mix is remembered.
pub const MIX_TOLD_PROJECTS: usize = 1_000;

/// Ranges of one request; more are answered with the whole file.
pub const RANGES_MAX: usize = 16;
/// The block of a positional read of a blob, in bytes.
pub const BLOB_READ_BYTES: usize = 256 * 1024;

/// The longest recording, in milliseconds (12 h).
pub const AUDIO_DURATION_MS_MAX: i64 = 12 * 3600 * 1000;
/// The time a probe may take on a busy machine, in milliseconds of the clock.
pub const PROBE_WAIT_MS: u64 = 10_000;
/// The finest stored level of a waveform, in sample frames a pixel.
pub const WAVEFORM_SAMPLES_PER_PIXEL: u32 = 256;
/// The widest waveform by `width`, in pixels.
pub const WAVEFORM_WIDTH_MAX: i32 = 100_000;
/// Minima and maxima read for one waveform answer.
pub const WAVEFORM_VALUES_MAX: u64 = 16 * 1024 * 1024;
/// The wall time one `version.process` job may take, in milliseconds.
pub const PROCESS_TIMEOUT_MS: u64 = 30 * 60 * 1000;
/// The wall time one rendition or mixdown may take, in milliseconds (2 h).
pub const RENDER_TIMEOUT_MS: u64 = 2 * 3600 * 1000;
/// The largest rendition or mixdown, in bytes (32 GiB).
pub const RENDITION_BYTES_MAX: u64 = 32 * 1024 * 1024 * 1024;
/// Renditions of one recording in one project.
pub const RENDITIONS_PER_RECORDING_MAX: usize = 40;
/// How long a rendition that was made to be kept stays, in milliseconds (30 days); then it is made anew when it is asked for.
pub const RENDITION_KEEP_MS: i64 = 30 * 24 * 3600 * 1000;
/// From this length on a recording without loss gets its preview at upload, though browsers play it, in milliseconds (15 min).
pub const PREVIEW_FROM_MS: i64 = 15 * 60 * 1000;
/// Mixdowns of one project that are not made yet.
pub const MIXDOWNS_OPEN_MAX: usize = 10;
/// The loudness a mixdown may be brought to, in LUFS.
pub const LOUDNESS_TARGET_LUFS: std::ops::RangeInclusive<f64> = -40.0..=-5.0;
/// The true peak that a mixdown with a loudness target stays below, in dBTP.
pub const TRUE_PEAK_MAX_DBTP: f64 = -1.0;
/// The stored measurements of one recording, in bytes.
pub const ANALYSIS_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Attempts of a job before it is failed.
pub const JOB_ATTEMPTS_MAX: u32 = 5;
/// The argument of a job, in bytes of JSON.
pub const JOB_PAYLOAD_BYTES_MAX: usize = 4 * 1024;
/// The key that keeps a job from being queued twice, in bytes.
pub const JOB_KEY_BYTES_MAX: usize = 128;
/// How many ready jobs a claim looks at to be fair between projects.
pub const JOB_CLAIM_WINDOW: usize = 64;
/// Rows one step of the promoter, the trimmer or the recovery of leases moves at most.
pub const JOB_STEP_ROWS: usize = 100;
/// How often the promoter looks for due jobs, called-off jobs and dead workers, in milliseconds.
pub const JOB_TICK_MS: u64 = 500;
/// How often the progress of a running job is written down, in milliseconds.
pub const JOB_PROGRESS_WRITE_MS: u64 = 5_000;
/// How often the progress of a running job is told to live streams at most, in milliseconds.
pub const JOB_PROGRESS_TELL_MS: u64 = 250;
/// A ready job that waits this long moves up one priority, in milliseconds.
pub const JOB_AGE_MS: i64 = 60_000;
/// How often a worker that holds jobs shows that it lives, in milliseconds.
pub const JOB_BEAT_MS: u64 = 15_000;
/// A worker of another process whose beat stands still this long is dead, in milliseconds of our monotonic clock.
pub const JOB_WORKER_DEAD_MS: u64 = 60_000;
/// How long jobs may go on once the server shuts down, in milliseconds.
pub const JOB_SHUTDOWN_MS: u64 = 10_000;
/// How long jobs that ended well are kept, in milliseconds (7 days).
pub const JOB_KEEP_DONE_MS: i64 = 7 * 24 * 3600 * 1000;
/// How long jobs that failed are kept, in milliseconds (30 days).
pub const JOB_KEEP_FAILED_MS: i64 = 30 * 24 * 3600 * 1000;
/// How long writing one backup may take, in milliseconds (12 h).
pub const BACKUP_TIMEOUT_MS: u64 = 12 * 3600 * 1000;
/// The longest name of a backup, in bytes.
pub const BACKUP_NAME_BYTES_MAX: usize = 100;
/// Files of the directory of backups that a list looks at.
pub const BACKUPS_LOOKED_AT_MAX: usize = 10_000;
/// Mails that are sent at once.
pub const MAIL_JOBS_MAX: usize = 4;
/// Jobs the relay writes in one batch.
pub const RELAY_JOBS_MAX: usize = 200;

/// How long deleted things stay in the trash, in milliseconds (30 days).
pub const TRASH_TTL_MS: i64 = 30 * 24 * 3600 * 1000;
/// Versions, tracks, checkpoints and projects that one run removes from the trash, of each.
pub const PURGE_MAX: usize = 200;

/// Memory for the store's page cache unless configured otherwise, in bytes (64 MiB).
pub const CACHE_BYTES_DEFAULT: u64 = 64 * 1024 * 1024;
/// The least memory for the store's page cache, in bytes (8 MiB).
pub const CACHE_BYTES_MIN: u64 = 8 * 1024 * 1024;
/// The most recordings processed at the same time.
pub const JOB_WORKERS_MAX: usize = 64;
/// How long a server that was told to stop may finish what it has begun, in milliseconds (30 s).
pub const SHUTDOWN_MS: u64 = 30_000;

/// Requests a minute that check a secret (log in, refresh, reset …), from one address.
pub const RATE_AUTH_PER_MINUTE: u32 = 30;
/// Changes a minute, by one person.
pub const RATE_WRITE_PER_MINUTE: u32 = 300;
/// Reads a minute, by one person.
pub const RATE_READ_PER_MINUTE: u32 = 1200;
/// Streams, ranges, waveforms and live streams opened a minute, by one person.
pub const RATE_STREAM_PER_MINUTE: u32 = 1200;
/// Connections open at once; more wait to be accepted.
pub const CONNECTIONS_MAX: usize = 4096;
