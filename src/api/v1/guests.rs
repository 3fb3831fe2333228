//! What whoever has a share link does: look at it, come in, see what it shows.

use crate::{
    http::{
        body::Body,
        reply::{Issued, Reply},
    },
    problem::Answer,
    security::{Anonymous, GuestAuth},
    v1::{
        Tag,
        dto::guest::{CreateGuestSession, GuestSession, SharePreview, SharedContent},
    },
};
use poem_openapi::{OpenApi, param::Path};
use service::Service;

/// Guests over a service.
pub struct GuestsApi {
    service: Service,
}

impl GuestsApi {
    /// Guests over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1/share", tag = "Tag::Guests")]
impl GuestsApi {
    /// Look at a share link
    ///
    /// Whoever has its token. 410 once it is closed, lapsed or used up.
    #[oai(path = "/:token", method = "get", operation_id = "openShareLink")]
    async fn open_share_link(&self, cx: Anonymous, token: Path<String>) -> Answer<Reply<SharePreview>> {
        Ok(Reply(self.service.open_share_link(&cx, &token.0).await?.into()))
    }

    /// Become a guest
    ///
    /// Whoever has the token of a share link, and its password if it asks for one. Each session counts as a visit and lasts up to 24 hours.
    #[oai(path = "/:token/session", method = "post", operation_id = "createGuestSession")]
    async fn create_guest_session(
        &self,
        cx: Anonymous,
        token: Path<String>,
        body: Body<CreateGuestSession>,
    ) -> Answer<Issued<GuestSession>> {
        Ok(Issued(self.service.create_guest_session(&cx, &token.0, &body.0).await?.into()))
    }

    /// See what a share link shows
    ///
    /// Guests of this link.
    #[oai(path = "/:token/content", method = "get", operation_id = "getSharedContent")]
    async fn get_shared_content(&self, cx: GuestAuth, token: Path<String>) -> Answer<Reply<SharedContent>> {
        Ok(Reply(self.service.get_shared_content(&cx, &token.0).await?.into()))
    }
}
