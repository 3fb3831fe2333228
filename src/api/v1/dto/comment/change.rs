//! What clients send about comments.

use super::CommentVisibility;
use crate::http::body::{Checks, Input};
use model::{Violations, comment::Span, text::CommentText};
use poem_openapi::{Object, types::MaybeUndefined};
use serde_json::{Value, json};
use service::comment::{CommentPatch, NewComment, Resolve};
use uuid::Uuid;

/// What a new comment is made of. Without a track, version or checkpoint it is about the project.
#[derive(Clone, Debug, Object)]
pub struct CreateComment {
    /// What it says, in a subset of Markdown: 1 to 10,000 characters and 15 KiB. `@handle`, `@all` and `@editors` mention people
    /// who can see the comment.
    pub body: String,
    /// The track it is about.
    pub track_id: Option<Uuid>,
    /// The version it is about.
    pub version_id: Option<Uuid>,
    /// The checkpoint it is about.
    pub checkpoint_id: Option<Uuid>,
    /// The moment it is about, or where the range begins, in milliseconds.
    pub start_ms: Option<i64>,
    /// Where the range ends; after its start.
    pub end_ms: Option<i64>,
    /// The comment it answers; then it stands where that one stands. A reply cannot be answered itself.
    pub parent_id: Option<Uuid>,
    /// Who is to see it; without it everyone, of a reply whoever sees its thread.
    pub visibility: Option<CommentVisibility>,
}

impl Input for CreateComment {
    type Value = NewComment;

    fn example() -> Value {
        json!({"body": "The snare is too loud here, @ben.", "version_id": "0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f", "start_ms": 42_000, "end_ms": 47_500})
    }

    fn parse(self) -> Result<NewComment, Violations> {
        let mut faults = Violations::default();
        let text = faults.check("/body", CommentText::parse(&self.body));
        let span = Span::parse(self.start_ms, self.end_ms);
        let span = span.map_err(|others| faults.0.extend(others.0)).unwrap_or_default();
        faults.finish(text.map(|text| NewComment {
            text,
            track_id: self.track_id.map(Into::into),
            version_id: self.version_id.map(Into::into),
            checkpoint_id: self.checkpoint_id.map(Into::into),
            span,
            parent_id: self.parent_id.map(Into::into),
            visibility: self.visibility.map(Into::into),
        }))
    }
}

/// What may change: a JSON merge patch.
#[derive(Clone, Debug, Object)]
pub struct UpdateComment {
    /// What it says; the old text stays in its history.
    pub body: Option<String>,
    /// The moment it is about, or where the range begins; null clears the end too.
    #[oai(nullable)]
    pub start_ms: MaybeUndefined<i64>,
    /// Where the range ends.
    #[oai(nullable)]
    pub end_ms: MaybeUndefined<i64>,
}

impl Input for UpdateComment {
    type Value = CommentPatch;

    fn example() -> Value {
        json!({"body": "The snare is a little too loud here, @ben.", "end_ms": null})
    }

    fn parse(self) -> Result<CommentPatch, Violations> {
        let mut faults = Violations::default();
        let text = faults.optional("/body", self.body, |text| CommentText::parse(&text));
        // Whether start and end go together depends on the comment.
        let start_ms = faults.patch("/start_ms", self.start_ms, Ok);
        let end_ms = faults.patch("/end_ms", self.end_ms, Ok);
        faults.finish(Some(CommentPatch { text, start_ms, end_ms }))
    }
}

/// How a thread is settled.
#[derive(Clone, Debug, Object)]
pub struct ResolveComment {
    /// The version in which it is settled: one of the same track, or of the project if the comment is about no track.
    pub resolved_in_version_id: Option<Uuid>,
    /// A last word, which becomes a reply.
    pub note: Option<String>,
}

impl Input for ResolveComment {
    type Value = Resolve;

    fn example() -> Value {
        json!({"resolved_in_version_id": "0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f", "note": "Down by 3 dB."})
    }

    fn parse(self) -> Result<Resolve, Violations> {
        let mut faults = Violations::default();
        let note = faults.optional("/note", self.note, |text| CommentText::parse(&text));
        faults.finish(Some(Resolve { version_id: self.resolved_in_version_id.map(Into::into), note }))
    }
}
