//! What is indexed of a row, as it is now. A new kind of thing that is found is added to [`Service::document`] and
//! [`Service::documents`](super), and nowhere else.

use crate::{Result, Service, activity::Entry};
use model::{
    CheckpointId, CommentId, ProjectId, TrackId, VersionId,
    checkpoint::Checkpoint,
    comment::{Comment, Visibility},
    event::{Actor, Envelope},
    project::{Project, ProjectGate},
    search::{Document, DocumentId, SearchKind},
    track::Track,
    version::Version,
};
use store::tables::{
    checkpoint::Checkpoints,
    comment::Comments,
    project::{ProjectGates, Projects},
    track::Tracks,
    version::Versions,
};
use uuid::Uuid;

impl Service {
    /// The document of a row; none if the row is not there, or is not found any more.
    pub(super) async fn document(&self, id: DocumentId) -> Result<Option<Document>> {
        Ok(match id.kind {
            SearchKind::Project => {
                let key = ProjectId::new(id.id);
                let gate = self.store().get::<ProjectGates>(&key).await?;
                let project = self.store().get::<Projects>(&key).await?;
                gate.zip(project).and_then(|(gate, project)| of_project(&project.row, &gate.row))
            }
            SearchKind::Track => {
                let track = self.store().get::<Tracks>(&TrackId::new(id.id)).await?;
                track.and_then(|track| of_track(&track.row))
            }
            SearchKind::Version => match self.store().get::<Versions>(&VersionId::new(id.id)).await? {
                Some(version) => self.if_track(Some(version.row.track_id), of_version(&version.row)).await?,
                None => None,
            },
            SearchKind::Comment => match self.store().get::<Comments>(&CommentId::new(id.id)).await? {
                Some(comment) => self.if_track(comment.row.anchor.track_id, of_comment(&comment.row)).await?,
                None => None,
            },
            SearchKind::Checkpoint => {
                let checkpoint = self.store().get::<Checkpoints>(&CheckpointId::new(id.id)).await?;
                checkpoint.and_then(|checkpoint| of_checkpoint(&checkpoint.row))
            }
            // Entries of the feed are made from what the log says.
            SearchKind::Activity => None,
        })
    }

    /// A document that goes with its track into the trash.
    async fn if_track(&self, track: Option<TrackId>, document: Option<Document>) -> Result<Option<Document>> {
        let Some((track, document)) = track.zip(document.clone()) else { return Ok(document) };
        let there = self.store().get::<Tracks>(&track).await?;
        Ok(there.filter(|track| track.row.deleted.is_none()).map(|_| document))
    }
}

fn words<'a>(parts: impl IntoIterator<Item = Option<&'a str>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

pub(super) fn of_project(project: &Project, gate: &ProjectGate) -> Option<Document> {
    let tags = project.tags.iter().map(|tag| Some(tag.as_str()));
    let said = [project.description.as_ref().map(AsRef::as_ref), project.key.as_ref().map(AsRef::as_ref)];
    (!gate.purging).then(|| Document {
        id: DocumentId::new(SearchKind::Project, project.id),
        project: project.id,
        visibility: Visibility::Everyone,
        track: None,
        author: Some(project.created_by.uuid()),
        at: project.created_at,
        title: project.name.to_string(),
        text: words(said.into_iter().chain(tags)),
    })
}

pub(super) fn of_track(track: &Track) -> Option<Document> {
    let said = [
        track.instrument.as_ref().map(AsRef::as_ref),
        Some(track.kind.as_str()),
        track.notes.as_ref().map(AsRef::as_ref),
    ];
    track.deleted.is_none().then(|| Document {
        id: DocumentId::new(SearchKind::Track, track.id),
        project: track.project_id,
        visibility: Visibility::Everyone,
        track: Some(track.id),
        author: None,
        at: track.created_at,
        title: track.name.to_string(),
        text: words(said),
    })
}

pub(super) fn of_version(version: &Version) -> Option<Document> {
    let tags = version.tags.iter().map(|tag| Some(tag.as_str()));
    let said = [Some(version.filename.as_str()), version.changelog.as_ref().map(AsRef::as_ref)];
    let metadata = version.metadata.values().map(|value| Some(value.as_str()));
    version.deleted.is_none().then(|| Document {
        id: DocumentId::new(SearchKind::Version, version.id),
        project: version.project_id,
        visibility: Visibility::Everyone,
        track: Some(version.track_id),
        author: Some(version.uploader().uuid()),
        at: version.created_at,
        title: version.label.as_ref().map(ToString::to_string).unwrap_or_default(),
        text: words(said.into_iter().chain(tags).chain(metadata)),
    })
}

pub(super) fn of_comment(comment: &Comment) -> Option<Document> {
    comment.deleted.is_none().then(|| Document {
        id: DocumentId::new(SearchKind::Comment, comment.id),
        project: comment.project_id,
        visibility: comment.visibility,
        track: comment.anchor.track_id,
        author: Some(comment.author.uuid()),
        at: comment.created_at,
        title: String::new(),
        text: comment.body.words(),
    })
}

pub(super) fn of_checkpoint(checkpoint: &Checkpoint) -> Option<Document> {
    checkpoint.deleted.is_none().then(|| Document {
        id: DocumentId::new(SearchKind::Checkpoint, checkpoint.id),
        project: checkpoint.project_id,
        visibility: Visibility::Everyone,
        track: None,
        author: Some(checkpoint.created_by.uuid()),
        at: checkpoint.created_at,
        title: checkpoint.name.to_string(),
        text: words([checkpoint.description.as_ref().map(AsRef::as_ref)]),
    })
}

/// The document of an entry of the feed. It stays when its track goes.
pub(super) fn of_entry(project: ProjectId, entry: &Entry) -> Document {
    let Envelope { seq, at, event, .. } = &entry.envelope;
    Document {
        id: DocumentId::activity(*seq),
        project,
        visibility: event.body.visibility(),
        track: None,
        author: author(event.actor),
        at: *at,
        title: String::new(),
        text: entry.line(),
    }
}

/// Whose id an author has.
pub(super) fn author(actor: Actor) -> Option<Uuid> {
    match actor {
        Actor::User(id) => Some(id.uuid()),
        Actor::Guest(id) => Some(id.uuid()),
        Actor::System => None,
    }
}
