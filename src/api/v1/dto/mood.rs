//! Moods as JSON. `mood/team.rs` has what teams see of them.

mod team;

pub use team::{ChartTheme, MoodBucketKind, MoodTimeline, SummaryParams, TeamMood};

use super::{Time, comment::Author, mirror::mirrored};
use crate::http::body::{Checks, Input};
use model::{
    Violations,
    mood::{self as stored, Feeling, Intensity},
    text::Note,
    violation::Fault,
};
use poem_openapi::{Object, types::MaybeUndefined};
use serde_json::{Value, json};
use service::mood::{MoodPatch, MoodView, NewMood};
use uuid::Uuid;

mirrored! { stored;
    /// Who may know of a mood.
    Openness {
        /// Every member sees whose it is; it counts for the team.
        Named,
        /// It counts for the team and is never shown alone.
        Anonymous,
        /// Nobody else knows of it, and it counts for nothing.
        Private,
    }
}

/// How somebody felt at a moment.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Mood {
    /// Its id.
    pub id: Uuid,
    /// The project it is about.
    pub project_id: Uuid,
    /// Whose it is.
    pub user: Author,
    /// In one word: `inspired`, `happy`, `calm`, `focused`, `proud`, `tired`, `stressed`, `frustrated`, `sad` or `bored`. More may come.
    pub mood: String,
    /// How strong: 1 to 5.
    pub intensity: i32,
    /// How pleasant the word is, −1 to 1.
    pub valence: f64,
    /// How stirred, −1 (calm) to 1.
    pub arousal: f64,
    /// A few words.
    pub note: Option<String>,
    /// Who may know.
    pub visibility: Openness,
    /// The version it is about.
    pub version_id: Option<Uuid>,
    /// The checkpoint it is about.
    pub checkpoint_id: Option<Uuid>,
    /// When it was recorded.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Grows by one with each change.
    pub revision: i64,
}

impl From<MoodView> for Mood {
    fn from(view: MoodView) -> Self {
        let row = view.mood.row;
        let affect = row.feeling.affect();
        Self {
            id: row.id.uuid(),
            project_id: row.project_id.uuid(),
            user: view.person.into(),
            mood: row.feeling.name().to_owned(),
            intensity: i32::from(row.intensity.get()),
            valence: team::rounded(affect.valence.into()),
            arousal: team::rounded(affect.arousal.into()),
            note: row.note.map(|note| note.to_string()),
            visibility: row.openness.into(),
            version_id: row.version_id.map(Into::into),
            checkpoint_id: row.checkpoint_id.map(Into::into),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            revision: view.mood.rev.cast_signed(),
        }
    }
}

/// How somebody feels.
#[derive(Clone, Debug, Object)]
pub struct RecordMood {
    /// In one word: `inspired`, `happy`, `calm`, `focused`, `proud`, `tired`, `stressed`, `frustrated`, `sad` or `bored`.
    pub mood: String,
    /// How strong: 1 to 5.
    pub intensity: i32,
    /// A few words: up to 500 characters. Others see them with a named mood, and never otherwise.
    pub note: Option<String>,
    /// Who may know.
    pub visibility: Openness,
    /// The version it is about.
    pub version_id: Option<Uuid>,
    /// The checkpoint it is about.
    pub checkpoint_id: Option<Uuid>,
}

impl Input for RecordMood {
    type Value = NewMood;

    fn example() -> Value {
        json!({"mood": "inspired", "intensity": 4, "note": "That bridge!", "visibility": "anonymous"})
    }

    fn parse(self) -> Result<NewMood, Violations> {
        let mut faults = Violations::default();
        let feeling = faults.check("/mood", feeling(&self.mood));
        let intensity = faults.check("/intensity", Intensity::parse(self.intensity.into()));
        let note = faults.optional("/note", self.note, |text| Note::parse(&text));
        faults.finish(feeling.zip(intensity).map(|(feeling, intensity)| NewMood {
            feeling,
            intensity,
            note,
            openness: self.visibility.into(),
            version_id: self.version_id.map(Into::into),
            checkpoint_id: self.checkpoint_id.map(Into::into),
        }))
    }
}

/// What may change: a JSON merge patch. When its day (UTC) is over, a mood can only be changed in its word and strength, made
/// private or deleted.
#[derive(Clone, Debug, Object)]
pub struct UpdateMood {
    /// The word.
    pub mood: Option<String>,
    /// How strong: 1 to 5.
    pub intensity: Option<i32>,
    /// A few words; null clears them.
    #[oai(nullable)]
    pub note: MaybeUndefined<String>,
    /// Who may know.
    pub visibility: Option<Openness>,
}

impl Input for UpdateMood {
    type Value = MoodPatch;

    fn example() -> Value {
        json!({"mood": "happy", "intensity": 3, "note": null})
    }

    fn parse(self) -> Result<MoodPatch, Violations> {
        let mut faults = Violations::default();
        let feeling = faults.optional("/mood", self.mood, |word| feeling(&word));
        let intensity =
            faults.optional("/intensity", self.intensity, |number| Intensity::parse(number.into()));
        let note = faults.patch("/note", self.note, |text| Note::parse(&text));
        faults.finish(Some(MoodPatch { feeling, intensity, note, openness: self.visibility.map(Into::into) }))
    }
}

fn feeling(word: &str) -> Result<Feeling, Fault> {
    let words = || Feeling::ALL.iter().map(|feeling| feeling.name()).collect::<Vec<_>>().join(", ");
    Feeling::parse(word).ok_or_else(|| Fault::new("unknown_value", format!("must be one of {}", words())))
}
