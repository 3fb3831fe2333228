//! The integration tests, in one binary: people acting on a running server through HTTP.

mod admin;
mod auth;
mod backup;
mod carry;
mod comment;
mod comment_list;
mod events;
mod frame;
mod invitations;
mod me;
mod members;
mod mix;
mod openapi;
mod project;
mod purge;
mod reaction;
mod recordings;
mod schema;
mod setup;
mod stream;
mod support;
mod track;
mod upload;
mod version;
mod waveform;
