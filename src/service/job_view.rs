//! Background jobs as people see them.
//!
//! A job is there from the moment its event is written: until the relay has made its row, it shows as queued from the event.
//! Calling off writes a mark into the row; whoever runs the job finds it there and ends it.

use crate::{
    Authorized, Ctx, Error, Result, Service,
    authorize::must,
    backup,
    commit::decide_again,
    mixdown::MIXDOWN_RENDER,
    page::{PageRequest, Paged},
    rendition::RENDITION_MAKE,
};
use model::{
    JobId, ProjectId, Timestamp, UserId,
    access::Action,
    event::{Actor, Envelope, Event},
    job::{Job, JobFailure, JobResult, JobState},
    limits,
    project::Project,
    rendition::Rendition,
};
use store::{
    Batch, Scan,
    tables::{
        cursor::Cursors,
        job::{Jobs, JobsByProject, JobsProgress, RELAY},
    },
};
use uuid::Uuid;

/// The kind of the job that a new version starts.
pub(crate) const VERSION_PROCESS: &str = "version.process";

/// A job as clients see it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// Its kind, such as `version.process`.
    pub kind: String,
    /// How far it is.
    pub state: JobState,
    /// 0 to 1.
    pub progress: f32,
    /// What it is doing, such as `analyse`.
    pub stage: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// How often it may be.
    pub max_attempts: u32,
    /// Why it failed or was called off.
    pub error: Option<JobFailure>,
    /// What it made.
    pub result: Option<JobResult>,
    /// What it works on: kind and id.
    pub subject: Option<(String, Uuid)>,
    /// The project it works for.
    pub project_id: Option<ProjectId>,
    /// Who caused it.
    pub created_by: Option<UserId>,
    /// Somebody asked to call it off.
    pub cancel_requested: bool,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it was last taken.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl JobView {
    pub(crate) fn of(job: Job) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            state: job.state,
            progress: job.progress,
            stage: job.stage,
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            error: job.error,
            result: job.result,
            subject: job.subject,
            project_id: job.project_id,
            created_by: job.created_by,
            cancel_requested: job.cancel_requested,
            queued_at: job.queued_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
        }
    }

    /// The job that this event will start, if it is this one.
    fn announced(id: JobId, envelope: Envelope) -> Option<Self> {
        let (kind, job) = started_by(&envelope.event.body)?;
        if job != id {
            return None;
        }
        Some(Self {
            id,
            kind: kind.to_owned(),
            state: JobState::Queued,
            progress: 0.0,
            stage: None,
            attempts: 0,
            max_attempts: limits::JOB_ATTEMPTS_MAX,
            error: None,
            result: None,
            subject: Some((envelope.event.resource.kind, envelope.event.resource.id)),
            project_id: envelope.event.project,
            created_by: match envelope.event.actor {
                Actor::User(user) => Some(user),
                Actor::Guest(_) | Actor::System => None,
            },
            cancel_requested: false,
            queued_at: envelope.at,
            started_at: None,
            finished_at: None,
        })
    }

    /// A job that made something and was forgotten since.
    pub(crate) fn past(made: &Rendition) -> Self {
        Self {
            id: made.job_id,
            kind: RENDITION_MAKE.to_owned(),
            state: JobState::Succeeded,
            progress: 1.0,
            stage: None,
            attempts: 1,
            max_attempts: limits::JOB_ATTEMPTS_MAX,
            error: None,
            result: Some(JobResult::file(made.job_id)),
            subject: None,
            project_id: Some(made.project_id),
            created_by: made.requested_by,
            cancel_requested: false,
            queued_at: made.created_at,
            started_at: None,
            finished_at: Some(made.updated_at),
        }
    }
}

/// Kind and id of the job that an event starts, of those that people watch.
fn started_by(body: &Event) -> Option<(&'static str, JobId)> {
    if let Event::VersionCreated { job, .. } = body {
        Some((VERSION_PROCESS, *job))
    } else if let Event::RenditionRequested { job, .. } = body {
        Some((RENDITION_MAKE, *job))
    } else if let Event::MixdownRequested { job } = body {
        Some((MIXDOWN_RENDER, *job))
    } else if let Event::BackupRequested { job, .. } = body {
        Some((backup::JOB_KIND, *job))
    } else if let Event::SearchReindexRequested { job } = body {
        Some((crate::search::JOB_KIND, *job))
    } else {
        None
    }
}

impl Service {
    /// One job: of a project the caller may see, or their own.
    ///
    /// # Errors
    /// `NotFound` if it is not there for the caller.
    pub async fn get_job(&self, cx: &Ctx, id: JobId) -> Result<JobView> {
        let job = match self.store().get::<Jobs>(&id).await? {
            Some(job) => self.with_progress(job.row).await?,
            None => self.announced(id).await?,
        };
        self.authorize_job(cx, job.project_id, job.created_by, Action::View).await?;
        Ok(job)
    }

    /// The jobs of a project, newest first.
    ///
    /// # Errors
    /// `NotFound` if the project is not there for the caller.
    pub async fn list_project_jobs(
        &self,
        cx: &Ctx,
        project: ProjectId,
        page: &PageRequest,
    ) -> Result<Paged<JobView>> {
        self.authorize::<Project>(cx, project, Action::View).await?;
        let mut scan = Scan::prefix(&project).reverse().limit(page.limit + 1);
        if let Some(last) = page.place::<JobId>()? {
            scan = scan.before(&(project, last));
        }
        let hits = self.store().scan_index::<JobsByProject>(scan).await?.items;
        let mut jobs = Vec::with_capacity(hits.len());
        for hit in hits {
            jobs.push(self.with_progress(hit.stored.row).await?);
        }
        Ok(Paged::cut(jobs, page.limit, |last: &JobView| last.id))
    }

    /// Calls a job off. It ends soon after, unless it is done before.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`; `Conflict` if it has ended.
    pub async fn cancel_job(&self, cx: &Ctx, id: JobId) -> Result<JobView> {
        decide_again!(None, self.try_cancel_job(cx, id).await)
    }

    async fn try_cancel_job(&self, cx: &Ctx, id: JobId) -> Result<JobView> {
        let Some(job) = self.store().get::<Jobs>(&id).await? else {
            self.get_job(cx, id).await?;
            return Err(Error::Overloaded);
        };
        let auth =
            self.authorize_job(cx, job.row.project_id, job.row.created_by, Action::EditVersions).await?;
        match job.row.state {
            JobState::Queued | JobState::Running => {}
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => {
                return Err(Error::Conflict("the job has ended"));
            }
        }
        // A job that waits for its time is taken at once, to be ended.
        let after = Job { cancel_requested: true, run_at: None, ..job.row.clone() };
        if !job.row.cancel_requested {
            let mut batch = Batch::new();
            batch.priority();
            batch.replace::<Jobs>(&id, &job, &after);
            if let Some(auth) = auth {
                self.rely(&auth, &mut batch).await?;
            }
            self.store().commit(batch).await?;
        }
        self.with_progress(after).await
    }

    /// Jobs of a project belong to its members; others to whoever caused them and to those who run the instance.
    async fn authorize_job(
        &self,
        cx: &Ctx,
        project: Option<ProjectId>,
        created_by: Option<UserId>,
        action: Action,
    ) -> Result<Option<Authorized<Project>>> {
        let mine = created_by.is_some() && cx.user_id().ok() == created_by;
        let Some(project) = project else {
            let allowed = mine || Self::operator(cx).is_ok();
            return if allowed { Ok(None) } else { Err(Error::NotFound("job")) };
        };
        let action = if mine { Action::View } else { action };
        match self.authorize::<Project>(cx, project, action).await {
            Ok(auth) => Ok(Some(auth)),
            Err(Error::NotFound(_)) => Err(Error::NotFound("job")),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn with_progress(&self, job: Job) -> Result<JobView> {
        let mut view = JobView::of(job);
        if view.state == JobState::Running
            && let Some(progress) = self.store().get::<JobsProgress>(&view.id).await?
        {
            view.progress = progress.row.fraction;
            view.stage = progress.row.stage;
        }
        Ok(view)
    }

    /// A job whose event is written and whose row is not made yet: among the events the relay has before it.
    pub(crate) async fn announced(&self, id: JobId) -> Result<JobView> {
        let relay = self.store().get::<Cursors>(&RELAY.to_owned()).await?;
        let after = relay.map_or(0, |cursor| cursor.row.seq);
        let events = self.store().events().read(after, limits::EVENT_REPLAY_MAX).await?;
        if let Some(job) = events.items.into_iter().find_map(|envelope| JobView::announced(id, envelope)) {
            return Ok(job);
        }
        // The relay may have come by between the two reads.
        let job = must::<Jobs>(self.store(), &id, "job").await?;
        self.with_progress(job.row).await
    }
}
