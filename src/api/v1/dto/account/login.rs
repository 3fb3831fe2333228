//! Logins as JSON.

use super::User;
use crate::v1::dto::Time;
use poem_openapi::Object;
use service::{account::register::Registered, session::SessionView};
use uuid::Uuid;

/// What a login gives.
#[derive(Clone, Debug, Object)]
pub struct LoginResult {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// When the access token lapses.
    pub expires_at: Time,
    /// For the next access token; good once. Whoever uses it a second time ends the login.
    pub refresh_token: String,
    /// Who logged in.
    pub user: User,
}

impl From<service::LoginResult> for LoginResult {
    fn from(login: service::LoginResult) -> Self {
        Self {
            access_token: login.access.token,
            expires_at: login.access.expires_at.into(),
            refresh_token: login.refresh_token,
            user: login.user.into(),
        }
    }
}

/// What registering gives.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct RegisterResult {
    /// A login, where the server sends no mail.
    pub session: Option<LoginResult>,
    /// A mail says how to go on.
    pub verification_required: bool,
}

impl From<Registered> for RegisterResult {
    fn from(registered: Registered) -> Self {
        match registered {
            Registered::LoggedIn(login) => {
                Self { session: Some((*login).into()), verification_required: false }
            }
            Registered::VerificationRequired => Self { session: None, verification_required: true },
        }
    }
}

/// A login on one device.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// What the person calls the device.
    pub device_name: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// From where it was opened.
    pub ip: Option<String>,
    /// When it was opened.
    pub created_at: Time,
    /// When it was last used, to the minute.
    pub last_used_at: Time,
    /// When it ends unless it is used before.
    pub expires_at: Time,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl From<SessionView> for Session {
    fn from(view: SessionView) -> Self {
        let row = view.session;
        Self {
            id: row.id.uuid(),
            device_name: row.device_name.map(|name| name.to_string()),
            user_agent: row.user_agent,
            ip: row.ip,
            created_at: row.created_at.into(),
            last_used_at: view.last_used_at.into(),
            expires_at: row.expires_at.into(),
            current: view.current,
        }
    }
}

/// All logins of a person.
#[derive(Clone, Debug, Object)]
pub struct SessionList {
    /// The latest used first; there are never more than one page.
    pub items: Vec<Session>,
    /// Always null.
    #[oai(nullable)]
    pub next_cursor: Option<String>,
}

/// What happens next, in a sentence.
#[derive(Clone, Debug, Object)]
pub struct Notice {
    /// The sentence.
    pub detail: String,
}

impl Notice {
    /// A sentence that is the same for everybody.
    pub fn new(detail: &str) -> Self {
        Self { detail: detail.to_owned() }
    }
}

/// A link with a secret, to hand to a person.
#[derive(Clone, Debug, Object)]
pub struct SecretLink {
    /// The whole link.
    pub url: String,
    /// Only the secret in it, for clients that send it themselves.
    pub token: String,
    /// When it lapses.
    pub expires_at: Time,
}

impl From<service::token::one_time::Link> for SecretLink {
    fn from(link: service::token::one_time::Link) -> Self {
        Self { url: link.url, token: link.token, expires_at: link.expires_at.into() }
    }
}
