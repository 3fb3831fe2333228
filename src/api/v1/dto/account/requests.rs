//! What people send to register, log in, and recover.

use super::{InstanceRole, UserStatus};
use crate::http::body::{Checks, Input};
use model::{
    Violations, account,
    text::{Email, Label, PersonName},
    violation::Fault,
};
use poem_openapi::{Enum, Object, types::MaybeUndefined};
use serde_json::{Value, json};
use service::{
    NewUser, Password,
    account::admin::{Invite, UserAccess, UserChange},
    session::Attempt,
    setup::NewInstance,
};

/// Checks that several requests share.
trait AccountChecks: Checks {
    fn email(&mut self, pointer: &str, text: &str) -> Option<Email>;
    fn person(&mut self, email: &str, name: &str, password: Option<&str>) -> Option<NewUser>;
}

impl AccountChecks for Violations {
    fn email(&mut self, pointer: &str, text: &str) -> Option<Email> {
        self.check(pointer, Email::parse(text))
    }

    fn person(&mut self, email: &str, name: &str, password: Option<&str>) -> Option<NewUser> {
        let email = self.email("/email", email);
        let name = self.check("/name", PersonName::parse(name));
        let differs = |password: Password| match &email {
            Some(email) => password.differs_from(email),
            None => Ok(password),
        };
        let password = self.optional("/password", password, |text| Password::parse(text).and_then(differs));
        Some(NewUser { email: email?, name: name?, role: account::InstanceRole::Member, password })
    }
}

/// Somebody who wants an account.
#[derive(Object)]
pub struct RegisterRequest {
    /// Their e-mail address.
    email: String,
    /// The name others will see: 1 to 80 characters.
    name: String,
    /// 8 characters or more; not one of those that everybody tries first.
    password: String,
    /// The token of an invitation, where registering needs one.
    invite_token: Option<String>,
}

/// A registration, parsed.
pub struct Registration {
    /// Who.
    pub user: NewUser,
    /// With which invitation.
    pub invite: Option<String>,
}

impl Input for RegisterRequest {
    type Value = Registration;

    fn example() -> Value {
        json!({"email": "ada@example.org", "name": "Ada", "password": "four strings, one groove"})
    }

    fn parse(self) -> Result<Registration, Violations> {
        let mut faults = Violations::default();
        let user = faults.person(&self.email, &self.name, Some(&self.password));
        faults.finish(user.map(|user| Registration { user, invite: self.invite_token }))
    }
}

/// Somebody who has an account.
#[derive(Object)]
pub struct LoginRequest {
    /// Their e-mail address.
    email: String,
    /// Their password.
    password: String,
    /// What to call the device in the list of logins: 1 to 80 characters.
    device_name: Option<String>,
}

impl Input for LoginRequest {
    type Value = Attempt;

    fn example() -> Value {
        json!({"email": "ada@example.org", "password": "four strings, one groove", "device_name": "Studio laptop"})
    }

    fn parse(self) -> Result<Attempt, Violations> {
        let mut faults = Violations::default();
        let device_name = faults.optional("/device_name", self.device_name, |text| Label::parse(&text));
        faults.finish(Some(Attempt { email: self.email, password: self.password, device_name }))
    }
}

/// A refresh token.
#[derive(Object)]
pub struct RefreshRequest {
    /// The latest refresh token of the login.
    refresh_token: String,
}

impl Input for RefreshRequest {
    type Value = String;

    fn example() -> Value {
        json!({"refresh_token": "the latest refresh token of the login"})
    }

    fn parse(self) -> Result<String, Violations> {
        Ok(self.refresh_token)
    }
}

/// An e-mail address.
#[derive(Object)]
pub struct EmailRequest {
    /// The address.
    email: String,
}

impl Input for EmailRequest {
    type Value = Email;

    fn example() -> Value {
        json!({"email": "ada@example.org"})
    }

    fn parse(self) -> Result<Email, Violations> {
        let mut faults = Violations::default();
        let email = faults.email("/email", &self.email);
        faults.finish(email)
    }
}

/// The token of a mailed link.
#[derive(Object)]
pub struct VerifyEmailRequest {
    /// The token.
    token: String,
}

impl Input for VerifyEmailRequest {
    type Value = String;

    fn example() -> Value {
        json!({"token": "the last part of the mailed link"})
    }

    fn parse(self) -> Result<String, Violations> {
        Ok(self.token)
    }
}

/// A new password for the holder of a link.
#[derive(Object)]
pub struct ResetPassword {
    /// The token in the link.
    token: String,
    /// 8 characters or more; not one of those that everybody tries first.
    new_password: String,
}

/// A secret, and the password to set with it.
pub struct NewSecret {
    /// A token, or the password so far.
    pub proof: String,
    /// The new password.
    pub password: Password,
}

impl NewSecret {
    fn parse(proof: String, password: &str) -> Result<Self, Violations> {
        let mut faults = Violations::default();
        let password = faults.check("/new_password", Password::parse(password));
        faults.finish(password.map(|password| Self { proof, password }))
    }
}

impl Input for ResetPassword {
    type Value = NewSecret;

    fn example() -> Value {
        json!({"token": "the last part of the link", "new_password": "four strings, one groove"})
    }

    fn parse(self) -> Result<NewSecret, Violations> {
        NewSecret::parse(self.token, &self.new_password)
    }
}

/// A new password for whoever knows the old one.
#[derive(Object)]
pub struct ChangePassword {
    /// The password so far.
    current_password: String,
    /// 8 characters or more; not one of those that everybody tries first.
    new_password: String,
}

impl Input for ChangePassword {
    type Value = NewSecret;

    fn example() -> Value {
        json!({"current_password": "three chords and the truth", "new_password": "four strings, one groove"})
    }

    fn parse(self) -> Result<NewSecret, Violations> {
        NewSecret::parse(self.current_password, &self.new_password)
    }
}

/// A new address.
#[derive(Object)]
pub struct ChangeEmail {
    /// The new address.
    new_email: String,
    /// The password of the account.
    password: String,
}

/// A new address, parsed.
pub struct NewAddress {
    /// The address.
    pub email: Email,
    /// The password of the account.
    pub password: String,
}

impl Input for ChangeEmail {
    type Value = NewAddress;

    fn example() -> Value {
        json!({"new_email": "ada@music.example", "password": "four strings, one groove"})
    }

    fn parse(self) -> Result<NewAddress, Violations> {
        let mut faults = Violations::default();
        let email = faults.email("/new_email", &self.new_email);
        faults.finish(email.map(|email| NewAddress { email, password: self.password }))
    }
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum RegistrationPolicy {
    /// Anybody.
    Open,
    /// Whoever has an invitation.
    Invite,
    /// Nobody; administrators make accounts.
    Closed,
}

impl From<RegistrationPolicy> for account::RegistrationPolicy {
    fn from(policy: RegistrationPolicy) -> Self {
        match policy {
            RegistrationPolicy::Open => Self::Open,
            RegistrationPolicy::Invite => Self::Invite,
            RegistrationPolicy::Closed => Self::Closed,
        }
    }
}

impl From<account::RegistrationPolicy> for RegistrationPolicy {
    fn from(policy: account::RegistrationPolicy) -> Self {
        match policy {
            account::RegistrationPolicy::Open => Self::Open,
            account::RegistrationPolicy::Invite => Self::Invite,
            account::RegistrationPolicy::Closed => Self::Closed,
        }
    }
}

/// The first administrator, and what they decide.
#[derive(Object)]
pub struct CompleteSetup {
    /// The token in the setup link. It may be sent as bearer token instead.
    token: Option<String>,
    /// The administrator's e-mail address.
    email: String,
    /// Their name: 1 to 80 characters.
    name: String,
    /// 8 characters or more; not one of those that everybody tries first.
    password: String,
    /// Where people reach the server, such as `https://music.example`. Counts unless it is configured.
    site_url: Option<String>,
    /// Who may register. Counts unless it is configured.
    registration: Option<RegistrationPolicy>,
}

impl Input for CompleteSetup {
    type Value = NewInstance;

    fn example() -> Value {
        json!({"token": "the last part of the setup link", "email": "ada@example.org", "name": "Ada",
            "password": "four strings, one groove", "site_url": "https://music.example", "registration": "invite"})
    }

    fn parse(self) -> Result<NewInstance, Violations> {
        let mut faults = Violations::default();
        let admin = faults.person(&self.email, &self.name, Some(&self.password));
        let site_url = faults.optional("/site_url", self.site_url, |text| site(&text));
        let registration = self.registration.map(Into::into);
        let token = self.token.unwrap_or_default();
        faults.finish(admin.map(|admin| NewInstance { token, admin, site_url, registration }))
    }
}

/// An address of a server without a slash at the end.
pub(crate) fn site(text: &str) -> Result<String, Fault> {
    let fault = || Fault::new("invalid_url", "must be an address such as https://music.example");
    let url: poem::http::Uri = text.trim().trim_end_matches('/').parse().map_err(|_| fault())?;
    let plain =
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some() && url.query().is_none();
    if plain && text.len() <= 500 {
        Ok(url.to_string().trim_end_matches('/').to_owned())
    } else {
        Err(fault())
    }
}

/// Somebody to make an account for.
#[derive(Object)]
pub struct CreateUser {
    /// Their e-mail address.
    email: String,
    /// Their name: 1 to 80 characters.
    name: String,
    /// Their part in the instance; `member` if absent.
    role: Option<InstanceRole>,
    /// Their password, to be told to them; absent = they set it themselves through a link.
    password: Option<String>,
    /// Send them a mail with a link to set their password, where the server sends mail; yes if absent and without password.
    send_invite: Option<bool>,
}

/// An account to make, parsed.
pub struct NewAccount {
    /// Who.
    pub user: NewUser,
    /// Whether they hear of it by mail.
    pub invite: Invite,
}

impl Input for CreateUser {
    type Value = NewAccount;

    fn example() -> Value {
        json!({"email": "ben@example.org", "name": "Ben", "role": "member", "send_invite": true})
    }

    fn parse(self) -> Result<NewAccount, Violations> {
        let mut faults = Violations::default();
        let user = faults.person(&self.email, &self.name, self.password.as_deref());
        let role = self.role.unwrap_or(InstanceRole::Member).into();
        let invite = if self.send_invite.unwrap_or(true) { Invite::Send } else { Invite::Skip };
        faults.finish(user.map(|user| NewAccount { user: NewUser { role, ..user }, invite }))
    }
}

/// What may change about an account: a JSON merge patch.
#[derive(Object)]
pub struct UpdateUser {
    /// Their part in the instance.
    role: Option<InstanceRole>,
    /// `active` or `disabled`.
    status: Option<UserStatus>,
    /// How many bytes they may store; null = as the instance says.
    #[oai(nullable, validator(minimum(value = "0")))]
    quota_bytes: MaybeUndefined<i64>,
}

impl Input for UpdateUser {
    type Value = UserChange;

    fn example() -> Value {
        json!({"role": "admin", "quota_bytes": null})
    }

    fn parse(self) -> Result<UserChange, Violations> {
        let mut faults = Violations::default();
        let access = faults.optional("/status", self.status, |status| match status {
            UserStatus::Active => Ok(UserAccess::Active),
            UserStatus::Disabled => Ok(UserAccess::Disabled),
            UserStatus::Deleted => Err(Fault::new("unknown_value", "must be active or disabled")),
        });
        let quota_bytes = faults.patch("/quota_bytes", self.quota_bytes, |bytes| {
            u64::try_from(bytes).map_err(|_| Fault::new("out_of_range", "must not be negative"))
        });
        faults.finish(Some(UserChange { role: self.role.map(Into::into), access, quota_bytes }))
    }
}

/// Somebody to let register.
#[derive(Object)]
pub struct CreateRegistrationInvite {
    /// Only with this address; absent = with any.
    email: Option<String>,
}

impl Input for CreateRegistrationInvite {
    type Value = Option<Email>;

    fn example() -> Value {
        json!({"email": "cleo@example.org"})
    }

    fn parse(self) -> Result<Option<Email>, Violations> {
        let mut faults = Violations::default();
        let email = faults.optional("/email", self.email, |text| Email::parse(&text));
        faults.finish(Some(email))
    }
}
