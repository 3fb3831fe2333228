//! `mix.tell`: tells a project of the faders that moved since it last heard of its mix, all of them together.

use crate::{Job, JobContext, JobError, context::CommitError, job::Queue};
use async_trait::async_trait;
use model::ProjectId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Tells of moved faders.
#[derive(Debug, Serialize, Deserialize)]
pub struct MixTell {
    /// Of which project.
    pub project: ProjectId,
}

#[async_trait]
impl Job for MixTell {
    const NAME: &'static str = "mix.tell";
    const QUEUE: Queue = Queue::Brief;
    const TIMEOUT: Duration = Duration::from_secs(30);

    fn key(&self) -> String {
        self.project.to_string()
    }

    async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
        let since = cx.job().cause_seq;
        match cx.service().mix_settled(&cx.system(), self.project, since).await? {
            Some(effects) => cx.commit(effects).await.map_err(|error| match error {
                CommitError::Again => JobError::Transient("something changed meanwhile".to_owned()),
                CommitError::Failed(error) => error,
            }),
            None => Ok(()),
        }
    }
}
