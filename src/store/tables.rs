//! One file per table: its key, its row, its indexes. `meta.rs` shows a plain table, `blob.rs` one with an index and a counter.

pub mod activity;
pub mod api_token;
pub mod audit;
pub mod blob;
pub mod comment;
pub mod counters;
pub mod credential;
pub mod cursor;
pub mod event;
pub mod idempotency;
pub mod instance;
pub mod invitation;
pub mod job;
pub mod last_seen;
pub mod member;
pub mod meta;
pub mod one_time_token;
pub mod preferences;
pub mod project;
pub mod session;
pub mod star;
pub mod track;
pub mod upload;
pub mod user;
pub mod version;
