//! The first start, and what anybody may know of the server.

use crate::{
    http::{
        body::Body,
        reply::{Issued, Reply},
    },
    problem::Answer,
    security::{Anonymous, SetupToken},
    v1::{
        Tag,
        dto::{
            account::{login::LoginResult, requests::CompleteSetup},
            server::{ServerInfo, SetupStatus},
        },
    },
};
use poem_openapi::OpenApi;
use service::Service;

/// Setup over a service.
pub struct SetupApi {
    service: Service,
}

impl SetupApi {
    /// Setup over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::System")]
impl SetupApi {
    /// Whether the server waits for its first administrator
    ///
    /// Anybody.
    #[oai(path = "/setup", method = "get", operation_id = "getSetupStatus")]
    async fn get_setup_status(&self) -> Answer<Reply<SetupStatus>> {
        Ok(Reply(SetupStatus::new(self.service.needs_setup().await?)))
    }

    /// Make the first administrator
    ///
    /// Whoever holds the link that the server printed. It works once.
    #[oai(path = "/setup", method = "post", operation_id = "completeSetup")]
    async fn complete_setup(
        &self,
        cx: Anonymous,
        bearer: SetupToken,
        body: Body<CompleteSetup>,
    ) -> Answer<Issued<LoginResult>> {
        let instance = bearer.or_in(body.0);
        Ok(Issued(self.service.complete_setup(&cx, &instance).await?.into()))
    }

    /// What this server is and allows
    ///
    /// Anybody.
    #[oai(path = "/info", method = "get", operation_id = "getServerInfo")]
    async fn get_server_info(&self) -> Answer<Reply<ServerInfo>> {
        Ok(Reply(ServerInfo::new(self.service.settings(), self.service.registration().await?)))
    }
}
