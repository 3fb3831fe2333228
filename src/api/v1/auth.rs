//! Registering, logging in and out, forgotten passwords.

use crate::{
    http::{
        body::Body,
        reply::{Accepted, Issued, NoContent, Reply},
    },
    problem::Answer,
    security::{Anonymous, Auth},
    v1::{
        Tag,
        dto::account::{
            login::{LoginResult, Notice, RegisterResult},
            requests::{
                EmailRequest, LoginRequest, RefreshRequest, RegisterRequest, ResetPassword,
                VerifyEmailRequest,
            },
        },
    },
};
use poem_openapi::OpenApi;
use service::Service;

/// Logins over a service.
pub struct AuthApi {
    service: Service,
}

impl AuthApi {
    /// Logins over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Register
    ///
    /// Whoever the registration policy lets in. Where the server sends mail, the answer is the same for an address that has an
    /// account, and a mail says how to go on; otherwise you are logged in, and a known address is 409 `conflict`.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(&self, cx: Anonymous, body: Body<RegisterRequest>) -> Answer<Issued<RegisterResult>> {
        let registered = self.service.register(&cx, &body.user, body.invite.as_deref()).await?;
        Ok(Issued(registered.into()))
    }

    /// Log in
    ///
    /// Whoever has an account. After several failures the same address has to wait (429).
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(&self, cx: Anonymous, body: Body<LoginRequest>) -> Answer<Reply<LoginResult>> {
        Ok(Reply(self.service.login(&cx, &body).await?.into()))
    }

    /// Exchange a refresh token
    ///
    /// Whoever holds the latest refresh token of a login. It is good once, and using one that was used before ends the login:
    /// refresh from one place at a time, and after an answer that got lost log in again.
    #[oai(path = "/refresh", method = "post", operation_id = "refreshSession")]
    async fn refresh_session(&self, cx: Anonymous, body: Body<RefreshRequest>) -> Answer<Reply<LoginResult>> {
        Ok(Reply(self.service.refresh_session(&cx, &body).await?.into()))
    }

    /// Log out
    ///
    /// Whoever is logged in. Access and refresh token of this login end at once.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, cx: Auth) -> Answer<NoContent> {
        self.service.logout(&cx).await?;
        Ok(NoContent)
    }

    /// Ask for a new password
    ///
    /// Anybody; the answer does not tell whether the address has an account. Where the server sends no mail, ask an
    /// administrator for a link.
    #[oai(path = "/password/forgot", method = "post", operation_id = "requestPasswordReset")]
    async fn request_password_reset(
        &self,
        cx: Anonymous,
        body: Body<EmailRequest>,
    ) -> Answer<Accepted<Notice>> {
        self.service.request_password_reset(&cx, &body).await?;
        Ok(Accepted(Notice::new("if the address has an account and mail can be sent, a link is on its way")))
    }

    /// Set a new password with a link
    ///
    /// Whoever holds the link. Every login and access token of the account ends.
    #[oai(path = "/password/reset", method = "post", operation_id = "resetPassword")]
    async fn reset_password(&self, cx: Anonymous, body: Body<ResetPassword>) -> Answer<NoContent> {
        self.service.reset_password(&cx, &body.proof, body.password.clone()).await?;
        Ok(NoContent)
    }

    /// Prove an address
    ///
    /// Whoever holds the token that was mailed to it.
    #[oai(path = "/email/verify", method = "post", operation_id = "verifyEmail")]
    async fn verify_email(&self, cx: Anonymous, body: Body<VerifyEmailRequest>) -> Answer<NoContent> {
        self.service.verify_email(&cx, &body).await?;
        Ok(NoContent)
    }

    /// Send the verification mail again
    ///
    /// Anybody; the answer does not tell whether the address waits for one.
    #[oai(path = "/email/resend", method = "post", operation_id = "resendVerification")]
    async fn resend_verification(&self, cx: Anonymous, body: Body<EmailRequest>) -> Answer<Accepted<Notice>> {
        self.service.resend_verification(&cx, &body).await?;
        Ok(Accepted(Notice::new("if the address waits for its proof, a mail is on its way")))
    }
}
