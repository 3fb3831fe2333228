//! `version.process`: reads a recording once, in a child process, and makes its version ready.
//!
//! Stages: probe, analyse, encode. Everything it finds out is written in the one batch that ends it; a file that breaks the
//! decoder costs its own version and nothing else.

mod findings;

use crate::{CommitError, Job, JobContext, JobError, Parts, decoder::DecodeError, job::Queue};
use async_trait::async_trait;
use audio::{
    Facts,
    child::{Resources, Task, Work},
};
use model::{
    BlobHash, UploadId, VersionId,
    job::{Job as Row, JobFailure},
    limits,
};
use serde::{Deserialize, Serialize};
use service::version_process::{Derived, Findings, VersionInput};
use std::{path::Path, time::Duration};
use store::{
    Batch,
    blobs::Hold,
    tables::blob::{BlobRow, BlobState},
};
use tokio::io::AsyncReadExt;

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
        let facts = decode(cx, &version.original, dir.path()).await?;
        cx.progress(DECODED, "encode");
        // Held until the batch that refers to the new blobs is committed.
        let (peaks, _peaks_hold) = keep(parts, &dir.path().join(PYRAMID), PYRAMID_TYPE).await?;
        let (features, _features_hold) = keep(parts, &dir.path().join(FEATURES), FEATURES_TYPE).await?;
        let findings = Findings { analysis: findings::analysis(&facts), peaks, features };
        self.settle(cx, &findings).await
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

impl VersionProcess {
    /// Writes the findings, deciding again when the track or the version changed meanwhile.
    async fn settle(&self, cx: &JobContext, findings: &Findings) -> Result<(), JobError> {
        for _ in 0..limits::CONFLICT_RETRIES_MAX {
            let batch =
                cx.service().version_analysed(&cx.system(), self.version, cx.job().id, findings).await?;
            match cx.commit(batch.unwrap_or_default()).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Again) => {}
                Err(CommitError::Failed(error)) => return Err(error),
            }
        }
        Err(JobError::Transient("the version kept changing".to_owned()))
    }
}

async fn decode(cx: &JobContext, original: &BlobHash, dir: &Path) -> Result<Facts, JobError> {
    let task = Task {
        work: Work::Analyse { pyramid: dir.join(PYRAMID), features: dir.join(FEATURES) },
        input: cx.parts().blobs.local_path(original),
        limits: audio::Limits::default(),
        resources: Resources::ANALYSE,
    };
    let progress = |fraction: f32| cx.progress(fraction * DECODED, "analyse");
    cx.parts().decoder.analyse(&task, progress).await.map_err(|error| match error {
        DecodeError::Refused { code, message } => JobError::permanent(&code, message),
        // Once may be the machine's fault; twice is the file's.
        DecodeError::Crashed(_) if cx.job().attempts > 1 => {
            JobError::permanent("corrupt_audio", "the file makes the decoder fail")
        }
        DecodeError::Stalled if cx.job().attempts > 1 => {
            JobError::permanent("corrupt_audio", "the decoder does not come to an end with this file")
        }
        DecodeError::Crashed(_) | DecodeError::Stalled | DecodeError::Engine(_) => {
            JobError::Transient(crate::job::chain(&error))
        }
    })
}

/// Stores a file that the child wrote as a blob.
async fn keep(parts: &Parts, path: &Path, content_type: &str) -> Result<(Derived, Hold), JobError> {
    let place = UploadId::new(parts.ids.uuid(parts.clock.now()));
    let mut part = parts.blobs.part(place, 0).await?;
    let mut file = tokio::fs::File::open(path).await.map_err(io)?;
    let mut buffer = vec![0; limits::BLOB_READ_BYTES];
    loop {
        let count = file.read(&mut buffer).await.map_err(io)?;
        if count == 0 {
            break;
        }
        part.append(&buffer[..count]).await?;
    }
    let sealed = parts.blobs.finish(place, part).await?;
    let row = BlobRow {
        size: sealed.size,
        sha256: sealed.sha256,
        content_type: content_type.to_owned(),
        state: BlobState::Live,
    };
    Ok((Derived { hash: sealed.hash, row }, sealed.hold))
}

fn io(error: std::io::Error) -> JobError {
    store::StoreError::Io(error).into()
}

#[cfg(test)]
mod tests;
