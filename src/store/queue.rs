//! The bounded queue before the committer, with places kept for writes of the system.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::{
    batch::{Class, EncodedBatch},
    error::StoreError,
    group::Committed,
    limits::{GROUP_MAX_BATCHES, GROUP_MAX_BYTES, GROUP_MAX_KEYS, QUEUE_PLACES, QUEUE_SYSTEM_PLACES},
};

/// A batch on its way, and where its answer goes. Whoever asked may be gone: the batch happens all the same.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) batch: EncodedBatch,
    pub(crate) answer: oneshot::Sender<Result<Committed, StoreError>>,
}

impl Waiting {
    pub(crate) fn answer(self, outcome: Result<Committed, StoreError>) {
        // Nobody waits any more when the request was dropped.
        drop(self.answer.send(outcome));
    }
}

/// What the committer finds.
#[derive(Debug)]
pub(crate) enum Next {
    /// Batches to commit together.
    Group(Vec<Waiting>),
    /// Nothing came for the given time.
    Quiet,
    /// The store is closed and the queue is empty.
    Closed,
}

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// The committer wants to be woken when so many wait.
    wanted: usize,
    closed: bool,
}

impl Queue {
    /// Puts a batch at the end.
    pub(crate) fn push(
        &self,
        batch: EncodedBatch,
    ) -> Result<oneshot::Receiver<Result<Committed, StoreError>>, StoreError> {
        let places = match batch.class {
            Class::System => QUEUE_PLACES + QUEUE_SYSTEM_PLACES,
            Class::Normal | Class::Relaxed => QUEUE_PLACES,
        };
        let mut state = self.state.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        if state.waiting.len() >= places {
            return Err(StoreError::Busy);
        }
        let (answer, receiver) = oneshot::channel();
        state.waiting.push_back(Waiting { batch, answer });
        let enough = state.waiting.len() >= state.wanted;
        drop(state);
        if enough {
            self.changed.notify_one();
        }
        Ok(receiver)
    }

    /// Waits for the next group, at most `quiet` if given. Once there is a batch, others get the `gather` time to join it until
    /// `company` wait.
    pub(crate) fn next(&self, quiet: Option<Duration>, company: usize, gather: Duration) -> Next {
        let mut state = self.state.lock();
        if !self.wait(&mut state, 1, quiet) {
            return Next::Quiet;
        }
        self.wait(&mut state, company.min(GROUP_MAX_BATCHES), Some(gather));
        if state.waiting.is_empty() { Next::Closed } else { Next::Group(take(&mut state)) }
    }

    /// Waits until so many batches wait or none will come; whether that was in time.
    fn wait(&self, state: &mut MutexGuard<'_, State>, wanted: usize, patience: Option<Duration>) -> bool {
        let until = patience.map(|patience| Instant::now() + patience);
        state.wanted = wanted;
        while state.waiting.len() < wanted && !state.closed {
            match until {
                None => self.changed.wait(state),
                Some(until) if self.changed.wait_until(state, until).timed_out() => break,
                Some(_) => {}
            }
        }
        state.waiting.len() >= wanted || state.closed
    }

    /// No batch is taken any more; what waits is still committed.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }

    /// No batch is taken any more and what waits is refused.
    pub(crate) fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        for waiting in state.waiting.drain(..) {
            waiting.answer(Err(StoreError::Closed));
        }
    }

    /// How many batches wait.
    pub(crate) fn len(&self) -> usize {
        self.state.lock().waiting.len()
    }
}

/// The batches from the front that fit one group; a large one goes alone.
fn take(state: &mut State) -> Vec<Waiting> {
    let (mut group, mut keys, mut bytes) = (Vec::new(), 0, 0);
    while let Some(next) = state.waiting.front() {
        keys += next.batch.keys;
        bytes += next.batch.bytes;
        let full = group.len() == GROUP_MAX_BATCHES || keys > GROUP_MAX_KEYS || bytes > GROUP_MAX_BYTES;
        if full && !group.is_empty() {
            break;
        }
        group.extend(state.waiting.pop_front());
    }
    group
}
