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
// 80 jobs, 90 conversation, A0 sharing, B0 notifications and plugins. A table is followed by its indexes.
catalogue! {
    0x01 Meta "meta" Table "name" "Facts about the directory: the head of the log, the schema, marks set once";
    0x02 Audit "audit" Table "number" "Who did what to whom; each row holds the hash of the one before";
    0x08 Idem "idem" Table "actor, operation, key" "Answers to replay for an Idempotency-Key";

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
    0x23 BlobsIdle "blobs_idle" Table "hash" "Since when a blob has had no reference";
}
