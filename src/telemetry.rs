//! Log records: a sentence and dotted fields, to standard error, as lines for people or as JSON for collectors.
//!
//! Standard output belongs to what a command answers. Panics become records too; on a thread whose death would leave
//! the store half alive, the process ends instead.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Config, LogFormat};

/// Threads that nobody can continue without: when one of them panics, waiters hang for ever, so the process aborts and
/// the next start recovers from the disk. sled starts the first two, `sled-io-N` and its flusher.
const FATAL_THREADS: &[&str] = &["sled-io-", "log flusher", "backline-commit"];
const PANIC_MESSAGE_CHARS_MAX: usize = 500;

/// Sends the log records of the whole process to standard error.
pub fn init(config: &Config) -> Result<(), TryInitError> {
    let filter = EnvFilter::new(config.log_filter.as_str());
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Pretty => builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    }
}

/// Turns panics into log records, and those of the store's threads into the end of the process.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("unnamed");
        let location = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(
            thread.name = name,
            panic.location = location,
            panic.message = message(panic),
            "A thread panicked."
        );
        if is_fatal(name) {
            // Straight to the descriptor: the subscriber may be what panicked.
            eprintln!("backline: the thread {name} panicked at {location}; the store cannot go on, aborting");
            std::process::abort();
        }
    }));
}

fn is_fatal(thread: &str) -> bool {
    FATAL_THREADS.iter().any(|name| thread.starts_with(name))
}

fn message(panic: &PanicHookInfo<'_>) -> String {
    panic.payload_as_str().unwrap_or("no message").chars().take(PANIC_MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_of_the_store_are_fatal_and_no_others() {
        for name in ["sled-io-0", "sled-io-17", "log flusher", "backline-commit"] {
            assert!(is_fatal(name), "{name}");
        }
        for name in ["main", "tokio-runtime-worker", "backline-http", "unnamed"] {
            assert!(!is_fatal(name), "{name}");
        }
    }
}
