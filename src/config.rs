//! What an operator can set, where each value came from, and what is refused.
//!
//! Defaults < `backline.toml` < `BACKLINE_*` < flags; nothing is required. Values are parsed here into
//! types, so nothing behind this module checks them again. Relative paths are relative to the working directory.

mod show;
mod source;
#[cfg(test)]
mod tests;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Format, Toml};
use ipnet::IpNet;
use lettre::message::Mailbox;
use model::account::RegistrationPolicy;
use model::limits::UPLOAD_BYTES_MAX_DEFAULT;
use serde::Deserialize;

pub use source::{ConfigFile, Origin, Sources};
pub use value::{
    CacheBytes, CorsOrigin, InvalidValue, JobWorkers, ListenAddress, LogFilter, LogFormat, SearchLanguage,
    Secret, SiteUrl, SmtpUrl, Switch, UploadBytes,
};

/// The effective configuration. The documentation of a field is what `docs/OPERATIONS.md` says about its key.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where everything is kept; made on first use.
    pub data_dir: PathBuf,
    /// Where backups are kept; made on first use. Unset: `backups` in `data_dir`.
    pub backup_dir: Option<PathBuf>,
    /// `HOST:PORT` to listen on; port 0 takes a free one.
    pub listen: ListenAddress,
    /// How people reach this server, for links in mails and pages. Unset: the address it listens on.
    pub site_url: Option<SiteUrl>,
    /// Who may register. Unset: `invite`, so that a server found by strangers stays closed to them.
    pub registration: Option<RegistrationPolicy>,
    /// Whether callers are slowed down by the rate limits.
    pub rate_limit: Switch,
    /// `smtp://` or `smtps://`, with user and password if needed. Unset: no mail, administrators see the links.
    pub smtp_url: Option<SmtpUrl>,
    /// The sender of mails. Unset: `backline@` the host of `site_url`.
    #[serde(deserialize_with = "value::optional")]
    pub smtp_from: Option<Mailbox>,
    /// Networks of the reverse proxies whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "value::list")]
    pub trusted_proxies: Vec<IpNet>,
    /// Web origins other than `site_url` whose pages may call the API.
    #[serde(deserialize_with = "value::list")]
    pub cors_origins: Vec<CorsOrigin>,
    /// The largest upload, in bytes; `4 GiB` and the like are understood.
    pub max_upload_bytes: UploadBytes,
    /// Memory for the store's page cache, in bytes.
    pub cache_bytes: CacheBytes,
    /// Recordings processed at the same time. Unset: one per processor core.
    pub job_workers: Option<JobWorkers>,
    /// Whose grammar makes one word of its forms in searches.
    pub search_language: SearchLanguage,
    /// Networks that may read `/metrics` without a token. Empty by default, because behind a proxy on the same
    /// machine every caller comes from the loopback address.
    #[serde(deserialize_with = "value::list")]
    pub metrics_allow: Vec<IpNet>,
    /// What is logged: a level, or directives such as `info,store=debug`.
    pub log_filter: LogFilter,
    /// `pretty` for people, `json` for collectors.
    pub log_format: LogFormat,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("backline-data"),
            backup_dir: None,
            listen: ListenAddress::default(),
            site_url: None,
            registration: None,
            rate_limit: Switch::On,
            smtp_url: None,
            smtp_from: None,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            max_upload_bytes: UploadBytes::from_limit(UPLOAD_BYTES_MAX_DEFAULT),
            cache_bytes: CacheBytes::default(),
            job_workers: None,
            search_language: SearchLanguage::default(),
            metrics_allow: Vec::new(),
            log_filter: LogFilter::default(),
            log_format: LogFormat::Pretty,
        }
    }
}

/// The configuration with what an operator may ask about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values to run with.
    pub config: Config,
    /// Variables that look like ours and are not: one sentence each, to be logged.
    pub warnings: Vec<String>,
    figment: Figment,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was asked for is not there or cannot be read.
    #[error("the configuration file {path} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// One or more keys are unknown or have values that cannot be used: a line each, with key and origin.
    #[error("{0}")]
    Refused(String),
}

impl Config {
    /// Merges the sources and parses every value.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
        let mut figment = Figment::new();
        if let Some(path) = sources.existing_file()? {
            figment = figment.merge(Toml::file_exact(path));
        }
        let (environment, warnings) = sources.environment();
        figment = figment.merge(environment).merge(sources.flags());
        let config = figment.extract().map_err(|error| ConfigError::Refused(source::describe(error)))?;
        Ok(Loaded { config, warnings, figment })
    }

    /// Where backups are kept.
    pub fn backup_dir(&self) -> PathBuf {
        self.backup_dir.clone().unwrap_or_else(|| self.data_dir.join("backups"))
    }

    /// Who may register when nothing else was said.
    pub fn registration(&self) -> RegistrationPolicy {
        self.registration.unwrap_or(RegistrationPolicy::Invite)
    }

    /// How people reach the server that was bound to this address.
    pub fn site_url(&self, bound: SocketAddr) -> SiteUrl {
        self.site_url.clone().unwrap_or_else(|| SiteUrl::of_listener(&self.listen, bound))
    }

    /// The mail server and the sender, where mail is configured.
    pub fn mail(&self) -> Option<(&SmtpUrl, Mailbox)> {
        let sender = || match &self.smtp_from {
            Some(sender) => sender.clone(),
            None => value::default_sender(self.site_url.as_ref()),
        };
        self.smtp_url.as_ref().map(|url| (url, sender()))
    }
}

impl Loaded {
    /// Where the value of a key came from.
    pub fn origin(&self, key: &str) -> Origin {
        self.figment.find_metadata(key).map_or(Origin::Default, Origin::of)
    }
}
