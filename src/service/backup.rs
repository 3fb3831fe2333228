//! Backups as administrators see them: files in one directory, made by a job, fetched and deleted by name.
//!
//! The directory is the truth: a file that is put there is listed, one that is taken away is gone. Each has a manifest that
//! says what it holds; a file without one is no backup.

use crate::{
    Ctx, Error, Result, Service,
    account::audit,
    commit::decide_again,
    job_view::JobView,
    page::{PageRequest, Paged},
};
use chrono::{DateTime, Utc};
use model::{
    JobId, Timestamp, UserId,
    backup::BackupContents,
    event::{Event, NewEvent, ResourceRef},
    job::{Job, JobFailure},
    limits,
};
use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};
use store::{
    Batch, TableId,
    backup::{BackupError, Manifest, manifest},
};
use tokio::sync::watch;
use uuid::Uuid;

/// The kind of the job that writes a backup.
pub const JOB_KIND: &str = "backup.run";

/// The name of a backup: a file name, never a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackupName(String);

impl BackupName {
    /// A name from outside: up to 100 letters, digits, `.`, `_` and `-` that end in `.tar` and do not begin with `.`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let good = text.len() <= limits::BACKUP_NAME_BYTES_MAX
            && text.ends_with(".tar")
            && !text.starts_with('.')
            && text.bytes().all(known);
        good.then(|| Self(text.to_owned()))
    }

    /// The name of the backup that was asked for then: `backline-20261122-104200-1f2e3d4c.tar`. Names are in the order of time.
    #[must_use]
    pub fn of(asked: Timestamp, id: Uuid) -> Self {
        let time = DateTime::<Utc>::from_timestamp_millis(asked.millis()).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let tail = &id.simple().to_string()[24..];
        Self(format!("backline-{}-{tail}.tar", time.format("%Y%m%d-%H%M%S")))
    }

    /// The file name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it is fetched from.
    #[must_use]
    pub fn url(&self) -> String {
        format!("/api/v1/admin/backups/{}", self.0)
    }
}

/// A backup that is there.
#[derive(Clone, Debug)]
pub struct BackupView {
    /// Its name.
    pub name: BackupName,
    /// How large the file is.
    pub bytes: u64,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// The backup that is to be restored, if one is.
#[derive(Debug)]
pub(crate) struct Restores(watch::Sender<Option<PathBuf>>);

impl Default for Restores {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

/// How a restore went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// It took the place of what was there.
    Done,
    /// It could not be restored; everything is as it was.
    Failed,
}

/// An open backup.
#[derive(Debug)]
pub struct BackupFile {
    /// What is known of it.
    pub view: BackupView,
    /// Its bytes.
    pub file: File,
}

impl BackupFile {
    /// What identifies exactly these bytes: the manifest names the hashes of everything in the file.
    #[must_use]
    pub fn tag(&self) -> String {
        let text = serde_json::to_vec(&self.view.manifest).unwrap_or_default();
        blake3::hash(&text).to_hex().to_string()
    }
}

impl Service {
    /// Asks for a backup; the job that writes it.
    ///
    /// # Errors
    /// `Unauthenticated`, `Forbidden`.
    pub async fn admin_create_backup(&self, cx: &Ctx, contents: BackupContents) -> Result<JobView> {
        Self::operator(cx)?;
        let job = match decide_again!(None, self.try_admin_create_backup(cx, contents).await) {
            Err(error) if error.conflicts_on(TableId::Idem) => {
                self.try_admin_create_backup(cx, contents).await?
            }
            outcome => outcome?,
        };
        self.get_job(cx, job).await
    }

    async fn try_admin_create_backup(&self, cx: &Ctx, contents: BackupContents) -> Result<JobId> {
        if let Some(id) = self.made_before(cx).await? {
            return Ok(JobId::new(id));
        }
        let job: JobId = self.id(cx);
        let mut batch = Batch::new();
        self.rely_on(&cx.caller, &mut batch).await?;
        self.remember(cx, &mut batch, job)?;
        let what = match contents {
            BackupContents::Everything => "everything",
            BackupContents::Rows => "rows",
        };
        batch.audit(audit(cx, "backup.requested", backup_ref(job), None, Some(what)));
        batch.emit(self.backup_event(cx, job, None, Event::BackupRequested { job, contents }));
        self.store().commit(batch).await?;
        Ok(job)
    }

    /// What else is written when a backup is done.
    #[must_use]
    pub fn backup_completed(&self, cx: &Ctx, job: &Job, seq: u64) -> Batch {
        let mut batch = Batch::new();
        batch.emit(self.backup_event(cx, job.id, job.created_by, Event::BackupCompleted { seq }));
        batch
    }

    /// What else is written when a backup is given up.
    #[must_use]
    pub fn backup_failed(&self, cx: &Ctx, job: &Job, failure: &JobFailure) -> Batch {
        let mut batch = Batch::new();
        let body = Event::BackupFailed { code: failure.code.clone() };
        batch.emit(self.backup_event(cx, job.id, job.created_by, body));
        batch
    }

    fn backup_event(&self, cx: &Ctx, job: JobId, hears: Option<UserId>, body: Event) -> NewEvent {
        NewEvent {
            id: self.id(cx),
            project: None,
            users: hears.into_iter().collect(),
            actor: cx.actor(),
            resource: backup_ref(job),
            track: None,
            body,
        }
    }

    /// The backups there are, by name, the last one first.
    ///
    /// # Errors
    /// `Unauthenticated`, `Forbidden`.
    pub async fn admin_list_backups(&self, cx: &Ctx, page: &PageRequest) -> Result<Paged<BackupView>> {
        Self::operator(cx)?;
        let (dir, limit, before) = (self.settings().backup_dir.clone(), page.limit, page.place::<String>()?);
        let views = blocking(move || list(&dir, limit + 1, before.as_deref())).await?;
        Ok(Paged::cut(views, limit, |last| last.name.0.clone()))
    }

    /// A backup to keep elsewhere.
    ///
    /// # Errors
    /// `Unauthenticated`, `Forbidden`, `NotFound`.
    pub async fn admin_download_backup(&self, cx: &Ctx, name: BackupName) -> Result<BackupFile> {
        Self::operator(cx)?;
        let path = self.settings().backup_dir.join(name.as_str());
        let opened = blocking(move || {
            let Some(view) = look(&path, name)? else { return Ok(None) };
            Ok(Some(BackupFile { view, file: File::open(&path)? }))
        });
        let file = opened.await?.ok_or(Error::NotFound("backup"))?;
        self.note(cx, "backup.downloaded", &file.view.name).await?;
        Ok(file)
    }

    /// Deletes a backup.
    ///
    /// # Errors
    /// `Unauthenticated`, `Forbidden`, `NotFound`.
    pub async fn admin_delete_backup(&self, cx: &Ctx, name: BackupName) -> Result<()> {
        Self::operator(cx)?;
        let path = self.settings().backup_dir.join(name.as_str());
        let (asked, file) = (name.clone(), path.clone());
        blocking(move || look(&file, asked)).await?.ok_or(Error::NotFound("backup"))?;
        self.note(cx, "backup.deleted", &name).await?;
        blocking(move || absent_is_fine(fs::remove_file(path))).await
    }

    /// Has a backup take the place of everything that is stored: the server stops, restores it and starts again. What was there
    /// before is kept beside it.
    ///
    /// # Errors
    /// `Unauthenticated`, `Forbidden`, `NotFound`; `Conflict` for a backup without recordings.
    pub async fn admin_restore_backup(&self, cx: &Ctx, name: BackupName) -> Result<()> {
        Self::operator(cx)?;
        let path = self.settings().backup_dir.join(name.as_str());
        let (asked, file) = (name.clone(), path.clone());
        let view = blocking(move || look(&file, asked)).await?.ok_or(Error::NotFound("backup"))?;
        if view.manifest.contents != BackupContents::Everything {
            return Err(Error::Conflict(
                "it holds no recordings; restore it with the command `backline backup restore`",
            ));
        }
        self.note(cx, "backup.restore_requested", &name).await?;
        self.restores.0.send_replace(Some(path));
        Ok(())
    }

    /// Waits until somebody wants a backup restored; which.
    pub async fn restore_ordered(&self) -> PathBuf {
        let mut ordered = self.restores.0.subscribe();
        loop {
            if let Some(path) = ordered.borrow_and_update().clone() {
                return path;
            }
            if ordered.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Writes into the audit log how a restore went.
    ///
    /// # Errors
    /// Of the store.
    pub async fn note_restored(&self, cx: &Ctx, archive: &Path, outcome: Restored) -> Result<()> {
        let action = match outcome {
            Restored::Done => "backup.restored",
            Restored::Failed => "backup.restore_failed",
        };
        let name = archive.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut batch = Batch::new();
        batch.audit(audit(cx, action, ResourceRef::new("backup", Uuid::nil(), 0), None, Some(&name)));
        self.store().commit(batch).await?;
        Ok(())
    }

    /// Writes into the audit log what somebody did with a backup, also on a full disk.
    async fn note(&self, cx: &Ctx, action: &str, name: &BackupName) -> Result<()> {
        let mut batch = Batch::new();
        batch.priority();
        batch.audit(audit(cx, action, ResourceRef::new("backup", Uuid::nil(), 0), None, Some(name.as_str())));
        self.store().commit(batch).await?;
        Ok(())
    }
}

fn backup_ref(job: JobId) -> ResourceRef {
    ResourceRef::new("backup", job, 0)
}

/// Makes the directory of a file, for nobody but the owner of the process.
///
/// # Errors
/// What the system says.
pub fn make_dir(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(dir) => DirBuilder::new().recursive(true).mode(0o700).create(dir),
        None => Ok(()),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?;
    done.map_err(|error| Error::Store(error.into()))
}

fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Up to `limit` backups whose names come before this one, from the last.
fn list(dir: &Path, limit: usize, before: Option<&str>) -> io::Result<Vec<BackupView>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries.take(limits::BACKUPS_LOOKED_AT_MAX) {
        let name = BackupName::parse(&entry?.file_name().to_string_lossy());
        names.extend(name.filter(|name| before.is_none_or(|before| name.as_str() < before)));
    }
    names.sort_unstable_by(|one, other| other.cmp(one));
    let mut views = Vec::new();
    for name in names {
        if views.len() == limit {
            break;
        }
        let path = dir.join(name.as_str());
        views.extend(look(&path, name)?);
    }
    Ok(views)
}

/// What is known of a file; nothing if it is no backup.
fn look(path: &Path, name: BackupName) -> io::Result<Option<BackupView>> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if !found.is_file() {
        return Ok(None);
    }
    match manifest(path) {
        Ok(manifest) => Ok(Some(BackupView { name, bytes: found.len(), manifest })),
        Err(BackupError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            tracing::debug!(backup.name = name.as_str(), %error, "a file among the backups is none");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        for good in ["backline-20261122-104200-1f2e3d4c.tar", "before_upgrade.v2.tar"] {
            assert_eq!(BackupName::parse(good).map(|name| name.0).as_deref(), Some(good));
        }
        for bad in ["", ".tar", "..tar", "../x.tar", "a/b.tar", "x.tar.gz", ".x.tar.part", "ü.tar", "a b.tar"]
        {
            assert_eq!(BackupName::parse(bad), None, "{bad}");
        }
        assert_eq!(BackupName::parse(&format!("{}.tar", "x".repeat(200))), None);
    }

    #[test]
    fn names_are_in_the_order_of_time() {
        let id = Uuid::from_u128(0x1f2e_3d4c);
        let name = BackupName::of(Timestamp(1_795_344_120_000), id);
        assert_eq!(name.as_str(), "backline-20261122-104200-1f2e3d4c.tar");
        assert!(name < BackupName::of(Timestamp(1_795_344_121_000), Uuid::nil()));
        assert_eq!(BackupName::parse(name.as_str()), Some(name));
    }
}
