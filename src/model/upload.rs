//! Uploads: bytes on their way in. An upload is used once, by the version made from it.

use crate::{
    BlobHash, GuestId, ProjectId, Timestamp, UploadId, UserId, principal::Principal, text::FileName,
};
use serde::{Deserialize, Serialize};

/// An upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// Who uploads, or vouches for the link by which a guest does: their quota is charged.
    pub user_id: UserId,
    /// The guest who uploads, if one does.
    #[serde(default)]
    pub guest_id: Option<GuestId>,
    /// For which project.
    pub project_id: ProjectId,
    /// The client's name for the file.
    pub filename: FileName,
    /// The declared size in bytes; reserved from the quota until the upload is used or dropped.
    pub size_bytes: u64,
    /// What the client says it is; never trusted.
    pub content_type: String,
    /// The hash the client declared, compared when all bytes are here.
    pub declared_sha256: Option<[u8; 32]>,
    /// How far it is.
    pub state: UploadState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is dropped if nobody used it.
    pub expires_at: Timestamp,
}

impl Upload {
    /// Who uploads.
    pub fn uploader(&self) -> Principal {
        self.guest_id.map_or(Principal::User(self.user_id), Principal::Guest)
    }
}

/// How far an upload is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum UploadState {
    /// Bytes are missing.
    Open,
    /// All bytes are stored.
    Complete {
        /// Where.
        blob: BlobHash,
        /// Their SHA-256.
        sha256: [u8; 32],
        /// They were here before, and the transfer was skipped.
        deduplicated: bool,
    },
}
