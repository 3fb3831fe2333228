//! What was read out of a comment, by which model, and what its author says about that.

use serde::{Deserialize, Serialize};

use crate::{CommentId, Timestamp};

use super::{Distribution, Label};

/// What a model read out of a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmotionReading {
    /// The comment.
    pub comment_id: CommentId,
    /// How far it is.
    pub status: ReadingStatus,
    /// The model that read it; empty while none has.
    pub model: String,
    /// The version of the model.
    pub model_version: String,
    /// What it found; only when it is [`ReadingStatus::Ok`].
    pub probabilities: Option<Distribution>,
    /// The language that the text seems to be in (ISO 639-1), where that is known.
    pub language: Option<String>,
    /// The number of edits the text had when it was read: a reading of an older text is out of date.
    pub edits: u32,
    /// What the author says about it; outlives a new reading of the same text, not a change of the text.
    pub correction: Option<Correction>,
    /// When this row last changed.
    pub updated_at: Timestamp,
}

/// How far a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadingStatus {
    /// Not yet read.
    Pending,
    /// Read.
    Ok,
    /// The text is in a language that the model does not know.
    UnsupportedLanguage,
    /// The author or the project does not want it.
    Off,
    /// It could not be read.
    Failed,
}

/// What the author says about a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// What.
    pub verdict: Verdict,
    /// When.
    pub at: Timestamp,
}

/// A correction, or that nobody is to see the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is this one.
    Label(Label),
    /// Nobody sees it and nothing counts it.
    Hidden,
}

impl EmotionReading {
    /// What is shown and counted: what the author said, else what was read; nothing where it is hidden or there is none.
    pub fn shown(&self) -> Option<Distribution> {
        match self.correction.map(|correction| correction.verdict) {
            Some(Verdict::Hidden) => None,
            Some(Verdict::Label(label)) => Some(Distribution::certain(label)),
            None => self.probabilities.filter(|_| self.status == ReadingStatus::Ok),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_has_the_last_word() {
        let read = Distribution::certain(Label::Disgust);
        let mut reading = EmotionReading {
            comment_id: CommentId::new(uuid::Uuid::nil()),
            status: ReadingStatus::Ok,
            model: "tiny".into(),
            model_version: "1".into(),
            probabilities: Some(read),
            language: Some("en".into()),
            edits: 0,
            correction: None,
            updated_at: Timestamp(1),
        };
        assert_eq!(reading.shown(), Some(read));
        reading.correction = Some(Correction { verdict: Verdict::Label(Label::Joy), at: Timestamp(2) });
        assert_eq!(reading.shown(), Some(Distribution::certain(Label::Joy)));
        reading.correction = Some(Correction { verdict: Verdict::Hidden, at: Timestamp(3) });
        assert_eq!(reading.shown(), None);
        reading.correction = None;
        reading.status = ReadingStatus::Off;
        assert_eq!(reading.shown(), None);
    }
}
