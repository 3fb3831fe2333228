//! Takes of a track: upload, read, describe, choose, delete, restore.

mod form;

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        cursor::{Page, Paging},
        reply::{Created, NoContent, Reply, Tagged},
    },
    problem::Answer,
    security::{Auth, GuestAuth},
    v1::{
        Tag,
        dto::{
            compare::Comparison,
            track::Track,
            version::{CreateVersion, SetCurrentVersion, UpdateVersion, Version, VersionStatus},
        },
    },
};
use form::VersionForm;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{Service, version::VersionView};
use uuid::Uuid;

/// The operations on versions.
pub struct VersionsApi {
    service: Service,
}

impl VersionsApi {
    /// Over a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Versions")]
impl VersionsApi {
    /// List the versions of a track
    ///
    /// Members, and guests of a share link. Newest first, without those in the trash.
    #[oai(path = "/tracks/:track_id/versions", method = "get", operation_id = "listVersions")]
    async fn list_versions(
        &self,
        cx: GuestAuth,
        track_id: Path<Uuid>,
        /// Only those that are so far; without it, all.
        status: Query<Option<VersionStatus>>,
        paging: Paging,
    ) -> Answer<Page<Version>> {
        let filter = status.0.map(Into::into);
        let page = self.service.list_versions(&cx, track_id.0.into(), filter, &paging.request()).await?;
        Ok(paging.page(page.items, page.next.as_deref()))
    }

    /// Make a version from an upload
    ///
    /// Editors, owners, and guests whose link has `can_upload`. It is processed in the background: watch the job `job_id`, or the event
    /// `version.ready`. A guest's version becomes the current one only when somebody of the project makes it so.
    #[oai(path = "/tracks/:track_id/versions", method = "post", operation_id = "createVersion")]
    async fn create_version(
        &self,
        cx: GuestAuth,
        track_id: Path<Uuid>,
        body: Body<CreateVersion>,
    ) -> Answer<Created<Version>> {
        let done = self.service.create_version(&cx, track_id.0.into(), body.0).await?;
        Ok(Created::done(done, described))
    }

    /// Upload a version in one form
    ///
    /// Editors, owners, and guests whose link has `can_upload`. The part `file` is the recording; the other parts are the fields of `createVersion`.
    #[oai(path = "/tracks/:track_id/versions/upload", method = "post", operation_id = "uploadVersion")]
    async fn upload_version(
        &self,
        cx: GuestAuth,
        track_id: Path<Uuid>,
        form: VersionForm,
    ) -> Answer<Created<Version>> {
        let track = track_id.0.into();
        let new = form.receive(&self.service, &cx, track).await?;
        let done = self.service.create_version_or_drop(&cx, track, new).await?;
        Ok(Created::done(done, described))
    }

    /// Read a version
    ///
    /// Members, and guests of a share link.
    #[oai(path = "/versions/:version_id", method = "get", operation_id = "getVersion")]
    async fn get_version(&self, cx: GuestAuth, version_id: Path<Uuid>) -> Answer<Tagged<Version>> {
        Ok(tagged(self.service.get_version(&cx, version_id.0.into()).await?))
    }

    /// Change what is said about a version
    ///
    /// Editors and owners.
    #[oai(path = "/versions/:version_id", method = "patch", operation_id = "updateVersion")]
    async fn update_version(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateVersion>,
    ) -> Answer<Tagged<Version>> {
        Ok(tagged(self.service.update_version(&cx, version_id.0.into(), if_match.0, body.0).await?))
    }

    /// Move a version to the trash
    ///
    /// Editors and owners. If it was the current one, the newest other one that is ready becomes current.
    #[oai(path = "/versions/:version_id", method = "delete", operation_id = "deleteVersion")]
    async fn delete_version(&self, cx: Auth, version_id: Path<Uuid>, if_match: IfMatch) -> Answer<NoContent> {
        self.service.delete_version(&cx, version_id.0.into(), if_match.0).await?;
        Ok(NoContent)
    }

    /// Take a version out of the trash
    ///
    /// Editors and owners. It becomes current only if the track has no current version.
    #[oai(path = "/versions/:version_id/restore", method = "post", operation_id = "restoreVersion")]
    async fn restore_version(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        if_match: IfMatch,
    ) -> Answer<Tagged<Version>> {
        Ok(tagged(self.service.restore_version(&cx, version_id.0.into(), if_match.0).await?))
    }

    /// Compare two versions of a track
    ///
    /// Members, and guests of a share link. Length, loudness with the gains to hear both equally loud, how much later the same music comes, and the comments in
    /// between. The first comparison of two recordings listens to both and may take seconds.
    #[oai(path = "/tracks/:track_id/compare", method = "get", operation_id = "compareVersions")]
    async fn compare_versions(
        &self,
        cx: GuestAuth,
        track_id: Path<Uuid>,
        /// One version.
        a: Query<Uuid>,
        /// The other one.
        b: Query<Uuid>,
    ) -> Answer<Reply<Comparison>> {
        let found = self.service.compare_versions(&cx, track_id.0.into(), a.0.into(), b.0.into()).await?;
        Ok(Reply(found.into()))
    }

    /// Choose the version that a track plays
    ///
    /// Editors and owners. Rolling back is choosing an older one. `If-Match` names the revision of the track.
    #[oai(path = "/tracks/:track_id/current-version", method = "put", operation_id = "setCurrentVersion")]
    async fn set_current_version(
        &self,
        cx: Auth,
        track_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<SetCurrentVersion>,
    ) -> Answer<Tagged<Track>> {
        let track = self.service.set_current_version(&cx, track_id.0.into(), if_match.0, body.0).await?;
        Ok(Tagged::counted(track.track.rev, track.into()))
    }
}

fn tagged(view: VersionView) -> Tagged<Version> {
    Tagged::counted(view.version.rev, view.into()).of_rows()
}

fn described(view: VersionView) -> (String, Tagged<Version>) {
    (format!("/api/v1/versions/{}", view.version.row.id), tagged(view))
}
