//! What people prefer, as JSON.

use crate::http::body::Input;
use model::{Violations, account};
use poem_openapi::{Enum, Object};
use serde_json::{Value, json};
use service::preferences::PreferencesPatch;

macro_rules! same_words {
    ($($(#[$doc:meta])* $name:ident: $($(#[$wdoc:meta])* $word:ident),+;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        #[oai(rename_all = "snake_case")]
        pub enum $name { $($(#[$wdoc])* $word),+ }

        impl From<account::$name> for $name {
            fn from(value: account::$name) -> Self {
                match value { $(account::$name::$word => Self::$word),+ }
            }
        }
        impl From<$name> for account::$name {
            fn from(value: $name) -> Self {
                match value { $($name::$word => Self::$word),+ }
            }
        }
    )+};
}

same_words! {
    /// The look of the interface.
    Theme:
        /// As the device.
        System,
        /// Light.
        Light,
        /// Dark.
        Dark;
    /// A rendition of a recording.
    Quality:
        /// As uploaded.
        Original,
        /// FLAC.
        Lossless,
        /// For good connections.
        High,
        /// For the bus.
        Low;
}

/// How versions are played.
#[derive(Clone, Debug, Object)]
pub struct PlaybackPreferences {
    /// Play versions at the same loudness.
    pub loudness_match: bool,
    /// The loudness to match, in LUFS: −40 to 0.
    pub target_lufs: f64,
    /// Which rendition to play by default.
    pub quality: Quality,
}

/// What a person prefers.
#[derive(Clone, Debug, Object)]
pub struct UserPreferences {
    /// The look.
    pub theme: Theme,
    /// How versions are played.
    pub playback: PlaybackPreferences,
    /// Own comments may be analysed for emotion.
    pub emotion_analysis: bool,
    /// Others see when this person is online.
    pub show_presence: bool,
    /// 1 = Monday … 7 = Sunday (ISO 8601).
    pub week_starts_on: i32,
}

impl From<account::UserPreferences> for UserPreferences {
    fn from(row: account::UserPreferences) -> Self {
        Self {
            theme: row.theme.into(),
            playback: PlaybackPreferences {
                loudness_match: row.loudness_match,
                target_lufs: row.target_lufs,
                quality: row.quality.into(),
            },
            emotion_analysis: row.emotion_analysis,
            show_presence: row.show_presence,
            week_starts_on: row.week_starts_on.into(),
        }
    }
}

/// What may change about playback.
#[derive(Debug, Object)]
pub struct UpdatePlayback {
    /// Play versions at the same loudness.
    loudness_match: Option<bool>,
    /// The loudness to match, in LUFS: −40 to 0.
    #[oai(validator(minimum(value = "-40"), maximum(value = "0")))]
    target_lufs: Option<f64>,
    /// Which rendition to play by default.
    quality: Option<Quality>,
}

/// What may change about preferences: a JSON merge patch.
#[derive(Debug, Object)]
pub struct UpdatePreferences {
    /// The look.
    theme: Option<Theme>,
    /// How versions are played.
    playback: Option<UpdatePlayback>,
    /// Own comments may be analysed for emotion.
    emotion_analysis: Option<bool>,
    /// Others see when this person is online.
    show_presence: Option<bool>,
    /// 1 = Monday … 7 = Sunday (ISO 8601).
    #[oai(validator(minimum(value = "1"), maximum(value = "7")))]
    week_starts_on: Option<i32>,
}

impl Input for UpdatePreferences {
    type Value = PreferencesPatch;

    fn example() -> Value {
        json!({"theme": "dark", "playback": {"loudness_match": true, "target_lufs": -14.0}})
    }

    fn parse(self) -> Result<PreferencesPatch, Violations> {
        let playback = self.playback.as_ref();
        Ok(PreferencesPatch {
            theme: self.theme.map(Into::into),
            loudness_match: playback.and_then(|it| it.loudness_match),
            target_lufs: playback.and_then(|it| it.target_lufs),
            quality: playback.and_then(|it| it.quality).map(Into::into),
            emotion_analysis: self.emotion_analysis,
            show_presence: self.show_presence,
            // What does not fit is out of range, and the service says so.
            week_starts_on: self.week_starts_on.map(|day| u8::try_from(day).unwrap_or(0)),
        })
    }
}
