//! Review of versions: its status, and approvals.

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        reply::{NoContent, Reply, Tagged},
    },
    problem::Answer,
    security::{Auth, GuestAuth},
    v1::{
        Tag,
        dto::{
            review::{PutApproval, SetReviewStatus, VersionApproval},
            version::Version,
        },
    },
};
use poem_openapi::{OpenApi, param::Path};
use service::Service;
use uuid::Uuid;

/// Reviews over a service.
pub struct ReviewsApi {
    service: Service,
}

impl ReviewsApi {
    /// Reviews over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Versions")]
impl ReviewsApi {
    /// Set how far the review of a version is
    ///
    /// Editors and owners. `in_review` asks the named members to look, or everybody. Where the project has an approval rule, `approved`
    /// needs the approvals it asks for.
    #[oai(path = "/versions/:version_id/review", method = "put", operation_id = "setReviewStatus")]
    async fn set_review_status(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<SetReviewStatus>,
    ) -> Answer<Tagged<Version>> {
        let view = self.service.set_review_status(&cx, version_id.0.into(), if_match.0, &body.0).await?;
        Ok(Tagged::counted(view.version.rev, view.into()))
    }

    /// Approve a version, or ask for changes
    ///
    /// Members, viewers if the project lets them comment, guests if their link does. It replaces what you decided before; where the project has an approval rule,
    /// it may change the status of the review.
    #[oai(path = "/versions/:version_id/approvals/me", method = "put", operation_id = "putMyApproval")]
    async fn put_my_approval(
        &self,
        cx: GuestAuth,
        version_id: Path<Uuid>,
        body: Body<PutApproval>,
    ) -> Answer<Reply<VersionApproval>> {
        Ok(Reply(self.service.put_my_approval(&cx, version_id.0.into(), &body.0).await?.into()))
    }

    /// Withdraw your decision about a version
    ///
    /// Whoever decided. Not there, it stays so.
    #[oai(path = "/versions/:version_id/approvals/me", method = "delete", operation_id = "deleteMyApproval")]
    async fn delete_my_approval(&self, cx: GuestAuth, version_id: Path<Uuid>) -> Answer<NoContent> {
        self.service.delete_my_approval(&cx, version_id.0.into()).await?;
        Ok(NoContent)
    }
}
