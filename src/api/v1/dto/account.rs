//! People and their accounts as JSON.

pub mod login;
pub mod preferences;
pub mod requests;
pub mod token;

use super::{Time, account::preferences::UserPreferences};
use crate::http::body::{Checks, Input};
use model::{
    Violations, account,
    text::{Handle, Locale, PersonName, Prose, TimeZone},
};
use poem_openapi::{Enum, Object, types::MaybeUndefined};
use serde_json::{Value, json};
use service::{
    Stored,
    profile::{Me as MeView, ProfilePatch, UserView},
};
use uuid::Uuid;

/// What a person may do on the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum InstanceRole {
    /// Uses it.
    Member,
    /// Runs it.
    Admin,
}

impl From<account::InstanceRole> for InstanceRole {
    fn from(role: account::InstanceRole) -> Self {
        match role {
            account::InstanceRole::Member => Self::Member,
            account::InstanceRole::Admin => Self::Admin,
        }
    }
}

impl From<InstanceRole> for account::InstanceRole {
    fn from(role: InstanceRole) -> Self {
        match role {
            InstanceRole::Member => Self::Member,
            InstanceRole::Admin => Self::Admin,
        }
    }
}

/// Whether an account is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum UserStatus {
    /// May log in.
    Active,
    /// May not.
    Disabled,
    /// Gone; what they made keeps their name.
    Deleted,
}

impl From<account::UserStatus> for UserStatus {
    fn from(status: account::UserStatus) -> Self {
        match status {
            account::UserStatus::Active => Self::Active,
            account::UserStatus::Disabled => Self::Disabled,
            account::UserStatus::Deleted => Self::Deleted,
        }
    }
}

impl From<UserStatus> for account::UserStatus {
    fn from(status: UserStatus) -> Self {
        match status {
            UserStatus::Active => Self::Active,
            UserStatus::Disabled => Self::Disabled,
            UserStatus::Deleted => Self::Deleted,
        }
    }
}

/// An account, as its owner and administrators see it.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct User {
    /// Its id.
    pub id: Uuid,
    /// The address, in lower case.
    pub email: String,
    /// When the address was proven.
    pub email_verified_at: Option<Time>,
    /// The name others see.
    pub name: String,
    /// The unique name for mentions.
    pub handle: String,
    /// About them.
    pub bio: Option<String>,
    /// Where their picture is, if they have one.
    pub avatar_url: Option<String>,
    /// What identifies the picture: it changes when the picture does.
    pub avatar_hash: Option<String>,
    /// Their part in the instance.
    pub role: InstanceRole,
    /// Whether they may log in.
    pub status: UserStatus,
    /// Language.
    pub locale: String,
    /// Time zone.
    pub timezone: String,
    /// When they last asked for anything, to the minute.
    pub last_seen_at: Option<Time>,
    /// How many bytes they may store; absent = as the instance says.
    pub quota_bytes: Option<i64>,
    /// How many bytes they store or have reserved.
    pub used_bytes: Option<i64>,
    /// When the account was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Counts its changes.
    pub revision: i64,
}

impl From<Stored<account::User>> for User {
    fn from(Stored { row, rev, .. }: Stored<account::User>) -> Self {
        Self {
            id: row.id.uuid(),
            email: row.email.to_string(),
            email_verified_at: row.email_verified_at.map(Time),
            name: row.name.to_string(),
            handle: row.handle.to_string(),
            bio: row.bio.map(|bio| bio.to_string()),
            avatar_url: row.avatar.map(|_| avatar_url(row.id.uuid())),
            avatar_hash: row.avatar.map(|hash| hash.to_string()),
            role: row.role.into(),
            status: row.status.into(),
            locale: row.locale.to_string(),
            timezone: row.timezone.to_string(),
            last_seen_at: None,
            quota_bytes: row.quota_bytes.map(u64::cast_signed),
            used_bytes: None,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            revision: rev.cast_signed(),
        }
    }
}

impl From<UserView> for User {
    fn from(view: UserView) -> Self {
        Self {
            last_seen_at: view.last_seen_at.map(Time),
            used_bytes: Some(view.used_bytes.cast_signed()),
            ..view.user.into()
        }
    }
}

/// The account of whoever asks, with what they prefer.
#[derive(Clone, Debug, Object)]
pub struct Me {
    #[oai(flatten)]
    user: User,
    /// What they prefer.
    preferences: UserPreferences,
}

impl From<MeView> for Me {
    fn from(me: MeView) -> Self {
        Self { user: me.account.into(), preferences: me.preferences.into() }
    }
}

/// A person, as those see them who share a project with them.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct UserProfile {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their name for mentions.
    pub handle: String,
    /// About them.
    pub bio: Option<String>,
    /// Where their picture is, if they have one.
    pub avatar_url: Option<String>,
    /// What identifies the picture.
    pub avatar_hash: Option<String>,
    /// Their time zone.
    pub timezone: String,
}

impl From<account::User> for UserProfile {
    fn from(row: account::User) -> Self {
        Self {
            id: row.id.uuid(),
            name: row.name.to_string(),
            handle: row.handle.to_string(),
            bio: row.bio.map(|bio| bio.to_string()),
            avatar_url: row.avatar.map(|_| avatar_url(row.id.uuid())),
            avatar_hash: row.avatar.map(|hash| hash.to_string()),
            timezone: row.timezone.to_string(),
        }
    }
}

fn avatar_url(user: Uuid) -> String {
    format!("/api/v1/users/{user}/avatar")
}

/// What may change about a profile: a JSON merge patch.
#[derive(Debug, Object)]
pub struct UpdateMe {
    /// The name others see: 1 to 80 characters.
    name: Option<String>,
    /// The name for mentions: 2 to 30 of a-z, 0-9, `_` and `-`.
    handle: Option<String>,
    /// About them: up to 4,000 characters; null removes it.
    #[oai(nullable)]
    bio: MaybeUndefined<String>,
    /// A language tag such as `en` or `pt-BR`.
    locale: Option<String>,
    /// A time zone such as `Europe/Berlin`.
    timezone: Option<String>,
}

impl Input for UpdateMe {
    type Value = ProfilePatch;

    fn example() -> Value {
        json!({"name": "Ada Lovelace", "handle": "ada", "bio": "Plays the engine.", "timezone": "Europe/London"})
    }

    fn parse(self) -> Result<ProfilePatch, Violations> {
        let mut faults = Violations::default();
        let patch = ProfilePatch {
            name: faults.optional("/name", self.name, |text| PersonName::parse(&text)),
            handle: faults.optional("/handle", self.handle, |text| Handle::parse(&text)),
            bio: faults.patch("/bio", self.bio, |text| Prose::parse(&text)),
            locale: faults.optional("/locale", self.locale, |text| Locale::parse(&text)),
            timezone: faults.optional("/timezone", self.timezone, |text| TimeZone::parse(&text)),
        };
        faults.finish(Some(patch))
    }
}
