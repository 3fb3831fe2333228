//! The service side of `version.process`: what the job reads, and the one batch it writes at the end.
//!
//! [`Service::version_input`] says what to do; [`Service::version_analysed`] and [`Service::version_failed`] return what to
//! write, for the job to commit together with its own outcome (`None`: nothing is left to write). They decide from the rows as
//! they are now: after a conflict call them again. The guards of the sealed blobs must live until that commit.

use crate::{Ctx, Result, Service, authorize::must, version::version_event, version_current::current};
use model::{
    BlobHash, JobId, VersionId,
    event::{Actor, Event},
    job::JobFailure,
    limits,
    ports::AudioAnalysis,
    track::Track,
    version::{Version, VersionStatus},
};
use store::{
    Batch, Stored,
    tables::{
        blob::{BlobRow, Blobs},
        track::Tracks,
        version::Versions,
    },
};

/// What there is to process.
#[derive(Clone, Debug)]
pub enum VersionInput {
    /// This version, whose recording is the blob `original`.
    Process(Box<Version>),
    /// It was processed before: the job is done.
    Settled,
    /// There is no such version any more: the job is cancelled.
    Gone,
}

/// A derived file that is stored and that a version is about to refer to.
#[derive(Clone, Debug)]
pub struct Derived {
    /// Its address.
    pub hash: BlobHash,
    /// What is known about it.
    pub row: BlobRow,
}

/// What the job found out.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Facts, loudness, warnings.
    pub analysis: AudioAnalysis,
    /// The stored waveform pyramid.
    pub peaks: Derived,
    /// The stored features for alignment.
    pub features: Derived,
    /// What else was measured, as stored.
    pub measured: Derived,
    /// The preview, where one was made.
    pub preview: Option<Derived>,
}

impl Service {
    /// What there is to process. A version in the trash is processed too, so that it can come back whole.
    ///
    /// # Errors
    /// Of the store.
    pub async fn version_input(&self, version: VersionId) -> Result<VersionInput> {
        Ok(match self.store().get::<Versions>(&version).await? {
            None => VersionInput::Gone,
            Some(found) => match found.row.status {
                VersionStatus::Processing => VersionInput::Process(Box::new(found.row)),
                VersionStatus::Ready | VersionStatus::Failed { .. } => VersionInput::Settled,
            },
        })
    }

    /// What a success writes: facts and blobs into the version, the track's current version if it takes over, the events.
    ///
    /// # Errors
    /// `NotFound` if the version or its track is gone; of the store.
    pub async fn version_analysed(
        &self,
        cx: &Ctx,
        version: VersionId,
        job: JobId,
        findings: &Findings,
    ) -> Result<Option<Batch>> {
        let Some((before, track)) = self.in_process(version).await? else { return Ok(None) };
        let mut batch = Batch::new();
        for derived in [&findings.peaks, &findings.features, &findings.measured] {
            let found = self.store().get::<Blobs>(&derived.hash).await?;
            batch.store_blob(&derived.hash, found.as_ref(), &derived.row);
        }
        let mut after = before.row.clone();
        after.status = VersionStatus::Ready;
        after.media = Some(findings.analysis.media.clone());
        after.loudness = findings.analysis.loudness;
        after.warnings = bounded(&findings.analysis.warnings);
        after.peaks = Some(findings.peaks.hash);
        after.features = Some(findings.features.hash);
        after.analysis = Some(findings.measured.hash);
        after.updated_at = cx.now;
        batch.replace::<Versions>(&version, &before, &after);
        batch.emit(self.event_of_job(cx, &after, before.rev + 1, Event::VersionReady { job }));
        if let Some(from) = after.carry_from {
            let body = Event::CommentsCarryRequested { from, job: self.id(cx) };
            batch.emit(self.event_of_job(cx, &after, before.rev + 1, body));
        }
        if let Some(preview) = &findings.preview {
            self.add_preview(cx, &mut batch, &after, preview).await?;
        }
        if takes_over(&track.row, &after) {
            let to = current(&after, after.created_at);
            self.point_track(cx, &mut batch, &track, Some(to));
        } else {
            batch.assert_unchanged::<Tracks>(&track.row.id, &track);
        }
        Ok(Some(batch))
    }

    /// What a failure writes. `failure` is shown to people.
    ///
    /// # Errors
    /// `NotFound` if the version or its track is gone; of the store.
    pub async fn version_failed(
        &self,
        cx: &Ctx,
        version: VersionId,
        job: JobId,
        failure: &JobFailure,
    ) -> Result<Option<Batch>> {
        let Some((before, _)) = self.in_process(version).await? else { return Ok(None) };
        let mut after = before.row.clone();
        after.status = VersionStatus::Failed { code: failure.code.clone(), detail: failure.detail.clone() };
        after.updated_at = cx.now;
        let mut batch = Batch::new();
        batch.replace::<Versions>(&version, &before, &after);
        let body = Event::VersionFailed { job, code: failure.code.clone() };
        batch.emit(self.event_of_job(cx, &after, before.rev + 1, body));
        Ok(Some(batch))
    }

    async fn in_process(&self, version: VersionId) -> Result<Option<(Stored<Version>, Stored<Track>)>> {
        let found = must::<Versions>(self.store(), &version, "version").await?;
        if found.row.status != VersionStatus::Processing {
            return Ok(None);
        }
        let track = must::<Tracks>(self.store(), &found.row.track_id, "track").await?;
        Ok(Some((found, track)))
    }

    fn event_of_job(&self, cx: &Ctx, version: &Version, rev: u64, body: Event) -> model::event::NewEvent {
        let mut event = version_event(self, cx, version, rev, body);
        event.actor = Actor::System;
        event
    }
}

/// Whether a version that has just become ready becomes the current one: it asked for it, it is newer than the current one,
/// and nobody chose another meanwhile. A version that took over by itself counts as chosen when it was made.
pub(crate) fn takes_over(track: &Track, version: &Version) -> bool {
    version.make_current
        && version.deleted.is_none()
        && track.current.is_none_or(|now| version.number > now.number && now.since <= version.created_at)
}

/// So many warnings of so many characters fit into a row.
fn bounded(warnings: &[String]) -> Vec<String> {
    warnings
        .iter()
        .take(limits::VERSION_WARNINGS_MAX)
        .map(|text| text.chars().take(limits::VERSION_WARNING_CHARS_MAX).collect())
        .collect()
}
