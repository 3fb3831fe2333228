//! The person who is logged in: profile, picture, preferences, password, address.

pub mod logins;

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        picture::PictureBody,
        reply::{Accepted, NoContent, Tagged},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::account::{
            Me, UpdateMe,
            login::Notice,
            preferences::{UpdatePreferences, UserPreferences},
            requests::{ChangeEmail, ChangePassword},
        },
    },
};
use poem_openapi::OpenApi;
use service::{Service, Stored, profile};

/// One's own account over a service.
pub struct MeApi {
    service: Service,
}

impl MeApi {
    /// One's own account over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

/// An account with counts, which are not part of its revision.
fn shown(me: profile::Me) -> Tagged<Me> {
    Tagged::counted(me.account.user.rev, me.into())
}

fn preferred(row: Stored<model::account::UserPreferences>) -> Tagged<UserPreferences> {
    Tagged::exact(row.rev, row.row.into())
}

#[OpenApi(prefix_path = "/api/v1/me", tag = "Tag::Account")]
impl MeApi {
    /// Read your account
    ///
    /// Whoever is logged in.
    #[oai(path = "/", method = "get", operation_id = "getMe")]
    async fn get_me(&self, cx: Auth) -> Answer<Tagged<Me>> {
        Ok(shown(self.service.get_me(&cx).await?))
    }

    /// Change your profile
    ///
    /// Whoever is logged in. A JSON merge patch: what you leave out stays, null clears.
    #[oai(path = "/", method = "patch", operation_id = "updateMe")]
    async fn update_me(&self, cx: Auth, if_match: IfMatch, body: Body<UpdateMe>) -> Answer<Tagged<Me>> {
        Ok(shown(self.service.update_me(&cx, if_match.0, &body).await?))
    }

    /// Set your picture
    ///
    /// Whoever is logged in. PNG, JPEG, WebP or GIF up to 5 MB; it is cropped to a square of at most 512 pixels and loses its
    /// metadata.
    #[oai(path = "/avatar", method = "put", operation_id = "putMyAvatar")]
    async fn put_my_avatar(&self, cx: Auth, body: PictureBody) -> Answer<Tagged<Me>> {
        Ok(shown(self.service.put_my_avatar(&cx, body.0).await?))
    }

    /// Remove your picture
    ///
    /// Whoever is logged in.
    #[oai(path = "/avatar", method = "delete", operation_id = "deleteMyAvatar")]
    async fn delete_my_avatar(&self, cx: Auth) -> Answer<NoContent> {
        self.service.delete_my_avatar(&cx).await?;
        Ok(NoContent)
    }

    /// Read your preferences
    ///
    /// Whoever is logged in.
    #[oai(path = "/preferences", method = "get", operation_id = "getMyPreferences")]
    async fn get_my_preferences(&self, cx: Auth) -> Answer<Tagged<UserPreferences>> {
        Ok(preferred(self.service.get_my_preferences(&cx).await?))
    }

    /// Change your preferences
    ///
    /// Whoever is logged in. A JSON merge patch: what you leave out stays.
    #[oai(path = "/preferences", method = "patch", operation_id = "updateMyPreferences")]
    async fn update_my_preferences(
        &self,
        cx: Auth,
        if_match: IfMatch,
        body: Body<UpdatePreferences>,
    ) -> Answer<Tagged<UserPreferences>> {
        Ok(preferred(self.service.update_my_preferences(&cx, if_match.0, &body).await?))
    }

    /// Change your password
    ///
    /// Whoever is logged in, not with a personal access token. Every other login ends.
    #[oai(path = "/password", method = "post", operation_id = "changeMyPassword")]
    async fn change_my_password(&self, cx: Auth, body: Body<ChangePassword>) -> Answer<NoContent> {
        self.service.change_my_password(&cx, &body.proof, body.password.clone()).await?;
        Ok(NoContent)
    }

    /// Change your e-mail address
    ///
    /// Whoever is logged in, not with a personal access token. Where the server sends mail, the new address counts once it is
    /// proven; otherwise at once.
    #[oai(path = "/email", method = "post", operation_id = "changeMyEmail")]
    async fn change_my_email(&self, cx: Auth, body: Body<ChangeEmail>) -> Answer<Accepted<Notice>> {
        self.service.change_my_email(&cx, &body.email, &body.password).await?;
        Ok(Accepted(Notice::new("where mail can be sent, the new address counts once it is confirmed")))
    }
}
