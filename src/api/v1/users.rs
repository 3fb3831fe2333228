//! Other people, as far as one may see them.

use crate::{
    http::{
        file::{Conditions, FileReply, Image},
        reply::{Reply, Tagged},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        covers::picture,
        dto::{Words, account::UserProfile, member::UserList},
    },
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::Service;
use uuid::Uuid;

/// People over a service.
pub struct UsersApi {
    service: Service,
}

impl UsersApi {
    /// People over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1/users", tag = "Tag::Users")]
impl UsersApi {
    /// Find people
    ///
    /// Anybody who is logged in: people who share a project with you, for administrators everybody. By name, up to 50.
    #[oai(path = "/", method = "get", operation_id = "searchUsers")]
    async fn search_users(
        &self,
        cx: Auth,
        /// Part of the name or handle.
        q: Query<Option<Words>>,
    ) -> Answer<Reply<UserList>> {
        Ok(Reply(self.service.search_users(&cx, q.0.as_ref().map(|words| words.0.as_str())).await?.into()))
    }

    /// Read a profile
    ///
    /// Whoever shares a project with them, and administrators; 404 for everybody else.
    #[oai(path = "/:user_id", method = "get", operation_id = "getUser")]
    async fn get_user(&self, cx: Auth, user_id: Path<Uuid>) -> Answer<Tagged<UserProfile>> {
        let user = self.service.get_user(&cx, user_id.0.into()).await?;
        Ok(Tagged::exact(user.rev, user.row.into()))
    }

    /// Show somebody's picture
    ///
    /// Whoever may read their profile.
    #[oai(path = "/:user_id/avatar", method = "get", operation_id = "getUserAvatar")]
    async fn get_user_avatar(
        &self,
        cx: Auth,
        user_id: Path<Uuid>,
        conditions: Conditions,
    ) -> Answer<FileReply<Image>> {
        let avatar = self.service.get_user_avatar(&cx, user_id.0.into()).await?;
        Ok(FileReply::new(conditions, picture(avatar, "avatar")))
    }
}
