//! A real server for the tests: its store in a temporary directory, a clock that the test moves, ids that count, mails that are
//! kept. People act through HTTP alone.
//!
//! When an [`App`] goes, it must have no job left over, a store that `doctor` finds clean, and no error in its log.

mod app;
pub mod band;
mod errors;
mod heard;
pub mod live;
pub mod person;
pub mod socket;
pub mod studio;
pub mod world;

pub use app::{App, PASSWORD};
pub use heard::Heard;
pub use person::Person;
