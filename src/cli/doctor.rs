//! `backline doctor`: is everything in order?

use clap::Args;

/// What to do about what is wrong.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Rebuild indexes and counters that do not follow from the rows
    #[arg(long)]
    pub repair: bool,
}
