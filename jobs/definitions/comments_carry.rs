//! `comments.carry`: lets the open comments of an older version stand on a new one that asked for them, shifted by how much
//! later the same music comes there.
//!
//! Writes a bounded part at a time instead of one batch; a part that is there already is left alone when it runs again.

use crate::{Job, JobContext, JobError, job::Queue};
use async_trait::async_trait;
use model::VersionId;
use serde::{Deserialize, Serialize};
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
        let listened_to = input.from.features.is_some() && input.to.features.is_some();
        let shift = match listened_to {
            true => Some(cx.service().shift_between(&input.from, &input.to).await?),
            false => None,
        };
        cx.progress(0.5, "carry");
        Ok(cx.service().carry_comments(&cx.system(), &input, shift).await?)
    }
}
