//! Where values come from: a file, the environment, flags. The process is read once, by the caller, and handed in.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::{Config, ConfigError};

/// The prefix of every environment variable that sets a key.
const PREFIX: &str = "BACKLINE_";
/// Names under the prefix that steer the command line or the tests instead of setting a key.
const RESERVED: &[&str] = &["config", "test_data", "bless", "strict", "tools", "chromium"];
const ENVIRONMENT: &str = "environment variable";
const FLAG: &str = "flag";

/// Which file is read.
#[derive(Clone, Debug)]
pub enum ConfigFile {
    /// An operator named it: it must be there.
    Named(PathBuf),
    /// Read if it is there.
    IfPresent(PathBuf),
}

/// Everything outside the program that can set a value.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The TOML file.
    pub file: ConfigFile,
    /// All environment variables of the process; others than `BACKLINE_*` are not looked at.
    pub environment: Vec<(String, String)>,
    /// Key and value of each flag that was given.
    pub flags: Vec<(&'static str, String)>,
}

/// Where a value came from, as an operator would look for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment,
    /// A flag on the command line.
    Flag,
}

impl Origin {
    pub(super) fn of(metadata: &Metadata) -> Self {
        match metadata.source.as_ref().and_then(|source| source.file_path()) {
            Some(path) => Self::File(path.to_owned()),
            None if metadata.name == ENVIRONMENT => Self::Environment,
            None => Self::Flag,
        }
    }

    /// The origin of this key in words, such as `BACKLINE_LISTEN`.
    pub fn of_key(&self, key: &str) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Environment => variable(key),
            Self::Flag => format!("--{}", flag_name(key)),
        }
    }
}

impl Sources {
    /// No file, no environment, no flags.
    pub fn none() -> Self {
        Self { file: ConfigFile::IfPresent(PathBuf::new()), environment: Vec::new(), flags: Vec::new() }
    }

    pub(super) fn existing_file(&self) -> Result<Option<&Path>, ConfigError> {
        let (path, required) = match &self.file {
            ConfigFile::Named(path) => (path, true),
            ConfigFile::IfPresent(path) => (path, false),
        };
        match std::fs::File::open(path) {
            Ok(_) => Ok(Some(path)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !required => Ok(None),
            Err(source) => Err(ConfigError::File { path: path.clone(), source }),
        }
    }

    /// The keys set by the environment, and a warning for each variable that looks like ours and is not.
    ///
    /// An unknown variable is no error, unlike an unknown key in a file: an orchestrator puts variables of its own there
    /// (a Kubernetes service called `backline` gives every pod a `BACKLINE_PORT`).
    pub(super) fn environment(&self) -> (Given, Vec<String>) {
        let mut given = Given { name: ENVIRONMENT, values: Vec::new() };
        let mut warnings = Vec::new();
        for (name, value) in &self.environment {
            let Some(key) = name.strip_prefix(PREFIX).map(str::to_ascii_lowercase) else { continue };
            // An empty variable is how a compose file says "not set".
            if RESERVED.contains(&key.as_str()) || value.trim().is_empty() {
                continue;
            }
            if Config::is_key(&key) {
                given.values.push((key, value.clone()));
            } else {
                warnings.push(format!("the environment variable {name} is not a setting and has no effect"));
            }
        }
        (given, warnings)
    }

    pub(super) fn flags(&self) -> Given {
        let values = self.flags.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        Given { name: FLAG, values }
    }
}

/// Keys with their values as text, from one kind of source.
pub(super) struct Given {
    name: &'static str,
    values: Vec<(String, String)>,
}

impl Provider for Given {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let values = self.values.iter().map(|(key, value)| (key.clone(), Value::from(value.trim())));
        Ok(Profile::Default.collect(values.collect::<Dict>()))
    }
}

/// One line per refused key: where it stands, what it is called, what is wrong with it.
pub(super) fn describe(error: figment::Error) -> String {
    error.into_iter().map(|error| Refusal(&error).to_string()).collect::<Vec<_>>().join("\n")
}

struct Refusal<'a>(&'a figment::Error);

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        let key = error.path.join(".");
        match error.metadata.as_ref().map(Origin::of) {
            Some(Origin::File(path)) => write!(f, "{}: ", path.display())?,
            Some(origin @ (Origin::Environment | Origin::Flag)) => write!(f, "{}: ", origin.of_key(&key))?,
            Some(Origin::Default) | None => {}
        }
        match &error.kind {
            figment::error::Kind::UnknownField(name, known) => {
                write!(f, "there is no setting `{name}`; the settings are {}", known.join(", "))
            }
            kind if key.is_empty() => write!(f, "{kind}"),
            kind => write!(f, "`{key}`: {kind}"),
        }
    }
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}

/// The flag of a key: the directory is asked for so often that its flag is short.
fn flag_name(key: &str) -> String {
    match key {
        "data_dir" => "data".to_owned(),
        other => other.replace('_', "-"),
    }
}
