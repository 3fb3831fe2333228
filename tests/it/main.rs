//! The integration tests, in one binary: people acting on a running server through HTTP.

mod account;
mod frame;
mod openapi;
mod support;
