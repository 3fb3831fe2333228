//! Where a new comment stands, and who will see it.

use super::{Home, NewComment, Seen};
use crate::{
    Authorized, Ctx, Error, Result, Service, Stored,
    authorize::{Guarded, Spot},
};
use model::{
    CommentId, ProjectId, VersionId, Violation,
    access::Action,
    comment::{Anchor, Comment, Span, Visibility},
    limits,
    media::MediaFacts,
    project::Project,
    version::Version,
};
use store::{
    Batch,
    tables::{comment::Comments, version::Versions},
};

/// Where a comment stands, and the rows that say so.
#[derive(Default)]
pub(super) struct Place {
    pub(super) anchor: Anchor,
    pub(super) visibility: Visibility,
    pub(super) parent: Option<Stored<Comment>>,
    home: Home,
    version: Option<Stored<Version>>,
}

impl Place {
    /// In a thread.
    pub(super) fn of_reply(parent: Stored<Comment>, home: Home) -> Self {
        let (anchor, visibility) = (parent.row.anchor, parent.row.visibility);
        Self { anchor, visibility, parent: Some(parent), home, version: None }
    }
    /// What it stands on must stay.
    pub(super) fn rely(&self, batch: &mut Batch) {
        self.home.rely(batch);
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
    pub(super) async fn place_of(
        &self,
        cx: &Ctx,
        auth: &Authorized<Project>,
        new: &NewComment,
    ) -> Result<Place> {
        let project = auth.project_id();
        if let Some(parent) = new.parent_id {
            return self.in_thread(cx, auth, parent, new).await;
        }
        let visibility = new.visibility.unwrap_or_default();
        if visibility == Visibility::Team && self.reach_of(auth) < Some(Visibility::Team) {
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
            place.home.track = Some(self.track_in(project, version.row.track_id).await?);
            place.version = Some(version);
        } else if let Some(track) = new.track_id {
            place.home.track = Some(self.track_in(project, track).await?);
        }
        place.anchor.track_id = place.home.track.as_ref().map(|track| track.row.id);
        if let Some(checkpoint) = new.checkpoint_id {
            if place.home.track.is_some() {
                return Err(fault("/checkpoint_id", "mismatch", "names another place than the other fields"));
            }
            place.anchor.checkpoint_id = Some(checkpoint);
            place.home.checkpoint = Some(self.checkpoint_in(project, checkpoint).await?);
        }
        match auth.link() {
            Some(link) if !self.link_shows(&link.row, Spot::At(place.anchor)).await? => {
                Err(Error::NotFound("place here that the share link shows"))
            }
            Some(_) | None => Ok(place),
        }
    }

    /// A reply stands where its thread stands.
    async fn in_thread(
        &self,
        cx: &Ctx,
        auth: &Authorized<Project>,
        parent: CommentId,
        new: &NewComment,
    ) -> Result<Place> {
        let Seen { auth: seen, home } = self.see_comment(cx, parent, Action::View).await?;
        let parent = seen.resource().clone();
        let row = &parent.row;
        if row.project_id != auth.project_id() || row.deleted.is_some() {
            return Err(Error::NotFound(Comment::NAME));
        }
        if !row.is_root() {
            return Err(fault("/parent_id", "mismatch", "must be a comment that answers no other one"));
        }
        new.stands_alone()?;
        if new.visibility.is_some_and(|visibility| visibility != row.visibility) {
            return Err(fault("/visibility", "mismatch", "a reply is seen by whoever sees its thread"));
        }
        Ok(Place::of_reply(parent, home))
    }

    /// A version of this project, outside the trash and of a track outside the trash.
    pub(crate) async fn version_in(&self, project: ProjectId, id: VersionId) -> Result<Stored<Version>> {
        let missing = || Error::NotFound("version");
        let found = self.store().get::<Versions>(&id).await?;
        let found =
            found.filter(|version| version.row.project_id == project && version.row.deleted.is_none());
        let version = found.ok_or_else(missing)?;
        self.living_track(version.row.track_id).await?.ok_or_else(missing)?;
        Ok(version)
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
