//! The use cases of Backline: who may do what, and what it writes.
//!
//! A method authorizes, reads, decides, builds one batch and commits it with what the decision relied on. Nothing here knows
//! HTTP; nothing outside knows tables. Methods are named like the operations of the contract, in snake case.

pub mod authorize;
pub mod commit;
pub mod ctx;
pub mod error;
pub mod events;
pub mod live;
pub mod mix;
pub mod page;
pub mod project;
pub mod settings;
#[cfg(test)]
mod stage;
pub mod star;
pub mod storage;
pub mod ticket;
pub mod track;
pub mod version;
pub mod version_current;
pub mod version_process;
pub mod version_trash;

pub use authorize::Authorized;
pub use commit::Done;
pub use ctx::{Caller, Client, Ctx, Idempotency, Login, Via};
pub use error::Error;
pub use settings::Settings;
pub use store::Stored;

use model::{access::Access, ports};
use std::sync::Arc;

/// What every method returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the service is made of; the root puts it together.
pub struct Parts {
    /// Rows and events.
    pub store: store::Store,
    /// The wall clock.
    pub clock: Arc<dyn ports::Clock>,
    /// Ids and secrets.
    pub ids: Arc<dyn ports::IdGen>,
    /// Who may do what; a value, so that a test can flip an entry.
    pub access: Access,
    /// Makes pictures safe to serve.
    pub images: Arc<dyn ports::Images>,
    /// Looks at recordings in an isolated child.
    pub audio: Arc<dyn ports::AudioTools>,
    /// What the operator decided.
    pub settings: Settings,
}

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Service {
    parts: Arc<Parts>,
    live: Arc<live::Live>,
}

impl Service {
    /// Puts the service together.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts), live: Arc::default() }
    }
    /// What the operator decided.
    pub fn settings(&self) -> &Settings {
        &self.parts.settings
    }
    pub(crate) fn store(&self) -> &store::Store {
        &self.parts.store
    }
    /// A new id of any kind.
    pub(crate) fn id<I: From<uuid::Uuid>>(&self, cx: &Ctx) -> I {
        self.parts.ids.uuid(cx.now).into()
    }
}
