//! Whoever vouches for an invitation or a share link: it is good only while they may do what they vouch with.

use crate::{Result, Service, Stored};
use model::{
    ProjectId, UserId,
    access::{Action, Decision, Standing},
    account::{InstanceRole, User, UserStatus},
    project::ProjectMember,
};
use store::{
    Batch,
    tables::{member::Members, project::ProjectGates, user::Users},
};

/// Somebody who may vouch, and the rows that say so.
pub(crate) struct Backer {
    project: ProjectId,
    user: Stored<User>,
    member: Option<Stored<ProjectMember>>,
}

impl Backer {
    /// Ties a batch to their right.
    pub(crate) fn rely(&self, batch: &mut Batch) {
        let id = self.user.row.id;
        batch.assert_unchanged::<Users>(&id, &self.user);
        if let Some(member) = &self.member {
            batch.assert_unchanged::<Members>(&(self.project, id), member);
        }
    }
}

impl Service {
    /// This person, if they may do this in the project, whatever state it is in.
    pub(crate) async fn backer(
        &self,
        project: ProjectId,
        id: UserId,
        action: Action,
    ) -> Result<Option<Backer>> {
        let Some(user) = self.store().get::<Users>(&id).await? else { return Ok(None) };
        let Some(gate) = self.store().get::<ProjectGates>(&project).await? else { return Ok(None) };
        let member = self.store().get::<Members>(&(project, id)).await?;
        let standing = match (user.row.role, &member) {
            (InstanceRole::Admin, _) => Standing::InstanceAdmin,
            (InstanceRole::Member, Some(member)) => Standing::Member(member.row.role),
            (InstanceRole::Member, None) => Standing::Outsider,
        };
        let decision = self.parts.access.decide(standing, action, &gate.row.settings);
        let may = decision == Decision::Allow && user.row.status == UserStatus::Active;
        Ok(may.then_some(Backer { project, user, member }))
    }
}
