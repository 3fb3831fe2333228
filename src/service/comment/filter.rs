//! Which comments a list shows.

use super::merge::Candidate;
use crate::guest::Sight;
use model::{
    CheckpointId, TrackId, VersionId,
    comment::{Anchor, Comment, Group, Mentionee, Visibility},
    principal::Principal,
    text::folded,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Open or settled threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentState {
    /// Not settled.
    Open,
    /// Settled.
    Resolved,
}

/// Which comments are asked for; what is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct CommentFilter {
    /// Of this track and its versions.
    pub track_id: Option<TrackId>,
    /// Of this version, or carried to it.
    pub version_id: Option<VersionId>,
    /// Of this checkpoint.
    pub checkpoint_id: Option<CheckpointId>,
    /// Threads in this state.
    pub state: Option<CommentState>,
    /// By this person or guest.
    pub author: Option<Uuid>,
    /// That mention whoever asks.
    pub mentions_me: bool,
    /// With or without a moment.
    pub has_time: Option<bool>,
    /// Not over before this moment, in milliseconds.
    pub from_ms: Option<i64>,
    /// Begun by this moment, in milliseconds.
    pub to_ms: Option<i64>,
    /// Words that must all occur; case and accents do not count.
    pub search: Option<String>,
}

impl CommentFilter {
    /// Whether it asks for single comments rather than for threads: then replies are found too.
    pub(super) fn finds_replies(&self) -> bool {
        self.author.is_some() || self.mentions_me || self.search.is_some()
    }
}

/// The filter with what it needs to know.
pub(super) struct Sieve<'a> {
    pub(super) filter: &'a CommentFilter,
    /// What the reader may see of others.
    pub(super) reach: Option<Visibility>,
    /// The reader, whose own they see.
    pub(super) reader: Option<Principal>,
    /// What the reader sees of the project.
    pub(super) sight: Sight,
    /// Those who mean the reader.
    pub(super) me: Vec<Mentionee>,
    /// Tracks and checkpoints in the trash: their comments are not there.
    pub(super) trashed: BTreeSet<Uuid>,
    /// The words of the search.
    pub(super) words: Vec<String>,
}

impl Sieve<'_> {
    /// Whether the list shows it.
    pub(super) fn keeps(&self, candidate: &Candidate) -> bool {
        let comment = &candidate.comment.row;
        self.reaches(comment)
            && self.sees(candidate)
            && !comment.anchor.homes().any(|home| self.trashed.contains(&home))
            && self.in_place(candidate)
            && self.in_state(comment)
            && self.in_time(candidate)
            && self.by_and_for(comment)
    }

    fn reaches(&self, comment: &Comment) -> bool {
        let own = comment.visibility == Visibility::Everyone && Some(comment.author) == self.reader;
        own || Some(comment.visibility) <= self.reach
    }

    fn sees(&self, candidate: &Candidate) -> bool {
        let at = candidate.comment.row.anchor;
        let carried = candidate.placement.as_ref().map(|placement| placement.version_id);
        self.sight.shows(&at)
            || carried.is_some_and(|id| self.sight.shows(&Anchor { version_id: Some(id), ..at }))
    }

    fn in_place(&self, candidate: &Candidate) -> bool {
        let (filter, anchor) = (self.filter, &candidate.comment.row.anchor);
        let same_version = |version| anchor.version_id == Some(version) || candidate.placement.is_some();
        filter.track_id.is_none_or(|track| anchor.track_id == Some(track))
            && filter.version_id.is_none_or(same_version)
            && filter.checkpoint_id.is_none_or(|checkpoint| anchor.checkpoint_id == Some(checkpoint))
    }

    /// What is left of a deleted thread is in no state; without a filter it holds the place of its replies.
    fn in_state(&self, comment: &Comment) -> bool {
        match self.filter.state {
            None => comment.deleted.is_none() || !self.filter.finds_replies(),
            Some(_) if comment.deleted.is_some() || !comment.is_root() => false,
            Some(CommentState::Open) => comment.resolved.is_none(),
            Some(CommentState::Resolved) => comment.resolved.is_some(),
        }
    }

    fn in_time(&self, candidate: &Candidate) -> bool {
        let filter = self.filter;
        let span = candidate.span();
        let windowed = filter.from_ms.is_some() || filter.to_ms.is_some();
        filter.has_time.is_none_or(|timed| timed == span.is_some())
            && (!windowed || span.is_some_and(|span| span.touches(filter.from_ms, filter.to_ms)))
    }

    fn by_and_for(&self, comment: &Comment) -> bool {
        let mentioned = || comment.body.mentionees().any(|who| self.me.contains(&who));
        self.filter.author.is_none_or(|author| comment.author.uuid() == author)
            && (!self.filter.mentions_me || mentioned())
            && self.says(comment)
    }

    fn says(&self, comment: &Comment) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let text = folded(&comment.body.words());
        self.words.iter().all(|word| text.contains(word.as_str()))
    }
}

/// Those who mean somebody: themselves and the groups they are in.
pub(super) fn meaning(me: Principal, editor: Editor) -> Vec<Mentionee> {
    let person = me.user().map(Mentionee::Person);
    let editors = (editor == Editor::Yes).then_some(Mentionee::Group(Group::Editors));
    person.into_iter().chain([Mentionee::Group(Group::All)]).chain(editors).collect()
}

/// Whether somebody is one of `@editors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Editor {
    /// Editors and owners.
    Yes,
    /// Everybody else.
    No,
}
