//! Uploads: a place for bytes that are on their way in, paid for before they come.
//!
//! The declared size is taken from the person's quota when the upload is made, and given back when it is dropped; the version
//! made from it takes the charge over. A complete upload refers to its blob, and that reference moves the same way.

use crate::{Authorized, Ctx, Done, Error, Result, Service, authorize::must, commit::decide_again};
use model::{
    GuestId, ProjectId, UploadId, UserId, Violation,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    limits,
    project::Project,
    text::FileName,
    upload::{Upload, UploadState},
};
use store::{
    Batch, Scan, Stored, TableId,
    tables::{
        blob::Blobs,
        counters::UsedBytes,
        upload::{Uploads, UploadsByExpiry, UploadsByUser},
        user::Users,
        version::VersionsByContent,
    },
};

/// An upload about to be made.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// For which project.
    pub project_id: ProjectId,
    /// The client's name for the file.
    pub filename: FileName,
    /// How many bytes will come.
    pub size_bytes: u64,
    /// What the client says it is.
    pub content_type: String,
    /// The SHA-256 of the bytes, if the client knows it.
    pub sha256: Option<[u8; 32]>,
}

impl Service {
    /// Makes an upload and takes its size from the caller's quota. It is complete at once if the declared hash is that of a
    /// recording the caller may download anyway; nobody learns of others.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `ProjectArchived`; `PayloadTooLarge`, `QuotaExceeded`, `StorageFull`; `Conflict` with too many open
    /// uploads; `IdempotencyMismatch`.
    pub async fn create_upload(&self, cx: &Ctx, new: NewUpload) -> Result<Done<Stored<Upload>>> {
        decide_again!(None, self.try_create_upload(cx, &new).await)
    }

    async fn try_create_upload(&self, cx: &Ctx, new: &NewUpload) -> Result<Done<Stored<Upload>>> {
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(must::<Uploads>(self.store(), &id.into(), "upload").await?));
        }
        let auth = self.authorize::<Project>(cx, new.project_id, Action::Upload).await?;
        let (user_id, guest_id) = (payer(cx, &auth)?, cx.principal()?.guest());
        self.check_room(user_id, guest_id, new.size_bytes).await?;
        let mut batch = Batch::new();
        let upload = Upload {
            id: self.id(cx),
            user_id,
            guest_id,
            project_id: new.project_id,
            filename: new.filename.clone(),
            size_bytes: new.size_bytes,
            content_type: new.content_type.clone(),
            declared_sha256: new.sha256,
            state: self.skip_transfer(cx, new, &mut batch).await?,
            created_at: cx.now,
            expires_at: cx.now.plus_millis(limits::UPLOAD_TTL_MS),
        };
        batch.insert::<Uploads>(&upload.id, &upload);
        match upload.state {
            UploadState::Open => {}
            UploadState::Complete { .. } => {
                batch.emit(self.upload_completed(cx, &upload, 1));
            }
        }
        self.remember(cx, &mut batch, upload.id)?;
        let done = self.commit_charge(&auth, batch, user_id, upload.size_bytes).await?;
        Ok(Done::Now(Stored { row: upload, rev: 1, stamp: done.stamp }))
    }

    /// An upload of the caller.
    ///
    /// # Errors
    /// `NotFound` if it is not there, used, lapsed or somebody else's.
    pub async fn get_upload(&self, cx: &Ctx, id: UploadId) -> Result<Stored<Upload>> {
        Ok(self.own_upload(cx, id, Action::Visit).await?.1)
    }

    /// Drops an upload, gives its size back to the quota, and forgets its bytes.
    ///
    /// # Errors
    /// `NotFound` if it is not there, used, lapsed or somebody else's.
    pub async fn delete_upload(&self, cx: &Ctx, id: UploadId) -> Result<()> {
        decide_again!(None, self.try_delete_upload(cx, id).await)
    }

    async fn try_delete_upload(&self, cx: &Ctx, id: UploadId) -> Result<()> {
        let (auth, upload) = self.own_upload(cx, id, Action::Visit).await?;
        let mut batch = drop_upload(&upload);
        self.rely(&auth, &mut batch).await?;
        self.store().commit(batch).await?;
        Ok(self.blobs().discard(id).await?)
    }

    /// Drops uploads that nobody used in time. Returns how many.
    ///
    /// # Errors
    /// Of the store; what was dropped before stays dropped.
    pub async fn expire_uploads(&self, cx: &Ctx) -> Result<usize> {
        let mut dropped = 0;
        loop {
            let scan = Scan::all().before(&cx.now).limit(limits::PAGE_MAX);
            let page = self.store().scan_index::<UploadsByExpiry>(scan).await?;
            for hit in &page.items {
                match self.store().commit(drop_upload(&hit.stored)).await {
                    Ok(_) => {
                        self.blobs().discard(hit.stored.row.id).await?;
                        dropped += 1;
                    }
                    // Somebody used or dropped it at this moment.
                    Err(error) if error.is_conflict() => {}
                    Err(error) => return Err(error.into()),
                }
            }
            if !page.more {
                self.sweep_parts().await?;
                return Ok(dropped);
            }
        }
    }

    /// Throws away files of uploads that are not there any more: a crash came between the row and the file.
    async fn sweep_parts(&self) -> Result<()> {
        for id in self.blobs().parts().await? {
            if self.store().get::<Uploads>(&id).await?.is_none() {
                self.blobs().discard(id).await?;
            }
        }
        Ok(())
    }

    /// An upload of the caller, who may do this in its project.
    pub(crate) async fn own_upload(
        &self,
        cx: &Ctx,
        id: UploadId,
        action: Action,
    ) -> Result<(Authorized<Project>, Stored<Upload>)> {
        let me = cx.principal()?;
        let upload = must::<Uploads>(self.store(), &id, "upload").await?;
        if upload.row.uploader() != me || upload.row.expires_at <= cx.now {
            return Err(Error::NotFound("upload"));
        }
        let auth = self.authorize::<Project>(cx, upload.row.project_id, action).await?;
        Ok((auth, upload))
    }

    /// Refuses what is larger than any upload may be, and one more open upload than a person or a guest may have. Requests at the same
    /// instant may each see the last place; the quota bounds what they can do with it.
    async fn check_room(&self, user: UserId, guest: Option<GuestId>, size: u64) -> Result<()> {
        let limit = self.settings().upload_bytes_max;
        if size > limit {
            return Err(Error::PayloadTooLarge { limit });
        }
        if size == 0 {
            return Err(Violation::new("/size_bytes", "out_of_range", "must be at least 1").into());
        }
        let scan = Scan::prefix(&user).limit(limits::OPEN_UPLOADS_MAX);
        let open = self.store().scan_index::<UploadsByUser>(scan).await?.items;
        let of_guest = open.iter().filter(|hit| guest.is_some() && hit.stored.row.guest_id == guest).count();
        if open.len() >= limits::OPEN_UPLOADS_MAX || of_guest >= limits::GUEST_UPLOADS_MAX {
            return Err(Error::Conflict("too many uploads are open; use or delete some first"));
        }
        Ok(())
    }

    /// Complete, if the declared hash is that of a recording which the caller may download as it is.
    async fn skip_transfer(&self, cx: &Ctx, new: &NewUpload, batch: &mut Batch) -> Result<UploadState> {
        let Some(sha256) = new.sha256 else { return Ok(UploadState::Open) };
        let scan = Scan::prefix(&sha256).limit(limits::DEDUPLICATION_VERSIONS_MAX);
        for hit in self.store().scan_index::<VersionsByContent>(scan).await?.items {
            let version = &hit.stored.row;
            if version.size_bytes != new.size_bytes
                || self.authorize_version(cx, version.id, Action::Download).await.is_err()
            {
                continue;
            }
            let blob = must::<Blobs>(self.store(), &version.original, "recording").await?;
            batch.reference_blob(&version.original, &blob);
            return Ok(UploadState::Complete { blob: version.original, sha256, deduplicated: true });
        }
        Ok(UploadState::Open)
    }

    /// Commits a batch that takes `bytes` from a person's quota.
    pub(crate) async fn commit_charge<T>(
        &self,
        auth: &Authorized<T>,
        mut batch: Batch,
        user: UserId,
        bytes: u64,
    ) -> Result<store::Committed> {
        let quota = self.quota(user).await?;
        batch.add::<UsedBytes>(&user, signed(bytes), ..=quota);
        match self.commit(auth, batch).await {
            Err(error) if error.conflicts_on(TableId::UsedBytes) => {
                let used = self.store().count::<UsedBytes>(&user).await?;
                let free = u64::try_from(quota.saturating_sub(used)).unwrap_or(0);
                Err(Error::QuotaExceeded { needed: bytes, free })
            }
            outcome => outcome,
        }
    }

    /// How many bytes a person may store.
    pub(crate) async fn quota(&self, user: UserId) -> Result<i64> {
        let account = must::<Users>(self.store(), &user, "user").await?;
        let quota = match account.row.quota_bytes {
            Some(bytes) => Some(bytes),
            None => self.default_quota().await?,
        };
        Ok(quota.map_or(i64::MAX, signed))
    }

    pub(crate) fn upload_completed(&self, cx: &Ctx, upload: &Upload, rev: u64) -> NewEvent {
        NewEvent {
            id: self.id(cx),
            project: None,
            users: vec![upload.user_id],
            actor: cx.actor(),
            resource: ResourceRef::new("upload", upload.id, rev),
            track: None,
            body: Event::UploadCompleted { upload: upload.id },
        }
    }
}

/// Whose quota pays for what the caller uploads: their own, or that of whoever vouches for their link.
pub(crate) fn payer<T>(cx: &Ctx, auth: &Authorized<T>) -> Result<UserId> {
    match auth.link() {
        Some(link) => Ok(link.row.vouched_by),
        None => cx.user_id(),
    }
}

/// What dropping an upload writes: the row goes, the quota comes back, the blob loses the upload's reference.
pub(crate) fn drop_upload(upload: &Stored<Upload>) -> Batch {
    let row = &upload.row;
    let mut batch = Batch::new();
    batch.priority();
    batch.delete::<Uploads>(&row.id, upload);
    batch.add::<UsedBytes>(&row.user_id, -signed(row.size_bytes), 0..);
    match &row.state {
        UploadState::Open => {}
        UploadState::Complete { blob, .. } => {
            batch.release_blob(blob);
        }
    }
    batch
}

/// A number of bytes as a counter counts it.
pub(crate) fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
