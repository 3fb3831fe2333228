//! What anybody may know of the server, as JSON.

use super::account::requests::RegistrationPolicy;
use model::{account, limits};
use poem_openapi::Object;
use service::{Settings, settings::Mail};

/// How far the first start has come.
#[derive(Clone, Debug, Object)]
pub struct SetupStatus {
    /// There is no administrator yet.
    pub needs_setup: bool,
    /// The version of the server.
    pub version: String,
}

impl SetupStatus {
    /// The status of a server that has an administrator or needs one.
    pub(crate) fn new(needs_setup: bool) -> Self {
        Self { needs_setup, version: VERSION.to_owned() }
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What this server is and allows.
#[derive(Clone, Debug, Object)]
pub struct ServerInfo {
    /// `Backline`
    pub name: String,
    /// The version of the server.
    pub version: String,
    /// The versions of the API it speaks.
    pub api_versions: Vec<String>,
    /// What is switched on: `mail` where the server sends mail.
    pub features: Vec<String>,
    /// How much it takes.
    pub limits: ServerLimits,
    /// Who may register.
    pub registration: RegistrationPolicy,
    /// How people prove who they are: `password`, `token`.
    pub auth_methods: Vec<String>,
}

/// How much the server takes.
#[derive(Clone, Debug, Object)]
pub struct ServerLimits {
    /// The largest recording, in bytes.
    pub max_upload_bytes: i64,
    /// The largest picture, in bytes.
    pub max_image_bytes: i64,
    /// The most items of a page.
    pub max_page_items: i32,
    /// The shortest password, in characters.
    pub min_password_chars: i32,
}

impl ServerInfo {
    pub(crate) fn new(settings: &Settings, registration: account::RegistrationPolicy) -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            name: "Backline".to_owned(),
            version: VERSION.to_owned(),
            api_versions: words(&["v1"]),
            features: match settings.mail {
                Mail::Configured => words(&["mail"]),
                Mail::Absent => words(&[]),
            },
            limits: ServerLimits {
                max_upload_bytes: settings.upload_bytes_max.cast_signed(),
                max_image_bytes: limits::IMAGE_BYTES_MAX as i64,
                max_page_items: limits::PAGE_MAX as i32,
                min_password_chars: limits::PASSWORD_CHARS_MIN as i32,
            },
            registration: registration.into(),
            auth_methods: words(&["password", "token"]),
        }
    }
}
