//! Every kind of job, in alphabetical order.

use crate::{
    Job, JobContext, JobError, Parts,
    definitions::{
        backup_run::BackupRun,
        comments_carry::CommentsCarry,
        mail_send::MailSend,
        mix_tell::MixTell,
        mixdown_render::MixdownRender,
        rendition_make::RenditionMake,
        reviews_weigh::ReviewsWeigh,
        search_reindex::SearchReindex,
        upkeep::{
            BlobsGc, EventsTrim, IdempotencyForget, InvitationsExpire, JobsTrim, MoodsClose,
            RenditionsExpire, SessionsExpire, TrashPurge, UploadsExpire,
        },
        version_process::VersionProcess,
    },
    job::{AfterRestore, NewJob, Queue, Retry},
};
use futures::{FutureExt, future::BoxFuture};
use model::{
    JobId,
    job::{Job as Row, JobFailure},
};
use std::time::Duration;
use store::Batch;

/// A kind of job without its type.
pub struct Definition {
    /// Its kind.
    pub name: &'static str,
    /// Where it waits.
    pub queue: Queue,
    /// The priority it starts with.
    pub priority: u8,
    /// How it is tried again.
    pub retry: Retry,
    /// How long one try may take.
    pub timeout: Duration,
    /// What becomes of one that comes back with a restored backup.
    pub after_restore: AfterRestore,
    /// How the clock starts it, if it does.
    pub clock: Option<Clockwork>,
    pub(crate) run: Run,
    pub(crate) given_up: GivenUp,
}

/// How the clock starts a job.
#[derive(Clone, Copy)]
pub struct Clockwork {
    /// How long after the end of one run the next one is due.
    pub every: Duration,
    /// Makes the job.
    pub new: fn(JobId) -> NewJob,
}

type Run = for<'a> fn(&'a JobContext, &'a [u8]) -> BoxFuture<'a, Result<(), JobError>>;
type GivenUp = for<'a> fn(&'a Parts, &'a Row, &'a JobFailure) -> BoxFuture<'a, Effects>;
/// What else is written at a bad end.
type Effects = Result<Option<Batch>, service::Error>;

/// Every kind, by name.
pub static ALL: &[Definition] = &[
    by_event::<BackupRun>(),
    by_clock::<BlobsGc>(),
    by_event::<CommentsCarry>(),
    by_clock::<EventsTrim>(),
    by_clock::<IdempotencyForget>(),
    by_clock::<InvitationsExpire>(),
    by_clock::<JobsTrim>(),
    by_event::<MailSend>(),
    by_event::<MixTell>(),
    by_event::<MixdownRender>(),
    by_clock::<MoodsClose>(),
    by_event::<RenditionMake>(),
    by_clock::<RenditionsExpire>(),
    by_event::<ReviewsWeigh>(),
    by_event::<SearchReindex>(),
    by_clock::<SessionsExpire>(),
    by_clock::<TrashPurge>(),
    by_clock::<UploadsExpire>(),
    by_event::<VersionProcess>(),
];

/// The definition of a kind.
#[must_use]
pub fn find(kind: &str) -> Option<&'static Definition> {
    ALL.iter().find(|definition| definition.name == kind)
}

/// The kinds that a restore calls off.
#[must_use]
pub fn called_off_by_restore() -> Vec<&'static str> {
    let called_off = |definition: &&Definition| definition.after_restore == AfterRestore::CalledOff;
    ALL.iter().filter(called_off).map(|definition| definition.name).collect()
}

const fn by_event<J: Job>() -> Definition {
    Definition {
        name: J::NAME,
        queue: J::QUEUE,
        priority: J::PRIORITY,
        retry: J::RETRY,
        timeout: J::TIMEOUT,
        after_restore: J::AFTER_RESTORE,
        clock: None,
        run: run::<J>,
        given_up: given_up::<J>,
    }
}

const fn by_clock<J: Job + Default>() -> Definition {
    let clock = match J::EVERY {
        Some(every) => Some(Clockwork { every, new: new::<J> }),
        None => None,
    };
    Definition { clock, ..by_event::<J>() }
}

fn new<J: Job + Default>(id: JobId) -> NewJob {
    NewJob::of(id, &J::default())
}

fn decode<J: Job>(payload: &[u8]) -> Option<J> {
    serde_json::from_slice(payload).ok()
}

fn run<'a, J: Job>(cx: &'a JobContext, payload: &'a [u8]) -> BoxFuture<'a, Result<(), JobError>> {
    async move {
        match decode::<J>(payload) {
            Some(job) if cx.job().payload_version == J::VERSION => job.run(cx).await,
            Some(_) | None => Err(JobError::permanent("unreadable", "this server cannot read this job")),
        }
    }
    .boxed()
}

fn given_up<'a, J: Job>(parts: &'a Parts, row: &'a Row, failure: &'a JobFailure) -> BoxFuture<'a, Effects> {
    async move {
        match decode::<J>(row.payload.as_bytes()) {
            Some(job) => job.given_up(parts, row, failure).await,
            None => Ok(None),
        }
    }
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_in_alphabetical_order_and_once() {
        let names: Vec<_> = ALL.iter().map(|definition| definition.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
    }
}
