//! Review: how far a band is with a version, and who approves of it.

use crate::{
    Timestamp, UserId, VersionId, access::Role, principal::Principal, project::ApprovalRule, text::Note,
};
use serde::{Deserialize, Serialize};

/// How far the review of a version is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// Nobody asked for one.
    #[default]
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

/// The review of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// How far it is.
    pub status: ReviewStatus,
    /// Who was asked; empty = everybody.
    pub reviewers: Vec<UserId>,
    /// When and by whom the status was last set or caused.
    pub changed: Option<(Timestamp, Principal)>,
}

/// What somebody thinks of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionApproval {
    /// The version.
    pub version_id: VersionId,
    /// Who.
    pub principal: Principal,
    /// What they decided.
    pub decision: ApprovalDecision,
    /// A few words.
    pub note: Option<Note>,
    /// When.
    pub at: Timestamp,
}

/// What somebody decides about a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalDecision {
    /// It is good.
    Approve,
    /// It is not good yet.
    RequestChanges,
}

/// A decision with the part that its person has in the project now; guests and those who left have none.
pub type Vote = (Option<Role>, ApprovalDecision);

impl ApprovalRule {
    /// What the decisions mean under this rule: the status, or nothing where people set it by hand. `asked` is how many members
    /// may decide.
    pub fn verdict(self, votes: &[Vote], asked: usize) -> Option<ReviewStatus> {
        let counts = |vote: &&Vote| match self {
            Self::None => false,
            Self::AnyOwner => vote.0 == Some(Role::Owner),
            Self::AllMembers => vote.0.is_some(),
        };
        let counted: Vec<&Vote> = votes.iter().filter(counts).collect();
        let needed = match self {
            Self::None => return None,
            Self::AnyOwner => 1,
            Self::AllMembers => asked.max(1),
        };
        if counted.iter().any(|(_, decision)| *decision == ApprovalDecision::RequestChanges) {
            return Some(ReviewStatus::ChangesRequested);
        }
        Some(if counted.len() >= needed { ReviewStatus::Approved } else { ReviewStatus::InReview })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ApprovalDecision::{Approve, RequestChanges};

    #[test]
    fn the_rule_of_the_project_decides() {
        let (owner, viewer, guest) = (Some(Role::Owner), Some(Role::Viewer), None);
        let any = |votes: &[Vote]| ApprovalRule::AnyOwner.verdict(votes, 3);
        assert_eq!(any(&[(viewer, Approve), (guest, RequestChanges)]), Some(ReviewStatus::InReview));
        assert_eq!(any(&[(owner, Approve), (viewer, RequestChanges)]), Some(ReviewStatus::Approved));
        assert_eq!(any(&[(owner, Approve), (owner, RequestChanges)]), Some(ReviewStatus::ChangesRequested));
        let all = |votes: &[Vote]| ApprovalRule::AllMembers.verdict(votes, 2);
        assert_eq!(all(&[(owner, Approve), (guest, Approve)]), Some(ReviewStatus::InReview));
        assert_eq!(all(&[(owner, Approve), (viewer, Approve)]), Some(ReviewStatus::Approved));
        assert_eq!(all(&[(owner, Approve), (viewer, RequestChanges)]), Some(ReviewStatus::ChangesRequested));
        assert_eq!(ApprovalRule::AllMembers.verdict(&[], 0), Some(ReviewStatus::InReview));
        assert_eq!(ApprovalRule::None.verdict(&[(owner, Approve)], 1), None);
    }
}
