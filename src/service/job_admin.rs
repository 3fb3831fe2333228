//! Background jobs as those see them who run the instance: all of them, and failed ones tried again.

use crate::{
    Ctx, Error, Result, Service,
    account::audit,
    authorize::must,
    commit::decide_again,
    job_view::{JobView, VERSION_PROCESS},
    page::{PageRequest, Paged},
    rendition::{RENDITION_MAKE, RenditionKey},
    version::version_event,
};
use model::{
    BlobHash, JobId, ProjectId, Timestamp, VersionId,
    event::{Event, ResourceRef},
    job::{Job, JobState},
    limits,
    rendition::{Recipe, Rendition, RenditionState},
    version::{Version, VersionStatus},
};
use serde::Deserialize;
use store::{
    Batch, Desc, Key, Scan, Stored, TableId,
    tables::{
        job::{Jobs, JobsByState, StateKey},
        rendition::Renditions,
        version::Versions,
    },
};

/// Which jobs are asked for; what is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// In this state.
    pub state: Option<JobState>,
    /// Of this kind.
    pub kind: Option<String>,
}

/// What a job that makes a rendition was told to make.
#[derive(Deserialize)]
struct Order {
    project: ProjectId,
    original: BlobHash,
    recipe: Recipe,
}

/// Where a page of jobs in one state ended.
type Place = (StateKey, Desc<Timestamp>, JobId);

impl Service {
    /// The jobs of the instance: newest first, or those of one state with the last to change first. At most
    /// [`limits::JOBS_SCANNED_MAX`] are looked at for one page.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` for a foreign cursor.
    pub async fn admin_list_jobs(
        &self,
        cx: &Ctx,
        filter: &JobFilter,
        page: &PageRequest,
    ) -> Result<Paged<JobView>> {
        Self::operator(cx)?;
        let (mut place, mut scanned, mut jobs) = (page.after.clone(), 0, Vec::new());
        while scanned < limits::JOBS_SCANNED_MAX {
            let (found, more) = self.jobs_after(filter.state, place.as_deref()).await?;
            scanned += found.len();
            let count = found.len();
            for (index, (at, job)) in found.into_iter().enumerate() {
                place = Some(at);
                if filter.kind.as_ref().is_none_or(|kind| *kind == job.kind) {
                    jobs.push(self.with_progress(job).await?);
                }
                if jobs.len() == page.limit {
                    let next = place.filter(|_| more || index + 1 < count);
                    return Ok(Paged { items: jobs, next });
                }
            }
            if !more {
                return Ok(Paged { items: jobs, next: None });
            }
        }
        Ok(Paged { items: jobs, next: place })
    }

    /// The next jobs with their places, and whether there are more.
    async fn jobs_after(
        &self,
        state: Option<JobState>,
        place: Option<&[u8]>,
    ) -> Result<(Vec<(Vec<u8>, Job)>, bool)> {
        let page = PageRequest { limit: limits::PAGE_MAX, after: place.map(<[u8]>::to_vec) };
        let Some(state) = state else {
            let mut scan = Scan::all().reverse().limit(limits::PAGE_MAX);
            if let Some(last) = page.place::<JobId>()? {
                scan = scan.before(&last);
            }
            let found = self.store().scan::<Jobs>(scan).await?;
            let jobs = found.items.into_iter().map(|(id, job)| (id.to_bytes(), job.row));
            return Ok((jobs.collect(), found.more));
        };
        let key = StateKey::of(state);
        let mut scan = Scan::prefix(&key).limit(limits::PAGE_MAX);
        if let Some(last) = page.place::<Place>()? {
            scan = scan.after(&last);
        }
        let found = self.store().scan_index::<JobsByState>(scan).await?;
        let place = |job: &Job| (key, Desc(job.changed_at()), job.id).to_bytes();
        let jobs = found.items.into_iter().map(|hit| (place(&hit.stored.row), hit.stored.row));
        Ok((jobs.collect(), found.more))
    }

    /// Has a job that failed or was called off tried again.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; `Conflict` for one that waits, runs or is done, or while the same waits already.
    pub async fn admin_retry_job(&self, cx: &Ctx, id: JobId) -> Result<JobView> {
        Self::operator(cx)?;
        decide_again!(None, self.try_retry_job(cx, id).await)
    }

    async fn try_retry_job(&self, cx: &Ctx, id: JobId) -> Result<JobView> {
        let job = must::<Jobs>(self.store(), &id, "job").await?;
        match job.row.state {
            JobState::Failed | JobState::Cancelled => {}
            JobState::Queued | JobState::Running | JobState::Succeeded => {
                return Err(Error::Conflict("only a job that failed or was called off is tried again"));
            }
        }
        let after = Job {
            state: JobState::Queued,
            attempts: 0,
            run_at: None,
            lease: None,
            cancel_requested: false,
            progress: 0.0,
            stage: None,
            error: None,
            queued_at: cx.now,
            started_at: None,
            finished_at: None,
            ..job.row.clone()
        };
        let mut batch = Batch::new();
        self.rely_on(&cx.caller, &mut batch).await?;
        batch.replace::<Jobs>(&id, &job, &after);
        self.expect_again(cx, &mut batch, &job.row).await?;
        let target = ResourceRef::new("job", id, 0);
        batch.audit(audit(cx, "job.retried", target, Some(job.row.state.as_str()), Some(&job.row.kind)));
        match self.store().commit(batch).await.map_err(Error::from) {
            Ok(_) => Ok(JobView::of(after)),
            Err(error) if error.conflicts_on(TableId::JobByKey) => {
                Err(Error::Conflict("the same work waits already"))
            }
            Err(error) => Err(error),
        }
    }

    /// What a failed job gave up on waits for it again.
    async fn expect_again(&self, cx: &Ctx, batch: &mut Batch, job: &Job) -> Result<()> {
        if let Some(version) = self.failed_version(job).await? {
            let waits =
                Version { status: VersionStatus::Processing, updated_at: cx.now, ..version.row.clone() };
            batch.replace::<Versions>(&waits.id, &version, &waits);
            batch.emit(version_event(self, cx, &waits, version.rev + 1, Event::VersionUpdated));
        }
        if let Some((key, rendition)) = self.failed_rendition(job).await? {
            let state = RenditionState::Making;
            let waits = Rendition { state, updated_at: cx.now, ..rendition.row.clone() };
            batch.replace::<Renditions>(&key, &rendition, &waits);
        }
        Ok(())
    }

    /// The rendition that this job could not make.
    async fn failed_rendition(&self, job: &Job) -> Result<Option<(RenditionKey, Stored<Rendition>)>> {
        let order = Some(&job.payload).filter(|_| job.kind == RENDITION_MAKE);
        let Some(order) = order.and_then(|payload| serde_json::from_str::<Order>(payload).ok()) else {
            return Ok(None);
        };
        let key = (order.project, order.original, order.recipe.to_string());
        let found = self.store().get::<Renditions>(&key).await?;
        let failed = found.filter(|found| match found.row.state {
            RenditionState::Failed { .. } => found.row.job_id == job.id,
            RenditionState::Making | RenditionState::Ready { .. } => false,
        });
        Ok(failed.map(|rendition| (key, rendition)))
    }

    /// The version that this job gave up on.
    async fn failed_version(&self, job: &Job) -> Result<Option<Stored<Version>>> {
        let Some((_, id)) = job.subject.as_ref().filter(|_| job.kind == VERSION_PROCESS) else {
            return Ok(None);
        };
        let version = self.store().get::<Versions>(&VersionId::new(*id)).await?;
        Ok(version.filter(|version| match version.row.status {
            VersionStatus::Failed { .. } => version.row.job_id == job.id,
            VersionStatus::Processing | VersionStatus::Ready => false,
        }))
    }
}
