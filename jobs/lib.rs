//! Background jobs: what a job is, which events start one, the queue over the store, the workers.
//!
//! An event of the log becomes a job row ([`route`]), apalis workers claim rows ([`backend`]), [`work`] does one and writes
//! its end together with everything it did. Architecture Invariant: jobs start only from the log or the clock, they are
//! idempotent, and a job that fails, panics, hangs or kills the process costs itself and nothing else.

mod backend;
mod bell;
mod claims;
mod context;
pub mod decoder;
pub mod definitions;
mod handle;
mod house;
pub mod job;
mod kept;
mod outcome;
mod promoter;
pub mod registry;
mod relay;
pub mod route;
mod schedule;
#[cfg(test)]
mod testing;
mod work;

pub use context::{CommitError, JobContext};
pub use handle::{JobsHandle, Parts, start};
pub use job::{Job, JobError};
