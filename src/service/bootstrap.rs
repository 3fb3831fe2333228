//! What the command line does with accounts on a directory that no server holds. The caller is the server itself; on a running
//! instance the same goes through the API.

use crate::{
    Ctx, Error, NewUser, Result, Service,
    account::{
        Proof,
        admin::{UserChange, UserFilter},
    },
    page::{PageRequest, Paged},
    profile::UserView,
    token::one_time::Link,
};
use model::{
    UserId,
    account::{InstanceRole, User},
    text::Email,
};
use store::{Stored, tables::user::UserByEmail};

impl Service {
    /// Makes an account, with its password; an administrator completes the setup.
    ///
    /// # Errors
    /// `Forbidden` for anybody but the operator, `Conflict` for a known address.
    pub async fn create_user_offline(&self, cx: &Ctx, new: &NewUser) -> Result<Stored<User>> {
        Self::operator(cx)?;
        self.make_user(cx, new, Proof::Vouched).await
    }

    /// A page of accounts, oldest first.
    ///
    /// # Errors
    /// `Forbidden` for anybody but the operator.
    pub async fn list_users(&self, cx: &Ctx, page: &PageRequest) -> Result<Paged<UserView>> {
        self.admin_list_users(cx, &UserFilter::default(), page).await
    }

    /// Gives somebody another part in the instance.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` for the last active administrator.
    pub async fn set_role(&self, cx: &Ctx, email: &Email, role: InstanceRole) -> Result<Stored<User>> {
        let id = self.user_by_email(cx, email).await?;
        let change = UserChange { role: Some(role), ..UserChange::default() };
        self.admin_update_user(cx, id, None, &change).await
    }

    /// A link with which somebody sets a new password.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` if the account is not active.
    pub async fn password_link(&self, cx: &Ctx, email: &Email) -> Result<Link> {
        let id = self.user_by_email(cx, email).await?;
        self.admin_create_password_link(cx, id).await
    }

    async fn user_by_email(&self, cx: &Ctx, email: &Email) -> Result<UserId> {
        Self::operator(cx)?;
        let found = self.store().find::<UserByEmail>(&email.to_string()).await?;
        found.map(|(id, _)| id).ok_or(Error::NotFound("user"))
    }
}
