//! What was deleted in a project: first its tracks, oldest first, then versions, track by track, newest first, then checkpoints,
//! oldest first.

use crate::{
    Ctx, Result, Service,
    page::{PageRequest, Paged},
};
use model::{
    CheckpointId, ProjectId, Timestamp, TrackId, UserId, access::Action, checkpoint::Checkpoint, limits,
    project::Project, track::Track, version::Version,
};
use store::{
    Desc, Scan,
    tables::{checkpoint::CheckpointsByProject, track::TracksByProject, version::VersionsByTrack},
};

/// Something in the trash.
#[derive(Clone, Debug, PartialEq)]
pub struct TrashItem {
    /// What.
    pub thing: TrashedThing,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// By whom.
    pub deleted_by: UserId,
}

/// What lies in the trash.
#[derive(Clone, Debug, PartialEq)]
pub enum TrashedThing {
    /// A track, with all its versions.
    Track(Box<Track>),
    /// A version that was deleted by itself.
    Version(Box<Version>),
    /// A checkpoint.
    Checkpoint(Box<Checkpoint>),
}

/// Where an item stands: the track itself, its track and number, or the checkpoint itself.
type Place = (Option<TrackId>, Option<(TrackId, i64)>, Option<CheckpointId>);

impl TrashItem {
    fn track(track: Track) -> Option<Self> {
        let (deleted_at, deleted_by) = track.deleted?;
        Some(Self { thing: TrashedThing::Track(Box::new(track)), deleted_at, deleted_by })
    }
    fn version(version: Version) -> Option<Self> {
        let (deleted_at, deleted_by) = version.deleted?;
        Some(Self { thing: TrashedThing::Version(Box::new(version)), deleted_at, deleted_by })
    }
    fn checkpoint(checkpoint: Checkpoint) -> Option<Self> {
        let (deleted_at, deleted_by) = checkpoint.deleted?;
        Some(Self { thing: TrashedThing::Checkpoint(Box::new(checkpoint)), deleted_at, deleted_by })
    }
    fn place(&self) -> Place {
        match &self.thing {
            TrashedThing::Track(track) => (Some(track.id), None, None),
            TrashedThing::Version(version) => (None, Some((version.track_id, version.number)), None),
            TrashedThing::Checkpoint(checkpoint) => (None, None, Some(checkpoint.id)),
        }
    }
}

impl Service {
    /// What lies in the trash of a project.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` for a foreign cursor.
    pub async fn list_project_trash(
        &self,
        cx: &Ctx,
        id: ProjectId,
        page: &PageRequest,
    ) -> Result<Paged<TrashItem>> {
        self.authorize::<Project>(cx, id, Action::ViewTrash).await?;
        let (after_track, after_version, after_checkpoint) = page.place::<Place>()?.unwrap_or_default();
        let mut items = Vec::new();
        if after_version.is_none() && after_checkpoint.is_none() {
            items = self.trashed_tracks(id, after_track).await?;
        }
        // One more than the page holds tells whether there is another page.
        if items.len() <= page.limit && after_checkpoint.is_none() {
            items.extend(self.trashed_versions(id, after_version, page.limit + 1 - items.len()).await?);
        }
        if items.len() <= page.limit {
            let left = page.limit + 1 - items.len();
            items.extend(self.trashed_checkpoints(id, after_checkpoint, left).await?);
        }
        Ok(Paged::cut(items, page.limit, TrashItem::place))
    }

    async fn trashed_tracks(&self, project: ProjectId, after: Option<TrackId>) -> Result<Vec<TrashItem>> {
        let mut tracks = self.all_tracks(project).await?;
        tracks.retain(|track| Some(track.id) > after);
        tracks.sort_by_key(|track| track.id);
        Ok(tracks.into_iter().filter_map(TrashItem::track).collect())
    }

    /// At most `limit` deleted versions after a place, through every track of the project.
    async fn trashed_versions(
        &self,
        project: ProjectId,
        after: Option<(TrackId, i64)>,
        limit: usize,
    ) -> Result<Vec<TrashItem>> {
        let mut tracks: Vec<TrackId> =
            self.all_tracks(project).await?.into_iter().map(|track| track.id).collect();
        tracks.sort_unstable();
        let mut items = Vec::new();
        for track in tracks {
            let left = limit - items.len();
            let mut scan = Scan::prefix(&(track, true)).limit(left);
            match after {
                Some((last, _)) if track < last => continue,
                Some((last, number)) if track == last => scan = scan.after(&(track, true, Desc(number))),
                Some(_) | None => {}
            }
            if left == 0 {
                break;
            }
            let found = self.store().scan_index::<VersionsByTrack>(scan).await?;
            items.extend(found.items.into_iter().filter_map(|hit| TrashItem::version(hit.stored.row)));
        }
        Ok(items)
    }

    async fn trashed_checkpoints(
        &self,
        project: ProjectId,
        after: Option<CheckpointId>,
        limit: usize,
    ) -> Result<Vec<TrashItem>> {
        let mut scan = Scan::prefix(&(project, true)).limit(limit);
        if let Some(last) = after {
            scan = scan.after(&((project, true), last));
        }
        let found = self.store().scan_index::<CheckpointsByProject>(scan).await?;
        Ok(found.items.into_iter().filter_map(|hit| TrashItem::checkpoint(hit.stored.row)).collect())
    }

    /// Every track of a project, the trash included.
    async fn all_tracks(&self, project: ProjectId) -> Result<Vec<Track>> {
        const MAX: usize = limits::TRACKS_PER_PROJECT_MAX as usize;
        let found = self.store().scan_index::<TracksByProject>(Scan::prefix(&project).limit(MAX)).await?;
        Ok(found.items.into_iter().map(|hit| hit.stored.row).collect())
    }
}
