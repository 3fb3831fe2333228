//! The file that a job made: for whoever asked for it, as long as they may still download from the project.

use crate::{Ctx, Error, Result, Service, playback::Recording};
use model::{JobId, access::Action, job::JobState, project::Project};
use store::tables::job::JobFiles;

impl Service {
    /// The file that a job made.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` for anybody but its creator, and once they may not download any more; `Processing` until it is done;
    /// `Conflict` if it made nothing.
    pub async fn get_job_result(&self, cx: &Ctx, id: JobId) -> Result<Recording> {
        let job = self.get_job(cx, id).await?;
        if job.created_by.is_none() || job.created_by != cx.user_id().ok() {
            return Err(Error::Forbidden("the result is for whoever asked for it"));
        }
        if let Some(project) = job.project_id {
            self.authorize::<Project>(cx, project, Action::Download).await?;
        }
        let Some(result) = self.store().get::<JobFiles>(&id).await? else {
            return Err(match job.state {
                JobState::Queued | JobState::Running => Error::Processing { job: id },
                JobState::Succeeded | JobState::Failed | JobState::Cancelled => {
                    Error::Conflict("this job has made no file, or it was dropped since")
                }
            });
        };
        let result = result.row;
        self.open_made(&result.made, result.filename, result.created_at).await
    }
}
