//! Tracks and their order.

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        reply::{Created, NoContent, Tagged},
    },
    problem::Answer,
    security::{Auth, GuestAuth},
    v1::{
        Tag,
        dto::track::{
            CreateTrack, MoveTrack, ReorderTracks, Track, TrackInclude, TrackOrder, TrackPage, UpdateTrack,
        },
    },
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{
    Service,
    track::{Include, TrackView},
};
use uuid::Uuid;

/// Tracks over a service.
pub struct TracksApi {
    service: Service,
}

impl TracksApi {
    /// Tracks over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

/// The answer that shows a track.
fn shown(view: TrackView) -> Tagged<Track> {
    Tagged::counted(view.track.rev, view.into()).of_rows()
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Tracks")]
impl TracksApi {
    /// List the tracks of a project
    ///
    /// Members, and guests of a share link. In their order, always all of them. `reorderTracks` takes the ETag of this list in `If-Match`.
    #[oai(path = "/projects/:project_id/tracks", method = "get", operation_id = "listTracks")]
    async fn list_tracks(
        &self,
        cx: GuestAuth,
        project_id: Path<Uuid>,
        /// What to show beside each track.
        include: Query<Option<TrackInclude>>,
    ) -> Answer<Tagged<TrackPage>> {
        let include =
            include.0.map_or(Include::Track, |TrackInclude::CurrentVersion| Include::CurrentVersion);
        let list = self.service.list_tracks(&cx, project_id.0.into(), include).await?;
        Ok(Tagged::counted(list.order_revision, list.into()))
    }

    /// Make a track
    ///
    /// Editors and owners. It goes to the end, or beside the neighbour that is named.
    #[oai(path = "/projects/:project_id/tracks", method = "post", operation_id = "createTrack")]
    async fn create_track(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: Body<CreateTrack>,
    ) -> Answer<Created<Track>> {
        let done = self.service.create_track(&cx, project_id.0.into(), &body.0).await?;
        Ok(Created::done(done, |view| (format!("/api/v1/tracks/{}", view.track.row.id), shown(view))))
    }

    /// Put all tracks into a new order
    ///
    /// Editors and owners. 409 `order_conflict` if these are not exactly the tracks there are.
    #[oai(path = "/projects/:project_id/tracks/order", method = "put", operation_id = "reorderTracks")]
    async fn reorder_tracks(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<ReorderTracks>,
    ) -> Answer<Tagged<TrackOrder>> {
        let order = self.service.reorder_tracks(&cx, project_id.0.into(), if_match.0, &body.0).await?;
        Ok(Tagged::exact(order.revision, order.into()))
    }

    /// Show a track
    ///
    /// Members, and guests of a share link.
    #[oai(path = "/tracks/:track_id", method = "get", operation_id = "getTrack")]
    async fn get_track(&self, cx: GuestAuth, track_id: Path<Uuid>) -> Answer<Tagged<Track>> {
        Ok(shown(self.service.get_track(&cx, track_id.0.into()).await?))
    }

    /// Change a track and its fader
    ///
    /// Editors and owners. Volume, pan, mute and solo are not part of the revision: mixing does not collide with renaming.
    #[oai(path = "/tracks/:track_id", method = "patch", operation_id = "updateTrack")]
    async fn update_track(
        &self,
        cx: Auth,
        track_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateTrack>,
    ) -> Answer<Tagged<Track>> {
        Ok(shown(self.service.update_track(&cx, track_id.0.into(), if_match.0, &body.0).await?))
    }

    /// Move a track to the trash
    ///
    /// Editors and owners. Its versions go with it.
    #[oai(path = "/tracks/:track_id", method = "delete", operation_id = "deleteTrack")]
    async fn delete_track(&self, cx: Auth, track_id: Path<Uuid>, if_match: IfMatch) -> Answer<NoContent> {
        self.service.delete_track(&cx, track_id.0.into(), if_match.0).await?;
        Ok(NoContent)
    }

    /// Take a track out of the trash
    ///
    /// Editors and owners. It comes back to where it stood.
    #[oai(path = "/tracks/:track_id/restore", method = "post", operation_id = "restoreTrack")]
    async fn restore_track(&self, cx: Auth, track_id: Path<Uuid>) -> Answer<Tagged<Track>> {
        Ok(shown(self.service.restore_track(&cx, track_id.0.into()).await?))
    }

    /// Move a track beside another one
    ///
    /// Editors and owners. People who move tracks at the same time do not collide.
    #[oai(path = "/tracks/:track_id/move", method = "post", operation_id = "moveTrack")]
    async fn move_track(
        &self,
        cx: Auth,
        track_id: Path<Uuid>,
        body: Body<MoveTrack>,
    ) -> Answer<Tagged<Track>> {
        Ok(shown(self.service.move_track(&cx, track_id.0.into(), body.0).await?))
    }
}
