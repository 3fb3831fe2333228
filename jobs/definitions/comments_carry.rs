//! `comments.carry`: lets the open comments of an older version stand on a new one that asked for them, shifted by how much
//! later the same music comes there.
//!
//! Writes a bounded part at a time instead of one batch; a part that is there already is left alone when it runs again.

use crate::{Job, JobContext, JobError, Parts, job::Queue};
use async_trait::async_trait;
use audio::{align::align, features::Features};
use model::{BlobHash, VersionId};
use serde::{Deserialize, Serialize};
use service::comment::{CarryInput, Shift};
use std::time::Duration;

/// Carries comments to a version.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommentsCarry {
    /// To which.
    pub version: VersionId,
}

#[async_trait]
impl Job for CommentsCarry {
    const NAME: &'static str = "comments.carry";
    const QUEUE: Queue = Queue::Audio;
    const TIMEOUT: Duration = Duration::from_secs(300);

    fn key(&self) -> String {
        self.version.to_string()
    }

    async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
        let Some(input) = cx.service().carry_input(self.version).await? else {
            return Err(JobError::InputGone);
        };
        cx.progress(0.0, "align");
        let shift = shift(cx.parts(), &input).await?;
        cx.progress(0.5, "carry");
        Ok(cx.service().carry_comments(&cx.system(), &input, shift).await?)
    }
}

/// How much later the music comes in the new recording; none if one of them was never listened to.
async fn shift(parts: &Parts, input: &CarryInput) -> Result<Option<Shift>, JobError> {
    let (Some(from), Some(to)) = (input.from.features, input.to.features) else { return Ok(None) };
    let (Some(from), Some(to)) = (features(parts, from).await?, features(parts, to).await?) else {
        return Ok(None);
    };
    let found = tokio::task::spawn_blocking(move || align(&from, &to)).await;
    let found = found.map_err(|error| JobError::Transient(error.to_string()))?;
    Ok(Some(Shift { offset_ms: found.offset_ms, confidence: found.confidence }))
}

async fn features(parts: &Parts, hash: BlobHash) -> Result<Option<Features>, JobError> {
    let bytes = tokio::fs::read(parts.blobs.local_path(&hash)).await.map_err(store::StoreError::Io)?;
    Ok(Features::from_bytes(&bytes))
}
