//! `backup.run`: writes a backup of the whole instance while it goes on serving.
//!
//! The file is named after the job and appears whole, so that a try after a crash either finds it or writes it anew.

use crate::{
    CommitError, Job, JobContext, JobError, Parts,
    job::{AfterRestore, Queue, chain},
};
use async_trait::async_trait;
use model::{
    JobId, Timestamp,
    backup::BackupContents,
    job::{Job as Row, JobFailure, JobResult},
    limits,
};
use serde::{Deserialize, Serialize};
use service::backup::BackupName;
use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};
use store::{
    Batch, Blobs, Store,
    backup::{self, BackupError, Manifest, Progress},
    space::Reservation,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Writes a backup.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupRun {
    /// The job itself: every request makes a backup of its own.
    pub job: JobId,
    /// How much it holds.
    pub contents: BackupContents,
}

#[async_trait]
impl Job for BackupRun {
    const NAME: &'static str = service::backup::JOB_KIND;
    const QUEUE: Queue = Queue::Backup;
    const TIMEOUT: Duration = Duration::from_millis(limits::BACKUP_TIMEOUT_MS);
    const AFTER_RESTORE: AfterRestore = AfterRestore::CalledOff;

    fn key(&self) -> String {
        self.job.to_string()
    }

    async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
        cx.progress(0.0, "rows");
        let (name, target) = place(cx.parts(), cx.job());
        let manifest = self.write(cx, target).await?;
        let effects = cx.service().backup_completed(&cx.system(), cx.job(), manifest.seq);
        let result = JobResult { file_url: Some(name.url()), seq: Some(manifest.seq) };
        cx.commit_with(effects, Some(result)).await.map_err(|error| match error {
            CommitError::Again => JobError::Transient(chain(&error)),
            CommitError::Failed(error) => error,
        })
    }

    async fn given_up(
        &self,
        parts: &Parts,
        job: &Row,
        failure: &JobFailure,
    ) -> Result<Option<Batch>, service::Error> {
        let (_, target) = place(parts, job);
        // Usually it is gone already; a killed process leaves it.
        drop(std::fs::remove_file(backup::draft(&target)));
        let cx = service::Ctx::system(parts.clock.now());
        Ok(Some(parts.service.backup_failed(&cx, job, failure)))
    }
}

fn place(parts: &Parts, job: &Row) -> (BackupName, PathBuf) {
    let name = BackupName::of(job.queued_at, job.id.uuid());
    let path = parts.service.settings().backup_dir.join(name.as_str());
    (name, path)
}

impl BackupRun {
    async fn write(&self, cx: &JobContext, target: PathBuf) -> Result<Manifest, JobError> {
        let parts = cx.parts();
        // Ended also when this future is dropped: a thread cannot be.
        let stop = cx.cancel().child_token();
        let _stopped = stop.clone().drop_guard();
        let (tell, mut told) = watch::channel(Progress { done: 0, total: 0 });
        let pen = Pen {
            store: parts.store.clone(),
            blobs: parts.blobs.clone(),
            work_dir: parts.work_dir.clone(),
            contents: self.contents,
            now: cx.now(),
            stop,
        };
        let mut written = tokio::task::spawn_blocking(move || pen.write(&target, &tell));
        loop {
            tokio::select! {
                done = &mut written => {
                    let done = done.map_err(|error| JobError::Transient(error.to_string()))?;
                    return done.map_err(refusal);
                }
                Ok(()) = told.changed() => {
                    let Progress { done, total } = *told.borrow_and_update();
                    if total > 0 {
                        cx.progress(fraction(done, total), "archive");
                    }
                }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bar is no wider than a thousand pixels")]
fn fraction(done: u64, total: u64) -> f32 {
    (done as f64 / total as f64) as f32
}

fn refusal(error: BackupError) -> JobError {
    match error {
        BackupError::Store(error) => error.into(),
        BackupError::Io(error) => store::StoreError::Io(error).into(),
        BackupError::Damaged(why) => JobError::permanent("damaged", why),
        BackupError::Interrupted
        | BackupError::CalledOff
        | BackupError::Newer(_)
        | BackupError::NewerSchema(_)
        | BackupError::NotEmpty(_) => JobError::Transient(chain(&error)),
    }
}

/// What the writing thread has.
struct Pen {
    store: Store,
    blobs: Blobs,
    /// Some place on the disk of the data directory.
    work_dir: PathBuf,
    contents: BackupContents,
    now: Timestamp,
    stop: CancellationToken,
}

impl Pen {
    fn write(&self, target: &Path, tell: &watch::Sender<Progress>) -> Result<Manifest, BackupError> {
        service::backup::make_dir(target)?;
        if target.exists() {
            // The process died between the end of the file and the end of the job.
            return backup::manifest(target);
        }
        let mut room = Room { kept: None, spent: 0, same_disk: self.same_disk(target)? };
        let order = backup::Order { target, contents: self.contents, now: self.now };
        backup::create(&self.store, &self.blobs, order, &mut |progress| {
            if self.stop.is_cancelled() {
                return Err(BackupError::CalledOff);
            }
            room.keep(&self.store, progress)?;
            tell.send_replace(progress);
            Ok(())
        })
    }

    /// Whether what is written takes room from the data directory.
    fn same_disk(&self, target: &Path) -> io::Result<bool> {
        let dir = target.parent().unwrap_or(target);
        Ok(std::fs::metadata(dir)?.dev() == std::fs::metadata(&self.work_dir)?.dev())
    }
}

/// Room kept on the disk of the data directory, so that a backup never fills it up.
struct Room {
    kept: Option<Reservation>,
    spent: u64,
    same_disk: bool,
}

impl Room {
    fn keep(&mut self, store: &Store, Progress { done, total }: Progress) -> Result<(), BackupError> {
        if !self.same_disk || total == 0 {
            return Ok(());
        }
        match &mut self.kept {
            None => self.kept = Some(store.reserve(total - done)?),
            Some(kept) => kept.spend(done - self.spent),
        }
        self.spent = done;
        Ok(())
    }
}
