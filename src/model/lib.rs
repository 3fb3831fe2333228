//! The vocabulary of Backline: ids, entities, events, the access policy, limits and ports.
//!
//! Nothing here does I/O, reads a clock, draws a random number or knows of an async runtime;
//! every other crate speaks in these types.

pub mod access;
pub mod account;
pub mod analysis;
pub mod backup;
pub mod checkpoint;
pub mod comment;
pub mod emoji;
pub mod emotion;
pub mod event;
pub mod id;
pub mod invitation;
pub mod job;
pub mod limits;
pub mod media;
pub mod mixdown;
pub mod mood;
pub mod ports;
pub mod principal;
pub mod project;
pub mod rank;
pub mod rendition;
pub mod review;
pub mod search;
pub mod share;
pub mod text;
pub mod time;
pub mod track;
pub mod upload;
pub mod version;
pub mod violation;

pub use id::*;
pub use time::Timestamp;
pub use violation::{Violation, Violations};
