//! `reviews.weigh`: what the rule of a project makes of its open reviews once members or settings changed.

use crate::{Job, JobContext, JobError, job::Queue};
use async_trait::async_trait;
use model::{ProjectId, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Weighs the open reviews of a project.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReviewsWeigh {
    /// Which project.
    pub project: ProjectId,
    /// Who changed members or settings.
    pub by: Option<UserId>,
}

#[async_trait]
impl Job for ReviewsWeigh {
    const NAME: &'static str = "reviews.weigh";
    const QUEUE: Queue = Queue::Brief;
    const TIMEOUT: Duration = Duration::from_secs(120);

    fn key(&self) -> String {
        self.project.to_string()
    }

    async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
        Ok(cx.service().weigh_reviews(&cx.system(), self.project, self.by).await?)
    }
}
