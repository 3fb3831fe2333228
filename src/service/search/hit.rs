//! What was found, read again: a hit that is gone, changed hands or is not for the caller any more is left out.

use super::{Library, Snippet};
use crate::{Result, Service, activity::Entry, project::Known};
use model::{
    CheckpointId, CommentId, ProjectId, Timestamp, TrackId, UserId, VersionId,
    account::User,
    checkpoint::Checkpoint,
    comment::{Comment, Visibility},
    search::{DocumentId, Found, Question, SearchKind, Shelf},
    text::ProjectName,
    track::Track,
    version::Version,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    log::FeedFilter,
    tables::{checkpoint::Checkpoints, comment::Comments, track::Tracks, user::Users, version::Versions},
};
use uuid::Uuid;

/// Something that was found.
#[derive(Clone, Debug)]
pub struct SearchHit {
    /// What kind of thing.
    pub kind: SearchKind,
    /// Its id; of an entry of the feed, the event's.
    pub id: Uuid,
    /// What it is called. Of a comment, what it is about.
    pub title: String,
    /// What it says about the words.
    pub snippet: Snippet,
    /// Its project.
    pub project_id: ProjectId,
    /// What that is called.
    pub project_name: ProjectName,
    /// Its track.
    pub track_id: Option<TrackId>,
    /// Who wrote or made it.
    pub author_id: Option<Uuid>,
    /// When it was made.
    pub at: Timestamp,
    /// Where it is read.
    pub url: String,
}

/// The rows behind hits.
struct Rows {
    tracks: BTreeMap<TrackId, Track>,
    versions: BTreeMap<VersionId, Version>,
    comments: BTreeMap<CommentId, Comment>,
    checkpoints: BTreeMap<CheckpointId, Checkpoint>,
    users: BTreeMap<UserId, User>,
    entries: BTreeMap<u64, Entry>,
}

/// What a hit shows, before it is cut.
struct Shown {
    title: String,
    text: String,
    track_id: Option<TrackId>,
    author_id: Option<Uuid>,
    at: Timestamp,
    id: Uuid,
    url: String,
}

impl Rows {
    /// A track of this project outside the trash.
    fn track(&self, project: ProjectId, id: TrackId) -> Option<&Track> {
        self.tracks.get(&id).filter(|track| track.deleted.is_none() && track.project_id == project)
    }
}

impl Service {
    /// The hits that the caller may see, as they are now.
    pub(super) async fn hits(
        &self,
        library: &Library,
        question: &Question,
        found: &Found,
    ) -> Result<Vec<SearchHit>> {
        let rows = self.behind(library, &found.hits).await?;
        let hits = found.hits.iter().filter_map(|(id, shelf)| {
            let (known, reach) = library.project(*shelf)?;
            let shown = shown(*id, known, *reach, &rows)?;
            let marks = self.search.index.marks(&shown.text, &question.words, question.mode);
            Some(SearchHit {
                kind: id.kind,
                id: shown.id,
                title: shown.title,
                snippet: Snippet::cut(&shown.text, &marks),
                project_id: known.project.row.id,
                project_name: known.project.row.name.clone(),
                track_id: shown.track_id,
                author_id: shown.author_id,
                at: shown.at,
                url: shown.url,
            })
        });
        Ok(hits.collect())
    }

    async fn behind(&self, library: &Library, hits: &[(DocumentId, Shelf)]) -> Result<Rows> {
        let of = |kind| hits.iter().filter(move |(id, _)| id.kind == kind).map(|(id, _)| id.id);
        let comments = self.rows::<Comments>(of(SearchKind::Comment).map(CommentId::new).collect()).await?;
        let versions = self.rows::<Versions>(of(SearchKind::Version).map(VersionId::new).collect()).await?;
        let checkpoints = of(SearchKind::Checkpoint).map(CheckpointId::new).collect();
        let checkpoints = self.rows::<Checkpoints>(checkpoints).await?;
        let tracks: BTreeSet<TrackId> = of(SearchKind::Track)
            .map(TrackId::new)
            .chain(versions.values().map(|version| version.track_id))
            .chain(comments.values().filter_map(|comment| comment.anchor.track_id))
            .collect();
        let people = comments.values().flat_map(|comment| comment.body.people().iter().copied());
        let users = self.rows::<Users>(people.collect()).await?;
        let mut entries = BTreeMap::new();
        for (id, shelf) in hits.iter().filter(|(id, _)| id.kind == SearchKind::Activity) {
            let Some((known, _)) = library.project(*shelf) else { continue };
            let (project, seq) = (known.project.row.id, id.seq());
            let page = self.store().events().feed(project, &FeedFilter::All, Some(seq + 1), 1).await?;
            let entry = self.entries(page.items).await?.pop();
            entries.extend(entry.filter(|entry| entry.envelope.seq == seq).map(|entry| (seq, entry)));
        }
        Ok(Rows {
            tracks: self.rows::<Tracks>(tracks).await?,
            versions,
            comments,
            checkpoints,
            users,
            entries,
        })
    }
}

/// What a hit shows; none if it is not for whoever asks.
fn shown(id: DocumentId, known: &Known, reach: Visibility, rows: &Rows) -> Option<Shown> {
    let project = known.project.row.id;
    match id.kind {
        SearchKind::Project => (id.id == project.uuid()).then(|| of_project(known)),
        SearchKind::Track => rows.track(project, TrackId::new(id.id)).map(of_track),
        SearchKind::Version => {
            let version = rows.versions.get(&VersionId::new(id.id))?;
            let track = rows.track(project, version.track_id)?;
            version.deleted.is_none().then(|| of_version(version, track))
        }
        SearchKind::Comment => {
            let comment = rows.comments.get(&CommentId::new(id.id))?;
            let there =
                comment.deleted.is_none() && comment.visibility <= reach && comment.project_id == project;
            let title = match comment.anchor.track_id {
                Some(track) => rows.track(project, track)?.name.to_string(),
                None => known.project.row.name.to_string(),
            };
            there.then(|| of_comment(comment, title, rows))
        }
        SearchKind::Activity => {
            let entry = rows.entries.get(&id.seq())?;
            (entry.envelope.event.body.visibility() <= reach).then(|| of_entry(entry, project))
        }
        SearchKind::Checkpoint => {
            let checkpoint = rows.checkpoints.get(&CheckpointId::new(id.id))?;
            let there = checkpoint.deleted.is_none() && checkpoint.project_id == project;
            there.then(|| of_checkpoint(checkpoint))
        }
    }
}

fn of_project(known: &Known) -> Shown {
    let row = &known.project.row;
    Shown {
        title: row.name.to_string(),
        text: row.description.as_ref().map(ToString::to_string).unwrap_or_default(),
        track_id: None,
        author_id: Some(row.created_by.uuid()),
        at: row.created_at,
        id: row.id.uuid(),
        url: format!("/api/v1/projects/{}", row.id),
    }
}

fn of_track(track: &Track) -> Shown {
    let notes = track.notes.as_ref().map(ToString::to_string);
    Shown {
        title: track.name.to_string(),
        text: notes.or_else(|| track.instrument.as_ref().map(ToString::to_string)).unwrap_or_default(),
        track_id: Some(track.id),
        author_id: None,
        at: track.created_at,
        id: track.id.uuid(),
        url: format!("/api/v1/tracks/{}", track.id),
    }
}

fn of_version(version: &Version, track: &Track) -> Shown {
    let label = version.label.as_ref().map(ToString::to_string);
    let changelog = version.changelog.as_ref().map(ToString::to_string);
    Shown {
        title: format!("{} {}", track.name, label.unwrap_or_else(|| format!("v{}", version.number))),
        text: changelog.unwrap_or_else(|| version.filename.to_string()),
        track_id: Some(version.track_id),
        author_id: Some(version.uploader().uuid()),
        at: version.created_at,
        id: version.id.uuid(),
        url: format!("/api/v1/versions/{}", version.id),
    }
}

fn of_checkpoint(checkpoint: &Checkpoint) -> Shown {
    Shown {
        title: checkpoint.name.to_string(),
        text: checkpoint.description.as_ref().map(ToString::to_string).unwrap_or_default(),
        track_id: None,
        author_id: Some(checkpoint.created_by.uuid()),
        at: checkpoint.created_at,
        id: checkpoint.id.uuid(),
        url: format!("/api/v1/checkpoints/{}", checkpoint.id),
    }
}

fn of_comment(comment: &Comment, title: String, rows: &Rows) -> Shown {
    Shown {
        title,
        text: comment.body.shown(|id| rows.users.get(&id).map(|user| user.handle.to_string())),
        track_id: comment.anchor.track_id,
        author_id: Some(comment.author.uuid()),
        at: comment.created_at,
        id: comment.id.uuid(),
        url: format!("/api/v1/comments/{}", comment.id),
    }
}

fn of_entry(entry: &Entry, project: ProjectId) -> Shown {
    let event = &entry.envelope.event;
    Shown {
        title: entry.title.clone().unwrap_or_default(),
        text: entry.line(),
        track_id: event.track,
        author_id: super::document::author(event.actor),
        at: entry.envelope.at,
        id: event.id.uuid(),
        url: format!("/api/v1/projects/{project}/activity"),
    }
}
