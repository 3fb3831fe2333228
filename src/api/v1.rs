//! Version 1 of the API: one module for each tag of the document.
//!
//! A handler takes what it needs from the request (extractors of [`crate::http`]), calls one method of the service, and maps
//! the result to its DTO. It holds no rules. A new module adds its API to [`Apis`] and [`apis`], and nothing else.

pub mod admin;
pub mod audio;
pub mod auth;
pub mod backups;
pub mod checkpoints;
pub mod comments;
pub mod covers;
pub mod dto;
pub mod events;
pub mod guests;
pub mod instance;
pub mod invitations;
pub mod jobs;
pub mod me;
pub mod members;
pub mod mix;
pub mod moods;
pub mod presence;
pub mod projects;
pub mod reviews;
pub mod search;
pub mod setup;
pub mod shares;
pub mod tracks;
pub mod uploads;
pub mod users;
pub mod versions;
pub mod waveforms;

use crate::{docs::DocsApi, health::HealthApi, http::operation::Operation};
use poem_openapi::{OpenApi, Tags};
use service::Service;
use std::{collections::BTreeSet, sync::OnceLock};

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
    /// Accounts and backups, as those manage them who run the instance.
    Admin,
    /// Projects: the album, song or band folder that people share.
    Projects,
    /// Who belongs to a project, and how people come into it.
    Members,
    /// Share links, for those who make them.
    Shares,
    /// What guests of a share link do first.
    Guests,
    /// Tracks of a project, their order and the shared mix.
    Tracks,
    /// Uploads on their way to become versions.
    Uploads,
    /// Takes of a track.
    Versions,
    /// Streams, downloads and waveforms.
    Audio,
    /// Snapshots of a project, and how to bring them back.
    Checkpoints,
    /// Comments, their threads and reactions.
    Comments,
    /// How people feel, and how a team does.
    Moods,
    /// Background jobs.
    Jobs,
    /// Live events.
    Realtime,
    /// Finding things, and what happened.
    Search,
}

/// Every API of the document.
pub type Apis = (
    HealthApi,
    DocsApi,
    AccountApis,
    ProjectApis,
    SongApis,
    (comments::CommentsApi, moods::MoodsApi),
    events::EventsApi,
    presence::PresenceApi,
    search::SearchApi,
    RecordingApis,
);

/// People and how they log in.
pub type AccountApis = (
    setup::SetupApi,
    auth::AuthApi,
    me::MeApi,
    me::logins::LoginsApi,
    users::UsersApi,
    admin::AdminApi,
    instance::InstanceApi,
    backups::BackupsApi,
);

/// Projects and who belongs to them.
pub type ProjectApis = (
    projects::ProjectsApi,
    covers::CoversApi,
    members::MembersApi,
    invitations::InvitationsApi,
    shares::SharesApi,
    guests::GuestsApi,
);

/// Tracks, their mix, and what they were at a moment.
pub type SongApis = (tracks::TracksApi, mix::MixApi, checkpoints::CheckpointsApi);

/// Recordings from upload to playback.
pub type RecordingApis = (
    uploads::UploadsApi,
    (versions::VersionsApi, reviews::ReviewsApi),
    audio::AudioApi,
    (waveforms::WaveformApi, waveforms::WaveformDatApi, waveforms::PeaksApi),
    jobs::JobsApi,
);

/// The APIs over a service.
pub fn apis(service: &Service, health: HealthApi) -> Apis {
    let service = || service.clone();
    (
        health,
        DocsApi,
        (
            setup::SetupApi::new(service()),
            auth::AuthApi::new(service()),
            me::MeApi::new(service()),
            me::logins::LoginsApi::new(service()),
            users::UsersApi::new(service()),
            admin::AdminApi::new(service()),
            instance::InstanceApi::new(service()),
            backups::BackupsApi::new(service()),
        ),
        (
            projects::ProjectsApi::new(service()),
            covers::CoversApi::new(service()),
            members::MembersApi::new(service()),
            invitations::InvitationsApi::new(service()),
            shares::SharesApi::new(service()),
            guests::GuestsApi::new(service()),
        ),
        (
            tracks::TracksApi::new(service()),
            mix::MixApi::new(service()),
            checkpoints::CheckpointsApi::new(service()),
        ),
        (comments::CommentsApi::new(service()), moods::MoodsApi::new(service())),
        events::EventsApi::new(service()),
        presence::PresenceApi::new(service()),
        search::SearchApi::new(service()),
        (
            uploads::UploadsApi::new(service()),
            (versions::VersionsApi::new(service()), reviews::ReviewsApi::new(service())),
            audio::AudioApi::new(service()),
            (
                waveforms::WaveformApi(service()),
                waveforms::WaveformDatApi(service()),
                waveforms::PeaksApi(service()),
            ),
            jobs::JobsApi::new(service()),
        ),
    )
}

/// The tags that operations have: what a personal access token can be for.
pub(crate) fn scope_areas() -> &'static BTreeSet<&'static str> {
    static AREAS: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    AREAS.get_or_init(|| {
        let paths = Apis::meta().into_iter().flat_map(|api| api.paths);
        paths.flat_map(|path| path.operations).map(|meta| Operation::describe(meta).tag).collect()
    })
}
