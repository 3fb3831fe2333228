//! The logins and personal access tokens of the person who is logged in.

use crate::{
    http::{
        body::Body,
        reply::{Created, NoContent, Reply, Tagged},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::account::{
            login::SessionList,
            token::{ApiTokenList, CreateApiToken, CreatedApiToken},
        },
    },
};
use poem_openapi::{OpenApi, param::Path};
use service::Service;
use uuid::Uuid;

/// One's own logins over a service.
pub struct LoginsApi {
    service: Service,
}

impl LoginsApi {
    /// One's own logins over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1/me", tag = "Tag::Account")]
impl LoginsApi {
    /// List your logins
    ///
    /// Whoever is logged in.
    #[oai(path = "/sessions", method = "get", operation_id = "listMySessions")]
    async fn list_my_sessions(&self, cx: Auth) -> Answer<Reply<SessionList>> {
        let sessions = self.service.list_my_sessions(&cx).await?;
        Ok(Reply(SessionList { items: sessions.into_iter().map(Into::into).collect(), next_cursor: None }))
    }

    /// End one of your logins
    ///
    /// Whoever is logged in, not with a personal access token. It stops working at once.
    #[oai(path = "/sessions/:session_id", method = "delete", operation_id = "revokeMySession")]
    async fn revoke_my_session(&self, cx: Auth, session_id: Path<Uuid>) -> Answer<NoContent> {
        self.service.revoke_my_session(&cx, session_id.0.into()).await?;
        Ok(NoContent)
    }

    /// End your other logins
    ///
    /// Whoever is logged in, not with a personal access token. All but the one that asks stop working at once.
    #[oai(path = "/sessions", method = "delete", operation_id = "revokeOtherSessions")]
    async fn revoke_other_sessions(&self, cx: Auth) -> Answer<NoContent> {
        self.service.revoke_other_sessions(&cx).await?;
        Ok(NoContent)
    }

    /// List your personal access tokens
    ///
    /// Whoever is logged in. The secrets are not shown again.
    #[oai(path = "/tokens", method = "get", operation_id = "listMyTokens")]
    async fn list_my_tokens(&self, cx: Auth) -> Answer<Reply<ApiTokenList>> {
        let tokens = self.service.list_my_tokens(&cx).await?;
        Ok(Reply(ApiTokenList { items: tokens.into_iter().map(Into::into).collect(), next_cursor: None }))
    }

    /// Make a personal access token
    ///
    /// Whoever is logged in, not with a personal access token. `secret` is shown once.
    #[oai(path = "/tokens", method = "post", operation_id = "createMyToken")]
    async fn create_my_token(
        &self,
        cx: Auth,
        body: Body<CreateApiToken>,
    ) -> Answer<Created<CreatedApiToken>> {
        let done = self.service.create_my_token(&cx, body.0).await?;
        Ok(Created::done(done, |made| {
            (format!("/api/v1/me/tokens/{}", made.token.row.id), Tagged::exact(made.token.rev, made.into()))
        }))
    }

    /// Revoke a personal access token
    ///
    /// Whoever is logged in, not with a personal access token. It stops working at once.
    #[oai(path = "/tokens/:token_id", method = "delete", operation_id = "revokeMyToken")]
    async fn revoke_my_token(&self, cx: Auth, token_id: Path<Uuid>) -> Answer<NoContent> {
        self.service.revoke_my_token(&cx, token_id.0.into()).await?;
        Ok(NoContent)
    }
}
