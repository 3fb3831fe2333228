//! Version 1 of the API: one module for each tag of the document.
//!
//! A handler takes what it needs from the request (extractors of [`crate::http`]), calls one method of the service, and maps
//! the result to its DTO. It holds no rules. A new module adds its API to [`Apis`] and [`apis`], and nothing else.

pub mod covers;
pub mod dto;
pub mod mix;
pub mod projects;
pub mod tracks;

use crate::{docs::DocsApi, health::HealthApi};
use poem_openapi::Tags;
use service::Service;

/// The tags of the document; each has the scopes `<tag>:read` and `<tag>:write`.
#[derive(Clone, Copy, Debug, Tags)]
#[oai(rename_all = "snake_case")]
pub enum Tag {
    /// Setup, health, the document itself.
    System,
    /// Registering, logging in and out, forgotten passwords.
    Auth,
    /// The person who is logged in: profile, sessions, tokens, preferences.
    Account,
    /// Other people as far as one may see them.
    Users,
    /// Projects: the album, song or band folder that people share.
    Projects,
    /// Tracks of a project, their order and the shared mix.
    Tracks,
    /// Uploads on their way to become versions.
    Uploads,
    /// Takes of a track.
    Versions,
    /// Streams, downloads and waveforms.
    Audio,
    /// Background jobs.
    Jobs,
    /// Live events.
    Realtime,
}

/// Every API of the document.
pub type Apis =
    (HealthApi, DocsApi, projects::ProjectsApi, covers::CoversApi, tracks::TracksApi, mix::MixApi);

/// The APIs over a service.
pub fn apis(service: &Service, health: HealthApi) -> Apis {
    let service = || service.clone();
    (
        health,
        DocsApi,
        projects::ProjectsApi::new(service()),
        covers::CoversApi::new(service()),
        tracks::TracksApi::new(service()),
        mix::MixApi::new(service()),
    )
}
