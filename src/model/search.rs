//! Search: what is indexed, what is asked, what is found, and the port behind which an index stands.
//!
//! A document carries the shelf it stands on (its project, and whether only the team sees it), never who is a member. A
//! question names the shelves that whoever asks may look at, so nothing of the others is found, counted or guessed.

mod oracle;
mod words;

pub use oracle::Oracle;
pub use words::{Word, distance, slack, words};

use crate::{ProjectId, Timestamp, TrackId, comment::Visibility};
use std::ops::Range;
use uuid::Uuid;

/// A kind of thing that is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SearchKind {
    /// A project.
    Project,
    /// A track.
    Track,
    /// A version.
    Version,
    /// A comment or reply.
    Comment,
    /// A checkpoint.
    Checkpoint,
    /// An entry of the activity feed.
    Activity,
}

impl SearchKind {
    /// All of them; the place of each is its number in an index.
    pub const ALL: [Self; 6] =
        [Self::Project, Self::Track, Self::Version, Self::Comment, Self::Checkpoint, Self::Activity];

    /// The name in the contract's words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Track => "track",
            Self::Version => "version",
            Self::Comment => "comment",
            Self::Checkpoint => "checkpoint",
            Self::Activity => "activity",
        }
    }
    /// Its number in an index.
    pub const fn number(self) -> u8 {
        self as u8
    }
    /// The kind with this number.
    pub fn of_number(number: u64) -> Option<Self> {
        usize::try_from(number).ok().and_then(|number| Self::ALL.get(number).copied())
    }
}

/// Which document: a kind and the id of the row behind it. An entry of the activity feed has its place in the log for an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId {
    /// What kind of thing.
    pub kind: SearchKind,
    /// Its id.
    pub id: Uuid,
}

impl DocumentId {
    /// The document of a row.
    pub fn new(kind: SearchKind, id: impl Into<Uuid>) -> Self {
        Self { kind, id: id.into() }
    }
    /// The document of an entry of the activity feed.
    pub const fn activity(seq: u64) -> Self {
        Self { kind: SearchKind::Activity, id: Uuid::from_u128(seq as u128) }
    }
    /// The place in the log, of an entry of the activity feed.
    pub const fn seq(&self) -> u64 {
        self.id.as_u64_pair().1
    }
    /// The id as bytes: the kind, then the id.
    pub fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [self.kind.number(); 17];
        bytes[1..].copy_from_slice(self.id.as_bytes());
        bytes
    }
}

/// Where a document stands: its project, and who of those who see the project sees it. A number, so that an index can ask for
/// each document whether somebody may look there; of a project's id it has the last 63 bits, 62 of them random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shelf(u64);

impl Shelf {
    /// The shelf of what has this visibility in a project.
    pub const fn of(project: ProjectId, visibility: Visibility) -> Self {
        let number = project.uuid().as_u64_pair().1 << 1;
        match visibility {
            Visibility::Everyone => Self(number),
            Visibility::Team => Self(number | 1),
        }
    }
    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }
    /// The shelf with this number.
    pub const fn of_number(number: u64) -> Self {
        Self(number)
    }
    /// The shelf of the same project that everybody in it sees.
    pub const fn open(self) -> Self {
        Self(self.0 & !1)
    }
}

/// What is indexed of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Which.
    pub id: DocumentId,
    /// Its project.
    pub project: ProjectId,
    /// Who in the project sees it.
    pub visibility: Visibility,
    /// The track that takes it along into the trash.
    pub track: Option<TrackId>,
    /// Who wrote or made it.
    pub author: Option<Uuid>,
    /// When it was made.
    pub at: Timestamp,
    /// What it is called.
    pub title: String,
    /// Everything else it says.
    pub text: String,
}

impl Document {
    /// Where it stands.
    pub const fn shelf(&self) -> Shelf {
        Shelf::of(self.project, self.visibility)
    }
}

/// A change of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// This document is there, in place of an older one with its id.
    Put(Box<Document>),
    /// This one is not.
    Remove(DocumentId),
    /// Nothing that belongs to this track is, nor the track.
    RemoveTrack(TrackId),
    /// Nothing that belongs to this project is, nor the project.
    RemoveProject(ProjectId),
}

/// How far an index has come: the log, and the last event whose consequences it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which log.
    pub epoch: Uuid,
    /// The event.
    pub seq: u64,
}

/// How exactly words are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As typed, or another form of the same word.
    Exact,
    /// The last word may have no end yet.
    Prefix,
    /// That, and words may be misspelt: see [`slack`].
    Tolerant,
}

/// What is asked. Every word must occur.
#[derive(Clone, Debug)]
pub struct Question {
    /// What was typed.
    pub words: String,
    /// How exactly it is taken.
    pub mode: Mode,
    /// Where whoever asks may look, in order.
    pub shelves: Vec<Shelf>,
    /// Only these kinds; none = all.
    pub kinds: Vec<SearchKind>,
    /// Only by this person or guest.
    pub author: Option<Uuid>,
    /// Not made before.
    pub from: Option<Timestamp>,
    /// Made before.
    pub to: Option<Timestamp>,
    /// Documents to pass over.
    pub skip: usize,
    /// Documents to name at most.
    pub limit: usize,
}

impl Question {
    /// Whether a document is one that may be found and is asked for, whatever its words.
    pub fn admits(&self, kind: Option<SearchKind>, shelf: Shelf, author: Option<u64>, at: Timestamp) -> bool {
        self.shelves.binary_search(&shelf).is_ok()
            && (self.kinds.is_empty() || kind.is_some_and(|kind| self.kinds.contains(&kind)))
            && self.author.is_none_or(|wanted| author == Some(wanted.as_u64_pair().1))
            && self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at < to)
    }
}

/// What was found among the shelves of a question; nothing else is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The best documents and where they stand.
    pub hits: Vec<(DocumentId, Shelf)>,
    /// How many there are.
    pub total: u64,
    /// How many of each kind, by the kind's number.
    pub kinds: [u64; SearchKind::ALL.len()],
    /// How many on each shelf.
    pub shelves: Vec<(Shelf, u64)>,
}

/// Why an index did not do something. The text is not public.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// There is none: it must be rebuilt.
    #[error("there is no index; it must be rebuilt")]
    Absent,
    /// It failed; what was not committed is gone.
    #[error("the index failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A full-text index that can be made anew from the rows at any time. Blocking: call it on a pool.
pub trait SearchIndex: Send + Sync {
    /// How far it has come; none if it must be rebuilt.
    fn place(&self) -> Option<Place>;
    /// Takes changes, which are found after the next commit.
    ///
    /// # Errors
    /// [`SearchError`]; then nothing since the last commit is kept.
    fn apply(&self, changes: Vec<Change>) -> Result<(), SearchError>;
    /// Makes everything found that was applied, and durable together with this place.
    ///
    /// # Errors
    /// [`SearchError`]; then nothing since the last commit is kept.
    fn commit(&self, place: Place) -> Result<(), SearchError>;
    /// Begins a new index beside this one, which goes on answering.
    ///
    /// # Errors
    /// [`SearchError::Failed`].
    fn rebuild(&self) -> Result<Box<dyn Rebuild + '_>, SearchError>;
    /// Answers.
    ///
    /// # Errors
    /// [`SearchError::Failed`]. An index that is absent finds nothing.
    fn search(&self, question: &Question) -> Result<Found, SearchError>;
    /// Where a text says what was asked, in bytes, in order.
    fn marks(&self, text: &str, words: &str, mode: Mode) -> Vec<Range<usize>>;
}

/// A new index on its way; dropped unfinished it leaves the old one in place.
pub trait Rebuild: Send {
    /// Takes documents, each of which comes once.
    ///
    /// # Errors
    /// [`SearchError::Failed`].
    fn put(&mut self, documents: Vec<Document>) -> Result<(), SearchError>;
    /// Puts it in the place of the old one.
    ///
    /// # Errors
    /// [`SearchError::Failed`].
    fn finish(self: Box<Self>, place: Place) -> Result<(), SearchError>;
}
