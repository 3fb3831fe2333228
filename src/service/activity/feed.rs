//! Several feeds as one, newest first, through a filter.

use super::Entry;
use crate::{
    Result, Service,
    events::TypeFilter,
    page::{PageRequest, Paged},
};
use model::{
    GuestId, ProjectId, Timestamp, TrackId, UserId,
    comment::Visibility,
    event::{Actor, Envelope},
    limits,
    text::folded,
};
use std::collections::VecDeque;
use store::{Key as _, log::FeedFilter};
use uuid::Uuid;

/// Entries of one feed that are read at once, at least.
const ROWS_MIN: usize = 8;

/// What is asked for; what is absent does not matter.
#[derive(Clone, Debug)]
pub struct ActivityQuery {
    /// Only these kinds of events.
    pub kinds: TypeFilter,
    /// Only by this person or guest.
    pub actor: Option<Uuid>,
    /// Only on this track.
    pub track: Option<TrackId>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Words that must all occur in who did what to what; case and accents do not count.
    pub words: Option<String>,
    /// How many, and from where.
    pub page: PageRequest,
}

/// A feed that is being read.
struct Stream {
    project: ProjectId,
    reach: Visibility,
    filter: FeedFilter,
    buffer: VecDeque<Envelope>,
    before: Option<u64>,
    more: bool,
}

impl ActivityQuery {
    /// The indexes of a project's feed that lead to everything asked for, and to as little else as possible.
    fn filters(&self) -> Vec<FeedFilter> {
        match (self.track, self.actor) {
            (Some(track), _) => vec![FeedFilter::Track(track)],
            (None, Some(actor)) => {
                vec![
                    FeedFilter::Actor(Actor::User(UserId::new(actor))),
                    FeedFilter::Actor(Actor::Guest(GuestId::new(actor))),
                ]
            }
            (None, None) => match self.kinds.only() {
                Some(kind) => vec![FeedFilter::Kind(kind.to_owned())],
                None => vec![FeedFilter::All],
            },
        }
    }

    /// Whether the entry is asked for, its words aside.
    fn keeps(&self, envelope: &Envelope) -> bool {
        let event = &envelope.event;
        let actor = match event.actor {
            Actor::User(id) => Some(id.uuid()),
            Actor::Guest(id) => Some(id.uuid()),
            Actor::System => None,
        };
        self.kinds.wants(event.body.kind())
            && self.actor.is_none_or(|wanted| actor == Some(wanted))
            && self.track.is_none_or(|wanted| event.track == Some(wanted))
            && self.to.is_none_or(|to| envelope.at < to)
    }
}

impl Service {
    /// A page of these projects' feeds, each as far as its reader sees it.
    pub(super) async fn feed(
        &self,
        projects: &[(ProjectId, Visibility)],
        query: &ActivityQuery,
    ) -> Result<Paged<Entry>> {
        let before: Option<u64> = query.page.place()?;
        let words = query.words.as_deref().map(folded).unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().take(limits::SEARCH_WORDS_MAX).collect();
        let (filters, rows) =
            (query.filters(), query.page.limit.div_ceil(projects.len().max(1)).max(ROWS_MIN));
        let mut streams: Vec<Stream> = projects
            .iter()
            .flat_map(|(project, reach)| {
                filters.iter().map(|filter| Stream {
                    project: *project,
                    reach: *reach,
                    filter: filter.clone(),
                    buffer: VecDeque::new(),
                    before,
                    more: true,
                })
            })
            .collect();
        let (mut items, mut seen, mut last) = (Vec::new(), 0, None);
        while items.len() < query.page.limit && seen < limits::ACTIVITY_SCANNED_MAX {
            let Some((envelope, reach)) = self.newest(&mut streams, rows).await? else {
                return Ok(Paged { items, next: None });
            };
            if query.from.is_some_and(|from| envelope.at < from) {
                return Ok(Paged { items, next: None });
            }
            (seen, last) = (seen + 1, Some(envelope.seq));
            if envelope.event.body.visibility() <= reach && query.keeps(&envelope) {
                items.extend(self.said(envelope, &words).await?);
            }
        }
        let more = self.newest(&mut streams, rows).await?.is_some();
        Ok(Paged { items, next: last.filter(|_| more).map(|seq| seq.to_bytes()) })
    }

    /// The entry with its names, if it says all these words.
    async fn said(&self, envelope: Envelope, words: &[&str]) -> Result<Option<Entry>> {
        let entry = self.entries(vec![envelope]).await?.pop();
        Ok(entry.filter(|entry| {
            let line = if words.is_empty() { String::new() } else { folded(&entry.line()) };
            words.iter().all(|word| line.contains(word))
        }))
    }

    /// Takes the newest entry of all feeds.
    async fn newest(&self, streams: &mut [Stream], rows: usize) -> Result<Option<(Envelope, Visibility)>> {
        for stream in streams.iter_mut().filter(|stream| stream.buffer.is_empty() && stream.more) {
            let page =
                self.store().events().feed(stream.project, &stream.filter, stream.before, rows).await?;
            stream.more = page.more;
            stream.before = page.items.last().map(|entry| entry.seq).or(stream.before);
            stream.buffer.extend(page.items);
        }
        let newest = streams.iter_mut().max_by_key(|stream| stream.buffer.front().map(|entry| entry.seq));
        Ok(newest.and_then(|stream| Some((stream.buffer.pop_front()?, stream.reach))))
    }
}
