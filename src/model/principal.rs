//! Who can speak in a project: somebody with an account, or a guest through a share link.

use crate::{GuestId, UserId, event::Actor};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Somebody who writes, reacts or decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Principal {
    /// A person with an account.
    User(UserId),
    /// A guest through a share link.
    Guest(GuestId),
}

impl Principal {
    /// The id, of whatever kind.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::User(id) => id.uuid(),
            Self::Guest(id) => id.uuid(),
        }
    }
    /// The account, if it is one.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::Guest(_) => None,
        }
    }
    /// The guest, if it is one.
    pub const fn guest(self) -> Option<GuestId> {
        match self {
            Self::User(_) => None,
            Self::Guest(id) => Some(id),
        }
    }
}

impl From<Principal> for Actor {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::User(id) => Self::User(id),
            Principal::Guest(id) => Self::Guest(id),
        }
    }
}
