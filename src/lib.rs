//! Backline as a program: the command line, the configuration and the wiring of the crates.
//!
//! A library beside the binary, so that the integration tests and benches start the same server in their own process.

pub mod adapters;
pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod shutdown;
pub mod telemetry;
