//! One file per table: its key, its row, its indexes. `meta.rs` shows a plain table, `blob.rs` one with an index and a counter.

pub mod activity;
pub mod audit;
pub mod blob;
pub mod cursor;
pub mod event;
pub mod meta;
