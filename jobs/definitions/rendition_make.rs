//! `rendition.make`: writes a recording in another form, in a child process, once for everybody who asks.

use crate::{
    Job, JobContext, JobError, Parts,
    job::Queue,
    kept::{io, keep},
};
use async_trait::async_trait;
use audio::child::{self, Resources, Task, Work};
use model::{
    BlobHash, ProjectId,
    job::{Job as Row, JobFailure, JobResult},
    limits,
    rendition::{Made, Recipe},
};
use serde::{Deserialize, Serialize};
use service::{rendition::RenditionKey, rendition_make::RenditionInput, version_process::Derived};
use std::time::Duration;
use store::{
    Batch,
    tables::blob::{BlobRow, BlobState},
};

/// How much of the work is done when the file is written.
const WRITTEN: f32 = 0.95;

/// Makes a rendition.
#[derive(Debug, Serialize, Deserialize)]
pub struct RenditionMake {
    /// For which project.
    pub project: ProjectId,
    /// Of which recording.
    pub original: BlobHash,
    /// What it becomes.
    pub recipe: Recipe,
}

#[async_trait]
impl Job for RenditionMake {
    const NAME: &'static str = "rendition.make";
    const QUEUE: Queue = Queue::Audio;
    const TIMEOUT: Duration = Duration::from_millis(limits::RENDER_TIMEOUT_MS);

    fn key(&self) -> String {
        format!("{}/{}/{}", self.project, self.original, self.recipe)
    }

    async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
        match cx.service().rendition_input(&self.rendition(), cx.job().id).await? {
            RenditionInput::Make { bytes_max } => self.make(cx, bytes_max).await,
            RenditionInput::Copy(made) => self.settle(cx, &copied(made)).await,
            RenditionInput::Settled => Ok(()),
            RenditionInput::Gone => Err(JobError::InputGone),
        }
    }

    async fn given_up(
        &self,
        parts: &Parts,
        job: &Row,
        failure: &JobFailure,
    ) -> Result<Option<Batch>, service::Error> {
        let cx = service::Ctx::system(parts.clock.now());
        parts.service.rendition_failed(&cx, &self.rendition(), job.id, failure).await
    }
}

impl RenditionMake {
    fn rendition(&self) -> RenditionKey {
        (self.project, self.original, self.recipe.to_string())
    }

    async fn make(&self, cx: &JobContext, bytes_max: u64) -> Result<(), JobError> {
        let parts = cx.parts();
        let _room = parts.store.reserve(bytes_max)?;
        let dir = tempfile::tempdir_in(&parts.work_dir).map_err(io)?;
        let output = dir.path().join("rendition");
        let task = Task {
            work: Work::Render {
                input: parts.blobs.local_path(&self.original),
                output: output.clone(),
                recipe: engine_recipe(self.recipe)?,
            },
            limits: audio::Limits::default(),
            resources: Resources::to_write(bytes_max, 1),
        };
        let progress = |fraction: f32| cx.progress(fraction * WRITTEN, "encode");
        let done = parts.decoder.render(&task, progress).await;
        done.map_err(|error| error.into_job_error(cx.job().attempts, "the file"))?;
        cx.progress(WRITTEN, "store");
        let (made, _hold) = keep(parts, &output, self.recipe.format().content_type()).await?;
        self.settle(cx, &made).await
    }

    async fn settle(&self, cx: &JobContext, made: &Derived) -> Result<(), JobError> {
        let (key, job) = (&self.rendition(), cx.job().id);
        cx.settle(Some(JobResult::file(job)), || async move {
            cx.service().rendition_made(&cx.system(), key, job, made).await
        })
        .await
    }
}

/// The file of the same rendition in another project. It is referred to there, so it is collected a day from now at the earliest.
fn copied(made: Made) -> Derived {
    let Made { blob, sha256, size_bytes, content_type } = made;
    let row = BlobRow { size: size_bytes, sha256, content_type, state: BlobState::Live };
    Derived { hash: blob, row }
}

/// The recipe in the engine's words.
pub(crate) fn engine_recipe(recipe: Recipe) -> Result<child::Recipe, JobError> {
    let target = recipe.target().parse();
    let target =
        target.map_err(|_| JobError::permanent("unknown_format", "this format is not written here"))?;
    Ok(child::Recipe { target, sample_rate: recipe.sample_rate() })
}

#[cfg(test)]
mod tests;
