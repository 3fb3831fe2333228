//! Background jobs: how far they are, and calling them off.

use crate::{
    http::{
        cursor::{Page, Paging},
        file::{Audio, Conditions, Disposition, FileReply},
        reply::{Accepted, Reply},
    },
    problem::Answer,
    security::Auth,
    v1::{Tag, audio::file, dto::job::Job},
};
use poem_openapi::{OpenApi, param::Path};
use service::Service;
use uuid::Uuid;

/// The operations on jobs.
pub struct JobsApi {
    service: Service,
}

impl JobsApi {
    /// Over a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Jobs")]
impl JobsApi {
    /// Read a job
    ///
    /// Members of its project, and whoever caused it. A job is there as soon as the operation that starts it answers.
    #[oai(path = "/jobs/:job_id", method = "get", operation_id = "getJob")]
    async fn get_job(&self, cx: Auth, job_id: Path<Uuid>) -> Answer<Reply<Job>> {
        Ok(Reply(self.service.get_job(&cx, job_id.0.into()).await?.into()))
    }

    /// List the jobs of a project
    ///
    /// Members. Newest first.
    #[oai(path = "/projects/:project_id/jobs", method = "get", operation_id = "listProjectJobs")]
    async fn list_project_jobs(&self, cx: Auth, project_id: Path<Uuid>, paging: Paging) -> Answer<Page<Job>> {
        let page = self.service.list_project_jobs(&cx, project_id.0.into(), &paging.request()).await?;
        Ok(paging.page(page.items, page.next.as_deref()))
    }

    /// Call a job off
    ///
    /// Editors and owners, and whoever caused it. It ends soon after, unless it is done before.
    #[oai(path = "/jobs/:job_id/cancel", method = "post", operation_id = "cancelJob")]
    async fn cancel_job(&self, cx: Auth, job_id: Path<Uuid>) -> Answer<Accepted<Job>> {
        Ok(Accepted(self.service.cancel_job(&cx, job_id.0.into()).await?.into()))
    }

    /// Fetch the file that a job made
    ///
    /// Whoever asked for it, while they may download from the project. It goes with the job, a week after its end.
    #[oai(path = "/jobs/:job_id/result", method = "get", operation_id = "getJobResult")]
    async fn get_job_result(
        &self,
        cx: Auth,
        job_id: Path<Uuid>,
        conditions: Conditions,
    ) -> Answer<FileReply<Audio>> {
        let recording = self.service.get_job_result(&cx, job_id.0.into()).await?;
        Ok(FileReply::new(conditions, file(recording, Disposition::Attachment)))
    }
}
