//! What invited people do: look, accept, decline. What they may is decided at that moment, and everything it stands on is
//! asserted: the invitation, whoever invites, the project.

use super::{InvitationView, invitation_ref};
use crate::{
    Ctx, Error, Result, Service, Stored,
    account::audit,
    authenticate::sha256,
    commit::decide_again,
    member::{Entry, MemberView},
};
use model::{
    Timestamp,
    access::{Action, Role},
    account::User,
    event::Event,
    invitation::{Acceptance, Invitation, InvitationDecision, InvitationState},
    limits,
    project::ProjectMember,
};
use store::{
    Batch, Scan, TableId,
    tables::{
        counters::InvitationUses,
        invitation::{Acceptances, InvitationByHash, Invitations, InvitationsByEmail},
        member::{Members, Removals},
        project::{ProjectGates, Projects},
    },
};

const OVER: Error = Error::Gone("this invitation was used, declined or revoked, or its time is over");
const ANOTHER: Error = Error::Forbidden("this invitation is for another e-mail address");

/// What whoever has the link sees before they log in.
#[derive(Clone, Debug)]
pub struct InvitationPreview {
    /// What the project is called; only while the invitation can be accepted.
    pub project_name: Option<String>,
    /// Who invites; only while it can be accepted.
    pub inviter: Option<String>,
    /// The part they would have.
    pub role: Role,
    /// When it lapses.
    pub expires_at: Timestamp,
    /// What it is good for.
    pub state: InvitationState,
}

impl Service {
    /// What an invitation is about, for whoever has its secret.
    ///
    /// # Errors
    /// `NotFound` for a secret of no invitation.
    pub async fn preview_invitation(&self, cx: &Ctx, token: &str) -> Result<InvitationPreview> {
        let found = self.invitation_by(token).await?;
        let view = self.invitation_view(cx, found).await?;
        let open = view.state == InvitationState::Pending;
        let row = view.invitation.row;
        Ok(InvitationPreview {
            project_name: view.project_name.filter(|_| open),
            inviter: view.invited_by.filter(|_| open).map(|user| user.row.name.to_string()),
            role: row.role,
            expires_at: row.expires_at,
            state: view.state,
        })
    }

    /// Makes the caller a member. Accepting again what one has accepted changes nothing.
    ///
    /// # Errors
    /// `NotFound` for a secret of no invitation; `Gone` if it cannot be accepted; `Forbidden` if it is for another address;
    /// `Conflict` for a member who came another way; `ProjectArchived`.
    pub async fn accept_invitation(&self, cx: &Ctx, token: &str) -> Result<MemberView> {
        let member = decide_again!(None, self.try_accept(cx, token).await)?;
        self.member_view(member).await
    }

    async fn try_accept(&self, cx: &Ctx, token: &str) -> Result<Stored<ProjectMember>> {
        let me = self.myself(cx).await?;
        let found = self.invitation_by(token).await?;
        let (row, user) = (&found.row, me.row.id);
        let accepted = self.store().get::<Acceptances>(&(row.id, user)).await?;
        if let Some(member) = self.store().get::<Members>(&(row.project_id, user)).await? {
            return if accepted.is_some() {
                Ok(member)
            } else {
                Err(Error::Conflict("you are a member of this project already"))
            };
        }
        check_mine(row, &me.row)?;
        if !self.reaches(cx, row.project_id) {
            return Err(Error::Forbidden("this token is limited to other projects"));
        }
        let mut batch = Batch::new();
        self.rely_on(&cx.caller, &mut batch).await?;
        self.rely_on_invitation(cx, &mut batch, &found).await?;
        let removed = self.store().get::<Removals>(&(row.project_id, user)).await?;
        if removed.is_some_and(|removal| removal.row.at >= row.created_at) {
            return Err(OVER);
        }
        let acceptance = Acceptance { invitation_id: row.id, at: cx.now };
        match &accepted {
            // They left since, and come back on the place they had.
            Some(old) => batch.replace::<Acceptances>(&(row.id, user), old, &acceptance),
            None => batch.insert::<Acceptances>(&(row.id, user), &acceptance).add::<InvitationUses>(
                &row.id,
                1,
                ..=row.max_uses,
            ),
        };
        let (project, role, invited_by) = (row.project_id, row.role, row.invited_by);
        self.add_member(cx, &mut batch, Entry { project, user, role, invited_by }).await?;
        let target = invitation_ref(row, found.rev);
        batch.emit(self.event_in(cx, project, target, None, Event::InvitationAccepted));
        match self.store().commit(batch).await.map_err(Error::from) {
            Ok(_) => self.member_of(project, user).await,
            Err(error) if error.conflicts_on(TableId::InvitationUses) => Err(OVER),
            Err(error) => Err(Self::too_many_members(error)),
        }
    }

    /// Says no to an invitation by e-mail. A link is nobody's to decline: it stays as it is.
    ///
    /// # Errors
    /// As [`Service::accept_invitation`].
    pub async fn decline_invitation(&self, cx: &Ctx, token: &str) -> Result<()> {
        decide_again!(None, self.try_decline(cx, token).await)
    }

    async fn try_decline(&self, cx: &Ctx, token: &str) -> Result<()> {
        let me = self.myself(cx).await?;
        let old = self.invitation_by(token).await?;
        check_mine(&old.row, &me.row)?;
        if self.invitation_state(cx, &old.row).await? != InvitationState::Pending {
            return Err(OVER);
        }
        if old.row.email.is_none() {
            return Ok(());
        }
        let row = Invitation { decision: InvitationDecision::Declined, ..old.row.clone() };
        let target = invitation_ref(&row, old.rev + 1);
        let mut batch = Batch::new();
        self.rely_on(&cx.caller, &mut batch).await?;
        batch.priority().replace::<Invitations>(&row.id, &old, &row);
        batch.assert_counter::<InvitationUses>(&row.id, 0..row.max_uses);
        batch.audit(audit(cx, "invitation.declined", target.clone(), None, None));
        batch.emit(self.event_in(cx, row.project_id, target, None, Event::InvitationDeclined));
        self.store().commit(batch).await?;
        Ok(())
    }

    /// The invitations that wait for the caller: by e-mail, to their address, which they have proven.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn list_my_invitations(&self, cx: &Ctx) -> Result<Vec<InvitationView>> {
        let me = self.myself(cx).await?.row;
        if me.email_verified_at.is_none() {
            return Ok(vec![]);
        }
        let scan = Scan::prefix(&me.email.to_string()).reverse().limit(limits::PAGE_MAX);
        let mut mine = vec![];
        for hit in self.store().scan_index::<InvitationsByEmail>(scan).await?.items {
            if self.reaches(cx, hit.stored.row.project_id) {
                mine.push(self.invitation_view(cx, hit.stored).await?);
            }
        }
        mine.retain(|view| view.state == InvitationState::Pending);
        Ok(mine)
    }

    /// Whether an invitation by e-mail lets this person register where that needs one.
    pub async fn invites_to_register(&self, cx: &Ctx, token: &str, email: &str) -> Result<bool> {
        let found = match self.invitation_by(token).await {
            Ok(found) => found.row,
            Err(Error::NotFound(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let theirs = found.email.as_ref().is_some_and(|only| only.as_str() == email);
        Ok(theirs && self.invitation_state(cx, &found).await? == InvitationState::Pending)
    }

    async fn invitation_by(&self, token: &str) -> Result<Stored<Invitation>> {
        let found = self.store().find::<InvitationByHash>(&sha256(token)).await?;
        found.map(|(_, stored)| stored).ok_or(Error::NotFound("invitation"))
    }

    /// What an invitation is good for now: as its row says, and only while whoever made it may invite into this project.
    pub(crate) async fn invitation_state(&self, cx: &Ctx, row: &Invitation) -> Result<InvitationState> {
        let uses = self.store().count::<InvitationUses>(&row.id).await?;
        let state = row.state(uses, cx.now);
        if state != InvitationState::Pending {
            return Ok(state);
        }
        let gate = self.store().get::<ProjectGates>(&row.project_id).await?;
        let there = gate.is_some_and(|gate| gate.row.deleted.is_none() && !gate.row.purging);
        let may =
            there && self.backer(row.project_id, row.invited_by, Action::ManageMembers).await?.is_some();
        Ok(if may { state } else { InvitationState::Revoked })
    }

    /// Ties a batch to an invitation that can be accepted.
    async fn rely_on_invitation(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        found: &Stored<Invitation>,
    ) -> Result<()> {
        let row = &found.row;
        let uses = self.store().count::<InvitationUses>(&row.id).await?;
        if row.state(uses, cx.now) != InvitationState::Pending {
            return Err(OVER);
        }
        let gate = self.store().get::<ProjectGates>(&row.project_id).await?;
        let gate = gate.filter(|gate| gate.row.deleted.is_none() && !gate.row.purging).ok_or(OVER)?;
        if gate.row.archived.is_some() {
            return Err(Error::ProjectArchived);
        }
        let inviter = self.backer(row.project_id, row.invited_by, Action::ManageMembers).await?;
        inviter.ok_or(OVER)?.rely(batch);
        batch
            .assert_unchanged::<ProjectGates>(&row.project_id, &gate)
            .assert_unchanged::<Invitations>(&row.id, found);
        Ok(())
    }

    /// The mail of an invitation; nothing if there is no reason for it any more.
    pub(crate) async fn invitation_to_mail(
        &self,
        cx: &Ctx,
        id: model::InvitationId,
    ) -> Result<Option<(InvitationView, String)>> {
        let Some(found) = self.store().get::<Invitations>(&id).await? else { return Ok(None) };
        let project = self.store().get::<Projects>(&found.row.project_id).await?;
        let view = self.invitation_view(cx, found).await?;
        let name = project.map(|project| project.row.name.to_string()).unwrap_or_default();
        Ok((view.state == InvitationState::Pending).then_some((view, name)))
    }
}

/// Whether an invitation is for this person.
fn check_mine(row: &Invitation, me: &User) -> Result<()> {
    match &row.email {
        Some(email) if *email != me.email => Err(ANOTHER),
        Some(_) | None => Ok(()),
    }
}
