//! Versions into the trash and out of it.
//!
//! When the current version goes, the newest other one that is ready plays; when there is none, the track is silent.
//! A version that comes back plays again only if the track is silent. Numbers and used bytes stay taken.

use crate::{
    Authorized, Ctx, Error, Result, Service,
    authorize::must,
    commit::{check_revision, decide_again},
    version::VersionView,
    version_current::current,
};
use model::{
    VersionId,
    access::Action,
    event::Event,
    track::Track,
    version::{Version, VersionStatus},
};
use store::{
    Batch, Stored, TableId,
    tables::{
        counters::{Locks, ProjectVersionCount, VersionCount},
        track::Tracks,
        version::Versions,
    },
};

impl Service {
    /// Moves a version to the trash.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `ProjectArchived`, `RevisionConflict`; `Conflict` if a locked checkpoint holds it.
    pub async fn delete_version(&self, cx: &Ctx, id: VersionId, expect: Option<u64>) -> Result<()> {
        decide_again!(expect, self.try_delete_version(cx, id, expect).await)
    }

    async fn try_delete_version(&self, cx: &Ctx, id: VersionId, expect: Option<u64>) -> Result<()> {
        let (auth, track) = self.authorize_version(cx, id, Action::EditVersions).await?;
        check_revision(expect, auth.resource())?;
        let mut batch = Batch::new();
        batch.priority();
        batch.assert_counter::<Locks>(&id, 0..=0);
        count(&mut batch, &auth, -1);
        let mut after = auth.resource().row.clone();
        after.deleted = Some((cx.now, cx.user_id()?));
        after.updated_at = cx.now;
        if track.row.current.is_some_and(|playing| playing.version_id == id) {
            let next = self.newest_ready(track.row.id, id).await?;
            if let Some(next) = &next {
                batch.assert_unchanged::<Versions>(&next.row.id, next);
            }
            let to = next.map(|next| current(&next.row, next.row.created_at));
            self.point_track(cx, &mut batch, &track, to);
        } else {
            batch.assert_unchanged::<Tracks>(&track.row.id, &track);
        }
        match self.rewrite_version(cx, &auth, batch, after, Event::VersionDeleted).await {
            Err(error) if error.conflicts_on(TableId::Locks) => {
                Err(Error::Conflict("a locked checkpoint holds this version"))
            }
            outcome => outcome.map(drop),
        }
    }

    /// Takes a version out of the trash.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `ProjectArchived`; `Conflict` if it is not in the trash, or its track is.
    pub async fn restore_version(&self, cx: &Ctx, id: VersionId, expect: Option<u64>) -> Result<VersionView> {
        decide_again!(expect, self.try_restore_version(cx, id, expect).await)
    }

    async fn try_restore_version(&self, cx: &Ctx, id: VersionId, expect: Option<u64>) -> Result<VersionView> {
        let auth = self.authorize_trashed::<Version>(cx, id, Action::EditVersions).await?;
        check_revision(expect, auth.resource())?;
        let track = must::<Tracks>(self.store(), &auth.resource().row.track_id, "track").await?;
        if track.row.deleted.is_some() {
            return Err(Error::Conflict("its track is in the trash; restore the track first"));
        }
        let mut batch = Batch::new();
        count(&mut batch, &auth, 1);
        let mut after = auth.resource().row.clone();
        after.deleted = None;
        after.updated_at = cx.now;
        let track = self.fill_silence(cx, &mut batch, track, &after);
        let stored = self.rewrite_version(cx, &auth, batch, after, Event::VersionRestored).await?;
        self.version_view(&auth, stored, &track.row).await
    }

    fn fill_silence(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        track: Stored<Track>,
        version: &Version,
    ) -> Stored<Track> {
        if track.row.current.is_none() && version.status == VersionStatus::Ready {
            return self.point_track(cx, batch, &track, Some(current(version, version.created_at)));
        }
        batch.assert_unchanged::<Tracks>(&track.row.id, &track);
        track
    }
}

fn count(batch: &mut Batch, auth: &Authorized<Version>, delta: i64) {
    let version = &auth.resource().row;
    batch.add::<VersionCount>(&version.track_id, delta, 0..);
    batch.add::<ProjectVersionCount>(&version.project_id, delta, 0..);
}
