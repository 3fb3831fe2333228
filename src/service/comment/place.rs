//! Where a new comment stands, and who will see it.

use super::NewComment;
use crate::{Authorized, Error, Result, Service, Stored};
use model::{
    CheckpointId, CommentId, ProjectId, TrackId, VersionId, Violation,
    comment::{Anchor, Comment, Span, Visibility},
    limits,
    media::MediaFacts,
    project::Project,
    track::Track,
    version::Version,
};
use store::{
    Batch,
    tables::{comment::Comments, track::Tracks, version::Versions},
};

/// Where a comment stands, and the rows that say so.
#[derive(Default)]
pub(super) struct Place {
    pub(super) anchor: Anchor,
    pub(super) visibility: Visibility,
    pub(super) parent: Option<Stored<Comment>>,
    track: Option<Stored<Track>>,
    version: Option<Stored<Version>>,
}

impl Place {
    /// In a thread.
    pub(super) fn of_reply(parent: Stored<Comment>, track: Option<Stored<Track>>) -> Self {
        let (anchor, visibility) = (parent.row.anchor, parent.row.visibility);
        Self { anchor, visibility, parent: Some(parent), track, version: None }
    }
    /// What it stands on must stay.
    pub(super) fn rely(&self, batch: &mut Batch) {
        if let Some(track) = &self.track {
            batch.assert_unchanged::<Tracks>(&track.row.id, track);
        }
        if let Some(version) = &self.version {
            batch.assert_unchanged::<Versions>(&version.row.id, version);
        }
        if let Some(parent) = &self.parent {
            batch.assert_unchanged::<Comments>(&parent.row.id, parent);
        }
    }
}

impl Service {
    /// Where the new comment stands.
    ///
    /// # Errors
    /// `NotFound` for what is not there in this project for the caller; `Invalid` for places that do not go together;
    /// `Forbidden` for a comment that the caller would not see.
    pub(super) async fn place_of(&self, auth: &Authorized<Project>, new: &NewComment) -> Result<Place> {
        let project = auth.project_id();
        let reach = self.reach_of(auth);
        if let Some(parent) = new.parent_id {
            return self.in_thread(project, reach, parent, new).await;
        }
        let visibility = new.visibility.unwrap_or_default();
        if visibility > reach {
            return Err(Error::Forbidden("only those who work on the project write comments for the team"));
        }
        let mut place = Place { visibility, ..Place::default() };
        if let Some(version) = new.version_id {
            let version = self.version_in(project, version).await?;
            let mismatch = new.track_id.filter(|track| *track != version.row.track_id);
            if mismatch.is_some() {
                return Err(fault("/track_id", "mismatch", "must be the track of the version"));
            }
            within(new.span, version.row.media.as_ref())?;
            place.anchor.version_id = Some(version.row.id);
            place.track = Some(self.track_in(project, version.row.track_id).await?);
            place.version = Some(version);
        } else if let Some(track) = new.track_id {
            place.track = Some(self.track_in(project, track).await?);
        }
        place.anchor.track_id = place.track.as_ref().map(|track| track.row.id);
        if let Some(checkpoint) = new.checkpoint_id {
            if place.track.is_some() {
                return Err(fault("/checkpoint_id", "mismatch", "names another place than the other fields"));
            }
            place.anchor.checkpoint_id = Some(self.checkpoint_in(project, checkpoint).await?);
        }
        Ok(place)
    }

    /// A reply stands where its thread stands.
    async fn in_thread(
        &self,
        project: ProjectId,
        reach: Visibility,
        parent: CommentId,
        new: &NewComment,
    ) -> Result<Place> {
        let missing = || Error::NotFound(<Comment as crate::authorize::Guarded>::NAME);
        let parent = self.store().get::<Comments>(&parent).await?.ok_or_else(missing)?;
        let row = &parent.row;
        if row.project_id != project || row.visibility > reach || row.deleted.is_some() {
            return Err(missing());
        }
        let track = match row.anchor.track_id {
            Some(track) => Some(self.living_track(track).await?.ok_or_else(missing)?),
            None => None,
        };
        if !row.is_root() {
            return Err(fault("/parent_id", "mismatch", "must be a comment that answers no other one"));
        }
        new.stands_alone()?;
        if new.visibility.is_some_and(|visibility| visibility != row.visibility) {
            return Err(fault("/visibility", "mismatch", "a reply is seen by whoever sees its thread"));
        }
        Ok(Place::of_reply(parent, track))
    }

    /// A track that is not in the trash, if there is one.
    pub(super) async fn living_track(&self, id: TrackId) -> Result<Option<Stored<Track>>> {
        Ok(self.store().get::<Tracks>(&id).await?.filter(|track| track.row.deleted.is_none()))
    }

    /// A track of this project outside the trash.
    pub(super) async fn track_in(&self, project: ProjectId, id: TrackId) -> Result<Stored<Track>> {
        let found = self.living_track(id).await?.filter(|track| track.row.project_id == project);
        found.ok_or(Error::NotFound("track"))
    }

    /// A version of this project, outside the trash and of a track outside the trash.
    pub(super) async fn version_in(&self, project: ProjectId, id: VersionId) -> Result<Stored<Version>> {
        let missing = || Error::NotFound("version");
        let found = self.store().get::<Versions>(&id).await?;
        let found =
            found.filter(|version| version.row.project_id == project && version.row.deleted.is_none());
        let version = found.ok_or_else(missing)?;
        self.living_track(version.row.track_id).await?.ok_or_else(missing)?;
        Ok(version)
    }

    /// A checkpoint of this project. There are none yet.
    pub(super) async fn checkpoint_in(&self, _project: ProjectId, _id: CheckpointId) -> Result<CheckpointId> {
        Err(Error::NotFound("checkpoint"))
    }
}

/// Refuses a moment beyond the end of a recording whose length is known.
pub(super) fn within(span: Option<Span>, media: Option<&MediaFacts>) -> Result<()> {
    let (Some(span), Some(media)) = (span, media) else { return Ok(()) };
    let end = media.duration_ms + limits::COMMENT_OVERHANG_MS;
    let pointer = match (span.start_ms > end, span.last_ms() > end) {
        (true, _) => "/start_ms",
        (false, true) => "/end_ms",
        (false, false) => return Ok(()),
    };
    let detail = format!("must lie within the recording, which has {} ms", media.duration_ms);
    Err(Violation::new(pointer, "out_of_range", detail).into())
}

fn fault(pointer: &'static str, code: &'static str, detail: &'static str) -> Error {
    Violation::new(pointer, code, detail).into()
}
