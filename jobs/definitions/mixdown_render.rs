//! `mixdown.render`: mixes the versions of a song into one file, in a child process, for whoever asked.

use super::rendition_make::engine_recipe;
use crate::{
    Job, JobContext, JobError, Parts,
    job::Queue,
    kept::{io, keep},
};
use async_trait::async_trait;
use audio::{
    child::{MixOrder, Resources, StemFile, Task, Work},
    mix::Plan,
};
use model::{
    JobId,
    job::{Job as Row, JobFailure, JobResult},
    limits,
};
use serde::{Deserialize, Serialize};
use service::mixdown::MixdownInput;
use std::{path::Path, time::Duration};
use store::Batch;

/// How much of the work is done when the file is written.
const WRITTEN: f32 = 0.95;
/// The channels of a mix.
const CHANNELS: u16 = 2;
/// The highest sample rate of a mix unless another one is named, in Hz.
const SAMPLE_RATE_MAX: u32 = 192_000;
/// The sample rate of a mix of recordings that say nothing of theirs, in Hz.
const SAMPLE_RATE: u32 = 48_000;

/// Makes a mixdown.
#[derive(Debug, Serialize, Deserialize)]
pub struct MixdownRender {
    /// Which: it has the id of its job.
    pub mixdown: JobId,
}

#[async_trait]
impl Job for MixdownRender {
    const NAME: &'static str = "mixdown.render";
    const QUEUE: Queue = Queue::Audio;
    const TIMEOUT: Duration = Duration::from_millis(limits::RENDER_TIMEOUT_MS);

    fn key(&self) -> String {
        self.mixdown.to_string()
    }

    async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
        let Some(input) = cx.service().mixdown_input(self.mixdown).await? else {
            return Err(JobError::InputGone);
        };
        let parts = cx.parts();
        let dir = tempfile::tempdir_in(&parts.work_dir).map_err(io)?;
        let output = dir.path().join("mixdown");
        let (task, bytes_max) = order(parts, &input, &output)?;
        let _room = parts.store.reserve(bytes_max)?;
        let progress = |fraction: f32| cx.progress(fraction * WRITTEN, "mix");
        let done = parts.decoder.render(&task, progress).await;
        done.map_err(|error| error.into_job_error(cx.job().attempts, "one of the files"))?;
        cx.progress(WRITTEN, "store");
        let content_type = input.mixdown.recipe.format().content_type();
        let (made, _hold) = keep(parts, &output, content_type).await?;
        let (job, made) = (self.mixdown, &made);
        cx.settle(Some(JobResult::file(job)), || async move {
            cx.service().mixdown_made(&cx.system(), job, made).await
        })
        .await
    }

    async fn given_up(
        &self,
        parts: &Parts,
        _job: &Row,
        _failure: &JobFailure,
    ) -> Result<Option<Batch>, service::Error> {
        parts.service.mixdown_failed(self.mixdown).await
    }
}

/// What the child is told, and how large its file may become.
fn order(parts: &Parts, input: &MixdownInput, output: &Path) -> Result<(Task, u64), JobError> {
    let MixdownInput { mixdown, stems } = input;
    let media = || stems.iter().filter_map(|(stem, version)| Some((stem, version.media.as_ref()?)));
    let highest =
        media().map(|(_, media)| media.sample_rate.min(SAMPLE_RATE_MAX)).max().unwrap_or(SAMPLE_RATE);
    let sample_rate = mixdown.recipe.sample_rate().unwrap_or(highest);
    let end = media().map(|(stem, media)| stem.start_offset_ms.saturating_add(media.duration_ms)).max();
    let (start, end) = mixdown.range_ms.unwrap_or((0, end.unwrap_or(0)));
    let length_ms = end.saturating_sub(start).max(0).unsigned_abs();
    // A second more: lengths are rounded.
    let frames = (length_ms / 1000 + 1).saturating_mul(u64::from(sample_rate));
    let bytes_max = mixdown.recipe.bytes_max(frames, CHANNELS, sample_rate);
    if bytes_max > limits::RENDITION_BYTES_MAX {
        return Err(JobError::permanent("payload_too_large", "the mixdown would be larger than 32 GiB"));
    }
    let stems: Vec<_> = stems
        .iter()
        .map(|(stem, version)| StemFile {
            input: parts.blobs.local_path(&version.original),
            volume: stem.volume,
            pan: stem.pan,
            start_ms: stem.start_offset_ms,
        })
        .collect();
    let resources = Resources::to_write(bytes_max, stems.len() as u64);
    let plan = Plan {
        sample_rate,
        range_ms: mixdown.range_ms.map(|(from, to)| (from.max(0).unsigned_abs(), to.max(0).unsigned_abs())),
        target_lufs: mixdown.loudness_target,
        ceiling_dbtp: mixdown.loudness_target.map(|_| limits::TRUE_PEAK_MAX_DBTP),
    };
    let order = MixOrder { stems, plan, output: output.to_owned(), recipe: engine_recipe(mixdown.recipe)? };
    Ok((Task { work: Work::Mix(order), limits: audio::Limits::default(), resources }, bytes_max))
}
