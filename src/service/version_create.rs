//! A new take: an upload becomes the next version of a track, and its processing starts.
//!
//! Whether the bytes are a recording is looked at first, in an isolated child; what is none is dropped with its upload. The
//! charge and the reference to the bytes move from the upload to the version in the batch that makes it.

use crate::{
    Ctx, Done, Error, Result, Service,
    authorize::must,
    comment::CommentCounts,
    commit::decide_again,
    upload::signed,
    version::{VersionView, check_texts, version_event},
};
use model::{
    BlobHash, TrackId, UploadId, VersionId, Violation,
    access::Action,
    event::Event,
    limits,
    ports::AudioRefusal,
    review::Review,
    text::{Changelog, Label},
    track::Track,
    upload::{Upload, UploadState},
    version::{Version, VersionStatus},
};
use std::collections::BTreeMap;
use store::{
    Batch, Stored,
    tables::{
        counters::{ProjectBytes, ProjectVersionCount, VersionCount, VersionSeq},
        track::Tracks,
        upload::Uploads,
        version::Versions,
    },
};

/// A version about to be made.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The complete upload that brings the recording.
    pub upload_id: UploadId,
    /// What the band calls it.
    pub label: Option<Label>,
    /// What changed.
    pub changelog: Option<Changelog>,
    /// The version it was made from.
    pub parent_version_id: Option<VersionId>,
    /// Make it the current version when it is ready.
    pub make_current: bool,
    /// Which comments of the version before it takes over.
    pub carry: Carry,
}

/// Which comments of the version before a new one takes over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carry {
    /// The open ones.
    Unresolved,
    /// None.
    #[default]
    None,
}

impl Service {
    /// Makes the next version of a track from an upload.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `ProjectArchived`; `Invalid` if the upload or the parent is not one of this track's; `Audio` if the
    /// bytes are no recording (the upload is dropped); `Conflict` when the track is full; `StorageFull`; `IdempotencyMismatch`.
    pub async fn create_version(
        &self,
        cx: &Ctx,
        track: TrackId,
        new: NewVersion,
    ) -> Result<Done<VersionView>> {
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(self.get_version(cx, id.into()).await?));
        }
        self.authorize::<Track>(cx, track, Action::Upload).await?;
        let upload = self.upload_for_version(cx, new.upload_id).await?;
        self.recognise(&upload).await?;
        decide_again!(None, self.try_create_version(cx, track, &new).await)
    }

    /// The same for an upload that nobody else knows of: it is dropped if no version comes of it.
    ///
    /// # Errors
    /// As [`Service::create_version`].
    pub async fn create_version_or_drop(
        &self,
        cx: &Ctx,
        track: TrackId,
        new: NewVersion,
    ) -> Result<Done<VersionView>> {
        let upload = new.upload_id;
        let outcome = self.create_version(cx, track, new).await;
        if outcome.is_err() {
            // Why there is no version matters more; what stays lapses.
            drop(self.delete_upload(cx, upload).await);
        }
        outcome
    }

    async fn try_create_version(
        &self,
        cx: &Ctx,
        track: TrackId,
        new: &NewVersion,
    ) -> Result<Done<VersionView>> {
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(self.get_version(cx, id.into()).await?));
        }
        // Looking at the bytes took its time: ask again.
        let auth = self.authorize::<Track>(cx, track, Action::Upload).await?;
        let upload = self.upload_for_version(cx, new.upload_id).await?;
        if upload.row.project_id != auth.project_id() {
            return Err(unusable("belongs to another project").into());
        }
        let given = self.store().count::<VersionSeq>(&track).await?;
        if given >= limits::VERSIONS_PER_TRACK_MAX {
            return Err(Error::Conflict("this track has as many versions as a track may have"));
        }
        let mut batch = Batch::new();
        self.check_parent(&mut batch, track, new.parent_version_id).await?;
        let mut version = self.describe(cx, &auth.resource().row, new, &upload.row, given + 1)?;
        if new.carry == Carry::Unresolved && upload.row.guest_id.is_none() {
            version.carry_from = self.version_before(&auth.resource().row, new.parent_version_id).await?;
        }
        batch.insert::<Versions>(&version.id, &version);
        batch.delete::<Uploads>(&upload.row.id, &upload);
        batch.assert_unchanged::<Tracks>(&track, auth.resource());
        batch.add::<VersionSeq>(&track, 1, version.number..=version.number);
        batch.add::<VersionCount>(&track, 1, ..);
        batch.add::<ProjectVersionCount>(&version.project_id, 1, ..);
        batch.add::<ProjectBytes>(&version.project_id, signed(version.size_bytes), ..);
        let body =
            Event::VersionCreated { original: version.original, job: version.job_id, number: version.number };
        batch.emit(version_event(self, cx, &version, 1, body));
        self.remember(cx, &mut batch, version.id)?;
        let done = self.commit(&auth, batch).await?;
        let stored = Stored { row: version, rev: 1, stamp: done.stamp };
        Ok(Done::Now(VersionView::of(stored, &auth.resource().row, CommentCounts::default())))
    }

    /// A complete upload of the caller, named in a body.
    async fn upload_for_version(&self, cx: &Ctx, id: UploadId) -> Result<Stored<Upload>> {
        match self.own_upload(cx, id, Action::Upload).await {
            Ok((_, upload)) => Ok(upload),
            Err(Error::NotFound(_)) => {
                Err(unusable("must be an upload of yours that was not used yet").into())
            }
            Err(error) => Err(error),
        }
    }

    /// Refuses bytes that are no recording, and drops them.
    async fn recognise(&self, upload: &Stored<Upload>) -> Result<()> {
        let (blob, _) = contents(&upload.row)?;
        let path = self.blobs().local_path(&blob);
        match self.audio().probe(&path).await {
            Ok(_) => Ok(()),
            Err(AudioRefusal::File { code, detail }) => {
                self.drop_bad_upload(upload).await?;
                Err(Error::Audio { code, detail })
            }
            Err(AudioRefusal::Cancelled) => Err(Error::Overloaded),
            Err(AudioRefusal::Engine(why)) => Err(Error::Internal(why)),
        }
    }

    async fn check_parent(&self, batch: &mut Batch, track: TrackId, parent: Option<VersionId>) -> Result<()> {
        let Some(id) = parent else { return Ok(()) };
        match must::<Versions>(self.store(), &id, "version").await {
            Ok(parent) if parent.row.track_id == track && parent.row.deleted.is_none() => {
                batch.assert_unchanged::<Versions>(&id, &parent);
                Ok(())
            }
            Ok(_) | Err(Error::NotFound(_)) => {
                let detail = "must be a version of this track";
                Err(Violation::new("/parent_version_id", "not_found", detail).into())
            }
            Err(error) => Err(error),
        }
    }

    fn describe(
        &self,
        cx: &Ctx,
        track: &Track,
        new: &NewVersion,
        upload: &Upload,
        number: i64,
    ) -> Result<Version> {
        let (original, sha256) = contents(upload)?;
        let version = Version {
            id: self.id(cx),
            track_id: track.id,
            project_id: track.project_id,
            number,
            label: new.label.clone(),
            changelog: new.changelog.clone(),
            parent_version_id: new.parent_version_id,
            uploaded_by: upload.user_id,
            uploaded_by_guest: upload.guest_id,
            filename: upload.filename.clone(),
            original,
            sha256,
            size_bytes: upload.size_bytes,
            charged_to: upload.user_id,
            status: VersionStatus::Processing,
            job_id: self.id(cx),
            // What plays is up to those who work on the project.
            make_current: new.make_current && upload.guest_id.is_none(),
            carry_from: None,
            review: Review::default(),
            media: None,
            loudness: None,
            warnings: Vec::new(),
            peaks: None,
            features: None,
            analysis: None,
            metadata: BTreeMap::new(),
            tags: Vec::new(),
            created_at: cx.now,
            updated_at: cx.now,
            deleted: None,
        };
        check_texts(&version)?;
        Ok(version)
    }
}

/// Where the bytes of a complete upload are, and their SHA-256.
fn contents(upload: &Upload) -> Result<(BlobHash, [u8; 32])> {
    match upload.state {
        UploadState::Complete { blob, sha256, .. } => Ok((blob, sha256)),
        UploadState::Open => Err(Error::Conflict("the upload is not complete; send its content first")),
    }
}

fn unusable(detail: &'static str) -> Violation {
    Violation::new("/upload_id", "not_found", detail)
}
