//! What the operator decided, as far as use cases care.

use model::{account::RegistrationPolicy, limits};
use std::path::PathBuf;

/// Settings of the instance.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach the instance, without a slash at the end; links in mails start with it. Only if it was configured:
    /// then it counts more than what was decided in setup.
    pub site_url: Option<String>,
    /// The same as far as it can be guessed from the address the server listens on.
    pub default_site_url: String,
    /// Who may register, if it was configured; otherwise setup decides, and until then an invitation is needed.
    pub registration: Option<RegistrationPolicy>,
    /// The largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// How many bytes a person may store unless their account says otherwise; absent = unlimited.
    pub quota_bytes: Option<u64>,
    /// Whether mail can be sent; without it links are shown to administrators.
    pub mail: Mail,
    /// Where backups are kept; made on first use.
    pub backup_dir: PathBuf,
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
            site_url: None,
            default_site_url: "http://127.0.0.1:7070".to_owned(),
            registration: None,
            upload_bytes_max: limits::UPLOAD_BYTES_MAX_DEFAULT,
            quota_bytes: None,
            mail: Mail::Absent,
            backup_dir: PathBuf::from("backups"),
        }
    }
}
