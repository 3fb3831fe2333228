//! How the server stops: the first SIGTERM or SIGINT asks, the bound or a second signal insists.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Why the work ended before it was done.
#[derive(Debug, thiserror::Error)]
pub enum ShutdownError {
    /// The process cannot listen to signals.
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
    /// The work did not stop in time.
    #[error("the server did not stop within {} s", .0.as_secs())]
    TooSlow(Duration),
    /// Somebody did not want to wait.
    #[error("stopped by a second signal")]
    SecondSignal,
}

/// Runs the work until it ends. A signal cancels the token it was given; after that it has `bound` to finish.
/// When it returns an error the work was dropped where it stood, and the process should exit.
pub async fn until_signalled<W, F>(bound: Duration, work: W) -> Result<F::Output, ShutdownError>
where
    W: FnOnce(CancellationToken) -> F,
    F: Future,
{
    let mut signals = Signals::listen().map_err(ShutdownError::Signals)?;
    let token = CancellationToken::new();
    let mut work = std::pin::pin!(work(token.clone()));
    tokio::select! {
        output = &mut work => return Ok(output),
        name = signals.next() => tracing::info!(signal = name, "Stopping: no new work, finishing what has begun."),
    }
    token.cancel();
    tokio::select! {
        output = &mut work => Ok(output),
        () = tokio::time::sleep(bound) => Err(ShutdownError::TooSlow(bound)),
        _ = signals.next() => Err(ShutdownError::SecondSignal),
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Signal as Number, getpid, kill_process};

    /// One test for all cases: signals go to the whole process, and so to every test that listens.
    #[tokio::test]
    async fn stops_when_asked_when_too_slow_and_when_asked_twice() {
        let bound = Duration::from_secs(30);
        let done = until_signalled(bound, |_| async { 7 }).await;
        assert_eq!(done.unwrap(), 7);

        let asked = until_signalled(bound, |token| async move {
            kill_process(getpid(), Number::TERM).unwrap();
            token.cancelled().await;
            "drained"
        });
        assert_eq!(asked.await.unwrap(), "drained");

        let slow = until_signalled(Duration::from_millis(20), |_| async {
            kill_process(getpid(), Number::INT).unwrap();
            std::future::pending::<()>().await;
        });
        assert!(matches!(slow.await, Err(ShutdownError::TooSlow(_))));

        let impatient = until_signalled(bound, |token| async move {
            kill_process(getpid(), Number::INT).unwrap();
            token.cancelled().await;
            kill_process(getpid(), Number::TERM).unwrap();
            std::future::pending::<()>().await;
        });
        assert!(matches!(impatient.await, Err(ShutdownError::SecondSignal)));
    }
}
