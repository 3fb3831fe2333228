//! How somebody becomes a member, by whichever way they come.

use super::member_ref;
use crate::{Ctx, Error, Result, Service, account::audit};
use model::{ProjectId, UserId, access::Role, event::Event, limits, project::ProjectMember};
use store::{
    Batch, TableId,
    tables::{
        counters::{MemberCount, Owners, ProjectsOfUser},
        member::{Members, Removals},
    },
};

/// Somebody about to become a member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) project: ProjectId,
    pub(crate) user: UserId,
    pub(crate) role: Role,
    pub(crate) invited_by: UserId,
}

impl Service {
    /// Adds what makes somebody a member. They must not be one yet. The caller of this asserts the project's gate.
    pub(crate) async fn add_member(&self, cx: &Ctx, batch: &mut Batch, entry: Entry) -> Result<()> {
        let Entry { project, user, role, invited_by } = entry;
        let member = ProjectMember {
            project_id: project,
            user_id: user,
            role,
            joined_at: cx.now,
            invited_by: Some(invited_by),
        };
        batch
            .insert::<Members>(&(project, user), &member)
            .add::<MemberCount>(&project, 1, ..=limits::MEMBERS_PER_PROJECT_MAX)
            .add::<ProjectsOfUser>(&user, 1, ..=limits::PROJECTS_PER_USER_MAX);
        if role == Role::Owner {
            batch.add::<Owners>(&project, 1, 1..);
        }
        if let Some(old) = self.store().get::<Removals>(&(project, user)).await? {
            batch.delete::<Removals>(&(project, user), &old);
        }
        let target = member_ref(user, 1);
        batch.audit(audit(cx, "member.joined", target.clone(), None, Some(role.as_str())));
        batch.emit(self.member_event(cx, project, target, user, Event::MemberJoined { role }));
        Ok(())
    }

    /// What it means when a limit stood in the way of [`Service::add_member`].
    pub(crate) fn too_many_members(error: Error) -> Error {
        if error.conflicts_on(TableId::MemberCount) {
            Error::Conflict("the project has as many members as one may have")
        } else if error.conflicts_on(TableId::ProjectsOfUser) {
            Error::Conflict("this person is a member of as many projects as one person may be")
        } else {
            error
        }
    }
}
