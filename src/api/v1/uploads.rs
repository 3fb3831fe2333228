//! Uploads: declare, send, forget.

mod octets;

pub use octets::{Octets, content_length};

use crate::{
    http::{
        body::Body,
        reply::{Created, NoContent, Tagged},
    },
    problem::Answer,
    security::GuestAuth,
    v1::{
        Tag,
        dto::upload::{CreateUpload, Upload},
    },
};
use poem_openapi::{OpenApi, param::Path};
use service::{Service, Stored};
use uuid::Uuid;

/// The operations on uploads.
pub struct UploadsApi {
    service: Service,
}

impl UploadsApi {
    /// Over a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Uploads")]
impl UploadsApi {
    /// Declare an upload
    ///
    /// Editors and owners of the project, and guests whose link has `can_upload`. Its size is taken from your quota, or from that of
    /// whoever made or last changed the link, until the upload is used, deleted or lapses.
    #[oai(path = "/uploads", method = "post", operation_id = "createUpload")]
    async fn create_upload(&self, cx: GuestAuth, body: Body<CreateUpload>) -> Answer<Created<Upload>> {
        let done = self.service.create_upload(&cx, body.0).await?;
        Ok(Created::done(done, |upload| (format!("/api/v1/uploads/{}", upload.row.id), tagged(upload))))
    }

    /// Read an upload
    ///
    /// Its creator.
    #[oai(path = "/uploads/:upload_id", method = "get", operation_id = "getUpload")]
    async fn get_upload(&self, cx: GuestAuth, upload_id: Path<Uuid>) -> Answer<Tagged<Upload>> {
        Ok(tagged(self.service.get_upload(&cx, upload_id.0.into()).await?))
    }

    /// Send the bytes of an upload
    ///
    /// Its creator. All of them in one request; one byte more than declared drops the upload.
    #[oai(path = "/uploads/:upload_id/content", method = "put", operation_id = "putUploadContent")]
    async fn put_upload_content(
        &self,
        cx: GuestAuth,
        upload_id: Path<Uuid>,
        content: Octets,
    ) -> Answer<Tagged<Upload>> {
        let Octets { length, bytes } = content;
        Ok(tagged(self.service.put_upload_content(&cx, upload_id.0.into(), length, bytes).await?))
    }

    /// Delete an upload
    ///
    /// Its creator. Gives its size back to the quota.
    #[oai(path = "/uploads/:upload_id", method = "delete", operation_id = "deleteUpload")]
    async fn delete_upload(&self, cx: GuestAuth, upload_id: Path<Uuid>) -> Answer<NoContent> {
        self.service.delete_upload(&cx, upload_id.0.into()).await?;
        Ok(NoContent)
    }
}

fn tagged(upload: Stored<model::upload::Upload>) -> Tagged<Upload> {
    Tagged::exact(upload.rev, upload.into())
}
