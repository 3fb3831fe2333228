//! Answers that are remembered for as long as the store stands still.
//!
//! Whoever asks again before anything was written gets the answer of the last time. The first write forgets them all, so
//! nobody has to say what an answer rests on, and no right outlives the row that gave it.

#[cfg(test)]
mod tests;

use parking_lot::RwLock;
use std::{collections::HashMap, hash::Hash};

/// So many answers are held at once; then it starts anew.
const ANSWERS_MAX: usize = 1024;

/// The answers to one kind of question. What depends on anything but rows belongs into the question.
#[derive(Debug)]
pub struct Memo<Q, A>(RwLock<Held<Q, A>>);

#[derive(Debug)]
struct Held<Q, A> {
    generation: u64,
    answers: HashMap<Q, A>,
}

impl<Q, A> Default for Memo<Q, A> {
    fn default() -> Self {
        Self(RwLock::new(Held { generation: 0, answers: HashMap::new() }))
    }
}

impl<Q: Eq + Hash, A: Clone> Memo<Q, A> {
    /// The answer that was found in this generation of the store.
    pub fn recall(&self, generation: u64, question: &Q) -> Option<A> {
        let held = self.0.read();
        held.answers.get(question).filter(|_| held.generation == generation).cloned()
    }

    /// Remembers an answer. The generation is the one from before anything was read for it.
    pub fn keep(&self, generation: u64, question: Q, answer: A) {
        let mut held = self.0.write();
        if held.generation > generation {
            return;
        }
        if held.generation < generation || held.answers.len() >= ANSWERS_MAX {
            held.answers.clear();
        }
        held.generation = generation;
        held.answers.insert(question, answer);
    }
}
