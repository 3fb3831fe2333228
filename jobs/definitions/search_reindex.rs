//! `search.reindex`: makes the search index anew from the tables, beside the old one, because an administrator wants it.

use crate::{
    Job, JobContext, JobError,
    job::{AfterRestore, Queue},
};
use async_trait::async_trait;
use model::JobId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Makes the index anew.
#[derive(Debug, Serialize, Deserialize)]
pub struct SearchReindex {
    /// The job itself: whoever asks follows one of their own.
    pub job: JobId,
}

#[async_trait]
impl Job for SearchReindex {
    const NAME: &'static str = service::search::JOB_KIND;
    const QUEUE: Queue = Queue::Backup;
    const TIMEOUT: Duration = Duration::from_secs(3600);
    // A restored server makes its index anew anyway.
    const AFTER_RESTORE: AfterRestore = AfterRestore::CalledOff;

    fn key(&self) -> String {
        self.job.to_string()
    }

    async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
        cx.progress(0.0, "index");
        cx.service().reindex(&|_| ()).await?;
        Ok(())
    }
}
