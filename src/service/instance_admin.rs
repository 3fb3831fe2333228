//! The instance as those see it who run it: what was decided, and how much there is.

use crate::{
    Ctx, Error, Result, Service, Stored,
    account::audit,
    commit::{check_revision, decide_again},
    settings::Mail,
};
use model::{
    ProjectId,
    account::{InstanceRole, RegistrationPolicy, UserStatus},
    event::ResourceRef,
    job::JobState,
    limits,
    ports::{self, MailError},
    text::Email,
};
use store::{
    Batch, Scan, Table,
    tables::{
        audit::Audit,
        blob::{BlobState, Blobs},
        counters::{ProjectBytes, ProjectVersionCount, TrackCount},
        instance::{Instance, InstanceRow},
        job::{JobsByState, StateKey},
        project::{ProjectGates, Projects},
        user::Users,
    },
};
use uuid::Uuid;

/// Rows of one read.
const PAGE: usize = 1_000;

/// What was decided about the instance, and what counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceSettings {
    /// The revision of what was decided; 0 where nothing was.
    pub revision: u64,
    /// Where people reach the instance.
    pub site_url: String,
    /// Who may register.
    pub registration: RegistrationPolicy,
    /// How many bytes a person may store whose account says nothing; absent = as many as there is room for.
    pub quota_bytes: Option<u64>,
    /// From how many people on the mood of a team is shown.
    pub mood_min_group_size: u32,
    /// The largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// Whether mail can be sent.
    pub mail: Mail,
    /// What the configuration decides, by field: it is not changed here.
    pub configured: Vec<&'static str>,
}

/// What changes; an absent field stays, `Some(None)` goes back to the default.
#[derive(Clone, Debug, Default)]
pub struct SettingsChange {
    /// Where people reach the instance.
    pub site_url: Option<Option<String>>,
    /// Who may register.
    pub registration: Option<Option<RegistrationPolicy>>,
    /// How many bytes a person may store whose account says nothing.
    pub quota_bytes: Option<Option<u64>>,
    /// From how many people on the mood of a team is shown: [`limits::MOOD_GROUP_MIN`] to [`limits::MOOD_GROUP_MAX`].
    pub mood_min_group_size: Option<Option<u32>>,
}

/// How the mail server took a message that tries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailTrial {
    /// It took it.
    Taken,
    /// It did not; in the words of the conversation, for whoever runs the instance.
    Failed(String),
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstanceStats {
    /// Accounts in use.
    pub users_active: i64,
    /// Accounts that may not log in.
    pub users_disabled: i64,
    /// Administrators in use.
    pub administrators: i64,
    /// Projects outside the trash.
    pub projects: i64,
    /// Projects in the trash.
    pub projects_trashed: i64,
    /// Tracks outside the trash.
    pub tracks: i64,
    /// Versions outside the trash.
    pub versions: i64,
    /// Bytes of all versions as people count them, trash included.
    pub version_bytes: i64,
    /// Stored files.
    pub blobs: i64,
    /// Bytes of the stored files, previews and renditions included.
    pub blob_bytes: i64,
    /// Bytes the disk has left; absent where it cannot be asked.
    pub disk_free_bytes: Option<i64>,
    /// Bytes the disk has.
    pub disk_total_bytes: Option<i64>,
    /// Jobs that wait; up to [`limits::JOBS_SCANNED_MAX`].
    pub jobs_queued: i64,
    /// Jobs that run.
    pub jobs_running: i64,
    /// Jobs that were given up, of those still kept; up to [`limits::JOBS_SCANNED_MAX`].
    pub jobs_failed: i64,
    /// Entries of the audit log.
    pub audit_entries: i64,
}

impl Service {
    /// What was decided about the instance.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn admin_get_settings(&self, cx: &Ctx) -> Result<InstanceSettings> {
        Self::operator(cx)?;
        let decided = self.store().get::<Instance>(&()).await?;
        let fixed = self.settings();
        let configured = [
            ("site_url", fixed.site_url.is_some()),
            ("registration", fixed.registration.is_some()),
            ("quota_bytes", fixed.quota_bytes.is_some()),
        ];
        Ok(InstanceSettings {
            revision: decided.map_or(0, |row| row.rev),
            site_url: self.site_url().await?,
            registration: self.registration().await?,
            quota_bytes: self.default_quota().await?,
            mood_min_group_size: self.mood_min_group_size().await?,
            upload_bytes_max: fixed.upload_bytes_max,
            mail: fixed.mail,
            configured: configured.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect(),
        })
    }

    /// Changes what was decided.
    ///
    /// # Errors
    /// `Forbidden`, `RevisionConflict`; `Conflict` for what the configuration decides.
    pub async fn admin_update_settings(
        &self,
        cx: &Ctx,
        expect: Option<u64>,
        change: &SettingsChange,
    ) -> Result<InstanceSettings> {
        let before = self.admin_get_settings(cx).await?;
        let named = [
            ("site_url", change.site_url.is_some()),
            ("registration", change.registration.is_some()),
            ("quota_bytes", change.quota_bytes.is_some()),
        ];
        if named.into_iter().any(|(name, set)| set && before.configured.contains(&name)) {
            return Err(Error::Conflict("the configuration of the server decides this; change it there"));
        }
        decide_again!(expect, self.try_decide_settings(cx, expect, change).await)?;
        self.admin_get_settings(cx).await
    }

    async fn try_decide_settings(
        &self,
        cx: &Ctx,
        expect: Option<u64>,
        change: &SettingsChange,
    ) -> Result<()> {
        let old = self.store().get::<Instance>(&()).await?;
        let nothing = Stored { row: InstanceRow::default(), rev: 0, stamp: 0 };
        check_revision(expect, old.as_ref().unwrap_or(&nothing))?;
        let mut row = old.as_ref().map(|old| old.row.clone()).unwrap_or_default();
        row.site_url = change.site_url.clone().unwrap_or(row.site_url);
        row.registration = change.registration.unwrap_or(row.registration);
        row.quota_bytes = change.quota_bytes.unwrap_or(row.quota_bytes);
        row.mood_min_group_size = change.mood_min_group_size.unwrap_or(row.mood_min_group_size);
        let before = old.as_ref().map(|old| old.row.clone()).unwrap_or_default();
        if row == before {
            return Ok(());
        }
        let mut batch = Batch::new();
        match &old {
            Some(old) => batch.replace::<Instance>(&(), old, &row),
            None => batch.insert::<Instance>(&(), &row),
        };
        self.rely_on(&cx.caller, &mut batch).await?;
        let target = ResourceRef::new("settings", Uuid::nil(), old.map_or(1, |old| old.rev + 1));
        batch.audit(audit(cx, "settings.changed", target, Some(&spoken(&before)), Some(&spoken(&row))));
        self.store().commit(batch).await?;
        Ok(())
    }

    /// Sends a message that says nothing but that mail works, at once and once.
    ///
    /// # Errors
    /// `Forbidden`; `Conflict` where no mail server is configured.
    pub async fn admin_test_mail(&self, cx: &Ctx, to: &Email) -> Result<MailTrial> {
        Self::operator(cx)?;
        let mailer = self.parts.mailer.as_ref().ok_or(Error::Conflict("no mail server is configured"))?;
        let id: Uuid = self.id(cx);
        let mut batch = Batch::new();
        self.rely_on(&cx.caller, &mut batch).await?;
        batch.audit(audit(cx, "mail.tested", ResourceRef::new("mail", id, 0), None, None));
        self.store().commit(batch).await?;
        let text = format!("Hello,\n\nmail from your server arrives.\n\n{}\n", self.site_url().await?);
        let mail = ports::Mail { to: to.to_string(), subject: "Mail works".to_owned(), text, id };
        Ok(match mailer.send(mail).await {
            Ok(()) => MailTrial::Taken,
            Err(MailError::Transient(why) | MailError::Permanent(why)) => MailTrial::Failed(why),
        })
    }

    /// How many bytes a person may store whose account says nothing: as configured, or as decided.
    pub(crate) async fn default_quota(&self) -> Result<Option<u64>> {
        if let Some(bytes) = self.settings().quota_bytes {
            return Ok(Some(bytes));
        }
        Ok(self.store().get::<Instance>(&()).await?.and_then(|row| row.row.quota_bytes))
    }

    /// From how many people on the mood of a team is shown: as decided, or [`limits::MOOD_GROUP_MIN`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn mood_min_group_size(&self) -> Result<u32> {
        let decided = self.store().get::<Instance>(&()).await?.and_then(|row| row.row.mood_min_group_size);
        Ok(decided.unwrap_or(limits::MOOD_GROUP_MIN))
    }

    /// How much there is. Reads every account, project and blob row, a page at a time; a single number may be a moment older
    /// than another.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn admin_get_stats(&self, cx: &Ctx) -> Result<InstanceStats> {
        Self::operator(cx)?;
        let mut stats = InstanceStats::default();
        let mut place = None;
        while let Some(rows) = self.next_rows::<Users>(&mut place).await? {
            for user in rows {
                match user.status {
                    UserStatus::Active => {
                        stats.users_active += 1;
                        stats.administrators += i64::from(user.role == InstanceRole::Admin);
                    }
                    UserStatus::Disabled => stats.users_disabled += 1,
                    UserStatus::Deleted => {}
                }
            }
        }
        let mut place = None;
        while let Some(rows) = self.next_rows::<Blobs>(&mut place).await? {
            for blob in rows.iter().filter(|blob| blob.state == BlobState::Live) {
                stats.blobs += 1;
                stats.blob_bytes += i64::try_from(blob.size).unwrap_or(i64::MAX);
            }
        }
        let mut place = None;
        while let Some(rows) = self.next_rows::<Projects>(&mut place).await? {
            let ids: Vec<ProjectId> = rows.iter().map(|project| project.id).collect();
            let gates = self.store().get_many::<ProjectGates>(&ids).await?;
            let trashed = gates.iter().flatten().filter(|gate| gate.row.deleted.is_some()).count() as i64;
            stats.projects_trashed += trashed;
            stats.projects += ids.len() as i64 - trashed;
            stats.tracks += self.store().count_many::<TrackCount>(&ids).await?.iter().sum::<i64>();
            stats.versions += self.store().count_many::<ProjectVersionCount>(&ids).await?.iter().sum::<i64>();
            stats.version_bytes += self.store().count_many::<ProjectBytes>(&ids).await?.iter().sum::<i64>();
        }
        if let Some(room) = self.store().config().gate.room() {
            let signed = |bytes: u64| i64::try_from(bytes).ok();
            (stats.disk_free_bytes, stats.disk_total_bytes) = (signed(room.free), signed(room.total));
        }
        stats.jobs_queued = self.jobs_in(JobState::Queued).await?;
        stats.jobs_running = self.jobs_in(JobState::Running).await?;
        stats.jobs_failed = self.jobs_in(JobState::Failed).await?;
        let last = self.store().scan::<Audit>(Scan::all().reverse().limit(1)).await?;
        stats.audit_entries = last.items.first().map_or(0, |(number, _)| number.cast_signed());
        Ok(stats)
    }

    async fn jobs_in(&self, state: JobState) -> Result<i64> {
        let scan = Scan::prefix(&StateKey::of(state)).limit(limits::JOBS_SCANNED_MAX);
        let found = self.store().scan_index::<JobsByState>(scan).await?;
        Ok(i64::try_from(found.items.len()).unwrap_or(i64::MAX))
    }

    /// The next rows of a table after a place, which moves on; none at its end.
    async fn next_rows<T: Table>(&self, place: &mut Option<T::Key>) -> Result<Option<Vec<T::Row>>> {
        let mut scan = Scan::all().limit(PAGE);
        if let Some(place) = &place {
            scan = scan.after(place);
        }
        let mut rows = Vec::new();
        for (key, stored) in self.store().scan::<T>(scan).await?.items {
            *place = Some(key);
            rows.push(stored.row);
        }
        Ok((!rows.is_empty()).then_some(rows))
    }
}

/// What the audit log says of the settings.
fn spoken(row: &InstanceRow) -> String {
    let site = row.site_url.as_deref().unwrap_or("default");
    let registration = match row.registration {
        None => "default",
        Some(RegistrationPolicy::Open) => "open",
        Some(RegistrationPolicy::Invite) => "invite",
        Some(RegistrationPolicy::Closed) => "closed",
    };
    let quota = row.quota_bytes.map_or_else(|| "none".to_owned(), |bytes| bytes.to_string());
    let group = row.mood_min_group_size.unwrap_or(limits::MOOD_GROUP_MIN);
    format!("site {site}, registration {registration}, quota {quota}, mood from {group}")
}
