//! The effective configuration as a TOML file that could be used as it is, with the origin of every value.

use std::fmt::Write as _;

use super::{Config, Loaded, LogFormat, Switch};
use model::account::RegistrationPolicy;

/// How one value is shown.
enum Shown {
    /// In TOML syntax.
    Value(String),
    /// Not set; what happens then.
    Unset(&'static str),
    /// Set, and nobody's business.
    Secret,
}

impl Config {
    /// Every key with its value, in the order of the struct. The one list of keys besides the struct itself.
    fn shown(&self) -> Vec<(&'static str, Shown)> {
        let policy = |policy| match policy {
            RegistrationPolicy::Open => "open",
            RegistrationPolicy::Invite => "invite",
            RegistrationPolicy::Closed => "closed",
        };
        let rate_limit = match self.rate_limit {
            Switch::On => "on",
            Switch::Off => "off",
        };
        let log_format = match self.log_format {
            LogFormat::Pretty => "pretty",
            LogFormat::Json => "json",
        };
        vec![
            ("data_dir", value(self.data_dir.display().to_string())),
            (
                "backup_dir",
                or_unset(
                    self.backup_dir.as_ref().map(|dir| dir.display().to_string()),
                    "backups in data_dir",
                ),
            ),
            ("listen", value(self.listen.as_str())),
            (
                "site_url",
                or_unset(self.site_url.as_ref().map(super::SiteUrl::as_str), "the address it listens on"),
            ),
            ("registration", or_unset(self.registration.map(policy), "invite")),
            ("rate_limit", value(rate_limit)),
            (
                "smtp_url",
                if self.smtp_url.is_some() { Shown::Secret } else { Shown::Unset("no mail is sent") },
            ),
            (
                "smtp_from",
                or_unset(self.smtp_from.as_ref().map(ToString::to_string), "backline@ the host of site_url"),
            ),
            ("trusted_proxies", texts(&self.trusted_proxies)),
            ("cors_origins", texts(self.cors_origins.iter().map(super::CorsOrigin::as_str))),
            ("max_upload_bytes", value(self.max_upload_bytes.get())),
            ("cache_bytes", value(self.cache_bytes.get())),
            ("job_workers", or_unset(self.job_workers.map(|count| count.get()), "one per processor core")),
            ("search_language", value(self.search_language.0.to_string())),
            ("metrics_allow", texts(&self.metrics_allow)),
            ("log_filter", value(self.log_filter.as_str())),
            ("log_format", value(log_format)),
        ]
    }

    pub(super) fn is_key(name: &str) -> bool {
        Self::default().shown().iter().any(|(key, _)| *key == name)
    }
}

impl Loaded {
    /// One line per key: `key = value  # origin`. Secrets say only that they are set.
    pub fn show(&self) -> String {
        let mut out = String::new();
        for (key, shown) in self.config.shown() {
            let origin = self.origin(key).of_key(key);
            let (line, note) = match shown {
                Shown::Value(value) => (format!("{key} = {value}"), origin),
                Shown::Unset(meaning) => (format!("# {key} is not set"), meaning.to_owned()),
                Shown::Secret => (format!("# {key} is set and not shown"), origin),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{line:<44} # {note}");
        }
        out
    }
}

/// JSON scalars and lists of them are TOML as well, as long as no text has a control character.
fn value(value: impl Into<serde_json::Value>) -> Shown {
    Shown::Value(value.into().to_string())
}

fn or_unset(set: Option<impl Into<serde_json::Value>>, meaning: &'static str) -> Shown {
    set.map_or(Shown::Unset(meaning), value)
}

fn texts(items: impl IntoIterator<Item = impl ToString>) -> Shown {
    value(items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>())
}
