//! Uploads as JSON.

use super::Time;
use crate::http::body::{Checks, Input};
use model::{Violations, limits, text::FileName, upload as stored, violation::Fault};
use poem_openapi::{Enum, Object};
use serde_json::{Value, json};
use service::{Stored, upload::NewUpload};
use uuid::Uuid;

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum UploadState {
    /// Bytes are missing.
    Open,
    /// All bytes are here: make a version from it.
    Complete,
}

/// Bytes on their way in. A version is made from it once; it lapses if nobody does.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Upload {
    /// Its id.
    pub id: Uuid,
    /// For which project.
    pub project_id: Uuid,
    /// The client's name for the file.
    pub filename: String,
    /// Its size in bytes, taken from the quota.
    pub size_bytes: i64,
    /// What the client says it is.
    pub content_type: String,
    /// The SHA-256 of the bytes in hexadecimal: the declared one, or the one found when they are all here.
    pub sha256: Option<String>,
    /// How far it is.
    pub state: UploadState,
    /// Bytes that are stored.
    pub offset: i64,
    /// The bytes were here before: nothing needs to be sent.
    pub deduplicated: bool,
    /// How much to send at a time, in bytes, for clients that send in parts.
    pub recommended_chunk_bytes: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it is dropped if no version is made from it.
    pub expires_at: Time,
    /// Counts the changes of the upload.
    pub revision: i64,
}

impl From<Stored<stored::Upload>> for Upload {
    fn from(upload: Stored<stored::Upload>) -> Self {
        let Stored { row, rev, .. } = upload;
        let size_bytes = i64::try_from(row.size_bytes).unwrap_or(i64::MAX);
        let (state, offset, sha256, deduplicated) = match row.state {
            stored::UploadState::Open => (UploadState::Open, 0, row.declared_sha256, false),
            stored::UploadState::Complete { sha256, deduplicated, .. } => {
                (UploadState::Complete, size_bytes, Some(sha256), deduplicated)
            }
        };
        Self {
            id: row.id.uuid(),
            project_id: row.project_id.uuid(),
            filename: row.filename.to_string(),
            size_bytes,
            content_type: row.content_type,
            sha256: sha256.map(hex::encode),
            state,
            offset,
            deduplicated,
            recommended_chunk_bytes: limits::UPLOAD_CHUNK_BYTES,
            created_at: row.created_at.into(),
            expires_at: row.expires_at.into(),
            revision: i64::try_from(rev).unwrap_or(i64::MAX),
        }
    }
}

/// What a new upload needs.
#[derive(Debug, Object)]
pub struct CreateUpload {
    /// For which project.
    project_id: Uuid,
    /// The name of the file: 1 to 255 characters.
    filename: String,
    /// Its size in bytes.
    size_bytes: i64,
    /// What it is; the server looks for itself.
    content_type: Option<String>,
    /// The SHA-256 of the bytes in hexadecimal. If you may already download a version with these bytes, nothing needs to be sent.
    sha256: Option<String>,
}

impl Input for CreateUpload {
    type Value = NewUpload;

    fn example() -> Value {
        json!({"project_id": "0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f", "filename": "bass-walking.wav", "size_bytes": 8_467_244, "content_type": "audio/wav"})
    }

    fn parse(self) -> Result<NewUpload, Violations> {
        let mut faults = Violations::default();
        let filename = faults.check("/filename", FileName::parse(&self.filename));
        let size_bytes = faults.check("/size_bytes", size(self.size_bytes));
        let content_type = faults.optional("/content_type", self.content_type, content_type);
        let sha256 = faults.optional("/sha256", self.sha256, |text| sha256(&text));
        let new = filename.zip(size_bytes).map(|(filename, size_bytes)| NewUpload {
            project_id: self.project_id.into(),
            filename,
            size_bytes,
            content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            sha256,
        });
        faults.finish(new)
    }
}

fn size(bytes: i64) -> Result<u64, Fault> {
    match u64::try_from(bytes) {
        Ok(bytes) if bytes > 0 => Ok(bytes),
        Ok(_) | Err(_) => Err(Fault::new("out_of_range", "must be at least 1")),
    }
}

fn content_type(text: String) -> Result<String, Fault> {
    let plain = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if plain && text.contains('/') && text.len() <= limits::CONTENT_TYPE_CHARS_MAX {
        Ok(text)
    } else {
        Err(Fault::new("invalid_media_type", "must be a media type such as audio/flac"))
    }
}

fn sha256(text: &str) -> Result<[u8; 32], Fault> {
    let mut bytes = [0; 32];
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Fault::new("invalid_sha256", "must be 64 hexadecimal digits")),
    }
}
