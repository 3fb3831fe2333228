//! What follows from an event: pure, one place, every kind of event named.
//!
//! An event yields at most one job; a job that does something for many starts more work by events of its own.

use crate::{
    definitions::{
        backup_run::BackupRun, comments_carry::CommentsCarry, mail_send::MailSend, mix_tell::MixTell,
        mixdown_render::MixdownRender, rendition_make::RenditionMake, reviews_weigh::ReviewsWeigh,
        search_reindex::SearchReindex, version_process::VersionProcess,
    },
    job::NewJob,
};
use model::{
    JobId, UserId, VersionId,
    event::{Actor, Envelope, Event},
    limits,
};
use service::mail::MailOrder;

/// The events that are told and start nothing.
macro_rules! only_told {
    () => {
        Event::ProjectCreated
            | Event::ProjectUpdated
            | Event::ProjectArchived
            | Event::ProjectUnarchived
            | Event::ProjectDeleted
            | Event::ProjectRestored
            | Event::InvitationAccepted
            | Event::InvitationDeclined
            | Event::InvitationRevoked
            | Event::ShareLinkCreated
            | Event::ShareLinkUpdated
            | Event::ShareLinkVisited
            | Event::ShareLinkRevoked
            | Event::GuestJoined
            | Event::AccessRequestCreated { .. }
            | Event::AccessRequestDecided { .. }
            | Event::ProjectStarred { .. }
            | Event::ProjectUnstarred { .. }
            | Event::TrackCreated
            | Event::TrackUpdated
            | Event::TrackDeleted
            | Event::TrackRestored
            | Event::TracksReordered
            | Event::MixUpdated { .. }
            | Event::VersionPurged
            | Event::TrackPurged
            | Event::ProjectPurged
            | Event::UploadCompleted { .. }
            | Event::VersionReady { .. }
            | Event::VersionFailed { .. }
            | Event::VersionUpdated
            | Event::VersionDeleted
            | Event::VersionRestored
            | Event::VersionCurrentChanged { .. }
            | Event::VersionReviewStatusChanged { .. }
            | Event::VersionApproved
            | Event::VersionChangesRequested
            | Event::VersionApprovalWithdrawn
            | Event::CheckpointCreated
            | Event::CheckpointUpdated
            | Event::CheckpointLocked
            | Event::CheckpointRestored { .. }
            | Event::CheckpointDeleted
            | Event::CheckpointUndeleted
            | Event::CheckpointPurged
            | Event::CommentCreated { .. }
            | Event::CommentUpdated { .. }
            | Event::CommentDeleted { .. }
            | Event::CommentResolved { .. }
            | Event::CommentReopened { .. }
            | Event::CommentPinned { .. }
            | Event::CommentCarriedOver { .. }
            | Event::ReactionAdded { .. }
            | Event::ReactionRemoved { .. }
            | Event::MoodRecorded
            | Event::MoodUpdated
            | Event::MoodDeleted
            | Event::TeamMoodUpdated { .. }
            | Event::JobStarted
            | Event::JobSucceeded
            | Event::JobFailed { .. }
            | Event::JobCancelled
            | Event::UserRegistered
            | Event::UserUpdated
            | Event::SessionRevoked
            | Event::NewLogin
            | Event::PasswordChanged
            | Event::ApiTokenCreated
            | Event::ApiTokenRevoked
            | Event::EmailChanged
            | Event::BackupCompleted { .. }
            | Event::BackupFailed { .. }
            | Event::LinkCreated
    };
}

/// The jobs that an event starts.
#[must_use]
pub fn route(envelope: &Envelope) -> Vec<NewJob> {
    let event = &envelope.event;
    match &event.body {
        Event::VersionCreated { job, .. } => {
            let version = VersionId::new(event.resource.id);
            vec![caused(envelope, NewJob::of(*job, &VersionProcess { version }))]
        }
        Event::CommentsCarryRequested { job, .. } => {
            let version = VersionId::new(event.resource.id);
            vec![caused(envelope, NewJob::of(*job, &CommentsCarry { version }))]
        }
        Event::RenditionRequested { original, recipe, job } => {
            let project =
                event.project.map(|project| RenditionMake { project, original: *original, recipe: *recipe });
            project.iter().map(|make| caused(envelope, NewJob::of(*job, make))).collect()
        }
        Event::MixdownRequested { job } => {
            vec![caused(envelope, NewJob::of(*job, &MixdownRender { mixdown: *job }))]
        }
        // The event's own id serves: an event asks for one mail.
        Event::MailRequested { .. } | Event::InvitationCreated { .. } | Event::InvitationResent { .. } => {
            MailOrder::of(event).into_iter().map(|order| mail(envelope, order)).collect()
        }
        Event::BackupRequested { job, contents } => {
            let mut job = caused(envelope, NewJob::of(*job, &BackupRun { job: *job, contents: *contents }));
            // An administrator follows the backup they asked for, although it belongs to no project.
            job.row.created_by = person(event.actor);
            vec![job]
        }
        Event::SearchReindexRequested { job } => {
            let mut job = caused(envelope, NewJob::of(*job, &SearchReindex { job: *job }));
            job.row.created_by = person(event.actor);
            vec![job]
        }
        Event::MixMoved { .. } => mix_told(envelope).into_iter().collect(),
        Event::ProjectSettingsChanged
        | Event::ProjectOwnershipTransferred { .. }
        | Event::MemberJoined { .. }
        | Event::MemberLeft
        | Event::MemberRemoved
        | Event::MemberRoleChanged { .. } => reviews_weighed(envelope).into_iter().collect(),
        only_told!() => Vec::new(),
    }
}

/// Whoever caused a mail has nothing to do with its sending.
fn mail(envelope: &Envelope, order: MailOrder) -> NewJob {
    let mut job = caused(envelope, NewJob::of(JobId::new(envelope.event.id.uuid()), &MailSend { order }));
    (job.row.project_id, job.row.created_by) = (None, None);
    job
}

/// The faders that moved are told when the pace of the project allows it. The job is the server's own business, so that its
/// own life is not told.
fn mix_told(envelope: &Envelope) -> Option<NewJob> {
    let project = envelope.event.project?;
    let mut job = NewJob::of(JobId::new(envelope.event.id.uuid()), &MixTell { project });
    job.row.cause_seq = envelope.seq;
    job.row.queued_at = envelope.at;
    job.row.run_at = Some(envelope.at.plus_millis(limits::MIX_TOLD_EVERY_MS));
    Some(job)
}

/// Others decide now, or by another rule. The job is the server's own business as well.
fn reviews_weighed(envelope: &Envelope) -> Option<NewJob> {
    let (project, by) = (envelope.event.project?, person(envelope.event.actor));
    let mut job = NewJob::of(JobId::new(envelope.event.id.uuid()), &ReviewsWeigh { project, by });
    job.row.cause_seq = envelope.seq;
    job.row.queued_at = envelope.at;
    Some(job)
}

/// The job with what it owes to its event.
fn caused(envelope: &Envelope, mut job: NewJob) -> NewJob {
    let event = &envelope.event;
    job.row.cause_seq = envelope.seq;
    job.row.queued_at = envelope.at;
    job.row.project_id = event.project;
    job.row.subject = Some((event.resource.kind.clone(), event.resource.id));
    // Whose job it is; work without a project is the server's own business.
    job.row.created_by = event.project.and_then(|_| person(event.actor));
    job
}

fn person(actor: Actor) -> Option<UserId> {
    match actor {
        Actor::User(user) => Some(user),
        Actor::Guest(_) | Actor::System => None,
    }
}

#[cfg(test)]
mod tests;
