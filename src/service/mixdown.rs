//! Mixdowns: the song as the faders say, in one file.
//!
//! What is heard is written down when it is asked for: faders that move later, and versions that are chosen later, change nothing. The row is
//! there until its job ends; the file belongs to the job.

use crate::{
    Ctx, Error, Result, Service, commit::decide_again, job_view::JobView, track::FaderPatch,
    version_current::playable, version_process::Derived,
};
use model::{
    CheckpointId, JobId, ProjectId, TrackId, VersionId, Violation, Violations,
    access::Action,
    event::Event,
    event::ResourceRef,
    job::JobFile,
    limits,
    mixdown::{Mixdown, Stem},
    project::Project,
    rendition::Recipe,
    track::Fader,
    version::{Version, VersionStatus},
};
use std::collections::BTreeMap;
use store::{
    Batch, Scan, Stored,
    tables::{
        blob::Blobs,
        checkpoint::Checkpoints,
        job::JobFiles,
        mixdown::{Mixdowns, MixdownsByProject},
        track::TrackSets,
        version::Versions,
    },
};

/// The kind of the job that makes a mixdown.
pub(crate) const MIXDOWN_RENDER: &str = "mixdown.render";

/// A mixdown as it is asked for.
#[derive(Clone, Debug)]
pub struct NewMixdown {
    /// The checkpoint to mix; none = the song as it stands.
    pub checkpoint_id: Option<CheckpointId>,
    /// How faders stand, where they do not stand as in the mix.
    pub faders: BTreeMap<TrackId, FaderPatch>,
    /// Versions that play instead of the current ones, at most one a track.
    pub version_ids: Vec<VersionId>,
    /// The window of the song in milliseconds; none = all of it.
    pub range_ms: Option<(i64, i64)>,
    /// What it becomes.
    pub recipe: Recipe,
    /// The integrated loudness it is brought to, in LUFS.
    pub loudness_target: Option<f64>,
}

/// What there is to mix, with the recordings.
#[derive(Clone, Debug)]
pub struct MixdownInput {
    /// The order.
    pub mixdown: Mixdown,
    /// Its stems, each with its version.
    pub stems: Vec<(Stem, Version)>,
}

impl Service {
    /// Starts a mixdown.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`; `Invalid` for tracks and versions that are not of this project or not ready; `Conflict` if nothing is heard,
    /// or with too many mixdowns under way; `IdempotencyMismatch`, `StorageFull`.
    pub async fn create_mixdown(&self, cx: &Ctx, project: ProjectId, new: NewMixdown) -> Result<JobView> {
        let job = decide_again!(None, self.try_create_mixdown(cx, project, &new).await)?;
        self.get_job(cx, job).await
    }

    async fn try_create_mixdown(&self, cx: &Ctx, project: ProjectId, new: &NewMixdown) -> Result<JobId> {
        if let Some(id) = self.made_before(cx).await? {
            return Ok(id.into());
        }
        let auth = self.authorize::<Project>(cx, project, Action::Download).await?;
        let mut batch = Batch::new();
        let strips = match new.checkpoint_id {
            None => self.strips(project, &mut batch).await?,
            Some(checkpoint) => self.strips_of(project, checkpoint, &mut batch).await?,
        };
        let stems = self.heard(&strips, new).await?;
        let open = Scan::prefix(&project).limit(limits::MIXDOWNS_OPEN_MAX);
        if self.store().scan_index::<MixdownsByProject>(open).await?.items.len() >= limits::MIXDOWNS_OPEN_MAX
        {
            return Err(Error::Conflict(
                "too many mixdowns of this project are under way; wait for one of them",
            ));
        }
        let job_id = self.id(cx);
        let row = Mixdown {
            job_id,
            project_id: project,
            requested_by: cx.user_id()?,
            stems,
            range_ms: new.range_ms,
            recipe: new.recipe,
            loudness_target: new.loudness_target,
            filename: format!("{}.{}", auth.resource().row.name, new.recipe.format().extension()),
            created_at: cx.now,
        };
        batch.insert::<Mixdowns>(&job_id, &row);
        let resource = ResourceRef::new("mixdown", job_id, 0);
        batch.emit(self.event_in(cx, project, resource, None, Event::MixdownRequested { job: job_id }));
        self.remember(cx, &mut batch, job_id)?;
        self.commit(&auth, batch).await?;
        Ok(job_id)
    }

    /// The song as it stands.
    async fn strips(&self, project: ProjectId, batch: &mut Batch) -> Result<Vec<Strip>> {
        let line = self.line_up(project).await?;
        // The guard stands for every track: none of them went to the trash meanwhile.
        batch.assert_unchanged::<TrackSets>(&project, &line.guard);
        let faders: BTreeMap<TrackId, Stored<Fader>> = self.faders(&line.ids()).await?.into_iter().collect();
        let tracks = line.tracks.iter().map(|placed| &placed.track.row);
        let strips = tracks.filter_map(|track| {
            Some(Strip {
                track_id: track.id,
                plays: track.current.map(|current| current.version_id),
                fader: faders.get(&track.id)?.row,
                start_offset_ms: track.start_offset_ms,
            })
        });
        Ok(strips.collect())
    }

    /// The song as a checkpoint holds it.
    async fn strips_of(
        &self,
        project: ProjectId,
        checkpoint: CheckpointId,
        batch: &mut Batch,
    ) -> Result<Vec<Strip>> {
        let row = match self.checkpoint_in(project, checkpoint).await {
            Err(Error::NotFound(_)) => {
                let detail = "must be a checkpoint of this project";
                return Err(Violation::new("/checkpoint_id", "not_found", detail).into());
            }
            outcome => outcome?,
        };
        batch.assert_unchanged::<Checkpoints>(&checkpoint, &row);
        let items = self.items_of(checkpoint).await?;
        let ids: Vec<VersionId> = items.iter().filter_map(|item| item.row.version_id).collect();
        let versions = self.store().get_many::<Versions>(&ids).await?;
        if versions.iter().any(|version| version.as_ref().is_none_or(|found| found.row.deleted.is_some())) {
            return Err(Error::Conflict("a version of this checkpoint is in the trash or gone"));
        }
        let strips = items.into_iter().map(|item| Strip {
            track_id: item.row.track_id,
            plays: item.row.version_id,
            fader: item.row.fader,
            start_offset_ms: item.row.start_offset_ms,
        });
        Ok(strips.collect())
    }

    /// What is heard: audible tracks that play something.
    async fn heard(&self, strips: &[Strip], new: &NewMixdown) -> Result<Vec<Stem>> {
        let ids: Vec<TrackId> = strips.iter().map(|strip| strip.track_id).collect();
        let mut chosen = self.chosen(&ids, &new.version_ids).await?;
        unknown_tracks("/mix/tracks", &ids, new.faders.keys())?;
        let moved = strips.iter().map(|strip| {
            let patch = new.faders.get(&strip.track_id);
            patch.map_or(strip.fader, |patch| patch.applied(strip.fader))
        });
        let moved: Vec<Fader> = moved.collect();
        let heard = strips.iter().zip(&moved).zip(Fader::audible(&moved)).filter(|(_, audible)| *audible);
        let mut stems = Vec::new();
        for ((strip, fader), _) in heard {
            if let Some(version_id) = chosen.remove(&strip.track_id).or(strip.plays) {
                let Fader { volume, pan, .. } = *fader;
                stems.push(Stem { version_id, volume, pan, start_offset_ms: strip.start_offset_ms });
            }
        }
        if stems.is_empty() {
            return Err(Error::Conflict("nothing is heard in this mix"));
        }
        Ok(stems)
    }

    /// The versions that play instead of the current ones, by their tracks.
    async fn chosen(&self, tracks: &[TrackId], ids: &[VersionId]) -> Result<BTreeMap<TrackId, VersionId>> {
        let (mut chosen, mut faults) = (BTreeMap::new(), Violations::default());
        let found = self.store().get_many::<Versions>(ids).await?;
        for (at, (id, version)) in ids.iter().zip(found).enumerate() {
            let ours = version
                .map(|version| version.row)
                .filter(|version| version.deleted.is_none() && tracks.contains(&version.track_id));
            let pointer = format!("/version_ids/{at}");
            match ours {
                None => {
                    faults.0.push(Violation::new(pointer, "not_found", "must be a version of this project"))
                }
                Some(version) if playable(&version).is_err() => {
                    faults.0.push(Violation::new(pointer, "not_ready", "is not ready to be played"));
                }
                Some(version) => {
                    if chosen.insert(version.track_id, *id).is_some() {
                        faults.0.push(Violation::new(pointer, "repeated", "is the second one of its track"));
                    }
                }
            }
        }
        faults.finish(Some(chosen)).map_err(Into::into)
    }

    /// What the job has to mix; none if the order or one of its recordings is gone.
    ///
    /// # Errors
    /// Of the store.
    pub async fn mixdown_input(&self, job: JobId) -> Result<Option<MixdownInput>> {
        let Some(order) = self.store().get::<Mixdowns>(&job).await? else { return Ok(None) };
        let ids: Vec<VersionId> = order.row.stems.iter().map(|stem| stem.version_id).collect();
        let versions = self.store().get_many::<Versions>(&ids).await?;
        let ready = |version: Option<Stored<Version>>| {
            version.map(|version| version.row).filter(|version| version.status == VersionStatus::Ready)
        };
        let stems = order.row.stems.iter().zip(versions);
        let stems: Option<Vec<_>> = stems.map(|(stem, version)| Some((*stem, ready(version)?))).collect();
        Ok(stems.map(|stems| MixdownInput { mixdown: order.row, stems }))
    }

    /// What a success writes: the file for whoever asked, and the end of the order.
    ///
    /// # Errors
    /// Of the store.
    pub async fn mixdown_made(&self, cx: &Ctx, job: JobId, made: &Derived) -> Result<Option<Batch>> {
        let Some(order) = self.store().get::<Mixdowns>(&job).await? else { return Ok(None) };
        let mut batch = Batch::new();
        let found = self.store().get::<Blobs>(&made.hash).await?;
        batch.store_blob(&made.hash, found.as_ref(), &made.row);
        let filename = order.row.filename.clone();
        batch.insert::<JobFiles>(&job, &JobFile { made: made.made(), filename, created_at: cx.now });
        batch.delete::<Mixdowns>(&job, &order);
        Ok(Some(batch))
    }

    /// What a failure writes: the end of the order.
    ///
    /// # Errors
    /// Of the store.
    pub async fn mixdown_failed(&self, job: JobId) -> Result<Option<Batch>> {
        let order = self.store().get::<Mixdowns>(&job).await?;
        Ok(order.map(|order| {
            let mut batch = Batch::new();
            batch.delete::<Mixdowns>(&job, &order);
            batch
        }))
    }
}

/// One track of what is mixed.
struct Strip {
    track_id: TrackId,
    plays: Option<VersionId>,
    fader: Fader,
    start_offset_ms: i64,
}

/// Refuses ids below `pointer` that are none of these tracks.
pub(crate) fn unknown_tracks<'a>(
    pointer: &str,
    tracks: &[TrackId],
    ids: impl Iterator<Item = &'a TrackId>,
) -> Result<()> {
    let strange = ids.filter(|id| !tracks.contains(id)).map(|id| {
        Violation::new(format!("{pointer}/{id}"), "unknown_track", "must be a track of this project")
    });
    let strange: Vec<Violation> = strange.collect();
    if strange.is_empty() { Ok(()) } else { Err(Violations(strange).into()) }
}
