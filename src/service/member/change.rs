//! Roles, removal, leaving, a new owner. A project keeps at least one owner: the counter says so, so that of two owners who
//! demote each other, or leave at once, one stays.

use super::{MemberView, member_ref};
use crate::{
    Ctx, Error, Result, Service, Stored,
    account::audit,
    commit::{check_revision, decide_again},
};
use model::{
    ProjectId, UserId, Violation,
    access::{Action, Role},
    event::{Event, NewEvent, ResourceRef},
    invitation::Removal,
    limits,
    project::{Project, ProjectMember},
};
use store::{
    Batch, Scan, TableId,
    tables::{
        counters::{MemberCount, Owners, ProjectsOfUser},
        member::{Members, Removals},
        project::Projects,
        star::Stars,
    },
};

impl Service {
    /// Gives a member another part.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound` for somebody else than a member; `RevisionConflict`; `LastOwner`.
    pub async fn update_member(
        &self,
        cx: &Ctx,
        project: ProjectId,
        user: UserId,
        expect: Option<u64>,
        role: Role,
    ) -> Result<MemberView> {
        let member = decide_again!(expect, self.try_update_member(cx, project, user, expect, role).await)?;
        self.member_view(member).await
    }

    async fn try_update_member(
        &self,
        cx: &Ctx,
        project: ProjectId,
        user: UserId,
        expect: Option<u64>,
        role: Role,
    ) -> Result<Stored<ProjectMember>> {
        let auth = self.authorize::<Project>(cx, project, Action::ManageMembers).await?;
        let member = self.member_of(project, user).await?;
        check_revision(expect, &member)?;
        if member.row.role == role {
            return Ok(member);
        }
        let mut batch = Batch::new();
        if role < member.row.role {
            batch.priority();
        }
        let after = give_role(&mut batch, &member, role);
        if member.row.role == Role::Owner {
            self.name_another_owner(cx, &mut batch, auth.resource(), user).await?;
        }
        let target = member_ref(user, member.rev + 1);
        batch.audit(audit(
            cx,
            "member.role_changed",
            target.clone(),
            Some(member.row.role.as_str()),
            Some(role.as_str()),
        ));
        batch.emit(self.member_event(cx, project, target, user, Event::MemberRoleChanged { role }));
        let done = self.commit(&auth, batch).await.map_err(last_owner)?;
        Ok(Stored { row: after, rev: member.rev + 1, stamp: done.stamp })
    }

    /// Removes a member, or lets the caller leave. Whatever they had open in the project ends within a second.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound` for somebody else than a member; `LastOwner`.
    pub async fn remove_member(&self, cx: &Ctx, project: ProjectId, user: UserId) -> Result<()> {
        decide_again!(None, self.try_remove_member(cx, project, user).await)
    }

    async fn try_remove_member(&self, cx: &Ctx, project: ProjectId, user: UserId) -> Result<()> {
        let leaves = cx.user_id()? == user;
        let action = if leaves { Action::Leave } else { Action::ManageMembers };
        let auth = self.authorize::<Project>(cx, project, action).await?;
        let member = self.member_of(project, user).await?;
        let key = (project, user);
        let mut batch = Batch::new();
        batch
            .priority()
            .delete::<Members>(&key, &member)
            .add::<MemberCount>(&project, -1, 0..)
            .add::<ProjectsOfUser>(&user, -1, 0..);
        if member.row.role == Role::Owner {
            batch.add::<Owners>(&project, -1, 1..);
            self.name_another_owner(cx, &mut batch, auth.resource(), user).await?;
        }
        if let Some(star) = self.store().get::<Stars>(&(user, project)).await? {
            batch.delete::<Stars>(&(user, project), &star);
        }
        if !leaves {
            let removal = Removal { at: cx.now, by: cx.user_id()? };
            match self.store().get::<Removals>(&key).await? {
                Some(old) => batch.replace::<Removals>(&key, &old, &removal),
                None => batch.insert::<Removals>(&key, &removal),
            };
        }
        let (body, action) = match leaves {
            true => (Event::MemberLeft, "member.left"),
            false => (Event::MemberRemoved, "member.removed"),
        };
        let target = member_ref(user, member.rev);
        batch.audit(audit(cx, action, target.clone(), Some(member.row.role.as_str()), None));
        batch.emit(self.member_event(cx, project, target, user, body));
        self.commit(&auth, batch).await.map_err(last_owner)?;
        Ok(())
    }

    /// Makes another member an owner; whoever hands over stays as an editor. An administrator who is no owner only adds one.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` for somebody else than a member; `Conflict` for oneself.
    pub async fn transfer_ownership(&self, cx: &Ctx, project: ProjectId, to: UserId) -> Result<MemberView> {
        let member = decide_again!(None, self.try_transfer(cx, project, to).await)?;
        self.member_view(member).await
    }

    async fn try_transfer(&self, cx: &Ctx, project: ProjectId, to: UserId) -> Result<Stored<ProjectMember>> {
        let auth = self.authorize::<Project>(cx, project, Action::ManageMembers).await?;
        let heir = self.store().get::<Members>(&(project, to)).await?;
        let unknown = || Violation::new("/user_id", "unknown_member", "must be a member of this project");
        let heir = heir.ok_or_else(unknown)?;
        let giver = auth.member().filter(|member| member.row.role == Role::Owner);
        if giver.is_some_and(|giver| giver.row.user_id == to) {
            return Err(Error::Conflict("you own this project already"));
        }
        let mut batch = Batch::new();
        let mut after = heir.clone();
        if heir.row.role != Role::Owner {
            after.row = give_role(&mut batch, &heir, Role::Owner);
            after.rev += 1;
        }
        if let Some(giver) = giver {
            give_role(&mut batch, giver, Role::Editor);
        }
        if auth.resource().row.owner_id != to {
            name_owner(cx, &mut batch, auth.resource(), to);
        }
        if batch.is_empty() {
            return Ok(heir);
        }
        let target = ResourceRef::new("project", project, auth.resource().rev);
        batch.audit(audit(cx, "project.ownership_transferred", target.clone(), None, Some(&to.to_string())));
        batch.emit(self.member_event(cx, project, target, to, Event::ProjectOwnershipTransferred { to }));
        let done = self.commit(&auth, batch).await.map_err(last_owner)?;
        if after.rev != heir.rev {
            after.stamp = done.stamp;
        }
        Ok(after)
    }

    /// If the project is named after somebody who owns it no more, another owner takes that place.
    pub(crate) async fn name_another_owner(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        project: &Stored<Project>,
        user: UserId,
    ) -> Result<()> {
        if project.row.owner_id != user {
            return Ok(());
        }
        let most = limits::MEMBERS_PER_PROJECT_MAX.unsigned_abs() as usize;
        let members = self.store().scan::<Members>(Scan::prefix(&project.row.id).limit(most)).await?;
        let another = members
            .items
            .into_iter()
            .find(|((_, other), member)| *other != user && member.row.role == Role::Owner);
        let (key, member) = another.ok_or(Error::LastOwner)?;
        batch.assert_unchanged::<Members>(&key, &member);
        name_owner(cx, batch, project, key.1);
        Ok(())
    }

    /// An event about a member, which that person hears of even when they are none any more.
    pub(crate) fn member_event(
        &self,
        cx: &Ctx,
        project: ProjectId,
        resource: ResourceRef,
        user: UserId,
        body: Event,
    ) -> NewEvent {
        NewEvent { users: vec![user], ..self.event_in(cx, project, resource, None, body) }
    }
}

/// Writes a member with another role and counts owners.
fn give_role(batch: &mut Batch, member: &Stored<ProjectMember>, role: Role) -> ProjectMember {
    let (project, user) = (member.row.project_id, member.row.user_id);
    let after = ProjectMember { role, ..member.row.clone() };
    batch.replace::<Members>(&(project, user), member, &after);
    match (member.row.role == Role::Owner, role == Role::Owner) {
        (false, true) => batch.add::<Owners>(&project, 1, 1..),
        (true, false) => batch.add::<Owners>(&project, -1, 1..),
        (true, true) | (false, false) => batch,
    };
    after
}

fn name_owner(cx: &Ctx, batch: &mut Batch, project: &Stored<Project>, owner_id: UserId) {
    let row = Project { owner_id, updated_at: cx.now, ..project.row.clone() };
    batch.replace::<Projects>(&row.id, project, &row);
}

fn last_owner(error: Error) -> Error {
    if error.conflicts_on(TableId::Owners) { Error::LastOwner } else { error }
}
