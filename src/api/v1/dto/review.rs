//! Review of versions as JSON.

use super::{Time, comment::Author, mirror::mirrored};
use crate::http::body::{Checks, Input};
use model::{UserId, Violation, Violations, limits, review as stored, text::Note};
use poem_openapi::Object;
use serde_json::{Value, json};
use service::review::{ApprovalView, NewApproval, NewReview};
use std::collections::BTreeSet;
use uuid::Uuid;

mirrored! { stored;
    /// How far the review of a version is.
    ReviewStatus {
        /// Nobody asked for one.
        None,
        /// Somebody asked for one.
        InReview,
        /// Somebody wants changes.
        ChangesRequested,
        /// It is good.
        Approved,
        /// It is not used.
        Rejected,
    }
    /// What somebody decides about a version.
    ApprovalDecision {
        /// It is good.
        Approve,
        /// It is not good yet.
        RequestChanges,
    }
}

/// What somebody thinks of a version.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct VersionApproval {
    /// Whose it is.
    pub principal: Author,
    /// What they decided.
    pub decision: ApprovalDecision,
    /// A few words.
    pub note: Option<String>,
    /// When.
    pub at: Time,
}

impl From<ApprovalView> for VersionApproval {
    fn from(view: ApprovalView) -> Self {
        Self {
            principal: view.person.into(),
            decision: view.approval.decision.into(),
            note: view.approval.note.map(|note| note.to_string()),
            at: view.approval.at.into(),
        }
    }
}

/// How far a review is to be.
#[derive(Clone, Debug, Object)]
pub struct SetReviewStatus {
    /// The status.
    pub status: ReviewStatus,
    /// The members who are asked to look; without it, everybody.
    pub reviewers: Option<Vec<Uuid>>,
}

impl Input for SetReviewStatus {
    type Value = NewReview;

    fn example() -> Value {
        json!({"status": "in_review"})
    }

    fn parse(self) -> Result<NewReview, Violations> {
        let mut faults = Violations::default();
        // Each once, in the order they were named: faults point at them.
        let mut seen = BTreeSet::new();
        let mut reviewers: Vec<UserId> =
            self.reviewers.unwrap_or_default().into_iter().map(Into::into).collect();
        reviewers.retain(|reviewer| seen.insert(*reviewer));
        if reviewers.len() > limits::REVIEWERS_MAX {
            let detail = format!("must be at most {}", limits::REVIEWERS_MAX);
            faults.0.push(Violation::new("/reviewers", "too_many", detail));
        }
        faults.finish(Some(NewReview { status: self.status.into(), reviewers }))
    }
}

/// A decision about a version.
#[derive(Clone, Debug, Object)]
pub struct PutApproval {
    /// What you decide.
    pub decision: ApprovalDecision,
    /// A few words: up to 500 characters.
    pub note: Option<String>,
}

impl Input for PutApproval {
    type Value = NewApproval;

    fn example() -> Value {
        json!({"decision": "request_changes", "note": "The snare still drags in the second verse."})
    }

    fn parse(self) -> Result<NewApproval, Violations> {
        let mut faults = Violations::default();
        let note = faults.optional("/note", self.note, |text| Note::parse(&text));
        faults.finish(Some(NewApproval { decision: self.decision.into(), note }))
    }
}
