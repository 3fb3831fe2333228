//! The shared mix, and mixdowns of it.

use crate::{
    http::{
        body::Body,
        reply::{Accepted, Reply},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::{
            job::Job,
            mix::{Mix, PutMix},
            mixdown::CreateMixdown,
        },
    },
};
use poem_openapi::{OpenApi, param::Path};
use service::Service;
use uuid::Uuid;

/// The shared mix over a service.
pub struct MixApi {
    service: Service,
}

impl MixApi {
    /// The shared mix over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Tracks")]
impl MixApi {
    /// Show the shared mix
    ///
    /// Members.
    #[oai(path = "/projects/:project_id/mix", method = "get", operation_id = "getSharedMix")]
    async fn get_shared_mix(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<Reply<Mix>> {
        Ok(Reply(self.service.get_shared_mix(&cx, project_id.0.into()).await?.into()))
    }

    /// Move any number of faders at once
    ///
    /// Editors and owners. All move or none; one event tells of it.
    #[oai(path = "/projects/:project_id/mix", method = "put", operation_id = "putSharedMix")]
    async fn put_shared_mix(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: Body<PutMix>,
    ) -> Answer<Reply<Mix>> {
        Ok(Reply(self.service.put_shared_mix(&cx, project_id.0.into(), &body.0).await?.into()))
    }

    /// Mix the song into one file
    ///
    /// Editors and owners, and viewers where the project lets them download. What is heard is what the faders say now, or said in
    /// the checkpoint; the file is found by
    /// `getJobResult`.
    #[oai(path = "/projects/:project_id/mixdowns", method = "post", operation_id = "createMixdown")]
    async fn create_mixdown(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: Body<CreateMixdown>,
    ) -> Answer<Accepted<Job>> {
        Ok(Accepted(self.service.create_mixdown(&cx, project_id.0.into(), body.0).await?.into()))
    }
}
