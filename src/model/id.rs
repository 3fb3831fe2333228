//! Ids: one newtype over a UUIDv7 for each entity, so that a track id can never be used as a project id.
//!
//! UUIDv7 starts with the time in milliseconds: byte order is order of creation.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            pub const fn new(uuid: Uuid) -> Self { Self(uuid) }
            /// The UUID inside.
            pub const fn uuid(self) -> Uuid { self.0 }
            /// The 16 bytes, in key order.
            pub const fn as_bytes(&self) -> &[u8; 16] { self.0.as_bytes() }
        }
        impl From<Uuid> for $name { fn from(uuid: Uuid) -> Self { Self(uuid) } }
        impl From<$name> for Uuid { fn from(id: $name) -> Self { id.0 } }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::parse_str(text).map(Self) }
        }
        impl fmt::Display for $name { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) } }
        impl fmt::Debug for $name { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) } }
    )+};
}

ids! {
    /// A person with an account.
    UserId,
    /// A login on one device.
    SessionId,
    /// A personal access token.
    ApiTokenId,
    /// A single-use token: setup, password reset, e-mail verification, registration invite.
    OneTimeTokenId,
    /// A project: the album, song or band folder that people share.
    ProjectId,
    /// A track of a project.
    TrackId,
    /// One uploaded take of a track.
    VersionId,
    /// An upload in progress or waiting to be used.
    UploadId,
    /// A background job.
    JobId,
    /// A snapshot of a project.
    CheckpointId,
    /// A comment.
    CommentId,
    /// How somebody felt at a moment.
    MoodId,
    /// A guest session opened through a share link.
    GuestId,
    /// A link that shows something to whoever has it.
    ShareLinkId,
    /// An invitation into a project.
    InvitationId,
    /// A request to be let into a project.
    AccessRequestId,
    /// An entry of the event log, as clients see it.
    EventId,
}

/// The content address of a blob: its BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlobHash(pub [u8; 32]);

impl fmt::Display for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
