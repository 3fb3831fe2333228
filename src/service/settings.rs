//! What the operator decided, as far as use cases care.

use model::{account::RegistrationPolicy, limits};

/// Settings of the instance.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach the instance, without a slash at the end; links in mails start with it.
    pub site_url: String,
    /// Who may register.
    pub registration: RegistrationPolicy,
    /// The largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// How many bytes a person may store unless their account says otherwise; absent = unlimited.
    pub quota_bytes: Option<u64>,
    /// Whether mail can be sent; without it links are shown to administrators.
    pub mail: Mail,
}

/// Whether the instance can send mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    /// A mail server is configured.
    Configured,
    /// None is.
    Absent,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            site_url: "http://127.0.0.1:7070".to_owned(),
            registration: RegistrationPolicy::Invite,
            upload_bytes_max: limits::UPLOAD_BYTES_MAX_DEFAULT,
            quota_bytes: None,
            mail: Mail::Absent,
        }
    }
}
