//! What an event is about, as it is now and as its reader may see it now: loaded at delivery through the same methods that a
//! request would use.

use crate::{
    Ctx, Error, Result, Service, job_view::JobView, project::ProjectView, track::TrackView,
    version::VersionView,
};
use model::{
    JobId, ProjectId, TrackId, VersionId,
    event::{Event, NewEvent},
};

/// The thing as its reader sees it.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A project.
    Project(Box<ProjectView>),
    /// A track.
    Track(Box<TrackView>),
    /// A version.
    Version(Box<VersionView>),
    /// A job.
    Job(Box<JobView>),
}

impl Service {
    /// The thing an event is about; none for deletions, for what is gone or hidden, and for what has no form of its own.
    pub(crate) async fn subject(&self, cx: &Ctx, event: &NewEvent) -> Result<Option<Subject>> {
        if is_deletion(&event.body) {
            return Ok(None);
        }
        let id = event.resource.id;
        let found = match event.resource.kind.as_str() {
            "project" => {
                self.get_project(cx, ProjectId::new(id)).await.map(|view| Subject::Project(Box::new(view)))
            }
            "track" => self.get_track(cx, TrackId::new(id)).await.map(|view| Subject::Track(Box::new(view))),
            "version" => {
                self.get_version(cx, VersionId::new(id)).await.map(|view| Subject::Version(Box::new(view)))
            }
            "job" => self.get_job(cx, JobId::new(id)).await.map(|view| Subject::Job(Box::new(view))),
            _ => return Ok(None),
        };
        match found {
            Ok(subject) => Ok(Some(subject)),
            Err(Error::NotFound(_) | Error::Forbidden(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_deletion(body: &Event) -> bool {
    matches!(
        body,
        Event::ProjectDeleted
            | Event::TrackDeleted
            | Event::VersionDeleted
            | Event::ProjectPurged
            | Event::TrackPurged
            | Event::VersionPurged
            | Event::SessionRevoked
    )
}
