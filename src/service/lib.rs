//! The use cases of Backline: who may do what, and what it writes.
//!
//! A method authorizes, reads, decides, builds one batch and commits it with what the decision relied on. Nothing here knows
//! HTTP; nothing outside knows tables. Methods are named like the operations of the contract, in snake case.

pub mod access_request;
pub mod account;
pub mod activity;
pub mod analysis;
pub mod audit_log;
pub mod authenticate;
pub mod authorize;
pub mod avatar;
mod backer;
pub mod backup;
pub mod bootstrap;
pub mod checkpoint;
pub mod comment;
pub mod commit;
pub mod compare;
pub mod cover;
pub mod ctx;
pub mod error;
pub mod events;
pub mod expire;
pub mod guest;
pub mod instance_admin;
pub mod invitation;
pub mod job_admin;
pub mod job_result;
pub mod job_view;
pub mod keys;
pub mod live;
pub mod mail;
pub mod member;
pub mod memo;
pub mod mentionable;
pub mod mix;
pub mod mixdown;
pub mod mood;
pub mod page;
pub mod password;
pub mod people;
pub mod picture;
pub mod playback;
pub mod preferences;
pub mod presence;
pub mod profile;
pub mod project;
pub mod purge;
pub mod rendition;
pub mod rendition_make;
pub mod review;
pub mod search;
pub mod session;
pub mod settings;
pub mod setup;
pub mod share;
#[cfg(test)]
mod stage;
pub mod star;
pub mod storage;
pub mod stream_url;
#[cfg(test)]
pub(crate) mod testing;
pub mod ticket;
pub mod token;
pub mod track;
pub mod upload;
pub mod upload_content;
pub mod version;
pub mod version_create;
pub mod version_current;
pub mod version_list;
pub mod version_process;
pub mod version_trash;
pub mod waveform;

pub use account::NewUser;
pub use authenticate::AccessToken;
pub use authorize::Authorized;
pub use commit::Done;
pub use ctx::{Caller, Client, Ctx, Idempotency, Login, Via, Visitor};
pub use error::Error;
pub use keys::{Keys, Purpose};
pub use mail::MailOrder;
pub use memo::Memo;
pub use password::Password;
pub use session::LoginResult;
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
    /// Recordings, waveforms and pictures.
    pub blobs: store::Blobs,
    /// The wall clock.
    pub clock: Arc<dyn ports::Clock>,
    /// Ids and secrets.
    pub ids: Arc<dyn ports::IdGen>,
    /// The secrets of the instance.
    pub keys: Arc<Keys>,
    /// Who may do what; a value, so that a test can flip an entry.
    pub access: Access,
    /// Makes pictures safe to serve.
    pub images: Arc<dyn ports::Images>,
    /// Looks at recordings in an isolated child.
    pub audio: Arc<dyn ports::AudioTools>,
    /// Sends mail, where a mail server is configured: for trying it out. What people wait for is sent by jobs.
    pub mailer: Option<Arc<dyn ports::Mailer>>,
    /// Finds words.
    pub search: Arc<dyn model::search::SearchIndex>,
    /// What the operator decided.
    pub settings: Settings,
}

/// The service; cheap to clone.
#[derive(Clone)]
pub struct Service {
    parts: Arc<Parts>,
    accounts: Arc<account::Accounts>,
    live: Arc<live::Live>,
    transfers: Arc<upload_content::Transfers>,
    shifts: Arc<compare::Shifts>,
    search: Arc<search::Search>,
    restores: Arc<backup::Restores>,
}

impl Service {
    /// Puts the service together.
    pub fn new(parts: Parts) -> Self {
        Self {
            search: Arc::new(search::Search::new(Arc::clone(&parts.search))),
            parts: Arc::new(parts),
            accounts: Arc::default(),
            live: Arc::default(),
            transfers: Arc::default(),
            shifts: Arc::default(),
            restores: Arc::default(),
        }
    }
    /// What the operator decided.
    pub fn settings(&self) -> &Settings {
        &self.parts.settings
    }
    /// The secrets of the instance, for signing cursors and links.
    pub fn keys(&self) -> &Keys {
        &self.parts.keys
    }
    /// Which state of the rows answers show: see [`Memo`].
    pub fn generation(&self) -> u64 {
        self.parts.store.generation()
    }
    pub(crate) fn store(&self) -> &store::Store {
        &self.parts.store
    }
    pub(crate) fn blobs(&self) -> &store::Blobs {
        &self.parts.blobs
    }
    pub(crate) fn audio(&self) -> &Arc<dyn ports::AudioTools> {
        &self.parts.audio
    }
    pub(crate) fn transfers(&self) -> &upload_content::Transfers {
        &self.transfers
    }
    pub(crate) fn shifts(&self) -> &compare::Shifts {
        &self.shifts
    }
    /// A new id of any kind.
    pub(crate) fn id<I: From<uuid::Uuid>>(&self, cx: &Ctx) -> I {
        self.parts.ids.uuid(cx.now).into()
    }
}
