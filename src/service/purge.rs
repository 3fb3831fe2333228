//! Removing for good what lay in the trash for [`limits::TRASH_TTL_MS`]: versions, tracks with their versions, checkpoints,
//! projects with everything in them.
//!
//! Each version is a batch of its own, then the track's rows, then the project's; a run that was interrupted is continued by
//! the next one. A project is closed first, so that nobody takes half of it out of the trash. What another area keeps about
//! a version, a track or a project is removed where its rows are.

use crate::{Ctx, Error, Result, Service, comment::Home, upload::signed};
use model::{
    ProjectId,
    event::{Event, NewEvent, ResourceRef},
    limits,
    project::ProjectGate,
    track::Track,
    version::Version,
};
use store::{
    Batch, Index, Scan, StoreError, Stored,
    tables::{
        activity::Feed,
        checkpoint::{CheckpointsByProject, CheckpointsTrashed},
        counters::{
            ApprovalCount, Locks, MemberCount, Owners, ProjectBytes, ProjectVersionCount, ProjectsOfUser,
            TrackCount, TrackLocks, TrackTotal, UsedBytes, VersionCount, VersionSeq,
        },
        member::Members,
        project::{ProjectGates, Projects, ProjectsTrashed},
        star::Stars,
        track::{Faders, TrackPlaces, TrackSets, Tracks, TracksByProject, TracksTrashed},
        version::{Versions, VersionsByTrack, VersionsTrashed},
    },
};

/// How much a run removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Projects.
    pub projects: u64,
    /// Tracks, those of the projects included.
    pub tracks: u64,
    /// Versions, those of the tracks included.
    pub versions: u64,
    /// Checkpoints, those of the projects included.
    pub checkpoints: u64,
}

impl Service {
    /// Removes what lay in the trash for too long; what changes meanwhile is left for the next run.
    ///
    /// # Errors
    /// Of the store.
    pub async fn purge_trash(&self, cx: &Ctx) -> Result<Purged> {
        let mut done = Purged::default();
        let cutoff = Scan::all().before(&cx.now.plus_millis(-limits::TRASH_TTL_MS)).limit(limits::PURGE_MAX);
        for hit in self.store().scan_index::<VersionsTrashed>(cutoff.clone()).await?.items {
            let Some(track) = self.store().get::<Tracks>(&hit.stored.row.track_id).await? else { continue };
            untouched(self.purge_version(cx, &track, &hit.stored, &mut done).await)?;
        }
        for hit in self.store().scan_index::<TracksTrashed>(cutoff.clone()).await?.items {
            untouched(self.purge_track(cx, &hit.stored, &mut done).await)?;
        }
        for hit in self.store().scan_index::<CheckpointsTrashed>(cutoff.clone()).await?.items {
            untouched(self.purge_checkpoint(cx, &hit.stored, &mut done).await)?;
        }
        for hit in self.store().scan_index::<ProjectsTrashed>(cutoff).await?.items {
            untouched(self.purge_project(cx, hit.key, hit.stored, &mut done).await)?;
        }
        Ok(done)
    }

    async fn purge_version(
        &self,
        cx: &Ctx,
        track: &Stored<Track>,
        version: &Stored<Version>,
        done: &mut Purged,
    ) -> Result<()> {
        let row = &version.row;
        let size = signed(row.size_bytes);
        // Its row goes last: as long as it is there, the next run finds what is left.
        self.purge_placements(row.id).await?;
        self.purge_approvals(row.id).await?;
        let mut batch = Batch::new();
        batch
            .priority()
            .assert_unchanged::<Tracks>(&row.track_id, track)
            .assert_counter::<Locks>(&row.id, 0..=0)
            .assert_counter::<ApprovalCount>(&row.id, 0..=0)
            .delete::<Versions>(&row.id, version)
            .add::<ProjectBytes>(&row.project_id, -size, 0..)
            .add::<UsedBytes>(&row.charged_to, -size, 0..);
        if row.deleted.is_none() {
            batch.add::<VersionCount>(&row.track_id, -1, 0..);
            if track.row.deleted.is_none() {
                batch.add::<ProjectVersionCount>(&row.project_id, -1, 0..);
            }
        }
        for blob in row.blobs() {
            batch.release_blob(&blob);
        }
        let resource = ResourceRef::new("version", row.id, version.rev);
        batch.emit(self.event_in(cx, row.project_id, resource, Some(row.track_id), Event::VersionPurged));
        self.store().commit(batch).await?;
        done.versions += 1;
        Ok(())
    }

    async fn purge_track(&self, cx: &Ctx, track: &Stored<Track>, done: &mut Purged) -> Result<()> {
        let (id, project) = (track.row.id, track.row.project_id);
        while let Some(page) = self.next_page::<VersionsByTrack>(&id).await? {
            for version in page {
                self.purge_version(cx, track, &version, done).await?;
            }
        }
        self.purge_comments(id.uuid(), &Home::track(track)).await?;
        let numbers = self.store().count::<VersionSeq>(&id).await?;
        let mut batch = Batch::new();
        batch
            .priority()
            .delete::<Tracks>(&id, track)
            .assert_counter::<VersionCount>(&id, 0..=0)
            .assert_counter::<TrackLocks>(&id, 0..=0)
            .add::<VersionSeq>(&id, -numbers, 0..=0)
            .add::<TrackTotal>(&project, -1, 0..)
            .add::<TrackCount>(&project, -i64::from(track.row.deleted.is_none()), 0..);
        if let Some(fader) = self.store().get::<Faders>(&id).await? {
            batch.delete::<Faders>(&id, &fader);
        }
        if let Some(place) = self.store().get::<TrackPlaces>(&id).await? {
            batch.delete::<TrackPlaces>(&id, &place);
        }
        if let Some(cover) = &track.row.cover {
            batch.release_blob(cover);
        }
        let resource = ResourceRef::new("track", id, track.rev);
        batch.emit(self.event_in(cx, project, resource, Some(id), Event::TrackPurged));
        self.store().commit(batch).await?;
        done.tracks += 1;
        Ok(())
    }

    async fn purge_project(
        &self,
        cx: &Ctx,
        id: ProjectId,
        mut gate: Stored<ProjectGate>,
        done: &mut Purged,
    ) -> Result<()> {
        if !gate.row.purging {
            let closed = ProjectGate { purging: true, ..gate.row.clone() };
            let mut batch = Batch::new();
            batch.priority().replace::<ProjectGates>(&id, &gate, &closed);
            batch.emit(self.purged_event(cx, id));
            let stamp = self.store().commit(batch).await?.stamp;
            gate = Stored { row: closed, rev: gate.rev + 1, stamp };
        }
        // Their locks go first.
        while let Some(page) = self.next_page::<CheckpointsByProject>(&id).await? {
            for checkpoint in page {
                self.purge_checkpoint(cx, &checkpoint, done).await?;
            }
        }
        while let Some(page) = self.next_page::<TracksByProject>(&id).await? {
            for track in page {
                self.purge_track(cx, &track, done).await?;
            }
        }
        self.purge_comments(id.uuid(), &Home::default()).await?;
        self.purge_moods(id).await?;
        self.purge_invitations(id).await?;
        self.purge_shares(id).await?;
        self.purge_members(id).await?;
        self.purge_feed(id).await?;
        let mut batch = Batch::new();
        batch.priority().delete::<ProjectGates>(&id, &gate);
        if let Some(project) = self.store().get::<Projects>(&id).await? {
            batch.delete::<Projects>(&id, &project);
            if let Some(cover) = &project.row.cover {
                batch.release_blob(cover);
            }
        }
        if let Some(set) = self.store().get::<TrackSets>(&id).await? {
            batch.delete::<TrackSets>(&id, &set);
        }
        self.store().commit(batch).await?;
        done.projects += 1;
        Ok(())
    }

    /// The project is on nobody's stream any more; consumers of the log forget it.
    fn purged_event(&self, cx: &Ctx, id: ProjectId) -> NewEvent {
        self.project_event(cx, id, 0, Event::ProjectPurged)
    }

    async fn purge_members(&self, id: ProjectId) -> Result<()> {
        loop {
            let scan = Scan::prefix(&id).limit(limits::JOB_STEP_ROWS);
            let page = self.store().scan::<Members>(scan).await?;
            let mut batch = Batch::new();
            for (key, member) in &page.items {
                let owns = i64::from(member.row.role == model::access::Role::Owner);
                batch
                    .delete::<Members>(key, member)
                    .add::<MemberCount>(&id, -1, 0..)
                    .add::<Owners>(&id, -owns, 0..)
                    .add::<ProjectsOfUser>(&key.1, -1, 0..);
                if let Some(star) = self.store().get::<Stars>(&(key.1, id)).await? {
                    batch.delete::<Stars>(&(key.1, id), &star);
                }
            }
            if !batch.is_empty() {
                batch.priority();
                self.store().commit(batch).await?;
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    async fn purge_feed(&self, id: ProjectId) -> Result<()> {
        loop {
            let scan = Scan::prefix(&id).limit(limits::JOB_STEP_ROWS);
            let page = self.store().scan::<Feed>(scan).await?;
            let mut batch = Batch::new();
            for (key, entry) in &page.items {
                batch.delete::<Feed>(key, entry);
            }
            if !batch.is_empty() {
                batch.priority();
                self.store().commit(batch).await?;
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    /// The first rows that an index has under a key; none when there are none. Whoever asks removes them.
    async fn next_page<I: Index>(
        &self,
        key: &impl store::Key,
    ) -> Result<Option<Vec<Stored<<I::Table as store::Table>::Row>>>> {
        let scan = Scan::prefix(key).limit(limits::JOB_STEP_ROWS);
        let page = self.store().scan_index::<I>(scan).await?;
        Ok((!page.items.is_empty()).then(|| page.items.into_iter().map(|hit| hit.stored).collect()))
    }
}

/// Somebody changed it at this moment: it is left for the next run.
fn untouched(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(Error::Store(StoreError::Conflict { .. })) => Ok(()),
        outcome => outcome,
    }
}
