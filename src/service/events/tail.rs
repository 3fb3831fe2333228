//! The log as all open streams read it, once for all of them: whoever comes first reads, the others get the same entries, and
//! those who may see the same of a thing are told of it in the same words.

use super::Told;
use crate::{Caller, Ctx, Memo, Result, Service};
use model::{
    access::{Role, Standing},
    event::{Envelope, NewEvent},
};
use std::sync::Arc;

/// Entries of the log that one look at it takes.
const PAGE: usize = 200;

/// Some entries of the log.
#[derive(Debug)]
pub(crate) struct Entries {
    /// Oldest first.
    pub(crate) items: Vec<Envelope>,
    /// Whether there are more.
    pub(crate) more: bool,
}

/// Readers to whom an entry is told in the same words: what depends on one reader alone is no part of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reader {
    /// Members with this role.
    Member(Role),
    /// Those who run the instance.
    Office,
}

/// What was read and told last.
#[derive(Debug, Default)]
pub(crate) struct LogMemory {
    /// By the place after which they stand. Their generation is the end of the log.
    pages: Memo<u64, Arc<Entries>>,
    told: Memo<(u64, Reader), Arc<Told>>,
}

#[cfg(test)]
impl LogMemory {
    /// Whether an entry would be told to such readers without looking at rows.
    pub(crate) fn recalled(&self, generation: u64, seq: u64, reader: Reader) -> bool {
        self.told.recall(generation, &(seq, reader)).is_some()
    }
}

impl Service {
    /// The entries after a place, whatever they are about.
    pub(super) async fn log_after(&self, after: u64) -> Result<Arc<Entries>> {
        let log = self.store().events();
        let end = log.durable_seq();
        if let Some(known) = self.live.log.pages.recall(end, &after) {
            return Ok(known);
        }
        let page = log.read(after, PAGE).await?;
        let entries = Arc::new(Entries { items: page.items, more: page.more });
        // Whoever is far behind reads alone.
        if !entries.more {
            self.live.log.pages.keep(end, after, Arc::clone(&entries));
        }
        Ok(entries)
    }

    /// An entry with what it is about, for a reader who may hear of it.
    pub(crate) async fn told(&self, cx: &Ctx, envelope: Envelope) -> Result<Told> {
        let generation = self.store().generation();
        let Some(reader) = self.reader(cx, &envelope.event).await? else {
            return self.told_anew(cx, envelope).await;
        };
        let question = (envelope.seq, reader);
        if let Some(told) = self.live.log.told.recall(generation, &question) {
            return Ok(Told::clone(&told));
        }
        let told = self.told_anew(cx, envelope).await?;
        self.live.log.told.keep(generation, question, Arc::new(told.clone()));
        Ok(told)
    }

    /// Which readers a caller is one of; none for guests, whose link decides, and outside of projects.
    async fn reader(&self, cx: &Ctx, event: &NewEvent) -> Result<Option<Reader>> {
        let (Caller::User(_), Some(project)) = (&cx.caller, event.project) else { return Ok(None) };
        Ok(match self.standing(cx, project).await?.0 {
            Standing::Member(role) => Some(Reader::Member(role)),
            Standing::InstanceAdmin => Some(Reader::Office),
            Standing::Outsider | Standing::Guest(_) => None,
        })
    }
}
