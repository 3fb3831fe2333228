//! The bell: rung after something durable may have made work, heard by the workers of every queue.

use futures::{Stream, StreamExt, stream};
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::watch;

/// A bell. Ringing is a hint: the work itself is read from the store.
#[derive(Debug)]
pub(crate) struct Bell {
    rung: watch::Sender<u64>,
}

impl Default for Bell {
    fn default() -> Self {
        Self { rung: watch::Sender::new(0) }
    }
}

impl Bell {
    pub(crate) fn ring(&self) {
        self.rung.send_modify(|count| *count += 1);
    }

    /// How often it was rung: whoever found nothing and sees another number must look again.
    pub(crate) fn count(&self) -> u64 {
        *self.rung.borrow()
    }

    pub(crate) fn listen(&self) -> Listener {
        let mut receiver = self.rung.subscribe();
        receiver.mark_changed();
        let ringing = stream::unfold(receiver, |mut receiver| async move {
            receiver.changed().await.ok()?;
            Some(((), receiver))
        });
        Listener { ringing: ringing.boxed() }
    }

    /// Waits for the next ring.
    pub(crate) fn receiver(&self) -> watch::Receiver<u64> {
        self.rung.subscribe()
    }
}

/// Wakes whoever polls it. It never yields: a stream that yields leaves no waker behind, and the poll strategy of apalis asks
/// only once, so a ring between two polls would be lost.
pub(crate) struct Listener {
    ringing: stream::BoxStream<'static, ()>,
}

impl Stream for Listener {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        loop {
            match self.ringing.poll_next_unpin(cx) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
