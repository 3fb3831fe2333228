//! Which version a track plays. Choosing an older one is the roll back.

use crate::{
    Ctx, Error, Result, Service,
    commit::{check_revision, decide_again},
    track::TrackView,
};
use model::{
    Timestamp, TrackId, VersionId, Violation,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    track::{CurrentVersion, Track},
    version::{Version, VersionStatus},
};
use store::{
    Batch, Stored,
    tables::{track::Tracks, version::Versions},
};

impl Service {
    /// Makes a version that is ready the current one of its track. Choosing the one that plays already keeps it against
    /// a newer one that is still being processed.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `ProjectArchived`, `RevisionConflict`; `Invalid` if it is no version of this track;
    /// `Processing` or `Audio` if it cannot be played.
    pub async fn set_current_version(
        &self,
        cx: &Ctx,
        track: TrackId,
        expect: Option<u64>,
        version: VersionId,
    ) -> Result<TrackView> {
        decide_again!(expect, self.try_set_current_version(cx, track, expect, version).await)?;
        self.get_track(cx, track).await
    }

    async fn try_set_current_version(
        &self,
        cx: &Ctx,
        track: TrackId,
        expect: Option<u64>,
        version: VersionId,
    ) -> Result<()> {
        let auth = self.authorize::<Track>(cx, track, Action::EditVersions).await?;
        check_revision(expect, auth.resource())?;
        let version = self
            .store()
            .get::<Versions>(&version)
            .await?
            .filter(|found| found.row.track_id == track && found.row.deleted.is_none())
            .ok_or_else(|| Violation::new("/version_id", "not_found", "must be a version of this track"))?;
        playable(&version.row)?;
        let mut batch = Batch::new();
        batch.assert_unchanged::<Versions>(&version.row.id, &version);
        let current = current(&version.row, cx.now);
        self.point_track(cx, &mut batch, auth.resource(), Some(current));
        self.commit(&auth, batch).await?;
        Ok(())
    }

    /// Points a track at another version and says so. The stamp of the result is known once it is committed.
    pub(crate) fn point_track(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        track: &Stored<Track>,
        to: Option<CurrentVersion>,
    ) -> Stored<Track> {
        let mut after = track.row.clone();
        after.current = to;
        after.updated_at = cx.now;
        let rev = track.rev + 1;
        batch.replace::<Tracks>(&after.id, track, &after);
        batch.emit(NewEvent {
            id: self.id(cx),
            project: Some(after.project_id),
            users: Vec::new(),
            actor: cx.actor(),
            resource: ResourceRef::new("track", after.id, rev),
            track: Some(after.id),
            body: Event::VersionCurrentChanged {
                version: to.map(|current| current.version_id),
                before: track.row.current.map(|current| current.version_id),
            },
        });
        Stored { row: after, rev, stamp: track.stamp }
    }

    /// The newest version of a track that is ready, apart from one.
    pub(crate) async fn newest_ready(
        &self,
        track: TrackId,
        apart_from: VersionId,
    ) -> Result<Option<Stored<Version>>> {
        let ready = |version: &Version| version.id != apart_from && version.status == VersionStatus::Ready;
        Ok(self.newest_versions(track, None, 1, ready).await?.pop())
    }
}

/// A version as the current one since an instant: when a person chose it, or when it was made if it took over by itself.
pub(crate) fn current(version: &Version, since: Timestamp) -> CurrentVersion {
    CurrentVersion { version_id: version.id, number: version.number, since }
}

/// Refuses a version that cannot be played (yet).
pub(crate) fn playable(version: &Version) -> Result<()> {
    match &version.status {
        VersionStatus::Ready => Ok(()),
        VersionStatus::Processing => Err(Error::Processing { job: version.job_id }),
        VersionStatus::Failed { code, detail } => {
            Err(Error::Audio { code: code.clone(), detail: detail.clone() })
        }
    }
}
