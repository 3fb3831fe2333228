//! A list of comments out of several indexes: each is read in the order of the list, and the nearest comes first.

use super::list::CommentSort;
use crate::{Result, Service, Stored};
use model::{
    CommentId, ProjectId, VersionId,
    comment::{Comment, CommentPlacement, Mentionee, Span},
    limits,
    principal::Principal,
};
use std::collections::VecDeque;
use store::{
    Index, Key, Scan,
    tables::comment::{
        CommentPlacements, Comments, CommentsByAuthor, CommentsByMention, CommentsByPlace, CommentsByTime,
        PlacementsByTime, PlacementsByVersion, UNTIMED,
    },
};
use uuid::Uuid;

/// Rows of an index that are read at once at least.
const ROWS_MIN: usize = 50;

/// Where a comment stands in a list: where it begins (0 in a list by creation), then its id.
pub(super) type Spot = (i64, CommentId);

/// A comment that a list may show.
pub(super) struct Candidate {
    pub(super) spot: Spot,
    pub(super) comment: Stored<Comment>,
    /// Where it stands on the version of the list, if it was carried there.
    pub(super) placement: Option<CommentPlacement>,
}

impl Candidate {
    /// The moment or range on the version of the list.
    pub(super) fn span(&self) -> Option<Span> {
        self.placement.map_or(self.comment.row.span, |placement| placement.span)
    }
}

/// An index to read, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The threads (false) or replies (true) of a place, newest first.
    Newest(Uuid, bool),
    /// The threads carried to a version, newest first.
    NewestCarried(VersionId),
    /// What somebody wrote, newest first.
    Author(ProjectId, Principal),
    /// Where somebody is mentioned, newest first.
    Mention(ProjectId, Mentionee),
    /// The threads of a place in the order of the music.
    Timeline(Uuid),
    /// The threads carried to a version in the order of the music there.
    TimelineCarried(VersionId),
    /// The replies of a place, which have no time: after everything that has one, oldest first.
    Untimed(Uuid),
}

/// An index that is being read.
struct Stream {
    source: Source,
    buffer: VecDeque<Candidate>,
    /// The last place that was read.
    last: Option<Spot>,
    more: bool,
}

/// A part of an index.
struct Part {
    found: Vec<Candidate>,
    last: Option<Spot>,
    more: bool,
}

/// What was found, and from where to go on.
pub(super) struct Found {
    pub(super) items: Vec<Candidate>,
    pub(super) next: Option<Spot>,
}

impl Service {
    /// The first `limit` comments after a place that the list keeps. Looks at [`limits::COMMENTS_SCANNED_MAX`] at most: then
    /// there are fewer, and a place to go on from.
    pub(super) async fn merged(
        &self,
        sources: &[Source],
        sort: CommentSort,
        after: Option<Spot>,
        limit: usize,
        keeps: impl Fn(&Candidate) -> bool,
    ) -> Result<Found> {
        let stream =
            |source: &Source| Stream { source: *source, buffer: VecDeque::new(), last: after, more: true };
        let mut streams: Vec<Stream> = sources.iter().map(stream).collect();
        let (mut items, mut seen, mut last) = (Vec::<Candidate>::new(), 0, after);
        while let Some(candidate) = self.nearest(&mut streams, sort, limit).await? {
            if last == Some(candidate.spot) {
                // Two indexes lead to it: a comment that mentions somebody by name and in a group.
                continue;
            }
            if seen == limits::COMMENTS_SCANNED_MAX {
                return Ok(Found { items, next: last });
            }
            seen += 1;
            last = Some(candidate.spot);
            if !keeps(&candidate) {
                continue;
            }
            if items.len() == limit {
                let next = items.last().map(|item| item.spot);
                return Ok(Found { items, next });
            }
            items.push(candidate);
        }
        Ok(Found { items, next: None })
    }

    /// The next candidate of all streams.
    async fn nearest(
        &self,
        streams: &mut [Stream],
        sort: CommentSort,
        limit: usize,
    ) -> Result<Option<Candidate>> {
        for stream in streams.iter_mut() {
            // A page of placements may hold none whose comment is still there.
            while stream.buffer.is_empty() && stream.more {
                let part = self.part(stream.source, stream.last, (limit + 1).max(ROWS_MIN)).await?;
                stream.more = part.more && part.last.is_some();
                stream.last = part.last;
                stream.buffer.extend(part.found);
            }
        }
        let waiting =
            streams.iter().enumerate().filter_map(|(i, stream)| Some((stream.buffer.front()?.spot, i)));
        let nearest = match sort {
            CommentSort::Timeline => waiting.min(),
            CommentSort::NewestFirst => waiting.max(),
        };
        Ok(nearest.and_then(|(_, i)| streams[i].buffer.pop_front()))
    }

    /// The next rows of one index.
    async fn part(&self, source: Source, after: Option<Spot>, rows: usize) -> Result<Part> {
        match source {
            Source::Newest(place, reply) => {
                let scan = newest(&(place, reply), after);
                self.comments::<CommentsByPlace>(scan.limit(rows), |_| 0).await
            }
            Source::Author(project, author) => {
                let scan = newest(&(project, author), after);
                self.comments::<CommentsByAuthor>(scan.limit(rows), |_| 0).await
            }
            Source::Mention(project, who) => {
                let scan = newest(&(project, who), after);
                self.comments::<CommentsByMention>(scan.limit(rows), |_| 0).await
            }
            Source::Timeline(place) => {
                let scan = timeline(&place, after);
                self.comments::<CommentsByTime>(scan.limit(rows), |(_, start)| start).await
            }
            Source::Untimed(place) => {
                let mut scan = Scan::prefix(&(place, true));
                if let Some((UNTIMED, id)) = after {
                    scan = scan.after(&((place, true), id));
                }
                self.comments::<CommentsByPlace>(scan.limit(rows), |_| UNTIMED).await
            }
            Source::NewestCarried(version) => {
                let scan = newest(&version, after);
                self.carried::<PlacementsByVersion>(scan.limit(rows), |_| 0).await
            }
            Source::TimelineCarried(version) => {
                let scan = timeline(&version, after);
                self.carried::<PlacementsByTime>(scan.limit(rows), |(_, start)| start).await
            }
        }
    }

    async fn comments<I: Index<Table = Comments>>(
        &self,
        scan: Scan,
        start: fn(I::Key) -> i64,
    ) -> Result<Part> {
        let page = self.store().scan_index::<I>(scan).await?;
        let found = page.items.into_iter().map(|hit| Candidate {
            spot: (start(hit.index_key), hit.key),
            comment: hit.stored,
            placement: None,
        });
        let found: Vec<Candidate> = found.collect();
        Ok(Part { last: found.last().map(|candidate| candidate.spot), found, more: page.more })
    }

    async fn carried<I: Index<Table = CommentPlacements>>(
        &self,
        scan: Scan,
        start: fn(I::Key) -> i64,
    ) -> Result<Part> {
        let page = self.store().scan_index::<I>(scan).await?;
        let ids: Vec<CommentId> = page.items.iter().map(|hit| hit.key.0).collect();
        let comments = self.store().get_many::<Comments>(&ids).await?;
        let spots: Vec<_> =
            page.items.into_iter().map(|hit| (start(hit.index_key), hit.stored.row)).collect();
        let last = spots.last().map(|(start, placement)| (*start, placement.comment_id));
        let found = spots.into_iter().zip(comments).filter_map(|((start, placement), comment)| {
            let spot = (start, placement.comment_id);
            Some(Candidate { spot, comment: comment?, placement: Some(placement) })
        });
        Ok(Part { found: found.collect(), last, more: page.more })
    }
}

/// Everything below a prefix before a comment, newest first.
fn newest<K: Key + Clone>(prefix: &K, after: Option<Spot>) -> Scan {
    let scan = Scan::prefix(prefix).reverse();
    match after {
        Some((_, id)) => scan.before(&(prefix.clone(), id)),
        None => scan,
    }
}

/// Everything of a place after a spot, in the order of the music.
fn timeline<K: Key + Clone>(place: &K, after: Option<Spot>) -> Scan {
    let scan = Scan::prefix(place);
    match after {
        Some((start, id)) => scan.after(&(place.clone(), start, id)),
        None => scan,
    }
}
