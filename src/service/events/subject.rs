//! What an event is about, as it is now: loaded at delivery, so that nobody is shown more than they may see now.

use crate::{Result, Service};
use model::{
    ProjectId, SessionId, TrackId, UploadId, UserId, VersionId,
    account::{Session, User},
    event::{Event, NewEvent},
    job::Job,
    project::Project,
    track::Track,
    upload::Upload,
    version::Version,
};
use store::{
    Stored,
    tables::{
        job::Jobs, project::Projects, session::Sessions, track::Tracks, upload::Uploads, user::Users,
        version::Versions,
    },
};

/// The thing, without anything that depends on who looks at it.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A project.
    Project(Box<Stored<Project>>),
    /// A track.
    Track(Box<Stored<Track>>),
    /// A version.
    Version(Box<Stored<Version>>),
    /// An upload.
    Upload(Box<Stored<Upload>>),
    /// A job.
    Job(Box<Stored<Job>>),
    /// A person.
    User(Box<Stored<User>>),
    /// A login.
    Session(Box<Stored<Session>>),
}

impl Service {
    /// The thing an event is about; none for deletions, for what is gone, and for what has no form of its own.
    pub(crate) async fn subject(&self, event: &NewEvent) -> Result<Option<Subject>> {
        if is_deletion(&event.body) {
            return Ok(None);
        }
        let (store, id) = (self.store(), event.resource.id);
        Ok(match event.resource.kind.as_str() {
            "project" => store
                .get::<Projects>(&ProjectId::new(id))
                .await?
                .map(|found| Subject::Project(Box::new(found))),
            "track" => {
                store.get::<Tracks>(&TrackId::new(id)).await?.map(|found| Subject::Track(Box::new(found)))
            }
            "version" => store
                .get::<Versions>(&VersionId::new(id))
                .await?
                .map(|found| Subject::Version(Box::new(found))),
            "upload" => {
                store.get::<Uploads>(&UploadId::new(id)).await?.map(|found| Subject::Upload(Box::new(found)))
            }
            "job" => {
                store.get::<Jobs>(&model::JobId::new(id)).await?.map(|found| Subject::Job(Box::new(found)))
            }
            "user" => store.get::<Users>(&UserId::new(id)).await?.map(|found| Subject::User(Box::new(found))),
            "session" => store
                .get::<Sessions>(&SessionId::new(id))
                .await?
                .map(|found| Subject::Session(Box::new(found))),
            _ => None,
        })
    }
}

fn is_deletion(body: &Event) -> bool {
    matches!(
        body,
        Event::ProjectDeleted | Event::TrackDeleted | Event::VersionDeleted | Event::SessionRevoked
    )
}
