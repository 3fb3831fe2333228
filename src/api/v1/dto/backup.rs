//! Backups as JSON.

use super::Time;
use crate::http::body::Input;
use model::{Violations, backup::BackupContents};
use poem_openapi::Object;
use serde_json::{Value, json};
use service::backup::BackupView;

/// Which backup to make.
#[derive(Object)]
pub struct CreateBackup {
    /// Whether it holds recordings, waveforms and pictures; yes if absent. Without them it is small, and whoever restores it
    /// puts a copy of the folder `blobs` back themselves.
    include_audio: Option<bool>,
}

impl Input for CreateBackup {
    type Value = BackupContents;

    fn example() -> Value {
        json!({"include_audio": true})
    }

    fn parse(self) -> Result<BackupContents, Violations> {
        Ok(match self.include_audio {
            Some(false) => BackupContents::Rows,
            Some(true) | None => BackupContents::Everything,
        })
    }
}

/// A backup.
#[derive(Debug, Object)]
pub struct Backup {
    /// The name of its file.
    pub name: String,
    /// How large the file is.
    pub bytes: i64,
    /// When it was made.
    pub created_at: Time,
    /// The number of the last event whose state it holds.
    pub seq: i64,
    /// Whether it holds recordings, waveforms and pictures.
    pub includes_audio: bool,
    /// The version of its form; a program reads those up to its own.
    pub schema_version: i32,
}

impl From<BackupView> for Backup {
    fn from(BackupView { name, bytes, manifest }: BackupView) -> Self {
        Self {
            name: name.as_str().to_owned(),
            bytes: bytes.cast_signed(),
            created_at: manifest.at.into(),
            seq: manifest.seq.cast_signed(),
            includes_audio: manifest.contents == BackupContents::Everything,
            schema_version: manifest.format.cast_signed(),
        }
    }
}
