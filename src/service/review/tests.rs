//! Of two last approvals at once, one sees the other.

use super::*;
use crate::{project::SettingsPatch, stage::Stage, version::tests::Band};
use model::{access::Role, project::ApprovalRule};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn the_last_two_approvals_at_once_approve() {
    for round in 0..40 {
        let stage = Stage::new();
        let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
        let band = Arc::new(Band::of(stage, ada.clone()).await);
        let version = band.make(&ada).await;
        let (id, project) = (version.version.row.id, version.version.row.project_id);
        band.finish(&ada, &version).await;
        band.join(&ben, Role::Viewer).await;
        let rule =
            SettingsPatch { approval_rule: Some(ApprovalRule::AllMembers), ..SettingsPatch::default() };
        band.service().update_project_settings(&ada, project, None, &rule).await.unwrap();
        let good = NewApproval { decision: ApprovalDecision::Approve, note: None };
        let other = {
            let (band, good) = (Arc::clone(&band), good.clone());
            tokio::spawn(async move { band.service().put_my_approval(&ben, id, &good).await })
        };
        band.service().put_my_approval(&ada, id, &good).await.unwrap();
        other.await.unwrap().unwrap();
        let review = band.service().get_version(&ada, id).await.unwrap().version.row.review;
        assert_eq!(review.status, ReviewStatus::Approved, "round {round}");
    }
}
