//! Checkpoints: made, read, locked, compared, brought back.

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        cursor::{Page, Paging},
        reply::{Created, NoContent, Reply, Tagged},
    },
    problem::{Answer, Failure},
    security::{Auth, GuestAuth},
    v1::{
        Tag,
        dto::checkpoint::{
            Checkpoint, CheckpointDiff, CreateCheckpoint, RestoreCheckpoint, RestoredCheckpoint,
            UpdateCheckpoint,
        },
    },
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{
    Service,
    checkpoint::{CheckpointView, With},
};
use uuid::Uuid;

/// Checkpoints over a service.
pub struct CheckpointsApi {
    service: Service,
}

impl CheckpointsApi {
    /// Checkpoints over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

/// The answer that shows a checkpoint.
fn shown(view: CheckpointView) -> Tagged<Checkpoint> {
    Tagged::counted(view.checkpoint.rev, view.into())
}

/// With what to compare, as the address says.
fn with(text: Option<&str>) -> Answer<With> {
    match text {
        None | Some("current") => Ok(With::Current),
        Some(id) => id.parse().map(With::Checkpoint).map_err(|_| {
            Failure::fault("?with", "invalid", "must be `current` or the id of a checkpoint of this project")
        }),
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Checkpoints")]
impl CheckpointsApi {
    /// List the checkpoints of a project
    ///
    /// Members, and guests of a share link. Newest first, without what they hold.
    #[oai(path = "/projects/:project_id/checkpoints", method = "get", operation_id = "listCheckpoints")]
    async fn list_checkpoints(
        &self,
        cx: GuestAuth,
        project_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<Checkpoint>> {
        let found = self.service.list_checkpoints(&cx, project_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Make a checkpoint
    ///
    /// Editors and owners. It holds what every track plays now and the mix, or chosen versions of some tracks.
    #[oai(path = "/projects/:project_id/checkpoints", method = "post", operation_id = "createCheckpoint")]
    async fn create_checkpoint(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: Body<CreateCheckpoint>,
    ) -> Answer<Created<Checkpoint>> {
        let done = self.service.create_checkpoint(&cx, project_id.0.into(), &body.0).await?;
        Ok(Created::done(done, |view| {
            (format!("/api/v1/checkpoints/{}", view.checkpoint.row.id), shown(view))
        }))
    }

    /// Show a checkpoint with what it holds
    ///
    /// Members, and guests of a share link.
    #[oai(path = "/checkpoints/:checkpoint_id", method = "get", operation_id = "getCheckpoint")]
    async fn get_checkpoint(&self, cx: GuestAuth, checkpoint_id: Path<Uuid>) -> Answer<Tagged<Checkpoint>> {
        Ok(shown(self.service.get_checkpoint(&cx, checkpoint_id.0.into()).await?))
    }

    /// Change, lock or unlock a checkpoint
    ///
    /// Editors and owners; unlocking: owners. What a locked checkpoint holds cannot be deleted, and it holds nothing else until it
    /// is unlocked.
    #[oai(path = "/checkpoints/:checkpoint_id", method = "patch", operation_id = "updateCheckpoint")]
    async fn update_checkpoint(
        &self,
        cx: Auth,
        checkpoint_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateCheckpoint>,
    ) -> Answer<Tagged<Checkpoint>> {
        Ok(shown(self.service.update_checkpoint(&cx, checkpoint_id.0.into(), if_match.0, &body.0).await?))
    }

    /// Move a checkpoint to the trash
    ///
    /// Editors and owners; a locked one: owners. Its comments go with it.
    #[oai(path = "/checkpoints/:checkpoint_id", method = "delete", operation_id = "deleteCheckpoint")]
    async fn delete_checkpoint(
        &self,
        cx: Auth,
        checkpoint_id: Path<Uuid>,
        if_match: IfMatch,
    ) -> Answer<NoContent> {
        self.service.delete_checkpoint(&cx, checkpoint_id.0.into(), if_match.0).await?;
        Ok(NoContent)
    }

    /// Take a checkpoint out of the trash
    ///
    /// Editors and owners. It comes back unlocked.
    #[oai(
        path = "/checkpoints/:checkpoint_id/undelete",
        method = "post",
        operation_id = "undeleteCheckpoint"
    )]
    async fn undelete_checkpoint(&self, cx: Auth, checkpoint_id: Path<Uuid>) -> Answer<Tagged<Checkpoint>> {
        Ok(shown(self.service.undelete_checkpoint(&cx, checkpoint_id.0.into()).await?))
    }

    /// Bring a checkpoint back
    ///
    /// Editors and owners. All in one step; the state before is kept as a checkpoint of its own. Tracks and versions in the trash come
    /// out of it; tracks that were not there then are muted and stand last.
    #[oai(path = "/checkpoints/:checkpoint_id/restore", method = "post", operation_id = "restoreCheckpoint")]
    async fn restore_checkpoint(
        &self,
        cx: Auth,
        checkpoint_id: Path<Uuid>,
        body: Body<RestoreCheckpoint>,
    ) -> Answer<Reply<RestoredCheckpoint>> {
        Ok(Reply(self.service.restore_checkpoint(&cx, checkpoint_id.0.into(), &body.0).await?.into()))
    }

    /// Compare a checkpoint with the song as it stands, or with another one
    ///
    /// Members, and guests of a share link. Everything is said from the checkpoint on: `added` is what came later.
    #[oai(path = "/checkpoints/:checkpoint_id/diff", method = "get", operation_id = "diffCheckpoint")]
    async fn diff_checkpoint(
        &self,
        cx: GuestAuth,
        checkpoint_id: Path<Uuid>,
        /// `current` (the default), or the id of another checkpoint of the project.
        #[oai(name = "with")]
        other: Query<Option<String>>,
    ) -> Answer<Reply<CheckpointDiff>> {
        let with = with(other.0.as_deref())?;
        Ok(Reply(self.service.diff_checkpoint(&cx, checkpoint_id.0.into(), with).await?.into()))
    }
}
