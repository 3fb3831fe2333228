//! Renditions: a recording in another form, made once for everybody in its project who asks.
//!
//! Whoever asks first starts its job; until it is made everybody gets `Processing` with that job. The row is what keeps a second job from
//! starting; a row whose job is gone starts another.

use crate::{
    Authorized, Ctx, Error, Result, Service,
    commit::decide_again,
    job_view::JobView,
    page::{PageRequest, Paged},
    version_current::playable,
};
use model::{
    BlobHash, JobId, ProjectId, VersionId,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    job::JobState,
    limits,
    media::MediaFacts,
    rendition::{Made, Recipe, Rendition, RenditionKind, RenditionState, Wish},
    version::Version,
};
use store::{
    Batch, Scan, Stored,
    tables::{job::Jobs, rendition::Renditions, version::Versions},
};

/// The kind of the job that makes a rendition.
pub(crate) const RENDITION_MAKE: &str = "rendition.make";

/// Project, recording, recipe.
pub type RenditionKey = (ProjectId, BlobHash, String);

/// Where a rendition stands.
pub(crate) enum Standing {
    /// It is there.
    Ready(Box<Stored<Rendition>>, Made),
    /// Its job is on its way.
    Making(JobId),
    /// It cannot be made.
    Failed(Error),
}

/// Whether one that could not be made is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failures {
    Stay,
    Retried,
}

impl Service {
    /// Asks for a rendition by name. Asking twice gives the same one; one that could not be made is tried again.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `ProjectArchived`; `Processing` or `Audio` if the version is not ready; `Invalid` if the format does not
    /// have what is asked for; `PayloadTooLarge`; `Conflict` when the recording has as many as it may; `StorageFull`.
    pub async fn create_rendition(&self, cx: &Ctx, id: VersionId, wish: Wish) -> Result<JobView> {
        let (auth, _) = self.authorize_version(cx, id, Action::EditVersions).await?;
        let media = media_of(&auth.resource().row)?;
        let recipe = wish.recipe("/", Some(media))?;
        let asked = Asked { recipe, kind: RenditionKind::Download, failures: Failures::Retried };
        match decide_again!(None, self.try_rendition(cx, id, Action::EditVersions, &asked).await)? {
            Standing::Ready(found, _) => self.job_of(&found).await,
            Standing::Making(job) => self.get_job(cx, job).await,
            Standing::Failed(error) => Err(error),
        }
    }

    /// The renditions of a version's recording, by their names.
    ///
    /// # Errors
    /// `NotFound` if the version is not there for the caller.
    pub async fn list_renditions(
        &self,
        cx: &Ctx,
        id: VersionId,
        page: &PageRequest,
    ) -> Result<Paged<Rendition>> {
        let (auth, _) = self.authorize_version(cx, id, Action::View).await?;
        let (project, original) = (auth.project_id(), auth.resource().row.original);
        let mut scan = Scan::prefix(&(project, original)).limit(page.limit + 1);
        if let Some(last) = page.place::<String>()? {
            scan = scan.after(&(project, original, last));
        }
        let found = self.store().scan::<Renditions>(scan).await?.items;
        let rows = found.into_iter().map(|(_, found)| found.row).collect();
        Ok(Paged::cut(rows, page.limit, |last: &Rendition| last.recipe.to_string()))
    }

    /// A rendition for somebody who may have it; its job is started if there is none.
    ///
    /// # Errors
    /// `Processing` until it is made; `Audio` if it cannot be made; else as [`Service::create_rendition`].
    pub(crate) async fn rendition(
        &self,
        cx: &Ctx,
        id: VersionId,
        action: Action,
        (recipe, kind): (Recipe, RenditionKind),
    ) -> Result<(Stored<Rendition>, Made)> {
        let asked = Asked { recipe, kind, failures: Failures::Stay };
        match decide_again!(None, self.try_rendition(cx, id, action, &asked).await)? {
            Standing::Ready(found, made) => Ok((*found, made)),
            Standing::Making(job) => Err(Error::Processing { job }),
            Standing::Failed(error) => Err(error),
        }
    }

    async fn try_rendition(
        &self,
        cx: &Ctx,
        id: VersionId,
        action: Action,
        asked: &Asked,
    ) -> Result<Standing> {
        let (auth, _) = self.authorize_version(cx, id, action).await?;
        let version = &auth.resource().row;
        let media = media_of(version)?;
        let key = (version.project_id, version.original, asked.recipe.to_string());
        let found = self.store().get::<Renditions>(&key).await?;
        if let Some(found) = &found {
            match (&found.row.state, asked.failures) {
                (RenditionState::Ready { made }, _) => {
                    return Ok(Standing::Ready(Box::new(found.clone()), made.clone()));
                }
                (RenditionState::Failed { code, detail }, Failures::Stay) => {
                    let (code, detail) = (code.clone(), detail.clone());
                    return Ok(Standing::Failed(Error::Audio { code, detail }));
                }
                (RenditionState::Making, _) if self.goes_on(found.row.job_id).await? => {
                    return Ok(Standing::Making(found.row.job_id));
                }
                (RenditionState::Making, _) | (RenditionState::Failed { .. }, Failures::Retried) => {}
            }
        }
        self.check_size(media, asked.recipe)?;
        self.start_rendition(cx, &auth, key, found, asked).await.map(Standing::Making)
    }

    async fn start_rendition(
        &self,
        cx: &Ctx,
        auth: &Authorized<Version>,
        key: RenditionKey,
        found: Option<Stored<Rendition>>,
        asked: &Asked,
    ) -> Result<JobId> {
        let version = &auth.resource().row;
        let row = Rendition {
            project_id: version.project_id,
            original: version.original,
            original_sha256: version.sha256,
            recipe: asked.recipe,
            kind: asked.kind,
            state: RenditionState::Making,
            job_id: self.id(cx),
            requested_by: cx.user_id().ok(),
            created_at: cx.now,
            updated_at: cx.now,
        };
        let mut batch = Batch::new();
        batch.assert_unchanged::<Versions>(&version.id, auth.resource());
        match found {
            Some(before) => batch.replace::<Renditions>(&key, &before, &row),
            None => {
                self.check_count(&key).await?;
                batch.insert::<Renditions>(&key, &row)
            }
        };
        batch.emit(NewEvent {
            id: self.id(cx),
            project: Some(version.project_id),
            users: Vec::new(),
            actor: cx.actor(),
            resource: ResourceRef::new("version", version.id, auth.resource().rev),
            track: Some(version.track_id),
            body: Event::RenditionRequested {
                original: version.original,
                recipe: asked.recipe,
                job: row.job_id,
            },
        });
        self.commit(auth, batch).await?;
        Ok(row.job_id)
    }

    async fn check_count(&self, (project, original, _): &RenditionKey) -> Result<()> {
        const MAX: usize = limits::RENDITIONS_PER_RECORDING_MAX;
        let there = self.store().scan::<Renditions>(Scan::prefix(&(*project, *original)).limit(MAX)).await?;
        if there.items.len() >= MAX {
            return Err(Error::Conflict("this recording has as many renditions as a recording may have"));
        }
        Ok(())
    }

    pub(crate) fn check_size(&self, media: &MediaFacts, recipe: Recipe) -> Result<()> {
        let limit = limits::RENDITION_BYTES_MAX;
        if size_of(media, recipe) > limit { Err(Error::PayloadTooLarge { limit }) } else { Ok(()) }
    }

    /// Whether a job is queued, running, or announced by an event.
    async fn goes_on(&self, job: JobId) -> Result<bool> {
        match self.store().get::<Jobs>(&job).await? {
            Some(found) => Ok(matches!(found.row.state, JobState::Queued | JobState::Running)),
            None => match self.announced(job).await {
                Ok(_) => Ok(true),
                Err(Error::NotFound(_)) => Ok(false),
                Err(error) => Err(error),
            },
        }
    }

    /// The job that made a rendition, as it would be shown if it was forgotten meanwhile.
    async fn job_of(&self, found: &Stored<Rendition>) -> Result<JobView> {
        match self.store().get::<Jobs>(&found.row.job_id).await? {
            Some(job) => Ok(JobView::of(job.row)),
            None => Ok(JobView::past(&found.row)),
        }
    }
}

/// What is asked for, and how.
struct Asked {
    recipe: Recipe,
    kind: RenditionKind,
    failures: Failures,
}

/// The facts of a version that is ready.
pub(crate) fn media_of(version: &Version) -> Result<&MediaFacts> {
    playable(version)?;
    version.media.as_ref().ok_or_else(|| Error::Internal("a version is ready without facts".to_owned()))
}

/// At most so many bytes come of a recording by this recipe.
pub(crate) fn size_of(media: &MediaFacts, recipe: Recipe) -> u64 {
    recipe.bytes_max(media.frames.unsigned_abs(), media.channels, media.sample_rate)
}
