//! The bounds of the storage engine. Limits that a person can meet are in `model::limits`.

/// The longest key, with its table byte, in bytes.
pub const KEY_MAX_BYTES: usize = 256;
/// The largest stored value, in bytes: what is larger is a blob.
pub const VALUE_MAX_BYTES: usize = 16 * 1024;
/// A group of batches ends at this many batches,
pub const GROUP_MAX_BATCHES: usize = 64;
/// or this many keys (the engine is locked about 3.5 µs a key),
pub const GROUP_MAX_KEYS: usize = 1_000;
/// or this many bytes.
pub const GROUP_MAX_BYTES: usize = 512 * 1024;
/// One batch may hold this many keys; above [`GROUP_MAX_KEYS`] it goes alone.
pub const BATCH_MAX_KEYS: usize = 4_000;
/// One batch may hold this many bytes; above [`GROUP_MAX_BYTES`] it goes alone.
pub const BATCH_MAX_BYTES: usize = 1024 * 1024;
/// Batches that may wait for the committer.
pub const QUEUE_PLACES: usize = 1_024;
/// Further places for writes of the system: acks, cursors, revocations.
pub const QUEUE_SYSTEM_PLACES: usize = 16;
/// Rows of one scan.
pub const SCAN_MAX_ROWS: usize = 1_000;
/// Rows of a scan that names no limit.
pub const SCAN_DEFAULT_ROWS: usize = 50;
/// Keys of one `get_many`.
pub const GET_MAX_KEYS: usize = 1_000;
/// Reads that may wait in threads of their own while the engine is busy.
pub const WAITING_READS: usize = 64;
/// Reads of up to this many rows run where they are asked for; larger ones in a thread of their own.
pub const INLINE_READ_ROWS: usize = 256;
/// Own streams that one event may name.
pub const EVENT_MAX_USERS: usize = 64;
/// How long a relaxed write may stay unsynced, in milliseconds.
pub const RELAXED_SYNC_MS: u64 = 1_000;
/// How long a start and a reopening wait for the lock of the directory, in milliseconds.
pub const LOCK_WAIT_MS: u64 = 30_000;
/// The segment size of sled, in bytes. It cannot change on an existing directory, and smaller ones let sled spill whole
/// leaves to files that it never syncs.
pub const SEGMENT_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of an upload that are hashed and written at once.
pub const PART_WRITE_BYTES: usize = 1024 * 1024;
/// How long a blob is without a reference before it is condemned, in milliseconds.
pub const BLOB_IDLE_MS: i64 = 24 * 3600 * 1000;
/// How long a blob is condemned before its file goes, in milliseconds.
pub const BLOB_CONDEMNED_MS: i64 = 3600 * 1000;
/// Blobs that lost a reference, and condemned ones, that one round of the collector looks at.
pub const COLLECT_ROUND: usize = 1_000;
/// Events that a consumer takes at once.
pub const CONSUME_EVENTS: usize = 64;
/// How often a consumer tries one event before it is parked.
pub const CONSUME_TRIES: usize = 3;
/// Events that are trimmed in one batch.
pub const TRIM_EVENTS: usize = 200;
/// Batches of one trimming.
pub const TRIM_BATCHES: usize = 50;
/// A consumer this far behind no longer holds the log, in milliseconds (30 days).
pub const CONSUMER_BEHIND_MS: i64 = 30 * 24 * 3600 * 1000;
