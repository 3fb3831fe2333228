//! Registration, setup, recovery and administration, as far as no HTTP is needed to see them.

mod admin;
mod recovery;
mod register;
mod setup;
