//! Everything HTTP that is the same for every operation, so that a handler holds none of it.
//!
//! [`frame`] wraps the server, [`operation`] wraps each operation; the rest are extractors (what a handler takes) and
//! responders (what it returns).

pub mod answers;
pub mod body;
pub mod client;
pub mod conditional;
pub mod cors;
pub mod cursor;
pub mod file;
pub mod frame;
pub mod limit;
pub mod operation;
pub mod params;
pub mod picture;
pub mod ranges;
pub mod reply;
pub mod schema;
pub mod server;
pub mod sse;
