//! The `backline` program.

use std::process::ExitCode;

use backline::cli::{self, Invocation};

fn main() -> ExitCode {
    cli::run(Invocation::of_process())
}
