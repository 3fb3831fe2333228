//! The integration tests, in one binary: people acting on a running server through HTTP.

mod admin;
mod auth;
mod backup;
#[path = "../browser/browser.rs"]
mod browser;
mod carry;
mod child;
mod comment;
mod comment_list;
mod events;
mod frame;
mod hostile;
mod invitations;
mod live;
mod matrix;
mod me;
mod members;
mod mix;
mod mixdown;
mod openapi;
mod page;
mod player;
mod project;
mod purge;
mod reaction;
mod recordings;
mod rendition;
mod schema;
mod setup;
mod stream;
mod support;
mod track;
mod upload;
mod version;
mod waveform;
