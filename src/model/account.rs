//! People: accounts, how they log in, and what they prefer. Secrets are only here as hashes.

use crate::{
    ApiTokenId, BlobHash, OneTimeTokenId, ProjectId, SessionId, Timestamp, UserId,
    text::{Email, Handle, Label, Locale, PersonName, Prose, TimeZone},
};
use serde::{Deserialize, Serialize};

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The address, unique.
    pub email: Email,
    /// When the address was proven.
    pub email_verified_at: Option<Timestamp>,
    /// The name others see.
    pub name: PersonName,
    /// The unique name for mentions.
    pub handle: Handle,
    /// About them.
    pub bio: Option<Prose>,
    /// Their picture.
    pub avatar: Option<BlobHash>,
    /// Their part in the instance.
    pub role: InstanceRole,
    /// Whether they may log in.
    pub status: UserStatus,
    /// Language.
    pub locale: Locale,
    /// Time zone.
    pub timezone: TimeZone,
    /// How many bytes they may store; absent = unlimited.
    pub quota_bytes: Option<u64>,
    /// Raised to make every token issued before void.
    pub security_version: u64,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub updated_at: Timestamp,
}

/// What a person may do on the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceRole {
    /// Uses it.
    Member,
    /// Runs it.
    Admin,
}

/// Whether an account is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// May log in.
    Active,
    /// May not.
    Disabled,
    /// Gone; the row keeps old authorship readable.
    Deleted,
}

/// The secret side of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    /// argon2id in PHC form.
    pub password_hash: String,
    /// When it was set.
    pub changed_at: Timestamp,
}

/// What a person prefers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserPreferences {
    /// `system`, `light` or `dark`.
    pub theme: Theme,
    /// Play versions at the same loudness.
    pub loudness_match: bool,
    /// The loudness to match, in LUFS.
    pub target_lufs: f64,
    /// Which rendition to play by default.
    pub quality: Quality,
    /// Own comments may be analysed for emotion.
    pub emotion_analysis: bool,
    /// Others see when this person is online.
    pub show_presence: bool,
    /// 1 = Monday … 7 = Sunday (ISO 8601).
    pub week_starts_on: u8,
}

impl Default for UserPreferences {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            loudness_match: true,
            target_lufs: -14.0,
            quality: Quality::Original,
            emotion_analysis: true,
            show_presence: true,
            week_starts_on: 1,
        }
    }
}

/// The look of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the device.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// A rendition of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// As uploaded.
    Original,
    /// FLAC.
    Lossless,
    /// For good connections.
    High,
    /// For the bus.
    Low,
}

/// A login on one device: also the family of its rotating refresh tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// SHA-256 of the refresh token that is valid now.
    pub refresh_hash: [u8; 32],
    /// Which rotation that is; a token of an earlier rotation kills the session.
    pub rotation: u64,
    /// What the person calls the device.
    pub device_name: Option<Label>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// From where it was opened.
    pub ip: Option<String>,
    /// The account's `security_version` when it was opened.
    pub security_version: u64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When the refresh token lapses.
    pub expires_at: Timestamp,
}

/// A personal access token (`blp_…`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// Whose.
    pub user_id: UserId,
    /// What it is for.
    pub name: Label,
    /// The first characters, so that people recognise it.
    pub prefix: String,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// `<tag>:read`, `<tag>:write` …
    pub scopes: Vec<String>,
    /// Only these projects; absent = all of the person's.
    pub project_ids: Option<Vec<ProjectId>>,
    /// When it lapses.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A single-use token, stored hashed, bound to one purpose.
///
/// The secret itself is never stored: it is derived from the row's id with the instance's token key, so that a mail can be
/// sent again after a crash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneTimeToken {
    /// Its id.
    pub id: OneTimeTokenId,
    /// What it opens.
    pub purpose: TokenPurpose,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// What a single-use token opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose")]
pub enum TokenPurpose {
    /// The first administrator.
    Setup,
    /// A new password.
    PasswordReset {
        /// Whose.
        user_id: UserId,
    },
    /// Proof of an address, which becomes the account's.
    VerifyEmail {
        /// Whose.
        user_id: UserId,
        /// Which.
        email: Email,
    },
    /// Registration while the policy is `invite`.
    Register {
        /// Only for this address, if given.
        email: Option<Email>,
    },
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationPolicy {
    /// Anybody.
    Open,
    /// Whoever has an invite.
    Invite,
    /// Nobody; administrators make accounts.
    Closed,
}
