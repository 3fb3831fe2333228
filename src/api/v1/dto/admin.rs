//! The instance as JSON: settings, figures, the audit log.

use super::{
    Time,
    account::requests::{RegistrationPolicy, site},
    event::{EventActor, EventResource, actor, resource},
};
use crate::http::body::{Checks, Input};
use model::{Violations, limits, text::Email, violation::Fault};
use poem_openapi::{Object, types::MaybeUndefined};
use serde_json::{Value, json};
use service::{
    audit_log::AuditView,
    instance_admin::{self, MailTrial, SettingsChange},
    settings::Mail,
};

/// What was decided about the instance, and what counts.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct InstanceSettings {
    /// Where people reach the instance.
    pub site_url: String,
    /// Who may register.
    pub registration: RegistrationPolicy,
    /// How many bytes a person may store whose account says nothing; absent = as many as there is room for.
    pub quota_bytes: Option<i64>,
    /// From how many people on the mood of a team is shown.
    pub mood_min_group_size: i32,
    /// The largest upload, in bytes.
    pub max_upload_bytes: i64,
    /// Mail can be sent.
    pub mail: bool,
    /// The fields that the configuration of the server decides.
    pub configured: Vec<String>,
    /// Grows by one with each change; 0 where nothing was decided yet.
    pub revision: i64,
}

impl From<instance_admin::InstanceSettings> for InstanceSettings {
    fn from(settings: instance_admin::InstanceSettings) -> Self {
        Self {
            site_url: settings.site_url,
            registration: settings.registration.into(),
            quota_bytes: settings.quota_bytes.map(u64::cast_signed),
            mood_min_group_size: settings.mood_min_group_size.cast_signed(),
            max_upload_bytes: settings.upload_bytes_max.cast_signed(),
            mail: settings.mail == Mail::Configured,
            configured: settings.configured.into_iter().map(str::to_owned).collect(),
            revision: settings.revision.cast_signed(),
        }
    }
}

/// What changes; absent fields stay, null goes back to the default.
#[derive(Debug, Object)]
pub struct UpdateSettings {
    /// Where people reach the server, such as `https://music.example`.
    #[oai(nullable)]
    site_url: MaybeUndefined<String>,
    /// Who may register.
    #[oai(nullable)]
    registration: MaybeUndefined<RegistrationPolicy>,
    /// How many bytes a person may store whose account says nothing.
    #[oai(nullable)]
    quota_bytes: MaybeUndefined<i64>,
    /// From how many people on the mood of a team is shown: 3 to 10.
    #[oai(nullable)]
    mood_min_group_size: MaybeUndefined<i32>,
}

impl Input for UpdateSettings {
    type Value = SettingsChange;

    fn example() -> Value {
        json!({"registration": "invite", "quota_bytes": 50_000_000_000_i64})
    }

    fn parse(self) -> Result<SettingsChange, Violations> {
        let mut faults = Violations::default();
        let bytes =
            |bytes: i64| u64::try_from(bytes).map_err(|_| Fault::new("out_of_range", "must not be negative"));
        let group = |people: i32| {
            let people = u32::try_from(people).ok();
            let good =
                people.filter(|people| (limits::MOOD_GROUP_MIN..=limits::MOOD_GROUP_MAX).contains(people));
            good.ok_or_else(|| Fault::new("out_of_range", "must be between 3 and 10"))
        };
        let change = SettingsChange {
            site_url: faults.patch("/site_url", self.site_url, |text| site(&text)),
            registration: faults.patch("/registration", self.registration, |policy| Ok(policy.into())),
            quota_bytes: faults.patch("/quota_bytes", self.quota_bytes, bytes),
            mood_min_group_size: faults.patch("/mood_min_group_size", self.mood_min_group_size, group),
        };
        faults.finish(Some(change))
    }
}

/// Whom to send a message that tries out the mail server.
#[derive(Debug, Object)]
pub struct TestMail {
    /// The address.
    to: String,
}

impl Input for TestMail {
    type Value = Email;

    fn example() -> Value {
        json!({"to": "ada@example.org"})
    }

    fn parse(self) -> Result<Email, Violations> {
        let mut faults = Violations::default();
        let to = faults.check("/to", Email::parse(&self.to));
        faults.finish(to)
    }
}

/// How the mail server took it.
#[derive(Clone, Debug, Object)]
pub struct MailTest {
    /// The mail server took the message.
    pub ok: bool,
    /// What it said, or what went wrong before it could.
    pub smtp_log: String,
}

impl From<MailTrial> for MailTest {
    fn from(trial: MailTrial) -> Self {
        match trial {
            MailTrial::Taken => Self { ok: true, smtp_log: "the mail server took the message".to_owned() },
            MailTrial::Failed(why) => Self { ok: false, smtp_log: why },
        }
    }
}

/// How much there is.
#[derive(Clone, Debug, Object)]
pub struct InstanceStats {
    /// Accounts.
    pub users: UserStats,
    /// Projects and what is in them.
    pub projects: ProjectStats,
    /// Stored bytes.
    pub storage: StorageStats,
    /// Background jobs.
    pub jobs: JobStats,
    /// Entries of the audit log.
    pub audit_entries: i64,
}

/// Accounts.
#[derive(Clone, Debug, Object)]
pub struct UserStats {
    /// In use.
    pub active: i64,
    /// May not log in.
    pub disabled: i64,
    /// Administrators in use.
    pub administrators: i64,
}

/// Projects and what is in them.
#[derive(Clone, Debug, Object)]
pub struct ProjectStats {
    /// Outside the trash.
    pub active: i64,
    /// In the trash.
    pub trashed: i64,
    /// Tracks outside the trash.
    pub tracks: i64,
    /// Versions outside the trash.
    pub versions: i64,
}

/// Stored bytes.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct StorageStats {
    /// Bytes of all versions as people count them, trash included.
    pub version_bytes: i64,
    /// Stored files; the same bytes are stored once.
    pub blobs: i64,
    /// Bytes of the stored files, previews and renditions included.
    pub blob_bytes: i64,
    /// `version_bytes` for each stored byte; above 1 where the same bytes were uploaded again. Absent while nothing is stored.
    pub dedupe_ratio: Option<f64>,
    /// Bytes the disk has left.
    pub disk_free_bytes: Option<i64>,
    /// Bytes the disk has.
    pub disk_total_bytes: Option<i64>,
}

/// Background jobs; each up to 5,000.
#[derive(Clone, Debug, Object)]
pub struct JobStats {
    /// Waiting.
    pub queued: i64,
    /// Running.
    pub running: i64,
    /// Given up, of those still kept.
    pub failed: i64,
}

impl From<instance_admin::InstanceStats> for InstanceStats {
    fn from(stats: instance_admin::InstanceStats) -> Self {
        let ratio = |stored: i64| stats.version_bytes as f64 / stored as f64;
        Self {
            users: UserStats {
                active: stats.users_active,
                disabled: stats.users_disabled,
                administrators: stats.administrators,
            },
            projects: ProjectStats {
                active: stats.projects,
                trashed: stats.projects_trashed,
                tracks: stats.tracks,
                versions: stats.versions,
            },
            storage: StorageStats {
                version_bytes: stats.version_bytes,
                blobs: stats.blobs,
                blob_bytes: stats.blob_bytes,
                dedupe_ratio: Some(stats.blob_bytes).filter(|bytes| *bytes > 0).map(ratio),
                disk_free_bytes: stats.disk_free_bytes,
                disk_total_bytes: stats.disk_total_bytes,
            },
            jobs: JobStats {
                queued: stats.jobs_queued,
                running: stats.jobs_running,
                failed: stats.jobs_failed,
            },
            audit_entries: stats.audit_entries,
        }
    }
}

/// An entry of the audit log.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AuditEntry {
    /// Its number, from 1, without gaps.
    pub number: i64,
    /// When.
    pub at: Time,
    /// Who did it.
    pub actor: EventActor,
    /// What was done, such as `user.changed`.
    pub action: String,
    /// What it was done to.
    pub target: EventResource,
    /// From where.
    pub ip: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// What was so before, in few words.
    pub before: Option<String>,
    /// What is so now.
    pub after: Option<String>,
    /// BLAKE3 of the stored entry before this one, in hexadecimal; zeros for the first.
    pub previous_hash: String,
}

impl From<AuditView> for AuditEntry {
    fn from(view: AuditView) -> Self {
        let entry = view.row.entry;
        Self {
            number: view.number.cast_signed(),
            at: view.row.at.into(),
            actor: actor(entry.actor, view.actor_name),
            action: entry.action,
            target: resource(&entry.target),
            ip: entry.ip,
            user_agent: entry.user_agent,
            before: entry.before,
            after: entry.after,
            previous_hash: hex::encode(view.row.previous),
        }
    }
}
