//! The bytes of an upload: counted, hashed and written while they arrive, stored once, compared at the end.
//!
//! One byte more than announced ends the upload and leaves nothing behind. A transfer that stops early or brings other
//! bytes than declared is thrown away, and the upload stays open for another try.

use crate::{
    Ctx, Error, Result, Service,
    authorize::must,
    commit::decide_again,
    upload::{NewUpload, drop_upload, payer, signed},
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use model::{
    TrackId, UploadId, UserId, Violation,
    access::Action,
    limits,
    text::FileName,
    track::Track,
    upload::{Upload, UploadState},
};
use parking_lot::Mutex;
use std::{collections::HashSet, io, pin::pin, time::Duration};
use store::{
    Batch, Sealed, Stored,
    tables::{
        blob::{BlobRow, BlobState, Blobs},
        counters::UsedBytes,
        upload::Uploads,
    },
};

/// Whether the announced size is the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announced {
    /// So many bytes come.
    Exactly,
    /// The size of a whole form is known before that of the file in it, or nothing is: so many are paid for already, and
    /// more are paid for on the way.
    OnTheWay,
}

impl Service {
    /// Takes all bytes of an upload. `length` is what the transport announces, if it does.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `ProjectArchived`; `Conflict` if they are here already or being sent; `PayloadTooLarge` beyond
    /// the declared size (the upload is dropped); `Invalid` if bytes are missing, `ChecksumMismatch`; `StorageFull`.
    pub async fn put_upload_content(
        &self,
        cx: &Ctx,
        id: UploadId,
        length: Option<u64>,
        body: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<Stored<Upload>> {
        let (_, upload) = self.own_upload(cx, id, Action::Upload).await?;
        if length.is_some_and(|length| length > upload.row.size_bytes) {
            return self.too_large(&upload).await;
        }
        self.receive(cx, upload, Announced::Exactly, body).await
    }

    /// Opens an upload for a file inside a form of `length` bytes, if that is known: the file has fewer. Without it, the quota is
    /// taken in steps of [`limits::FORM_STEP_BYTES`] while the file comes.
    ///
    /// # Errors
    /// As [`Service::create_upload`].
    pub async fn open_form_upload(
        &self,
        cx: &Ctx,
        track: TrackId,
        filename: FileName,
        length: Option<u64>,
    ) -> Result<Stored<Upload>> {
        let auth = self.authorize::<Track>(cx, track, Action::Upload).await?;
        let largest = self.settings().upload_bytes_max.saturating_add(limits::FORM_EXTRA_BYTES_MAX);
        let size_bytes = match length {
            Some(length) if length > largest => {
                return Err(Error::PayloadTooLarge { limit: self.settings().upload_bytes_max });
            }
            Some(length) => length.min(self.settings().upload_bytes_max),
            None => self.next_step(payer(cx, &auth)?, 0).await?,
        };
        let content_type = "application/octet-stream".to_owned();
        let new =
            NewUpload { project_id: auth.project_id(), filename, size_bytes, content_type, sha256: None };
        let without_memory = Ctx { idempotency: None, ..cx.clone() };
        Ok(self.create_upload(&without_memory, new).await?.into_inner())
    }

    /// Takes the file inside a form; what it needs less than was set aside goes back to the quota.
    ///
    /// # Errors
    /// As [`Service::put_upload_content`].
    pub async fn put_form_content(
        &self,
        cx: &Ctx,
        id: UploadId,
        body: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<Stored<Upload>> {
        let (_, upload) = self.own_upload(cx, id, Action::Upload).await?;
        self.receive(cx, upload, Announced::OnTheWay, body).await
    }

    /// How much more of the quota an upload of `size` bytes may take now.
    async fn next_step(&self, user: UserId, size: u64) -> Result<u64> {
        let limit = self.settings().upload_bytes_max;
        if size >= limit {
            return Err(Error::PayloadTooLarge { limit });
        }
        let used = self.store().count::<UsedBytes>(&user).await?;
        let free = self.quota(user).await?.saturating_sub(used);
        match u64::try_from(free) {
            Ok(free) if free > 0 => Ok(free.min(limits::FORM_STEP_BYTES).min(limit - size)),
            Ok(_) | Err(_) => Err(Error::QuotaExceeded { needed: 1, free: 0 }),
        }
    }

    /// Takes another step of the quota for an upload; its new size.
    async fn grow(&self, cx: &Ctx, id: UploadId) -> Result<u64> {
        let (auth, upload) = self.own_upload(cx, id, Action::Upload).await?;
        let step = self.next_step(upload.row.user_id, upload.row.size_bytes).await?;
        let mut after = upload.row.clone();
        after.size_bytes += step;
        let mut batch = Batch::new();
        batch.replace::<Uploads>(&id, &upload, &after);
        self.commit_charge(&auth, batch, after.user_id, step).await?;
        Ok(after.size_bytes)
    }

    /// Takes bytes into the upload's file, and throws them away unless the upload is complete with them.
    async fn receive(
        &self,
        cx: &Ctx,
        upload: Stored<Upload>,
        announced: Announced,
        body: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<Stored<Upload>> {
        if upload.row.state != UploadState::Open {
            return Err(Error::Conflict("all bytes of this upload are here already"));
        }
        let id = upload.row.id;
        let _turn = self.transfers().begin(id)?;
        let outcome = match self.write_part(cx, &upload.row, announced, body).await {
            Ok(sealed) => decide_again!(None, self.try_complete(cx, id, &sealed).await),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(complete) => Ok(complete),
            Err(Error::PayloadTooLarge { .. }) => {
                self.too_large(&must::<Uploads>(self.store(), &id, "upload").await?).await
            }
            Err(error) => {
                self.blobs().discard(id).await?;
                // Somebody may have dropped the upload, and its file with it, in the middle of the transfer.
                self.own_upload(cx, id, Action::Visit).await?;
                Err(error)
            }
        }
    }

    async fn write_part(
        &self,
        cx: &Ctx,
        upload: &Upload,
        announced: Announced,
        body: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<Sealed> {
        let mut room = self.store().reserve(match announced {
            Announced::Exactly => upload.size_bytes,
            // What a form needs shows on the way.
            Announced::OnTheWay => 0,
        })?;
        let mut part = self.blobs().part(upload.id, 0).await?;
        let mut body = pin!(body);
        let idle = Duration::from_secs(limits::UPLOAD_IDLE_S_MAX);
        let mut size = upload.size_bytes;
        loop {
            let chunk = match tokio::time::timeout(idle, body.next()).await {
                Ok(None) => break,
                Ok(Some(Ok(chunk))) => chunk,
                Ok(Some(Err(_))) | Err(_) => return Err(incomplete("the transfer stopped early")),
            };
            while part.len().saturating_add(chunk.len() as u64) > size {
                size = match announced {
                    Announced::Exactly => return Err(Error::PayloadTooLarge { limit: size }),
                    Announced::OnTheWay => decide_again!(None, self.grow(cx, upload.id).await)?,
                };
            }
            let before = part.len() / limits::UPLOAD_ROOM_CHECK_BYTES;
            part.append(&chunk).await?;
            room.spend(chunk.len() as u64);
            if part.len() / limits::UPLOAD_ROOM_CHECK_BYTES > before {
                self.store().check_room()?;
            }
        }
        if part.is_empty() || (announced == Announced::Exactly && part.len() < upload.size_bytes) {
            return Err(incomplete("fewer bytes arrived than were declared"));
        }
        let sealed = self.blobs().finish(upload.id, part).await?;
        if upload.declared_sha256.is_some_and(|declared| declared != sealed.sha256) {
            // Stored under its own hash, with nothing that refers to it: the collector takes it.
            return Err(Error::ChecksumMismatch);
        }
        Ok(sealed)
    }

    /// Whoever lost the right to upload meanwhile has uploaded nothing.
    async fn try_complete(&self, cx: &Ctx, id: UploadId, sealed: &Sealed) -> Result<Stored<Upload>> {
        let (auth, upload) = self.own_upload(cx, id, Action::Upload).await?;
        let mut after = upload.row.clone();
        after.size_bytes = sealed.size;
        after.state = UploadState::Complete { blob: sealed.hash, sha256: sealed.sha256, deduplicated: false };
        let rev = upload.rev + 1;
        let mut batch = Batch::new();
        batch.replace::<Uploads>(&after.id, &upload, &after);
        let row = BlobRow {
            size: sealed.size,
            sha256: sealed.sha256,
            content_type: "application/octet-stream".to_owned(),
            state: BlobState::Live,
        };
        let found = self.store().get::<Blobs>(&sealed.hash).await?;
        batch.store_blob(&sealed.hash, found.as_ref(), &row);
        let unused = signed(upload.row.size_bytes) - signed(after.size_bytes);
        if unused > 0 {
            batch.add::<UsedBytes>(&after.user_id, -unused, 0..);
        }
        batch.emit(self.upload_completed(cx, &after, rev));
        let done = self.commit(&auth, batch).await?;
        Ok(Stored { row: after, rev, stamp: done.stamp })
    }

    /// Drops the upload that brings more than it declared.
    async fn too_large<T>(&self, upload: &Stored<Upload>) -> Result<T> {
        self.drop_bad_upload(upload).await?;
        Err(Error::PayloadTooLarge { limit: upload.row.size_bytes })
    }

    /// Drops an upload that is at fault, and its file. Another request may have done so just now.
    pub(crate) async fn drop_bad_upload(&self, upload: &Stored<Upload>) -> Result<()> {
        match self.store().commit(drop_upload(upload)).await {
            Err(error) if !error.is_conflict() => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
        Ok(self.blobs().discard(upload.row.id).await?)
    }
}

fn incomplete(detail: &'static str) -> Error {
    Violation::new("", "incomplete", detail).into()
}

/// The uploads whose bytes are arriving in this process: one transfer each at a time.
#[derive(Debug, Default)]
pub(crate) struct Transfers(Mutex<HashSet<UploadId>>);

/// The right to send bytes; over when it is dropped.
pub(crate) struct Turn<'t> {
    transfers: &'t Transfers,
    id: UploadId,
}

impl Transfers {
    fn begin(&self, id: UploadId) -> Result<Turn<'_>> {
        if self.0.lock().insert(id) {
            Ok(Turn { transfers: self, id })
        } else {
            Err(Error::Conflict("bytes of this upload are arriving already"))
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.transfers.0.lock().remove(&self.id);
    }
}
