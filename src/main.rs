//! The `backline` program.

use std::process::ExitCode;

use backline::{
    adapters::audio_tools,
    cli::{self, Invocation},
};

fn main() -> ExitCode {
    let asked = Invocation::of_process();
    audio_tools::decode(&asked.arguments).unwrap_or_else(|| cli::run(asked))
}
