//! A track into the trash and out of it. Its versions go and come with it.

use super::TrackView;
use crate::{
    Ctx, Error, Result, Service,
    authorize::must,
    commit::{check_revision, decide_again},
};
use model::{ProjectId, TrackId, access::Action, event::Event, limits, rank::Rank, track::Track};
use store::{
    Batch, TableId,
    tables::{
        counters::{ProjectVersionCount, TrackCount, TrackLocks, VersionCount},
        track::TrackPlaces,
    },
};

use super::order::{Line, Place, reposition};

impl Service {
    /// Moves a track to the trash.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict`; `Conflict` if a locked checkpoint holds it.
    pub async fn delete_track(&self, cx: &Ctx, id: TrackId, expect: Option<u64>) -> Result<()> {
        decide_again!(expect, self.try_delete_track(cx, id, expect).await)
    }

    async fn try_delete_track(&self, cx: &Ctx, id: TrackId, expect: Option<u64>) -> Result<()> {
        let auth = self.authorize::<Track>(cx, id, Action::EditTracks).await?;
        check_revision(expect, auth.resource())?;
        let project = auth.project_id();
        let mut batch = Batch::new();
        batch.priority();
        batch.assert_counter::<TrackLocks>(&id, 0..=0);
        self.line_up(project).await?.replace_guard(&mut batch, project);
        self.count_track(&mut batch, project, id, -1).await?;
        let track = Track { deleted: Some((cx.now, cx.user_id()?)), ..auth.resource().row.clone() };
        match self.save_track(cx, &auth, track, Event::TrackDeleted, batch).await {
            Err(error) if error.conflicts_on(TableId::TrackLocks) => {
                Err(Error::Conflict("a locked checkpoint holds this track"))
            }
            outcome => outcome.map(drop),
        }
    }

    /// Takes a track out of the trash, to where it stood.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Conflict` if it is not in the trash.
    pub async fn restore_track(&self, cx: &Ctx, id: TrackId) -> Result<TrackView> {
        decide_again!(None, self.try_restore_track(cx, id).await)
    }

    async fn try_restore_track(&self, cx: &Ctx, id: TrackId) -> Result<TrackView> {
        let auth = self.authorize_trashed::<Track>(cx, id, Action::EditTracks).await?;
        let project = auth.project_id();
        let line = self.line_up(project).await?;
        let place = must::<TrackPlaces>(self.store(), &id, "track").await?;
        let slot = line.slot(Some(id), line.old_place(&place.row.position))?;
        let mut batch = Batch::new();
        line.replace_guard(&mut batch, project);
        slot.spread(&mut batch);
        reposition(&mut batch, id, &place, slot.rank);
        self.count_track(&mut batch, project, id, 1).await?;
        let track = Track { deleted: None, ..auth.resource().row.clone() };
        let track = self.save_track(cx, &auth, track, Event::TrackRestored, batch).await?;
        self.track_view(&auth, track).await
    }

    /// Counts a track and its versions in or out. The number of its versions must stay what was read.
    pub(crate) async fn count_track(
        &self,
        batch: &mut Batch,
        project: ProjectId,
        id: TrackId,
        sign: i64,
    ) -> Result<()> {
        let versions = self.store().count::<VersionCount>(&id).await?;
        batch
            .add::<TrackCount>(&project, sign, 0..=limits::TRACKS_PER_PROJECT_MAX)
            .assert_counter::<VersionCount>(&id, versions..=versions)
            .add::<ProjectVersionCount>(&project, sign * versions, 0..);
        self.count_threads_of(batch, project.uuid(), id.uuid(), sign).await
    }
}

impl Line {
    /// Before the first track that stands after the one that comes back.
    fn old_place(&self, rank: &Rank) -> Place {
        let next = self.tracks.iter().find(|other| other.place.row.position > *rank);
        next.map_or(Place::Last, |next| Place::Before(next.track.row.id))
    }
}
