//! The service side of `rendition.make`, and of whatever else makes or drops renditions: what the job reads, and what its end writes.
//!
//! As with `version.process`, a batch is returned for the job to commit together with its own end; after a conflict it is decided anew.

use crate::{
    Ctx, Result, Service,
    rendition::{RenditionKey, media_of, size_of},
    version_process::Derived,
};
use model::{
    JobId,
    job::{JobFailure, JobFile},
    limits,
    rendition::{Made, Recipe, Rendition, RenditionKind, RenditionState},
    version::Version,
};
use store::{
    Batch, Scan, Stored,
    tables::{
        blob::{Blobs, Refs},
        job::JobFiles,
        rendition::{Renditions, RenditionsByContent},
        version::VersionsByContent,
    },
};

/// Ends of a job that say nothing about the recording: the rendition may be asked for again.
const PASSING: [&str; 4] = ["cancelled", "input_gone", "superseded", "unavailable"];

/// What there is to make.
#[derive(Clone, Debug)]
pub enum RenditionInput {
    /// This.
    Make {
        /// At most so many bytes will come of it.
        bytes_max: u64,
    },
    /// The same was made for another project: its file serves.
    Copy(Made),
    /// It was made, or another job makes it.
    Settled,
    /// Nobody wants it any more.
    Gone,
}

impl Service {
    /// What the job has to make.
    ///
    /// # Errors
    /// Of the store.
    pub async fn rendition_input(&self, key: &RenditionKey, job: JobId) -> Result<RenditionInput> {
        let Some(found) = self.store().get::<Renditions>(key).await? else { return Ok(RenditionInput::Gone) };
        match &found.row.state {
            RenditionState::Making if found.row.job_id == job => {}
            RenditionState::Making | RenditionState::Ready { .. } | RenditionState::Failed { .. } => {
                return Ok(RenditionInput::Settled);
            }
        }
        if let Some(made) = self.made_elsewhere(&found.row).await? {
            return Ok(RenditionInput::Copy(made));
        }
        let Some(version) = self.version_of(&found.row).await? else { return Ok(RenditionInput::Gone) };
        let bytes_max = size_of(media_of(&version)?, found.row.recipe);
        Ok(RenditionInput::Make { bytes_max })
    }

    /// What a success writes: the rendition, and the file for whoever started the job.
    ///
    /// # Errors
    /// Of the store.
    pub async fn rendition_made(
        &self,
        cx: &Ctx,
        key: &RenditionKey,
        job: JobId,
        made: &Derived,
    ) -> Result<Option<Batch>> {
        let Some(before) = self.in_making(key, job).await? else { return Ok(None) };
        let mut batch = Batch::new();
        let found = self.store().get::<Blobs>(&made.hash).await?;
        batch.store_blob(&made.hash, found.as_ref(), &made.row);
        let made = made.made();
        let state = RenditionState::Ready { made: made.clone() };
        let after = Rendition { state, updated_at: cx.now, ..before.row.clone() };
        batch.replace::<Renditions>(key, &before, &after);
        if let Some(version) = self.version_of(&after).await? {
            // The file is referred to by the rendition and by the result.
            batch.add::<Refs>(&made.blob, 1, 1..);
            let filename = renamed(&version, after.recipe);
            batch.insert::<JobFiles>(&job, &JobFile { made, filename, created_at: cx.now });
        }
        Ok(Some(batch))
    }

    /// What a failure writes.
    ///
    /// # Errors
    /// Of the store.
    pub async fn rendition_failed(
        &self,
        cx: &Ctx,
        key: &RenditionKey,
        job: JobId,
        failure: &JobFailure,
    ) -> Result<Option<Batch>> {
        let Some(before) = self.in_making(key, job).await? else { return Ok(None) };
        let mut batch = Batch::new();
        if PASSING.contains(&failure.code.as_str()) {
            batch.delete::<Renditions>(key, &before);
        } else {
            let (code, detail) = (failure.code.clone(), failure.detail.clone());
            let state = RenditionState::Failed { code, detail };
            let after = Rendition { state, updated_at: cx.now, ..before.row.clone() };
            batch.replace::<Renditions>(key, &before, &after);
        }
        Ok(Some(batch))
    }

    /// Adds the preview that was made with the other findings to the batch that makes the version ready.
    pub(crate) async fn add_preview(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        version: &Version,
        preview: &Derived,
    ) -> Result<()> {
        let recipe = Recipe::HIGH;
        let key = (version.project_id, version.original, recipe.to_string());
        let before = self.store().get::<Renditions>(&key).await?;
        if before.as_ref().is_some_and(|found| matches!(found.row.state, RenditionState::Ready { .. })) {
            return Ok(());
        }
        let found = self.store().get::<Blobs>(&preview.hash).await?;
        batch.store_blob(&preview.hash, found.as_ref(), &preview.row);
        let row = Rendition {
            project_id: version.project_id,
            original: version.original,
            original_sha256: version.sha256,
            recipe,
            kind: RenditionKind::StreamHigh,
            state: RenditionState::Ready { made: preview.made() },
            job_id: version.job_id,
            requested_by: None,
            created_at: cx.now,
            updated_at: cx.now,
        };
        match &before {
            Some(before) => batch.replace::<Renditions>(&key, before, &row),
            None => batch.insert::<Renditions>(&key, &row),
        };
        Ok(())
    }

    /// Drops renditions that nobody needs: of recordings without a version outside the trash, and downloads of long ago.
    ///
    /// # Errors
    /// Of the store.
    pub async fn expire_renditions(&self, cx: &Ctx) -> Result<u64> {
        let (mut dropped, mut scan) = (0, Scan::all().limit(limits::JOB_STEP_ROWS));
        loop {
            let page = self.store().scan::<Renditions>(scan.clone()).await?;
            for (key, found) in &page.items {
                if self.is_needed(cx, &found.row).await? {
                    continue;
                }
                match self.drop_rendition(key, found).await {
                    Ok(()) => dropped += 1,
                    // It changed meanwhile: the next round sees it.
                    Err(error) if error.is_conflict() => {}
                    Err(error) => return Err(error),
                }
            }
            match page.items.last() {
                Some((last, _)) if page.more => scan = scan.after(last),
                _ => return Ok(dropped),
            }
        }
    }

    async fn drop_rendition(&self, key: &RenditionKey, found: &Stored<Rendition>) -> Result<()> {
        let mut batch = Batch::new();
        batch.priority().delete::<Renditions>(key, found);
        if let RenditionState::Ready { made } = &found.row.state {
            batch.release_blob(&made.blob);
        }
        self.store().commit(batch).await?;
        Ok(())
    }

    async fn is_needed(&self, cx: &Ctx, row: &Rendition) -> Result<bool> {
        let of_long_ago = cx.now.since(row.updated_at) > limits::RENDITION_KEEP_MS;
        match (&row.state, row.kind) {
            (RenditionState::Making | RenditionState::Failed { .. }, _)
            | (RenditionState::Ready { .. }, RenditionKind::Download)
                if of_long_ago =>
            {
                Ok(false)
            }
            // Its job decides.
            (RenditionState::Making, _) => Ok(true),
            (RenditionState::Failed { .. } | RenditionState::Ready { .. }, _) => {
                Ok(self.version_of(row).await?.is_some_and(|version| version.deleted.is_none()))
            }
        }
    }

    async fn in_making(&self, key: &RenditionKey, job: JobId) -> Result<Option<Stored<Rendition>>> {
        let found = self.store().get::<Renditions>(key).await?;
        Ok(found.filter(|found| found.row.state == RenditionState::Making && found.row.job_id == job))
    }

    /// A version of the project that plays the recording; one outside the trash if there is one.
    async fn version_of(&self, row: &Rendition) -> Result<Option<Version>> {
        let mut scan = Scan::prefix(&row.original_sha256).limit(limits::JOB_STEP_ROWS);
        let mut trashed = None;
        loop {
            let page = self.store().scan_index::<VersionsByContent>(scan.clone()).await?;
            for hit in &page.items {
                let version = &hit.stored.row;
                if version.project_id == row.project_id && version.original == row.original {
                    match version.deleted {
                        None => return Ok(Some(version.clone())),
                        Some(_) => trashed = Some(version.clone()),
                    }
                }
            }
            match page.items.last() {
                Some(last) if page.more => scan = scan.after(&(last.index_key, last.key)),
                _ => return Ok(trashed),
            }
        }
    }

    /// The same rendition of the same recording in another project. Nobody learns whose.
    async fn made_elsewhere(&self, row: &Rendition) -> Result<Option<Made>> {
        let scan =
            Scan::prefix(&(row.original, row.recipe.to_string())).limit(limits::DEDUPLICATION_VERSIONS_MAX);
        let hits = self.store().scan_index::<RenditionsByContent>(scan).await?.items;
        Ok(hits.into_iter().find_map(|hit| match hit.stored.row.state {
            RenditionState::Ready { made } => Some(made),
            RenditionState::Making | RenditionState::Failed { .. } => None,
        }))
    }
}

impl Derived {
    /// As rows that refer to it remember it.
    pub(crate) fn made(&self) -> Made {
        Made {
            blob: self.hash,
            sha256: self.row.sha256,
            size_bytes: self.row.size,
            content_type: self.row.content_type.clone(),
        }
    }
}

/// The name of a version's file in another format.
pub(crate) fn renamed(version: &Version, recipe: Recipe) -> String {
    let name = version.filename.as_str();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{stem}.{}", recipe.format().extension())
}
