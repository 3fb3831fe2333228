//! What the rule of a project makes of its open reviews once members or settings changed.
//!
//! What is approved or rejected stays so: it was decided by those who were there then, under the rule of then.

use super::moves;
use crate::{Ctx, Error, Result, Service, commit::decide_again};
use model::{
    ProjectId, UserId, VersionId,
    access::Action,
    event::Event,
    limits,
    principal::Principal,
    project::ApprovalRule,
    review::{Review, ReviewStatus},
    version::Version,
};
use store::{
    Batch, Scan,
    tables::{
        project::ProjectGates,
        track::{Tracks, TracksByProject},
        version::VersionsByTrack,
    },
};

impl Service {
    /// Weighs every open review of a project again. `by` is whoever changed members or settings.
    ///
    /// # Errors
    /// Of the store; what was weighed before stays so, and weighing again does no harm.
    pub async fn weigh_reviews(&self, cx: &Ctx, project: ProjectId, by: Option<UserId>) -> Result<()> {
        let gate = self.store().get::<ProjectGates>(&project).await?;
        if gate.is_none_or(|gate| gate.row.settings.approval_rule == ApprovalRule::None) {
            return Ok(());
        }
        let tracks =
            Scan::prefix(&(project, false)).limit(limits::TRACKS_PER_PROJECT_MAX.unsigned_abs() as usize);
        for track in self.store().scan_index::<TracksByProject>(tracks).await?.items {
            let versions = Scan::prefix(&(track.key, false))
                .limit(limits::VERSIONS_PER_TRACK_MAX.unsigned_abs() as usize);
            for version in self.store().scan_index::<VersionsByTrack>(versions).await?.items {
                if is_open(version.stored.row.review.status) {
                    self.weigh_review(cx, version.key, by).await?;
                }
            }
        }
        Ok(())
    }

    async fn weigh_review(&self, cx: &Ctx, id: VersionId, by: Option<UserId>) -> Result<()> {
        match decide_again!(None, self.try_weigh_review(cx, id, by).await) {
            // It, or its project, went to the trash or the archive meanwhile.
            Err(Error::NotFound(_) | Error::ProjectArchived) => Ok(()),
            outcome => outcome,
        }
    }

    async fn try_weigh_review(&self, cx: &Ctx, id: VersionId, by: Option<UserId>) -> Result<()> {
        let (auth, track) = self.authorize_version(cx, id, Action::EditVersions).await?;
        let version = &auth.resource().row;
        if !is_open(version.review.status) {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.assert_unchanged::<Tracks>(&track.row.id, &track);
        let decisions = self.approvals_of(id).await?;
        let verdict = self.verdict(&mut batch, &auth, &decisions, None).await?;
        let Some(status) = verdict.filter(|status| moves(version.review.status, *status)) else {
            return Ok(());
        };
        let reviewers = version.review.reviewers.clone();
        let told = Event::VersionReviewStatusChanged { status, reviewers: reviewers.clone() };
        let changed = by.map(|user| (cx.now, Principal::User(user)));
        let review = Review { status, reviewers, changed };
        let after = Version { review, updated_at: cx.now, ..version.clone() };
        self.rewrite_version(cx, &auth, batch, after, told).await?;
        Ok(())
    }
}

/// Whether a review waits for decisions.
fn is_open(status: ReviewStatus) -> bool {
    match status {
        ReviewStatus::InReview | ReviewStatus::ChangesRequested => true,
        ReviewStatus::None | ReviewStatus::Approved | ReviewStatus::Rejected => false,
    }
}
