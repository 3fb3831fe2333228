//! Review: how far a band is with a version, and who approves of it.

use crate::{
    Timestamp, UserId, VersionId, access::Role, principal::Principal, project::ApprovalRule, text::Note,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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

/// What a member decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Who.
    pub user: UserId,
    /// Their part in the project now.
    pub role: Role,
    /// What.
    pub decision: ApprovalDecision,
}

impl ApprovalRule {
    /// What the decisions of members mean under this rule: the status, or nothing where people set it by hand. `asked` are all who
    /// may decide now.
    pub fn verdict(self, votes: &[Vote], asked: &BTreeSet<UserId>) -> Option<ReviewStatus> {
        let counts = |vote: &&Vote| match self {
            Self::None => false,
            Self::AnyOwner => vote.role == Role::Owner,
            Self::AllMembers => asked.contains(&vote.user),
        };
        let counted: Vec<&Vote> = votes.iter().filter(counts).collect();
        let approve: BTreeSet<UserId> = counted
            .iter()
            .filter(|vote| vote.decision == ApprovalDecision::Approve)
            .map(|vote| vote.user)
            .collect();
        let enough = match self {
            Self::None => return None,
            Self::AnyOwner => !approve.is_empty(),
            Self::AllMembers => !approve.is_empty() && approve == *asked,
        };
        if counted.iter().any(|vote| vote.decision == ApprovalDecision::RequestChanges) {
            return Some(ReviewStatus::ChangesRequested);
        }
        Some(if enough { ReviewStatus::Approved } else { ReviewStatus::InReview })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ApprovalDecision::{Approve, RequestChanges};
    use Role::{Owner, Viewer};

    fn user(number: u128) -> UserId {
        UserId::new(uuid::Uuid::from_u128(number))
    }

    /// The first of these is user 0.
    fn votes(said: &[(Role, ApprovalDecision)]) -> Vec<Vote> {
        let voted = |(number, (role, decision)): (usize, &(Role, ApprovalDecision))| Vote {
            user: user(number as u128),
            role: *role,
            decision: *decision,
        };
        said.iter().enumerate().map(voted).collect()
    }

    #[test]
    fn the_rule_of_the_project_decides() {
        let any = |said: &[_]| ApprovalRule::AnyOwner.verdict(&votes(said), &BTreeSet::new());
        assert_eq!(any(&[(Viewer, Approve), (Viewer, RequestChanges)]), Some(ReviewStatus::InReview));
        assert_eq!(any(&[(Owner, Approve), (Viewer, RequestChanges)]), Some(ReviewStatus::Approved));
        assert_eq!(any(&[(Owner, Approve), (Owner, RequestChanges)]), Some(ReviewStatus::ChangesRequested));
        let asked = |numbers: &[u128]| numbers.iter().copied().map(user).collect::<BTreeSet<_>>();
        let all = |said: &[_]| ApprovalRule::AllMembers.verdict(&votes(said), &asked(&[0, 1]));
        assert_eq!(all(&[(Owner, Approve)]), Some(ReviewStatus::InReview));
        assert_eq!(all(&[(Owner, Approve), (Viewer, Approve)]), Some(ReviewStatus::Approved));
        assert_eq!(all(&[(Owner, Approve), (Viewer, RequestChanges)]), Some(ReviewStatus::ChangesRequested));
        assert_eq!(ApprovalRule::AllMembers.verdict(&[], &BTreeSet::new()), Some(ReviewStatus::InReview));
        assert_eq!(ApprovalRule::None.verdict(&votes(&[(Owner, Approve)]), &asked(&[0])), None);
    }

    #[test]
    fn only_those_decide_for_all_who_may_decide_now() {
        let asked = BTreeSet::from([user(0), user(2)]);
        let all = |said: &[_]| ApprovalRule::AllMembers.verdict(&votes(said), &asked);
        // User 1 may not decide any more: they do not stand in for user 2, and do not stand in the way.
        assert_eq!(all(&[(Owner, Approve), (Viewer, Approve)]), Some(ReviewStatus::InReview));
        let rest = [(Owner, Approve), (Viewer, RequestChanges), (Owner, Approve)];
        assert_eq!(all(&rest), Some(ReviewStatus::Approved));
    }
}
