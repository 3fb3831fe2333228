//! Who belongs to a project. `member/` changes that: roles, removal, leaving, a new owner.

mod change;
mod join;

pub(crate) use join::Entry;

use crate::{
    Ctx, Error, Result, Service, Stored,
    page::{PageRequest, Paged},
    presence::Person,
};
use model::{
    ProjectId, Timestamp, UserId,
    access::Action,
    account::User,
    event::ResourceRef,
    project::{Project, ProjectMember},
};
use store::{
    Scan,
    tables::{member::Members, preferences::Preferences, user::Users},
};

/// A member with their account.
#[derive(Clone, Debug)]
pub struct MemberView {
    /// Their membership.
    pub member: Stored<ProjectMember>,
    /// Their account.
    pub user: Stored<User>,
    /// When they were last seen; absent for those who do not show it.
    pub last_seen_at: Option<Timestamp>,
    /// Where they are on the project now; absent for those who are not or do not show it.
    pub presence: Option<Person>,
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
        let next = found.items.last().filter(|_| found.more).map(|((_, user), _)| store::Key::to_bytes(user));
        let members = found.items.into_iter().map(|(_, member)| member).collect();
        Ok(Paged { items: self.member_views(members).await?, next })
    }

    /// A member of a project, for whoever sees the project.
    pub(crate) async fn get_member(&self, cx: &Ctx, id: ProjectId, user: UserId) -> Result<MemberView> {
        self.authorize::<Project>(cx, id, Action::View).await?;
        let member = self.member_of(id, user).await?;
        self.member_view(member).await
    }

    /// The membership of a person.
    pub(super) async fn member_of(&self, id: ProjectId, user: UserId) -> Result<Stored<ProjectMember>> {
        self.store().get::<Members>(&(id, user)).await?.ok_or(Error::NotFound("member"))
    }

    pub(crate) async fn member_view(&self, member: Stored<ProjectMember>) -> Result<MemberView> {
        self.member_views(vec![member]).await?.pop().ok_or(Error::NotFound("member"))
    }

    /// Members of one project with their accounts.
    async fn member_views(&self, members: Vec<Stored<ProjectMember>>) -> Result<Vec<MemberView>> {
        let ids: Vec<UserId> = members.iter().map(|member| member.row.user_id).collect();
        let users = self.store().get_many::<Users>(&ids).await?;
        let preferences = self.store().get_many::<Preferences>(&ids).await?;
        let seen = self.last_seen(&ids.iter().map(|id| id.uuid()).collect::<Vec<_>>()).await?;
        let Some(project) = members.first().map(|member| member.row.project_id) else {
            return Ok(Vec::new());
        };
        let present = self.present(project, self.now());
        let rows = members.into_iter().zip(users).zip(preferences).zip(seen);
        let views = rows.filter_map(|(((member, user), preferences), seen)| {
            let shows = preferences.is_none_or(|preferences| preferences.row.show_presence);
            let presence = present.iter().find(|person| person.face.user_id == member.row.user_id).cloned();
            Some(MemberView { member, user: user?, last_seen_at: seen.filter(|_| shows), presence })
        });
        Ok(views.collect())
    }
}

/// A reference to a membership.
pub(crate) fn member_ref(user: UserId, revision: u64) -> ResourceRef {
    ResourceRef::new("member", user, revision)
}
