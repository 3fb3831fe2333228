//! The ids of the model as keys.

use model::{
    AccessRequestId, ApiTokenId, BlobHash, CheckpointId, CommentId, EventId, GuestId, InvitationId, JobId,
    MoodId, OneTimeTokenId, ProjectId, SessionId, ShareLinkId, Timestamp, TrackId, UploadId, UserId,
    VersionId,
    comment::{Group, Mentionee},
    event::Actor,
    principal::Principal,
};
use uuid::Uuid;

use super::{Key, KeyError};

macro_rules! ids {
    ($($id:ty),* $(,)?) => {$(
        impl Key for $id {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_bytes());
            }
            fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
                Uuid::decode(input).map(Self::new)
            }
        }
    )*};
}
ids!(
    AccessRequestId,
    ApiTokenId,
    CheckpointId,
    CommentId,
    EventId,
    GuestId,
    InvitationId,
    JobId,
    MoodId,
    OneTimeTokenId,
    ProjectId,
    SessionId,
    ShareLinkId,
    TrackId,
    UploadId,
    UserId,
    VersionId
);

impl Key for BlobHash {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        Key::decode(input).map(BlobHash)
    }
}

impl Key for Timestamp {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        i64::decode(input).map(Timestamp)
    }
}

/// People before guests before the server; each by id.
impl Key for Actor {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Actor::User(id) => (0u8, *id).encode(out),
            Actor::Guest(id) => (1u8, *id).encode(out),
            Actor::System => 2u8.encode(out),
        }
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        match u8::decode(input)? {
            0 => UserId::decode(input).map(Actor::User),
            1 => GuestId::decode(input).map(Actor::Guest),
            2 => Ok(Actor::System),
            _ => Err(KeyError::Byte),
        }
    }
}

/// People before guests; each by id. The same bytes as the actor that they are.
impl Key for Principal {
    fn encode(&self, out: &mut Vec<u8>) {
        Actor::from(*self).encode(out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        match Actor::decode(input)? {
            Actor::User(id) => Ok(Principal::User(id)),
            Actor::Guest(id) => Ok(Principal::Guest(id)),
            Actor::System => Err(KeyError::Byte),
        }
    }
}

/// People by id, then the groups.
impl Key for Mentionee {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Mentionee::Person(id) => (0u8, *id).encode(out),
            Mentionee::Group(Group::All) => 1u8.encode(out),
            Mentionee::Group(Group::Editors) => 2u8.encode(out),
        }
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        match u8::decode(input)? {
            0 => UserId::decode(input).map(Mentionee::Person),
            1 => Ok(Mentionee::Group(Group::All)),
            2 => Ok(Mentionee::Group(Group::Editors)),
            _ => Err(KeyError::Byte),
        }
    }
}
