//! `version.process`: reads a recording once, in a child process, and makes its version ready.
//!
//! Stages: probe, analyse, encode. Everything it finds out is written in the one batch that ends it; a file that breaks the
//! decoder costs its own version and nothing else.

mod findings;

use super::rendition_make::engine_recipe;
use crate::{
    Job, JobContext, JobError, Parts,
    job::Queue,
    kept::{io, keep},
};
use async_trait::async_trait;
use audio::{
    Facts,
    child::{Preview, Resources, Task, Work},
};
use model::{
    BlobHash, VersionId,
    job::{Job as Row, JobFailure},
    limits,
    rendition::Recipe,
};
use serde::{Deserialize, Serialize};
use service::version_process::{Findings, VersionInput};
use std::{path::Path, time::Duration};
use store::{Batch, blobs::Hold};

/// How much of the work is done when the decoder is through.
const DECODED: f32 = 0.95;
/// The media type of a stored pyramid.
const PYRAMID_TYPE: &str = "application/vnd.backline.pyramid";
/// The media type of stored features.
const FEATURES_TYPE: &str = "application/vnd.backline.features";
/// What the child calls its files.
const PYRAMID: &str = "pyramid";
/// See [`PYRAMID`].
const FEATURES: &str = "features";
/// See [`PYRAMID`].
const PREVIEW: &str = "preview";
/// What we call ours.
const MEASURED: &str = "measured";

/// What a child found out, apart from its files.
struct Heard {
    facts: Facts,
    has_preview: bool,
}

/// Makes a version ready.
#[derive(Debug, Serialize, Deserialize)]
pub struct VersionProcess {
    /// Which.
    pub version: VersionId,
}

#[async_trait]
impl Job for VersionProcess {
    const NAME: &'static str = "version.process";
    const QUEUE: Queue = Queue::Audio;
    const TIMEOUT: Duration = Duration::from_millis(limits::PROCESS_TIMEOUT_MS);

    fn key(&self) -> String {
        self.version.to_string()
    }

    async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
        let version = match cx.service().version_input(self.version).await? {
            VersionInput::Process(version) => version,
            VersionInput::Settled => return Ok(()),
            VersionInput::Gone => return Err(JobError::InputGone),
        };
        cx.progress(0.0, "probe");
        let parts = cx.parts();
        let dir = tempfile::tempdir_in(&parts.work_dir).map_err(io)?;
        let heard = decode(cx, &version.original, dir.path()).await?;
        cx.progress(DECODED, "encode");
        // Held until the batch that refers to the new blobs is committed.
        let (findings, _holds) = store(parts, dir.path(), &heard).await?;
        let (version, job, findings) = (self.version, cx.job().id, &findings);
        // Decided again when the track or the version changed meanwhile.
        cx.settle(None, || async move {
            cx.service().version_analysed(&cx.system(), version, job, findings).await
        })
        .await
    }

    async fn given_up(
        &self,
        parts: &Parts,
        job: &Row,
        failure: &JobFailure,
    ) -> Result<Option<Batch>, service::Error> {
        let cx = service::Ctx::system(parts.clock.now());
        match parts.service.version_failed(&cx, self.version, job.id, failure).await {
            Err(service::Error::NotFound(_)) => Ok(None),
            outcome => outcome,
        }
    }
}

/// Everything that was found out, stored.
async fn store(parts: &Parts, dir: &Path, heard: &Heard) -> Result<(Findings, Vec<Hold>), JobError> {
    let measured = serde_json::to_vec(&findings::measured(&heard.facts));
    let measured = measured.map_err(|error| JobError::Transient(error.to_string()))?;
    tokio::fs::write(dir.join(MEASURED), measured).await.map_err(io)?;
    let (peaks, peaks_hold) = keep(parts, &dir.join(PYRAMID), PYRAMID_TYPE).await?;
    let (features, features_hold) = keep(parts, &dir.join(FEATURES), FEATURES_TYPE).await?;
    let (measured, measured_hold) = keep(parts, &dir.join(MEASURED), "application/json").await?;
    let mut holds = vec![peaks_hold, features_hold, measured_hold];
    let mut preview = None;
    if heard.has_preview {
        let content_type = Recipe::HIGH.format().content_type();
        let (derived, hold) = keep(parts, &dir.join(PREVIEW), content_type).await?;
        preview = Some(derived);
        holds.push(hold);
    }
    let analysis = findings::analysis(&heard.facts);
    Ok((Findings { analysis, peaks, features, measured, preview }, holds))
}

async fn decode(cx: &JobContext, original: &BlobHash, dir: &Path) -> Result<Heard, JobError> {
    let preview = Preview {
        output: dir.join(PREVIEW),
        recipe: engine_recipe(Recipe::HIGH)?,
        long_ms: limits::PREVIEW_FROM_MS.unsigned_abs(),
    };
    let task = Task {
        work: Work::Analyse {
            input: cx.parts().blobs.local_path(original),
            pyramid: dir.join(PYRAMID),
            features: dir.join(FEATURES),
            preview: Some(preview),
        },
        limits: audio::Limits::default(),
        resources: Resources::ANALYSE,
    };
    let progress = |fraction: f32| cx.progress(fraction * DECODED, "analyse");
    let heard = cx.parts().decoder.analyse(&task, progress).await;
    let (facts, preview) = heard.map_err(|error| error.into_job_error(cx.job().attempts, "the file"))?;
    Ok(Heard { facts, has_preview: preview.is_some() })
}

#[cfg(test)]
pub(crate) mod tests;
