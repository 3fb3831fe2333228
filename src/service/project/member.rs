//! Who belongs to a project.

use crate::{
    Ctx, Result, Service, Stored,
    page::{PageRequest, Paged},
};
use model::{
    ProjectId, UserId,
    access::Action,
    account::User,
    project::{Project, ProjectMember},
};
use store::{
    Scan,
    tables::{member::Members, user::Users},
};

/// A member with their account.
#[derive(Clone, Debug)]
pub struct MemberView {
    /// Their membership.
    pub member: Stored<ProjectMember>,
    /// Their account.
    pub user: Stored<User>,
}

impl Service {
    /// The members of a project, by when their accounts were made.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a foreign cursor.
    pub async fn list_members(
        &self,
        cx: &Ctx,
        id: ProjectId,
        page: &PageRequest,
    ) -> Result<Paged<MemberView>> {
        self.authorize::<Project>(cx, id, Action::View).await?;
        let mut scan = Scan::prefix(&id).limit(page.limit);
        if let Some(user) = page.place::<UserId>()? {
            scan = scan.after(&(id, user));
        }
        let found = self.store().scan::<Members>(scan).await?;
        let ids: Vec<UserId> = found.items.iter().map(|((_, user), _)| *user).collect();
        let next = ids.last().filter(|_| found.more).map(store::Key::to_bytes);
        let users = self.store().get_many::<Users>(&ids).await?;
        let members = found.items.into_iter().map(|(_, member)| member);
        let items = members
            .zip(users)
            .filter_map(|(member, user)| Some(MemberView { member, user: user? }))
            .collect();
        Ok(Paged { items, next })
    }
}
