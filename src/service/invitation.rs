//! Invitations into a project: by e-mail for one person, or a link for whoever has it. `invitation/` holds what invited people do.
//!
//! The secret is derived from the id and stored as a hash, so that its link can be shown and mailed again. An invitation is good
//! only while whoever made it may invite; nobody gets back in by a link that is older than their removal.

mod answer;
mod expire;

pub use answer::InvitationPreview;

use crate::{
    Ctx, Done, Error, Result, Service, Stored,
    account::audit,
    authenticate::sha256,
    authorize::must,
    commit::decide_again,
    page::{PageRequest, Paged},
    settings::Mail,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{
    InvitationId, ProjectId, Timestamp, UserId, Violation,
    access::{Action, Role},
    account::User,
    event::{Event, ResourceRef},
    invitation::{Invitation, InvitationDecision, InvitationState},
    limits,
    project::Project,
    text::{Email, Note},
};
use store::{
    Batch, Scan,
    tables::{
        counters::InvitationUses,
        invitation::{Acceptances, Invitations, InvitationsByProject},
        member::Members,
        project::Projects,
        user::{UserByEmail, Users},
    },
};

/// What a new invitation is made of.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// For whom; absent for a link.
    pub email: Option<Email>,
    /// The part that whoever accepts will have.
    pub role: Role,
    /// A few words.
    pub message: Option<Note>,
    /// When it lapses; absent = after [`limits::INVITATION_TTL_MS`].
    pub expires_at: Option<Timestamp>,
    /// How many may accept.
    pub max_uses: i64,
}

impl NewInvitation {
    fn check(&self, now: Timestamp) -> Result<()> {
        let fault = |pointer, code, detail| Err(Violation::new(pointer, code, detail).into());
        if self.expires_at.is_some_and(|at| at <= now || at > now.plus_millis(limits::INVITATION_TTL_MS_MAX))
        {
            return fault("/expires_at", "out_of_range", "must lie in the future, at most 90 days from now");
        }
        if self.email.is_some() && self.max_uses != 1 {
            return fault("/max_uses", "out_of_range", "an invitation by e-mail is for one person");
        }
        if self.email.is_none() && self.role == Role::Owner {
            return fault("/role", "not_by_link", "owners are invited by e-mail, or made from members");
        }
        Ok(())
    }
}

/// An invitation as owners and the invited person see it.
#[derive(Clone, Debug)]
pub struct InvitationView {
    /// Its row.
    pub invitation: Stored<Invitation>,
    /// What it is good for.
    pub state: InvitationState,
    /// How many accepted.
    pub uses: i64,
    /// Who accepted.
    pub accepted_by: Vec<UserId>,
    /// Who invites; absent if the account is gone.
    pub invited_by: Option<Stored<User>>,
    /// What the project is called.
    pub project_name: Option<String>,
    /// The link, while it can be accepted.
    pub link: Option<InvitationLink>,
}

/// The link of an invitation. It holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationLink {
    /// The whole link.
    pub url: String,
    /// Only the secret in it.
    pub token: String,
}

impl Service {
    /// Invites one person by e-mail, or makes a link.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid`; `Conflict` if the person is a member, has an open invitation, or too many are
    /// open.
    pub async fn create_invitation(
        &self,
        cx: &Ctx,
        project: ProjectId,
        new: &NewInvitation,
    ) -> Result<Done<InvitationView>> {
        new.check(cx.now)?;
        let done = decide_again!(None, self.try_create_invitation(cx, project, new).await)?;
        Ok(match done {
            Done::Now(id) => {
                Done::Now(self.invitation_view(cx, self.invitation_in(project, id).await?).await?)
            }
            Done::Before(id) => {
                Done::Before(self.invitation_view(cx, self.invitation_in(project, id).await?).await?)
            }
        })
    }

    async fn try_create_invitation(
        &self,
        cx: &Ctx,
        project: ProjectId,
        new: &NewInvitation,
    ) -> Result<Done<InvitationId>> {
        let auth = self.authorize::<Project>(cx, project, Action::ManageMembers).await?;
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(id.into()));
        }
        self.check_invited(cx, project, new).await?;
        let id: InvitationId = self.id(cx);
        let row = Invitation {
            id,
            project_id: project,
            email: new.email.clone(),
            hash: sha256(self.invitation_secret(id)),
            role: new.role,
            message: new.message.clone(),
            invited_by: cx.user_id()?,
            decision: InvitationDecision::Open,
            max_uses: new.max_uses,
            created_at: cx.now,
            expires_at: new.expires_at.unwrap_or(cx.now.plus_millis(limits::INVITATION_TTL_MS)),
        };
        let target = invitation_ref(&row, 1);
        let mut batch = Batch::new();
        batch.insert::<Invitations>(&id, &row);
        batch.audit(audit(cx, "invitation.created", target.clone(), None, Some(row.role.as_str())));
        let by_mail = self.mails(&row);
        batch.emit(self.event_in(cx, project, target, None, Event::InvitationCreated { by_mail }));
        self.remember(cx, &mut batch, id)?;
        self.commit(&auth, batch).await?;
        Ok(Done::Now(id))
    }

    /// Whether this person may be invited: requests at the same instant may both pass, which hurts nobody.
    async fn check_invited(&self, cx: &Ctx, project: ProjectId, new: &NewInvitation) -> Result<()> {
        let mut open = 0;
        for invitation in self.invitations_of(project).await? {
            if self.invitation_state(cx, &invitation.row).await? != InvitationState::Pending {
                continue;
            }
            open += 1;
            if new.email.is_some() && invitation.row.email == new.email {
                return Err(Error::Conflict("this person has an open invitation; send that again"));
            }
        }
        if open >= limits::INVITATIONS_PER_PROJECT_MAX {
            return Err(Error::Conflict("too many invitations are open; revoke some first"));
        }
        let Some(email) = &new.email else { return Ok(()) };
        if let Some((user, _)) = self.store().find::<UserByEmail>(&email.to_string()).await?
            && self.store().get::<Members>(&(project, user)).await?.is_some()
        {
            return Err(Error::Conflict("this person is a member already"));
        }
        Ok(())
    }

    /// The invitations into a project, newest first.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` for a foreign cursor.
    pub async fn list_invitations(
        &self,
        cx: &Ctx,
        project: ProjectId,
        page: &PageRequest,
    ) -> Result<Paged<InvitationView>> {
        self.authorize::<Project>(cx, project, Action::SeeInvitations).await?;
        let mut scan = Scan::prefix(&project).reverse().limit(page.limit);
        if let Some(last) = page.place::<InvitationId>()? {
            scan = scan.before(&(project, last));
        }
        let found = self.store().scan_index::<InvitationsByProject>(scan).await?;
        let next = found.items.last().filter(|_| found.more).map(|hit| store::Key::to_bytes(&hit.key));
        let mut items = Vec::with_capacity(found.items.len());
        for hit in found.items {
            items.push(self.invitation_view(cx, hit.stored).await?);
        }
        Ok(Paged { items, next })
    }

    /// Makes an invitation good for another [`limits::INVITATION_TTL_MS`], and mails it again if it went by mail.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound`; `Conflict` if it was accepted, declined or revoked.
    pub async fn resend_invitation(
        &self,
        cx: &Ctx,
        project: ProjectId,
        id: InvitationId,
    ) -> Result<InvitationView> {
        let sent = decide_again!(None, self.try_resend_invitation(cx, project, id).await)?;
        self.invitation_view(cx, sent).await
    }

    async fn try_resend_invitation(
        &self,
        cx: &Ctx,
        project: ProjectId,
        id: InvitationId,
    ) -> Result<Stored<Invitation>> {
        let auth = self.authorize::<Project>(cx, project, Action::ManageMembers).await?;
        let old = self.invitation_in(project, id).await?;
        match self.invitation_state(cx, &old.row).await? {
            InvitationState::Pending | InvitationState::Expired => {}
            InvitationState::Accepted | InvitationState::Declined | InvitationState::Revoked => {
                return Err(Error::Conflict("it was accepted, declined or revoked; make a new one"));
            }
        }
        let expires_at = old.row.expires_at.max(cx.now.plus_millis(limits::INVITATION_TTL_MS));
        // Whoever sends it again vouches for it from now on.
        let row = Invitation { expires_at, invited_by: cx.user_id()?, ..old.row.clone() };
        let (rev, by_mail) = (old.rev + 1, self.mails(&row));
        let mut batch = Batch::new();
        batch.replace::<Invitations>(&id, &old, &row);
        let body = Event::InvitationResent { by_mail };
        batch.emit(self.event_in(cx, project, invitation_ref(&row, rev), None, body));
        let done = self.commit(&auth, batch).await?;
        Ok(Stored { row, rev, stamp: done.stamp })
    }

    /// Takes an invitation back. One that nobody can accept any more stays as it is.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound`.
    pub async fn revoke_invitation(&self, cx: &Ctx, project: ProjectId, id: InvitationId) -> Result<()> {
        decide_again!(None, self.try_revoke_invitation(cx, project, id).await)
    }

    async fn try_revoke_invitation(&self, cx: &Ctx, project: ProjectId, id: InvitationId) -> Result<()> {
        let auth = self.authorize::<Project>(cx, project, Action::ManageMembers).await?;
        let old = self.invitation_in(project, id).await?;
        if old.row.decision != InvitationDecision::Open {
            return Ok(());
        }
        let row = Invitation { decision: InvitationDecision::Revoked, ..old.row.clone() };
        let target = invitation_ref(&row, old.rev + 1);
        let mut batch = Batch::new();
        batch.priority().replace::<Invitations>(&id, &old, &row);
        batch.audit(audit(cx, "invitation.revoked", target.clone(), None, None));
        batch.emit(self.event_in(cx, project, target, None, Event::InvitationRevoked));
        self.commit(&auth, batch).await?;
        Ok(())
    }

    /// An invitation into this project.
    async fn invitation_in(&self, project: ProjectId, id: InvitationId) -> Result<Stored<Invitation>> {
        let found = must::<Invitations>(self.store(), &id, "invitation").await?;
        if found.row.project_id == project { Ok(found) } else { Err(Error::NotFound("invitation")) }
    }

    /// An invitation as an event about it shows it: to owners.
    pub(crate) async fn get_invitation(
        &self,
        cx: &Ctx,
        project: ProjectId,
        id: InvitationId,
    ) -> Result<InvitationView> {
        self.authorize::<Project>(cx, project, Action::SeeInvitations).await?;
        self.invitation_view(cx, self.invitation_in(project, id).await?).await
    }

    /// The newest invitations into a project; more than can be open at a time.
    async fn invitations_of(&self, project: ProjectId) -> Result<Vec<Stored<Invitation>>> {
        let scan = Scan::prefix(&project).reverse().limit(2 * limits::INVITATIONS_PER_PROJECT_MAX);
        let found = self.store().scan_index::<InvitationsByProject>(scan).await?;
        Ok(found.items.into_iter().map(|hit| hit.stored).collect())
    }

    async fn invitation_view(&self, cx: &Ctx, invitation: Stored<Invitation>) -> Result<InvitationView> {
        let row = &invitation.row;
        let state = self.invitation_state(cx, row).await?;
        let scan = Scan::prefix(&row.id).limit(limits::INVITATION_USES_MAX.unsigned_abs() as usize);
        let accepted = self.store().scan::<Acceptances>(scan).await?.items;
        Ok(InvitationView {
            state,
            uses: self.store().count::<InvitationUses>(&row.id).await?,
            accepted_by: accepted.into_iter().map(|((_, user), _)| user).collect(),
            invited_by: self.store().get::<Users>(&row.invited_by).await?,
            project_name: self
                .store()
                .get::<Projects>(&row.project_id)
                .await?
                .map(|it| it.row.name.to_string()),
            link: match state {
                InvitationState::Pending => Some(self.invitation_link(row.id).await?),
                InvitationState::Accepted
                | InvitationState::Declined
                | InvitationState::Revoked
                | InvitationState::Expired => None,
            },
            invitation,
        })
    }

    pub(crate) async fn invitation_link(&self, id: InvitationId) -> Result<InvitationLink> {
        let token = self.invitation_secret(id);
        // Behind `#`, which browsers do not send.
        Ok(InvitationLink { url: format!("{}/#/invitation/{token}", self.site_url().await?), token })
    }

    fn invitation_secret(&self, id: InvitationId) -> String {
        URL_SAFE_NO_PAD.encode(self.parts.keys.invitation_secret(id))
    }

    /// Whether an invitation goes by mail.
    fn mails(&self, row: &Invitation) -> bool {
        row.email.is_some() && self.settings().mail == Mail::Configured
    }
}

/// A reference to an invitation.
fn invitation_ref(row: &Invitation, revision: u64) -> ResourceRef {
    ResourceRef::new("invitation", row.id, revision)
}
