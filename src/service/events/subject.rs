//! What an event is about, as it is now and as its reader may see it now: loaded at delivery through the same methods that a
//! request would use.

use crate::{
    Ctx, Error, Result, Service,
    checkpoint::CheckpointView,
    comment::{CommentView, Include},
    invitation::InvitationView,
    job_view::JobView,
    member::MemberView,
    mood::MoodView,
    profile::UserView,
    project::ProjectView,
    share::ShareLinkView,
    track::TrackView,
    version::VersionView,
};
use model::{
    CheckpointId, CommentId, InvitationId, JobId, MoodId, ProjectId, ShareLinkId, TrackId, UserId, VersionId,
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
    /// A member.
    Member(Box<MemberView>),
    /// An invitation; only owners see it.
    Invitation(Box<InvitationView>),
    /// A checkpoint, without what it holds.
    Checkpoint(Box<CheckpointView>),
    /// A comment.
    Comment(Box<CommentView>),
    /// A mood: the reader's own, or a named one.
    Mood(Box<MoodView>),
    /// A share link; only those who may share see it.
    ShareLink(Box<ShareLinkView>),
    /// The reader's own account.
    User(Box<UserView>),
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
            "member" => match event.project {
                Some(project) => {
                    let found = self.get_member(cx, project, UserId::new(id)).await;
                    found.map(|view| Subject::Member(Box::new(view)))
                }
                None => return Ok(None),
            },
            "invitation" => match event.project {
                Some(project) => {
                    let found = self.get_invitation(cx, project, InvitationId::new(id)).await;
                    found.map(|view| Subject::Invitation(Box::new(view)))
                }
                None => return Ok(None),
            },
            "checkpoint" => {
                let found = self.outline_checkpoint(cx, CheckpointId::new(id)).await;
                found.map(|view| Subject::Checkpoint(Box::new(view)))
            }
            "comment" => {
                let found = self.get_comment(cx, CommentId::new(id), Include::Comment).await;
                found.map(|view| Subject::Comment(Box::new(view)))
            }
            "mood" => self.get_mood(cx, MoodId::new(id)).await.map(|view| Subject::Mood(Box::new(view))),
            "share_link" => {
                let found = self.get_share_link(cx, ShareLinkId::new(id)).await;
                found.map(|view| Subject::ShareLink(Box::new(view)))
            }
            // An account is shown to its owner alone.
            "user" if cx.user_id().ok() == Some(UserId::new(id)) => {
                self.get_me(cx).await.map(|me| Subject::User(Box::new(me.account)))
            }
            _ => return Ok(None),
        };
        match found {
            Ok(subject) => Ok(Some(subject)),
            Err(Error::NotFound(_) | Error::Forbidden(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

pub(super) fn is_deletion(body: &Event) -> bool {
    matches!(
        body,
        Event::ProjectDeleted
            | Event::TrackDeleted
            | Event::VersionDeleted
            | Event::ProjectPurged
            | Event::TrackPurged
            | Event::VersionPurged
            | Event::CheckpointDeleted
            | Event::CheckpointPurged
            | Event::MemberLeft
            | Event::MemberRemoved
            | Event::CommentDeleted { .. }
            | Event::MoodDeleted
            | Event::SessionRevoked
    )
}
