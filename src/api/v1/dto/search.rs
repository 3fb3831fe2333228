//! What was found and what happened, as JSON.

use super::{
    Time,
    event::{EventActor, EventResource, actor, resource},
};
use crate::problem::{Answer, Failure};
use model::search::SearchKind;
use poem_openapi::{Enum, Object};
use service::{
    activity::Entry,
    search::{self as found, SearchHit},
};
use std::ops::Range;
use uuid::Uuid;

/// A kind of thing that is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum SearchType {
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

impl From<SearchKind> for SearchType {
    fn from(kind: SearchKind) -> Self {
        match kind {
            SearchKind::Project => Self::Project,
            SearchKind::Track => Self::Track,
            SearchKind::Version => Self::Version,
            SearchKind::Comment => Self::Comment,
            SearchKind::Checkpoint => Self::Checkpoint,
            SearchKind::Activity => Self::Activity,
        }
    }
}

/// Reads `project,track`.
///
/// # Errors
/// A fault of `?type`.
pub fn kinds(text: &str) -> Answer<Vec<SearchKind>> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let known = |name: &str| SearchKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    let kinds: Option<Vec<SearchKind>> = names.map(known).collect();
    kinds.ok_or_else(|| {
        let all = SearchKind::ALL.map(SearchKind::as_str).join(", ");
        Failure::fault("?type", "unknown_value", format!("must be some of {all}"))
    })
}

/// What was found.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SearchPage {
    /// The best first.
    pub items: Vec<SearchItem>,
    /// How many there are of what.
    pub facets: SearchFacets,
    /// How many there are, of all pages.
    pub total: i64,
    /// Nothing says exactly what was typed: these come close.
    pub close: bool,
    /// The index is being made: something may be missing.
    pub incomplete: bool,
    /// Send it as `cursor` for the next page; absent on the last one.
    pub next_cursor: Option<String>,
}

/// Something that was found.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SearchItem {
    /// What kind of thing.
    #[oai(rename = "type")]
    pub kind: SearchType,
    /// Its id; of an entry of the feed, the event's.
    pub id: Uuid,
    /// What it is called. Of a comment, the track or project it is about.
    pub title: String,
    /// What it says about the words.
    pub snippet: Snippet,
    /// Its project.
    pub project: SearchProject,
    /// Its track.
    pub track_id: Option<Uuid>,
    /// Who wrote or made it.
    pub author_id: Option<Uuid>,
    /// When it was made.
    pub created_at: Time,
    /// Where it is read.
    pub url: String,
}

/// A part of a text.
#[derive(Clone, Debug, Object)]
pub struct Snippet {
    /// The part, on one line.
    pub text: String,
    /// What was searched for, in order.
    pub highlights: Vec<Highlight>,
}

/// A part of a snippet, in characters (Unicode scalar values).
#[derive(Clone, Debug, Object)]
pub struct Highlight {
    /// The first character.
    pub start: i32,
    /// The character after the last.
    pub end: i32,
}

/// A project that something was found in.
#[derive(Clone, Debug, Object)]
pub struct SearchProject {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
}

/// How many there are of what, of all pages.
#[derive(Clone, Debug, Object)]
pub struct SearchFacets {
    /// Of each kind that occurs.
    pub types: Vec<TypeFacet>,
    /// In each of the 20 projects with the most.
    pub projects: Vec<ProjectFacet>,
}

/// How many of a kind.
#[derive(Clone, Debug, Object)]
pub struct TypeFacet {
    /// The kind.
    #[oai(rename = "type")]
    pub kind: SearchType,
    /// How many.
    pub count: i64,
}

/// How many in a project.
#[derive(Clone, Debug, Object)]
pub struct ProjectFacet {
    /// The project.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// How many.
    pub count: i64,
}

impl SearchPage {
    /// With the cursor of the next page.
    pub fn new(found: found::SearchResults, next_cursor: Option<String>) -> Self {
        let types = found.kinds.into_iter();
        let projects = found.projects.into_iter();
        Self {
            items: found.page.items.into_iter().map(Into::into).collect(),
            facets: SearchFacets {
                types: types
                    .map(|(kind, count)| TypeFacet { kind: kind.into(), count: count.cast_signed() })
                    .collect(),
                projects: projects
                    .map(|(id, name, count)| ProjectFacet {
                        id: id.uuid(),
                        name: name.to_string(),
                        count: count.cast_signed(),
                    })
                    .collect(),
            },
            total: found.total.cast_signed(),
            close: found.close,
            incomplete: found.incomplete,
            next_cursor,
        }
    }
}

impl From<SearchHit> for SearchItem {
    fn from(hit: SearchHit) -> Self {
        // A snippet is a few hundred characters long.
        let number = |place: usize| i32::try_from(place).unwrap_or(i32::MAX);
        let highlight = |mark: Range<usize>| Highlight { start: number(mark.start), end: number(mark.end) };
        Self {
            kind: hit.kind.into(),
            id: hit.id,
            title: hit.title,
            snippet: Snippet {
                text: hit.snippet.text,
                highlights: hit.snippet.marks.into_iter().map(highlight).collect(),
            },
            project: SearchProject { id: hit.project_id.uuid(), name: hit.project_name.to_string() },
            track_id: hit.track_id.map(Into::into),
            author_id: hit.author_id,
            created_at: Time(hit.at),
            url: hit.url,
        }
    }
}

/// Something that somebody may be about to search for.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Suggestion {
    /// What kind of thing.
    #[oai(rename = "type")]
    pub kind: SearchType,
    /// Its id.
    pub id: Uuid,
    /// What it is called. Of a comment, the track or project it is about.
    pub title: String,
    /// What it says.
    pub snippet: Snippet,
    /// Its project.
    pub project: SearchProject,
    /// Where it is read.
    pub url: String,
}

impl From<SearchHit> for Suggestion {
    fn from(hit: SearchHit) -> Self {
        let SearchItem { kind, id, title, snippet, project, url, .. } = hit.into();
        Self { kind, id, title, snippet, project, url }
    }
}

/// Something that happened.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ActivityEntry {
    /// Its id; the same as the event's.
    pub id: Uuid,
    /// What happened, such as `version.ready`. New types are added over time.
    #[oai(rename = "type")]
    pub kind: String,
    /// When.
    pub time: Time,
    /// In which project.
    pub project_id: Option<Uuid>,
    /// On which track.
    pub track_id: Option<Uuid>,
    /// Who did it.
    pub actor: EventActor,
    /// What it is about.
    pub resource: EventResource,
    /// What that is called now: a project, a track, a version with its track, a person. Of a comment, its track.
    pub title: Option<String>,
}

impl From<Entry> for ActivityEntry {
    fn from(entry: Entry) -> Self {
        let event = entry.envelope.event;
        Self {
            id: event.id.uuid(),
            kind: event.body.kind().to_owned(),
            time: Time(entry.envelope.at),
            project_id: event.project.map(Into::into),
            track_id: event.track.map(Into::into),
            actor: actor(event.actor, entry.actor_name),
            resource: resource(&event.resource),
            title: entry.title,
        }
    }
}
