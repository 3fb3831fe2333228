//! HTTP: the API of the contract, its document, and the frame that every operation runs in.
//!
//! Nothing here decides what may happen or touches a table: handlers call the service and map what it answers.

pub mod app;
pub mod codes;
pub mod docs;
pub mod health;
pub mod http;
pub mod metrics;
pub mod openapi;
pub mod problem;
pub mod security;
pub mod v1;
