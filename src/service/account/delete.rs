//! Deleting an account: its logins and tokens end, it leaves its projects, and its row stays as somebody without a name, so
//! that what they made keeps an author.
//!
//! Each project is a commit of its own; one that was interrupted is gone on with by asking again.

use super::{admin::state, audit, role_word, user_ref};
use crate::{Ctx, Error, Result, Service, Stored, authorize::must, commit::decide_again};
use model::{
    ProjectId, Timestamp, UserId,
    access::Role,
    account::{InstanceRole, User, UserStatus},
    event::{Event, ResourceRef},
    limits,
    project::ProjectMember,
    text::{Email, Handle, PersonName},
};
use store::{
    Batch, Scan, TableId,
    tables::{
        api_token::{ApiTokens, ApiTokensByUser},
        counters::{ActiveAdmins, MemberCount, Owners, ProjectsOfUser},
        credential::Credentials,
        member::{Members, MembersByUser},
        one_time_token::OneTimeTokens,
        project::Projects,
        star::Stars,
        user::Users,
    },
};

/// What a deleted account is called.
const NOBODY: &str = "Deleted account";

impl Service {
    /// Deletes an account. Projects that would have no owner go to `heir`.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; `LastOwner` if a project needs an heir and none is named; `Invalid` for an heir who cannot be
    /// one; `Conflict` for the last active administrator and for oneself.
    pub async fn admin_delete_user(&self, cx: &Ctx, id: UserId, heir: Option<UserId>) -> Result<()> {
        Self::operator(cx)?;
        if cx.user_id().ok() == Some(id) {
            return Err(Error::Conflict("another administrator deletes your account"));
        }
        if let Some(heir) = heir {
            self.check_heir(id, heir).await?;
        }
        let user = self.store().get::<Users>(&id).await?.ok_or(Error::NotFound("user"))?;
        if user.row.status == UserStatus::Deleted {
            return Ok(());
        }
        if heir.is_none() {
            self.refuse_orphans(id).await?;
        }
        decide_again!(None, self.lock_out(cx, id).await)?;
        while let Some(member) = self.next_membership(id).await? {
            decide_again!(None, self.leave_as_deleted(cx, &member, heir).await)?;
        }
        decide_again!(None, self.forget_moods(id).await)?;
        decide_again!(None, self.try_delete_user(cx, id).await)
    }

    async fn check_heir(&self, id: UserId, heir: UserId) -> Result<()> {
        let fault =
            || model::Violation::new("?transfer_to", "unknown_user", "must be another active account");
        let user = self.store().get::<Users>(&heir).await?;
        match user.filter(|user| heir != id && user.row.status == UserStatus::Active) {
            Some(_) => Ok(()),
            None => Err(fault().into()),
        }
    }

    /// Every project they own has another owner.
    async fn refuse_orphans(&self, id: UserId) -> Result<()> {
        let scan = Scan::prefix(&id).limit(limits::PROJECTS_PER_USER_MAX.unsigned_abs() as usize);
        for hit in self.store().scan_index::<MembersByUser>(scan).await?.items {
            let row = &hit.stored.row;
            if row.role == Role::Owner && self.store().count::<Owners>(&row.project_id).await? < 2 {
                return Err(Error::LastOwner);
            }
        }
        Ok(())
    }

    /// Nobody logs in with it any more.
    async fn lock_out(&self, cx: &Ctx, id: UserId) -> Result<()> {
        let user = self.store().get::<Users>(&id).await?.ok_or(Error::NotFound("user"))?;
        if user.row.status != UserStatus::Active {
            return Ok(());
        }
        let row = User {
            status: UserStatus::Disabled,
            security_version: user.row.security_version + 1,
            updated_at: cx.now,
            ..user.row.clone()
        };
        let mut batch = Batch::new();
        self.end_sessions(cx, batch.priority(), id).await?;
        self.rely_on(&cx.caller, &mut batch).await?;
        if user.row.role == InstanceRole::Admin {
            batch.add::<ActiveAdmins>(&(), -1, 1..);
        }
        let target = user_ref(id, user.rev + 1);
        batch.replace::<Users>(&id, &user, &row);
        batch.audit(audit(cx, "user.changed", target.clone(), Some(&state(&user.row)), Some(&state(&row))));
        batch.emit(self.event(cx, id, target, Event::UserUpdated));
        match self.store().commit(batch).await {
            Err(error) if error.conflicts_on(TableId::ActiveAdmins) => {
                Err(Error::Conflict("the instance needs at least one active administrator"))
            }
            outcome => outcome.map(drop).map_err(Error::from),
        }
    }

    async fn next_membership(&self, id: UserId) -> Result<Option<Stored<ProjectMember>>> {
        let found = self.store().scan_index::<MembersByUser>(Scan::prefix(&id).limit(1)).await?;
        Ok(found.items.into_iter().next().map(|hit| hit.stored))
    }

    /// Takes them out of one project; the heir owns it where nobody else does.
    async fn leave_as_deleted(
        &self,
        cx: &Ctx,
        member: &Stored<ProjectMember>,
        heir: Option<UserId>,
    ) -> Result<()> {
        let (project, user) = (member.row.project_id, member.row.user_id);
        let Some(member) = self.store().get::<Members>(&(project, user)).await? else { return Ok(()) };
        let mut batch = Batch::new();
        batch
            .priority()
            .delete::<Members>(&(project, user), &member)
            .add::<MemberCount>(&project, -1, ..)
            .add::<ProjectsOfUser>(&user, -1, 0..);
        if let Some(star) = self.store().get::<Stars>(&(user, project)).await? {
            batch.delete::<Stars>(&(user, project), &star);
        }
        if member.row.role == Role::Owner {
            self.replace_owner(cx, &mut batch, project, user, heir).await?;
        }
        self.rely_on(&cx.caller, &mut batch).await?;
        let target = ResourceRef::new("member", user, member.rev);
        let event = self.member_event(cx, project, target.clone(), user, Event::MemberLeft);
        batch.audit(audit(cx, "member.left", target, Some(member.row.role.as_str()), None)).emit(event);
        match self.store().commit(batch).await.map_err(Error::from) {
            Err(error) if error.conflicts_on(TableId::Owners) => Err(Error::LastOwner),
            Err(error) if error.conflicts_on(TableId::ProjectsOfUser) => {
                Err(Error::Conflict("whoever is to own the projects is a member of too many"))
            }
            outcome => outcome.map(drop),
        }
    }

    async fn replace_owner(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        project: ProjectId,
        user: UserId,
        heir: Option<UserId>,
    ) -> Result<()> {
        let alone = self.store().count::<Owners>(&project).await? < 2;
        let Some(heir) = heir.filter(|_| alone) else {
            batch.add::<Owners>(&project, -1, 1..);
            let found = must::<Projects>(self.store(), &project, "project").await?;
            return self.name_another_owner(cx, batch, &found, user).await;
        };
        // One goes and one comes.
        batch.assert_counter::<Owners>(&project, 1..=1);
        let role = Role::Owner;
        match self.store().get::<Members>(&(project, heir)).await? {
            Some(old) => {
                let row = ProjectMember { role, ..old.row.clone() };
                batch.replace::<Members>(&(project, heir), &old, &row);
            }
            None => {
                let (project_id, user_id) = (project, heir);
                let row = ProjectMember { project_id, user_id, role, joined_at: cx.now, invited_by: None };
                let joined = ResourceRef::new("member", heir, 1);
                batch.emit(self.member_event(cx, project, joined, heir, Event::MemberJoined { role }));
                batch
                    .insert::<Members>(&(project, heir), &row)
                    .add::<MemberCount>(&project, 1, ..)
                    .add::<ProjectsOfUser>(&heir, 1, ..=limits::PROJECTS_PER_USER_MAX);
            }
        }
        if let Some(found) = self.store().get::<Projects>(&project).await?
            && found.row.owner_id == user
        {
            let row = model::project::Project { owner_id: heir, updated_at: cx.now, ..found.row.clone() };
            batch.replace::<Projects>(&project, &found, &row);
        }
        let (action, to) = ("project.ownership_transferred", heir.to_string());
        let target = ResourceRef::new("project", project, 0);
        batch.audit(audit(cx, action, target.clone(), None, Some(&to)));
        let body = Event::ProjectOwnershipTransferred { to: heir };
        batch.emit(self.member_event(cx, project, target, heir, body));
        Ok(())
    }

    /// What is left of the account: nothing that names anybody.
    async fn try_delete_user(&self, cx: &Ctx, id: UserId) -> Result<()> {
        let user = self.store().get::<Users>(&id).await?.ok_or(Error::NotFound("user"))?;
        if user.row.status == UserStatus::Deleted {
            return Ok(());
        }
        let row = nobody(&user.row, cx.now)?;
        let mut batch = Batch::new();
        batch.priority().replace::<Users>(&id, &user, &row).assert_counter::<ProjectsOfUser>(&id, ..=0);
        if let Some(avatar) = &user.row.avatar {
            batch.release_blob(avatar);
        }
        if let Some(credential) = self.store().get::<Credentials>(&id).await? {
            batch.delete::<Credentials>(&id, &credential);
        }
        let tokens = Scan::prefix(&id).limit(limits::API_TOKENS_PER_USER_MAX * 2);
        for hit in self.store().scan_index::<ApiTokensByUser>(tokens).await?.items {
            batch.delete::<ApiTokens>(&hit.key, &hit.stored);
        }
        for (key, token) in self.one_time_tokens(Some(id)).await? {
            batch.delete::<OneTimeTokens>(&key, &token);
        }
        self.rely_on(&cx.caller, &mut batch).await?;
        let target = user_ref(id, user.rev + 1);
        batch.audit(audit(cx, "user.deleted", target.clone(), Some(role_word(user.row.role)), None));
        batch.emit(self.event(cx, id, target, Event::UserUpdated));
        self.store().commit(batch).await?;
        Ok(())
    }
}

/// The same account without a person.
fn nobody(user: &User, now: Timestamp) -> Result<User> {
    let broken = |fault: model::violation::Fault| Error::Internal(fault.detail.into_owned());
    let tail = user.id.uuid().simple().to_string();
    Ok(User {
        // No mail server answers for `.invalid` (RFC 2606).
        email: Email::parse(&format!("{tail}@deleted.invalid")).map_err(broken)?,
        email_verified_at: None,
        name: PersonName::parse(NOBODY).map_err(broken)?,
        handle: Handle::parse(&format!("deleted-{}", &tail[12..])).map_err(broken)?,
        bio: None,
        avatar: None,
        role: InstanceRole::Member,
        status: UserStatus::Deleted,
        security_version: user.security_version + 1,
        updated_at: now,
        ..user.clone()
    })
}
