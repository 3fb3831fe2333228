//! People who ask to be let into a project, where its owners allow that. Everywhere else the project does not exist for them.

use crate::{
    Ctx, Error, Result, Service, Stored,
    account::audit,
    authorize::must,
    commit::decide_again,
    member::Entry,
    page::{PageRequest, Paged},
};
use model::{
    AccessRequestId, ProjectId, UserId,
    access::{Action, Role},
    account::{User, UserStatus},
    event::{Event, NewEvent, ResourceRef},
    invitation::{AccessRequest, AccessRequestState},
    limits,
    project::{Project, ProjectGate},
    text::Note,
};
use store::{
    Batch, Scan,
    tables::{
        invitation::{AccessRequestOf, AccessRequests},
        member::Members,
        project::ProjectGates,
        user::Users,
    },
};

/// A request with who asks.
#[derive(Clone, Debug)]
pub struct AccessRequestView {
    /// Its row.
    pub request: Stored<AccessRequest>,
    /// Who asks.
    pub user: Stored<User>,
}

/// What an owner decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They become a member with this part.
    Approve(Role),
    /// They do not.
    Decline,
}

const MISSING: Error = Error::NotFound("project");

impl Service {
    /// Asks to be let into a project. Asking again while it is not decided changes nothing.
    ///
    /// # Errors
    /// `NotFound` if there is no such project or it does not let people ask; `Conflict` for a member, or soon after a no.
    pub async fn request_access(
        &self,
        cx: &Ctx,
        project: ProjectId,
        message: Option<&Note>,
    ) -> Result<AccessRequestView> {
        let request = decide_again!(None, self.try_request(cx, project, message).await)?;
        self.request_view(request).await
    }

    async fn try_request(
        &self,
        cx: &Ctx,
        project: ProjectId,
        message: Option<&Note>,
    ) -> Result<Stored<AccessRequest>> {
        let user = self.myself(cx).await?.row.id;
        let gate = self.asked_gate(cx, project).await?;
        if self.store().get::<Members>(&(project, user)).await?.is_some() {
            return Err(Error::Conflict("you are a member of this project already"));
        }
        let found = self.store().find::<AccessRequestOf>(&(project, user)).await?.map(|(_, request)| request);
        if let Some(found) = found.clone().filter(|found| found.row.state == AccessRequestState::Pending) {
            return Ok(found);
        }
        let lately = cx.now.plus_millis(-limits::ACCESS_REQUEST_AGAIN_MS);
        if found.as_ref().is_some_and(|found| found.row.decided.is_some_and(|(_, at)| at > lately)) {
            return Err(Error::Conflict("your last request was decided a short time ago; ask again later"));
        }
        self.check_waiting(project).await?;
        let row = AccessRequest {
            id: found.as_ref().map_or_else(|| self.id(cx), |found| found.row.id),
            project_id: project,
            user_id: user,
            message: message.cloned(),
            state: AccessRequestState::Pending,
            created_at: cx.now,
            decided: None,
        };
        let mut batch = Batch::new();
        self.rely_on(&cx.caller, &mut batch).await?;
        batch.assert_unchanged::<ProjectGates>(&project, &gate).assert_absent::<Members>(&(project, user));
        match &found {
            Some(old) => batch.replace::<AccessRequests>(&row.id, old, &row),
            None => batch.insert::<AccessRequests>(&row.id, &row),
        };
        let rev = found.map_or(1, |old| old.rev + 1);
        let owners = self.owners(project).await?;
        batch.emit(self.request_event(cx, &row, rev, owners, Event::AccessRequestCreated { project }));
        let done = self.store().commit(batch).await?;
        Ok(Stored { row, rev, stamp: done.stamp })
    }

    /// The gate of a project that lets people ask.
    async fn asked_gate(&self, cx: &Ctx, project: ProjectId) -> Result<Stored<ProjectGate>> {
        let gate = must::<ProjectGates>(self.store(), &project, "project").await?;
        let row = &gate.row;
        let open = row.settings.access_requests && row.deleted.is_none() && !row.purging;
        match (open && self.reaches(cx, project), row.archived) {
            (false, _) => Err(MISSING),
            (true, Some(_)) => Err(Error::ProjectArchived),
            (true, None) => Ok(gate),
        }
    }

    /// Requests at the same instant may pass together; the next one is refused.
    async fn check_waiting(&self, project: ProjectId) -> Result<()> {
        let scan = Scan::prefix(&project).limit(limits::ACCESS_REQUESTS_PER_PROJECT_MAX);
        let found = self.store().scan_unique::<AccessRequestOf>(scan).await?;
        if found.items.len() >= limits::ACCESS_REQUESTS_PER_PROJECT_MAX {
            return Err(Error::Conflict("too many people wait for an answer of this project"));
        }
        Ok(())
    }

    /// The requests of a project, by when the accounts were made.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` for a foreign cursor.
    pub async fn list_access_requests(
        &self,
        cx: &Ctx,
        project: ProjectId,
        page: &PageRequest,
    ) -> Result<Paged<AccessRequestView>> {
        self.authorize::<Project>(cx, project, Action::SeeInvitations).await?;
        let mut scan = Scan::prefix(&project).limit(page.limit);
        if let Some(user) = page.place::<UserId>()? {
            scan = scan.after(&(project, user));
        }
        let found = self.store().scan_unique::<AccessRequestOf>(scan).await?;
        let last = found.items.last().filter(|_| found.more);
        let next = last.map(|(_, request)| store::Key::to_bytes(&request.row.user_id));
        let mut items = Vec::with_capacity(found.items.len());
        for (_, request) in found.items {
            items.push(self.request_view(request).await?);
        }
        Ok(Paged { items, next })
    }

    /// Lets somebody in who asked, or does not.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound`; `Conflict` if it was decided already, or the person cannot join.
    pub async fn decide_access_request(
        &self,
        cx: &Ctx,
        project: ProjectId,
        id: AccessRequestId,
        verdict: Verdict,
    ) -> Result<AccessRequestView> {
        let request = decide_again!(None, self.try_decide(cx, project, id, verdict).await)?;
        self.request_view(request).await
    }

    async fn try_decide(
        &self,
        cx: &Ctx,
        project: ProjectId,
        id: AccessRequestId,
        verdict: Verdict,
    ) -> Result<Stored<AccessRequest>> {
        let auth = self.authorize::<Project>(cx, project, Action::ManageMembers).await?;
        let old = must::<AccessRequests>(self.store(), &id, "access request").await?;
        if old.row.project_id != project {
            return Err(Error::NotFound("access request"));
        }
        if old.row.state != AccessRequestState::Pending {
            return Err(Error::Conflict("this request was decided already"));
        }
        let (user, decider) = (old.row.user_id, cx.user_id()?);
        let state = match verdict {
            Verdict::Approve(_) => AccessRequestState::Approved,
            Verdict::Decline => AccessRequestState::Declined,
        };
        let row = AccessRequest { state, decided: Some((decider, cx.now)), ..old.row.clone() };
        let mut batch = Batch::new();
        batch.replace::<AccessRequests>(&id, &old, &row);
        if let Verdict::Approve(role) = verdict
            && self.store().get::<Members>(&(project, user)).await?.is_none()
        {
            let account = must::<Users>(self.store(), &user, "user").await?;
            if account.row.status != UserStatus::Active {
                return Err(Error::Conflict("the account of this person is not active"));
            }
            batch.assert_unchanged::<Users>(&user, &account);
            self.add_member(cx, &mut batch, Entry { project, user, role, invited_by: decider }).await?;
        }
        let rev = old.rev + 1;
        let event = self.request_event(cx, &row, rev, vec![user], Event::AccessRequestDecided { project });
        batch.audit(audit(cx, "access_request.decided", event.resource.clone(), None, Some(word(state))));
        batch.emit(event);
        let done = self.commit(&auth, batch).await.map_err(Self::too_many_members)?;
        Ok(Stored { row, rev, stamp: done.stamp })
    }

    /// An event about a request: not for the whole project, only for those it concerns.
    fn request_event(
        &self,
        cx: &Ctx,
        row: &AccessRequest,
        revision: u64,
        users: Vec<UserId>,
        body: Event,
    ) -> NewEvent {
        let resource = ResourceRef::new("access_request", row.id, revision);
        NewEvent { users, ..self.event(cx, row.user_id, resource, body) }
    }

    /// The owners of a project who hear of what concerns owners.
    async fn owners(&self, project: ProjectId) -> Result<Vec<UserId>> {
        let most = limits::MEMBERS_PER_PROJECT_MAX.unsigned_abs() as usize;
        let members = self.store().scan::<Members>(Scan::prefix(&project).limit(most)).await?;
        let owners = members.items.into_iter().filter(|(_, member)| member.row.role == Role::Owner);
        Ok(owners.map(|((_, user), _)| user).take(limits::OWNERS_TOLD_MAX).collect())
    }

    async fn request_view(&self, request: Stored<AccessRequest>) -> Result<AccessRequestView> {
        let user = must::<Users>(self.store(), &request.row.user_id, "user").await?;
        Ok(AccessRequestView { request, user })
    }
}

const fn word(state: AccessRequestState) -> &'static str {
    match state {
        AccessRequestState::Pending => "pending",
        AccessRequestState::Approved => "approved",
        AccessRequestState::Declined => "declined",
    }
}
