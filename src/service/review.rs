//! Review of versions: its status, and who approves.
//!
//! Editors set the status by hand. Where the project has a rule, approvals set it: a decision looks at all others, which must stay
//! as they were read, so that of two last approvals at once one sees the other. A job does the same for open reviews once the
//! rule or those who decide have changed.

#[cfg(test)]
mod tests;
mod weigh;

use crate::{
    Authorized, Ctx, Error, Result, Service, Stored,
    comment::{Person, speaker},
    commit::{check_revision, decide_again},
    version::{VersionView, version_event},
};
use model::{
    UserId, VersionId, Violation, Violations,
    access::{Action, Decision, Standing},
    event::Event,
    limits,
    principal::Principal,
    project::ApprovalRule,
    review::{ApprovalDecision, Review, ReviewStatus, VersionApproval, Vote},
    text::Note,
    track::Track,
    version::Version,
};
use std::collections::BTreeSet;
use store::{
    Batch, Scan,
    tables::{
        approval::Approvals,
        counters::{ApprovalCount, MemberCount},
        member::Members,
        track::Tracks,
        version::Versions,
    },
};

/// A status that somebody sets.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// Which.
    pub status: ReviewStatus,
    /// Who is asked to look; empty = everybody.
    pub reviewers: Vec<UserId>,
}

/// What somebody decides.
#[derive(Clone, Debug)]
pub struct NewApproval {
    /// What.
    pub decision: ApprovalDecision,
    /// A few words.
    pub note: Option<Note>,
}

/// An approval as clients see it.
#[derive(Clone, Debug)]
pub struct ApprovalView {
    /// Its row.
    pub approval: VersionApproval,
    /// Whose it is.
    pub person: Person,
}

/// What an approval changes: the row before, if there was one, and after, if there is one.
struct Turn {
    before: Option<Stored<VersionApproval>>,
    after: Option<VersionApproval>,
    told: Event,
}

impl Service {
    /// Sets the status of a version's review.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict`; `Invalid` for reviewers who are no members; `Conflict` for `approved` where
    /// the rule of the project asks for approvals that are not there.
    pub async fn set_review_status(
        &self,
        cx: &Ctx,
        id: VersionId,
        expect: Option<u64>,
        new: &NewReview,
    ) -> Result<VersionView> {
        decide_again!(expect, self.try_set_review(cx, id, expect, new).await)?;
        self.get_version(cx, id).await
    }

    async fn try_set_review(
        &self,
        cx: &Ctx,
        id: VersionId,
        expect: Option<u64>,
        new: &NewReview,
    ) -> Result<()> {
        let (auth, track) = self.authorize_version(cx, id, Action::EditVersions).await?;
        check_revision(expect, auth.resource())?;
        let mut batch = Batch::new();
        batch.assert_unchanged::<Tracks>(&track.row.id, &track);
        self.check_reviewers(&mut batch, &auth, &new.reviewers).await?;
        if new.status == ReviewStatus::Approved {
            let others = self.approvals_of(id).await?;
            let verdict = self.verdict(&mut batch, &auth, &others, None).await?;
            if verdict.is_some_and(|verdict| verdict != ReviewStatus::Approved) {
                return Err(Error::Conflict("the project asks for approvals that are not there yet"));
            }
        }
        let review = Review {
            status: new.status,
            reviewers: new.reviewers.clone(),
            changed: Some((cx.now, speaker(cx)?)),
        };
        let before = &auth.resource().row;
        if (before.review.status, &before.review.reviewers) == (review.status, &review.reviewers) {
            return Ok(());
        }
        let told =
            Event::VersionReviewStatusChanged { status: review.status, reviewers: review.reviewers.clone() };
        let after = Version { review, updated_at: cx.now, ..before.clone() };
        self.rewrite_version(cx, &auth, batch, after, told).await?;
        Ok(())
    }

    /// Approves a version, or asks for changes; it replaces what the caller decided before.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Conflict` where as many as may have decided.
    pub async fn put_my_approval(&self, cx: &Ctx, id: VersionId, new: &NewApproval) -> Result<ApprovalView> {
        decide_again!(None, self.try_put_approval(cx, id, new).await)?;
        let me = speaker(cx)?;
        let approvals = self.approval_views(id).await?;
        approvals.into_iter().find(|view| view.person.principal == me).ok_or(Error::NotFound("approval"))
    }

    async fn try_put_approval(&self, cx: &Ctx, id: VersionId, new: &NewApproval) -> Result<()> {
        let (auth, track) = self.authorize_version(cx, id, Action::Approve).await?;
        let me = speaker(cx)?;
        let before = self.store().get::<Approvals>(&(id, me)).await?;
        let same = |row: &VersionApproval| (row.decision, &row.note) == (new.decision, &new.note);
        if before.as_ref().is_some_and(|before| same(&before.row)) {
            return Ok(());
        }
        let approval = VersionApproval {
            version_id: id,
            principal: me,
            decision: new.decision,
            note: new.note.clone(),
            at: cx.now,
        };
        let told = match new.decision {
            ApprovalDecision::Approve => Event::VersionApproved,
            ApprovalDecision::RequestChanges => Event::VersionChangesRequested,
        };
        self.turn(cx, &auth, &track, me, Turn { before, after: Some(approval), told }).await
    }

    /// Withdraws what the caller decided. Not there, it stays so.
    ///
    /// # Errors
    /// Those of [`Service::authorize`].
    pub async fn delete_my_approval(&self, cx: &Ctx, id: VersionId) -> Result<()> {
        decide_again!(None, self.try_delete_approval(cx, id).await)
    }

    async fn try_delete_approval(&self, cx: &Ctx, id: VersionId) -> Result<()> {
        let (auth, track) = self.authorize_version(cx, id, Action::Approve).await?;
        let me = speaker(cx)?;
        let Some(before) = self.store().get::<Approvals>(&(id, me)).await? else { return Ok(()) };
        let told = Event::VersionApprovalWithdrawn;
        self.turn(cx, &auth, &track, me, Turn { before: Some(before), after: None, told }).await
    }

    /// Writes a decision, and what it makes of the version's review.
    async fn turn(
        &self,
        cx: &Ctx,
        auth: &Authorized<Version>,
        track: &Stored<Track>,
        me: Principal,
        turn: Turn,
    ) -> Result<()> {
        let version = auth.resource();
        let id = version.row.id;
        let mut batch = Batch::new();
        batch.assert_unchanged::<Tracks>(&track.row.id, track);
        let mut others = self.approvals_of(id).await?;
        others.retain(|other| other.row.principal != me);
        let count = i64::try_from(others.len()).unwrap_or(i64::MAX);
        match (&turn.before, &turn.after) {
            (None, Some(after)) => drop(batch.insert::<Approvals>(&(id, me), after)),
            (Some(before), Some(after)) => drop(batch.replace::<Approvals>(&(id, me), before, after)),
            (Some(before), None) => drop(batch.delete::<Approvals>(&(id, me), before)),
            (None, None) => return Ok(()),
        }
        // Nobody came or went, and nobody changed their mind, since the others were read.
        let mine = |row: bool| i64::from(row);
        let delta = mine(turn.after.is_some()) - mine(turn.before.is_some());
        if delta > 0 {
            room_for(me, others.iter().map(|other| other.row.principal))?;
        }
        let after = count + mine(turn.after.is_some());
        batch.add::<ApprovalCount>(&id, delta, after..=after);
        let decision = turn.after.as_ref().map(|after| (me, after.decision));
        let verdict = self.verdict(&mut batch, auth, &others, decision).await?;
        batch.emit(version_event(self, cx, &version.row, version.rev, turn.told));
        match verdict.filter(|status| moves(version.row.review.status, *status)) {
            None => {
                batch.assert_unchanged::<Versions>(&id, version);
                self.commit(auth, batch).await?;
            }
            Some(status) => {
                let reviewers = version.row.review.reviewers.clone();
                let told = Event::VersionReviewStatusChanged { status, reviewers: reviewers.clone() };
                let review = Review { status, reviewers, changed: Some((cx.now, me)) };
                let after = Version { review, updated_at: cx.now, ..version.row.clone() };
                self.rewrite_version(cx, auth, batch, after, told).await?;
            }
        }
        Ok(())
    }

    /// What the rule of the project makes of all decisions. What it looked at must stay so.
    async fn verdict(
        &self,
        batch: &mut Batch,
        auth: &Authorized<Version>,
        others: &[Stored<VersionApproval>],
        mine: Option<(Principal, ApprovalDecision)>,
    ) -> Result<Option<ReviewStatus>> {
        let rule = auth.gate().row.settings.approval_rule;
        if rule == ApprovalRule::None {
            return Ok(None);
        }
        for other in others {
            batch.assert_unchanged::<Approvals>(&(other.row.version_id, other.row.principal), other);
        }
        let decided = others.iter().map(|other| (other.row.principal, other.row.decision)).chain(mine);
        let mut votes: Vec<Vote> = Vec::new();
        for (principal, decision) in decided {
            let member = match principal.user() {
                Some(user) => self.store().get::<Members>(&(auth.project_id(), user)).await?,
                None => None,
            };
            if let Some(member) = &member {
                batch.assert_unchanged::<Members>(&(auth.project_id(), member.row.user_id), member);
            }
            votes.extend(member.map(|member| Vote {
                user: member.row.user_id,
                role: member.row.role,
                decision,
            }));
        }
        let asked = match rule {
            ApprovalRule::AllMembers => self.members_who_decide(batch, auth).await?,
            ApprovalRule::AnyOwner | ApprovalRule::None => BTreeSet::new(),
        };
        Ok(rule.verdict(&votes, &asked))
    }

    /// The members who may approve; nobody may come or go meanwhile.
    async fn members_who_decide(
        &self,
        batch: &mut Batch,
        auth: &Authorized<Version>,
    ) -> Result<BTreeSet<UserId>> {
        let project = auth.project_id();
        let scan = Scan::prefix(&project).limit(limits::MEMBERS_PER_PROJECT_MAX as usize);
        let members = self.store().scan::<Members>(scan).await?.items;
        let number = i64::try_from(members.len()).unwrap_or(i64::MAX);
        batch.assert_counter::<MemberCount>(&project, number..=number);
        let settings = &auth.gate().row.settings;
        let may = |role| self.parts.access.decide(Standing::Member(role), Action::Approve, settings);
        let asked = members.iter().filter(|(_, member)| may(member.row.role) == Decision::Allow);
        Ok(asked.map(|(_, member)| member.row.user_id).collect())
    }

    /// Whoever is asked is a member.
    async fn check_reviewers(
        &self,
        batch: &mut Batch,
        auth: &Authorized<Version>,
        reviewers: &[UserId],
    ) -> Result<()> {
        let keys: Vec<_> = reviewers.iter().map(|user| (auth.project_id(), *user)).collect();
        let found = self.store().get_many::<Members>(&keys).await?;
        let mut faults = Violations::default();
        for (at, (key, member)) in keys.iter().zip(found).enumerate() {
            match member {
                Some(member) => drop(batch.assert_unchanged::<Members>(key, &member)),
                None => {
                    let pointer = format!("/reviewers/{at}");
                    faults.0.push(Violation::new(pointer, "not_found", "must be a member of the project"));
                }
            }
        }
        faults.finish(Some(())).map_err(Into::into)
    }

    /// Every decision about a version.
    async fn approvals_of(&self, id: VersionId) -> Result<Vec<Stored<VersionApproval>>> {
        const MAX: usize = limits::APPROVALS_PER_VERSION_MAX as usize;
        let found = self.store().scan::<Approvals>(Scan::prefix(&id).limit(MAX)).await?;
        Ok(found.items.into_iter().map(|(_, approval)| approval).collect())
    }

    /// The same as clients see them, oldest first.
    pub(crate) async fn approval_views(&self, id: VersionId) -> Result<Vec<ApprovalView>> {
        let mut approvals = self.approvals_of(id).await?;
        approvals.sort_by_key(|approval| (approval.row.at, approval.row.principal));
        let people = self.people(approvals.iter().map(|approval| approval.row.principal).collect()).await?;
        let views = approvals.into_iter().map(|approval| ApprovalView {
            person: people.person(approval.row.principal),
            approval: approval.row,
        });
        Ok(views.collect())
    }

    /// Removes every decision about a version that is gone for good.
    ///
    /// # Errors
    /// Of the store.
    pub(crate) async fn purge_approvals(&self, id: VersionId) -> Result<()> {
        for approvals in self.approvals_of(id).await?.chunks(limits::JOB_STEP_ROWS) {
            let mut batch = Batch::new();
            batch.priority();
            for approval in approvals {
                batch.delete::<Approvals>(&(id, approval.row.principal), approval).add::<ApprovalCount>(
                    &id,
                    -1,
                    0..,
                );
            }
            self.store().commit(batch).await?;
        }
        Ok(())
    }
}

/// Whether one more may decide.
fn room_for(me: Principal, others: impl Iterator<Item = Principal>) -> Result<()> {
    const MAX: usize = limits::APPROVALS_PER_VERSION_MAX as usize;
    const GUESTS_MAX: usize = limits::GUEST_APPROVALS_PER_VERSION_MAX as usize;
    let (members, guests): (Vec<_>, Vec<_>) = others.partition(|other| other.user().is_some());
    if me.user().is_none() && guests.len() >= GUESTS_MAX {
        return Err(Error::Conflict("as many guests as may have decided about this version"));
    }
    if members.len() + guests.len() >= MAX {
        return Err(Error::Conflict("as many people as may have decided about this version"));
    }
    Ok(())
}

/// Whether a verdict changes a status: without votes nothing is asked for, and what was rejected stays so.
fn moves(from: ReviewStatus, to: ReviewStatus) -> bool {
    match from {
        ReviewStatus::None | ReviewStatus::Rejected => to != ReviewStatus::InReview,
        ReviewStatus::InReview | ReviewStatus::ChangesRequested | ReviewStatus::Approved => to != from,
    }
}
