//! What travels as JSON. A DTO is never a model type: the model may change, these names may not.
//!
//! **Answers** derive `Object` with `skip_serializing_if_is_none` and are made by `From<model type>`. Every instant is a
//! [`Time`], every id a `Uuid`, every count an `i32` or `i64`; there is no `u64`. **Requests** derive `Object` and implement
//! [`Input`](crate::http::body::Input), whose documentation has the example to copy, with the handler that goes with it.

pub mod account;
pub mod admin;
pub mod analysis;
pub mod audio;
pub mod backup;
pub mod checkpoint;
pub mod comment;
pub mod compare;
pub mod event;
pub mod guest;
pub mod invitation;
pub mod job;
pub mod member;
pub(crate) mod mirror;
pub mod mix;
pub mod mixdown;
pub mod mood;
pub mod presence;
pub mod project;
pub mod project_settings;
pub mod rendition;
pub mod review;
pub mod search;
pub mod server;
pub mod share;
pub mod storage;
pub(crate) mod tags;
mod time;
pub mod track;
pub mod trash;
pub mod upload;
pub mod version;
mod words;

pub use time::Time;
pub use words::Words;
