//! What administrators of the instance do with accounts.

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        cursor::{Page, Paging},
        reply::{Created, Issued, NoContent, Tagged},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::{
            Words,
            account::{
                InstanceRole, User, UserStatus,
                login::SecretLink,
                requests::{CreateRegistrationInvite, CreateUser, UpdateUser},
            },
        },
    },
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{Service, account::admin::UserFilter, page::PageRequest};
use uuid::Uuid;

/// Administration over a service.
pub struct AdminApi {
    service: Service,
}

impl AdminApi {
    /// Administration over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Admin")]
impl AdminApi {
    /// List accounts
    ///
    /// Administrators. Oldest first.
    #[oai(path = "/users", method = "get", operation_id = "adminListUsers")]
    async fn admin_list_users(
        &self,
        cx: Auth,
        /// Part of the name, handle or address.
        q: Query<Option<Words>>,
        /// Only these.
        status: Query<Option<UserStatus>>,
        /// Only these.
        role: Query<Option<InstanceRole>>,
        paging: Paging,
    ) -> Answer<Page<User>> {
        let filter = UserFilter {
            text: q.0.map(|words| words.0),
            role: role.0.map(Into::into),
            status: status.0.map(Into::into),
        };
        let request = PageRequest { limit: paging.limit, after: paging.after.clone() };
        let page = self.service.admin_list_users(&cx, &filter, &request).await?;
        Ok(paging.page(page.items, page.next.as_deref()))
    }

    /// Make an account
    ///
    /// Administrators. Without a password, a mail or a password link sets one.
    #[oai(path = "/users", method = "post", operation_id = "adminCreateUser")]
    async fn admin_create_user(&self, cx: Auth, body: Body<CreateUser>) -> Answer<Created<User>> {
        let done = self.service.admin_create_user(&cx, &body.user, body.invite).await?;
        Ok(Created::done(done, |user| {
            (format!("/api/v1/users/{}", user.row.id), Tagged::exact(user.rev, user.into()))
        }))
    }

    /// Read an account
    ///
    /// Administrators.
    #[oai(path = "/users/:user_id", method = "get", operation_id = "adminGetUser")]
    async fn admin_get_user(&self, cx: Auth, user_id: Path<Uuid>) -> Answer<Tagged<User>> {
        let view = self.service.admin_get_user(&cx, user_id.0.into()).await?;
        Ok(Tagged::counted(view.user.rev, view.into()))
    }

    /// Delete an account
    ///
    /// Administrators. Its logins and tokens end, it leaves its projects, its name and address are forgotten; what it made stays. Projects
    /// that nobody else owns go to `transfer_to`; without that they are 409 `last_owner`.
    #[oai(path = "/users/:user_id", method = "delete", operation_id = "adminDeleteUser")]
    async fn admin_delete_user(
        &self,
        cx: Auth,
        user_id: Path<Uuid>,
        /// Who owns their projects from now on, where nobody else does.
        transfer_to: Query<Option<Uuid>>,
    ) -> Answer<NoContent> {
        self.service.admin_delete_user(&cx, user_id.0.into(), transfer_to.0.map(Into::into)).await?;
        Ok(NoContent)
    }

    /// Change an account
    ///
    /// Administrators. Whoever is disabled is logged out at once; the last active administrator stays one.
    #[oai(path = "/users/:user_id", method = "patch", operation_id = "adminUpdateUser")]
    async fn admin_update_user(
        &self,
        cx: Auth,
        user_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateUser>,
    ) -> Answer<Tagged<User>> {
        let user = self.service.admin_update_user(&cx, user_id.0.into(), if_match.0, &body).await?;
        Ok(Tagged::exact(user.rev, user.into()))
    }

    /// Make a link for a new password
    ///
    /// Administrators. Hand it to the owner of the account; it works once and for an hour, also where no mail is sent.
    #[oai(path = "/users/:user_id/password-link", method = "post", operation_id = "adminCreatePasswordLink")]
    async fn admin_create_password_link(&self, cx: Auth, user_id: Path<Uuid>) -> Answer<Issued<SecretLink>> {
        Ok(Issued(self.service.admin_create_password_link(&cx, user_id.0.into()).await?.into()))
    }

    /// Make a new setup link
    ///
    /// Whoever operates the machine, through the control socket: before the first administrator there is nobody else. Older
    /// links stop working.
    #[oai(path = "/setup-link", method = "post", operation_id = "adminCreateSetupLink")]
    async fn admin_create_setup_link(&self, cx: Auth) -> Answer<Issued<SecretLink>> {
        Ok(Issued(self.service.admin_create_setup_link(&cx).await?.into()))
    }

    /// Invite somebody to register
    ///
    /// Administrators. The link lets one person register while registering needs an invitation.
    #[oai(path = "/registration-invites", method = "post", operation_id = "adminCreateRegistrationInvite")]
    async fn admin_create_registration_invite(
        &self,
        cx: Auth,
        body: Body<CreateRegistrationInvite>,
    ) -> Answer<Issued<SecretLink>> {
        Ok(Issued(self.service.admin_create_registration_invite(&cx, body.0).await?.into()))
    }
}
