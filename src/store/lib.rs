//! The only crate that sees bytes on disk: keys, records, tables, batches, the committer, the event log, blobs.
//!
//! A write is a [`Batch`]: services read, decide, and hand it over. One thread checks its assertions, applies it with whatever
//! else waits, makes it durable, answers. Architecture Invariant: no closure of a caller runs inside the engine, and nothing
//! outside this crate knows a table's bytes.

pub mod backup;
mod batch;
pub mod blobs;
pub mod catalog;
mod committer;
pub mod config;
pub mod doctor;
mod dump;
pub mod engine;
mod error;
pub mod fault;
pub mod gate;
mod group;
pub mod guard;
mod head;
mod heartbeat;
pub mod key;
pub mod limits;
pub mod log;
mod migrate;
mod queue;
mod record;
mod scan;
pub mod space;
mod store;
mod table;
pub mod tables;
mod tap;
mod view;
pub mod watchdog;

pub use batch::Batch;
pub use blobs::{Blobs, Sealed};
pub use catalog::TableId;
pub use config::StoreConfig;
pub use error::{Clash, Mark, StoreError};
pub use group::Committed;
pub use heartbeat::{Heartbeat, Stage};
pub use key::{Desc, Key, KeyError};
pub use log::{ConsumeError, Consumer, EventReader, FeedFilter, Tail};
pub use migrate::SCHEMA;
pub use record::{Oldest, Record};
pub use scan::{IndexHit, KeyRange, Page, Scan};
pub use store::{Hit, Store, Tried};
pub use table::{Counter, Index, IndexSink, Stored, Table, Unique};
pub use tables::audit::AuditDraft;
pub use tap::Tap;
