//! The integration tests, in one binary: people acting on a running server through HTTP.

mod account;
mod frame;
mod mix;
mod openapi;
mod project;
mod recordings;
mod stream;
mod support;
mod track;
mod upload;
mod version;
mod waveform;
