//! The types of the values: each is parsed from text once and says in one sentence why it refuses.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::str::FromStr;

use lettre::message::Mailbox;
use model::limits::{CACHE_BYTES_DEFAULT, CACHE_BYTES_MIN, JOB_WORKERS_MAX};
use reqwest::Url;
use serde::{Deserialize, Deserializer};
use tracing_subscriber::EnvFilter;

/// A value that cannot be used, in a sentence that does not repeat it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(String);

impl InvalidValue {
    fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// What a file may write for a value; the environment and flags always give text.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected text, a whole number, true or false")]
enum Scalar {
    Text(String),
    Whole(u64),
    Flag(bool),
}

impl From<Scalar> for String {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Text(text) => text,
            Scalar::Whole(number) => number.to_string(),
            Scalar::Flag(flag) => flag.to_string(),
        }
    }
}

/// A list in a file, or text with commas.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a list of texts, or one text with commas")]
enum Texts {
    Joined(String),
    Several(Vec<String>),
}

/// Parses each item of a list; empty items are left out.
pub(super) fn list<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
{
    let items = match Texts::deserialize(deserializer)? {
        Texts::Joined(text) => text.split(',').map(str::to_owned).collect(),
        Texts::Several(items) => items,
    };
    let items = items.iter().map(|item| item.trim()).filter(|item| !item.is_empty());
    items.map(|item| item.parse().map_err(|e| serde::de::Error::custom(format!("`{item}`: {e}")))).collect()
}

/// Parses one optional value of a type that does not read configuration by itself.
pub(super) fn optional<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
{
    String::from(Scalar::deserialize(deserializer)?).parse().map(Some).map_err(serde::de::Error::custom)
}

/// Reads a type from a [`Scalar`] through its `FromStr`.
macro_rules! from_scalar {
    ($($name:ty),*) => {$(
        impl TryFrom<Scalar> for $name {
            type Error = InvalidValue;
            fn try_from(scalar: Scalar) -> Result<Self, InvalidValue> {
                String::from(scalar).parse()
            }
        }
    )*};
}
from_scalar!(
    ListenAddress,
    SiteUrl,
    SmtpUrl,
    Switch,
    UploadBytes,
    CacheBytes,
    JobWorkers,
    SearchLanguage,
    LogFilter,
    LogFormat
);

/// `HOST:PORT`; the host may be a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub struct ListenAddress(String);

impl ListenAddress {
    /// As it was written; the runtime resolves it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn host(&self) -> &str {
        self.0.rsplit_once(':').map_or("", |(host, _)| host)
    }
}

impl Default for ListenAddress {
    fn default() -> Self {
        Self("127.0.0.1:7070".to_owned())
    }
}

impl FromStr for ListenAddress {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let parts = text.rsplit_once(':').filter(|(host, port)| {
            let bracketed = host.starts_with('[') && host.ends_with(']');
            !host.is_empty() && port.parse::<u16>().is_ok() && (bracketed || !host.contains(':'))
        });
        parts
            .map(|_| Self(text.to_owned()))
            .ok_or_else(|| InvalidValue::new("write HOST:PORT, for example 127.0.0.1:7070 or [::1]:7070"))
    }
}

/// The address of the server for people: `http` or `https`, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub struct SiteUrl(String);

impl SiteUrl {
    /// Without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that was asked for, with the port that was given.
    pub(super) fn of_listener(listen: &ListenAddress, bound: SocketAddr) -> Self {
        let host = match listen.host() {
            "0.0.0.0" | "[::]" => "localhost",
            host => host,
        };
        Self(format!("http://{host}:{}", bound.port()))
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SiteUrl {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let url = web_url(text).filter(|url| url.query().is_none() && url.fragment().is_none());
        url.map(|url| Self(url.as_str().trim_end_matches('/').to_owned())).ok_or_else(|| {
            InvalidValue::new("write an http or https address, for example https://music.example")
        })
    }
}

/// A web origin: scheme, host and port, as browsers send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsOrigin(String);

impl CorsOrigin {
    /// As browsers write it in the `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CorsOrigin {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let url = web_url(text)
            .filter(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none());
        url.map(|url| Self(url.origin().ascii_serialization())).ok_or_else(|| {
            InvalidValue::new("write an origin, for example https://app.example (no path, no *)")
        })
    }
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    (plain && matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides the text from now on.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// The address of a mail server, with its password.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub struct SmtpUrl(Secret);

impl SmtpUrl {
    /// With the password in it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for SmtpUrl {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let url =
            Url::parse(text).ok().filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host());
        url.map(|_| Self(Secret::new(text.to_owned()))).ok_or_else(|| {
            InvalidValue::new(
                "write smtp://host:port or smtps://user:password@host, with special characters %-encoded",
            )
        })
    }
}

/// The sender where none is named: mail servers refuse a bare IP address, so those become `localhost`.
pub(super) fn default_sender(site: Option<&SiteUrl>) -> Mailbox {
    let url = site.and_then(|site| Url::parse(site.as_str()).ok());
    let host = url.as_ref().and_then(Url::domain).unwrap_or("localhost");
    let address = lettre::Address::new("backline", host)
        .or_else(|_| lettre::Address::new("backline", "localhost"))
        .expect("backline@localhost is an address");
    Mailbox::new(Some("Backline".to_owned()), address)
}

/// Something that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub enum Switch {
    /// Working.
    On,
    /// Out of the way.
    Off,
}

impl FromStr for Switch {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text.to_ascii_lowercase().as_str() {
            "on" | "true" | "1" => Ok(Self::On),
            "off" | "false" | "0" => Ok(Self::Off),
            _ => Err(InvalidValue::new("write on or off")),
        }
    }
}

/// The largest upload, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub struct UploadBytes(u64);

impl UploadBytes {
    pub(super) const fn from_limit(bytes: u64) -> Self {
        Self(bytes)
    }

    /// In bytes, at least 1.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for UploadBytes {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match byte_count(text)? {
            0 => Err(InvalidValue::new("must be at least 1 byte")),
            bytes => Ok(Self(bytes)),
        }
    }
}

/// Memory for the store's page cache, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub struct CacheBytes(u64);

impl CacheBytes {
    /// In bytes, at least [`CACHE_BYTES_MIN`].
    pub fn get(self) -> u64 {
        self.0
    }
}

impl Default for CacheBytes {
    fn default() -> Self {
        Self(CACHE_BYTES_DEFAULT)
    }
}

impl FromStr for CacheBytes {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let bytes = byte_count(text)?;
        if bytes < CACHE_BYTES_MIN {
            return Err(InvalidValue::new(format!("must be at least {} MiB", CACHE_BYTES_MIN >> 20)));
        }
        Ok(Self(bytes))
    }
}

/// The language of a stemmer, or `none`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub struct SearchLanguage(pub search::Language);

impl FromStr for SearchLanguage {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        text.parse()
            .map(Self)
            .map_err(|unknown: search::UnknownLanguage| InvalidValue::new(unknown.to_string()))
    }
}

/// A count of bytes: digits, or digits with KiB, MiB, GiB or TiB.
fn byte_count(text: &str) -> Result<u64, InvalidValue> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(0),
        "kib" => Some(10),
        "mib" => Some(20),
        "gib" => Some(30),
        "tib" => Some(40),
        _ => None,
    };
    let bytes = shift.and_then(|shift| number.parse::<u64>().ok()?.checked_mul(1 << shift));
    bytes.ok_or_else(|| InvalidValue::new("write a number of bytes, for example 4294967296 or 4 GiB"))
}

/// Recordings processed at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub struct JobWorkers(NonZeroUsize);

impl JobWorkers {
    /// From 1 to [`JOB_WORKERS_MAX`].
    pub fn get(self) -> usize {
        self.0.get()
    }
}

impl FromStr for JobWorkers {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let count = text.parse::<NonZeroUsize>().ok().filter(|count| count.get() <= JOB_WORKERS_MAX);
        count
            .map(Self)
            .ok_or_else(|| InvalidValue::new(format!("write a number from 1 to {JOB_WORKERS_MAX}")))
    }
}

/// Which records are logged.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub struct LogFilter(String);

impl LogFilter {
    /// The directives.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl FromStr for LogFilter {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match EnvFilter::try_new(text) {
            Ok(_) if !text.is_empty() => Ok(Self(text.to_owned())),
            _ => {
                Err(InvalidValue::new("write a level (error, warn, info, debug, trace) or info,store=debug"))
            }
        }
    }
}

/// How a log record looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Scalar")]
pub enum LogFormat {
    /// A coloured line for people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err(InvalidValue::new("write pretty or json")),
        }
    }
}
