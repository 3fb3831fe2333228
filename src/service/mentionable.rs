//! Whom somebody can mention in a project, for autocompletion: its members, and all or the editors of them.

use crate::{Ctx, Result, Service, Stored};
use model::{
    ProjectId, UserId,
    access::Action,
    account::{User, UserStatus},
    limits,
    project::Project,
    text::folded,
};
use store::{
    Scan,
    tables::{member::Members, user::Users},
};

/// Somebody, or several, to mention.
#[derive(Clone, Debug)]
pub enum Mentionable {
    /// A member.
    Member(Box<Stored<User>>),
    /// Every member: `@all`.
    All,
    /// Editors and owners: `@editors`.
    Editors,
}

impl Service {
    /// Whom the caller can mention by names that begin with `text`; groups first, then people by name.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn list_mentionables(
        &self,
        cx: &Ctx,
        project: ProjectId,
        text: Option<&str>,
    ) -> Result<Vec<Mentionable>> {
        self.authorize::<Project>(cx, project, Action::View).await?;
        let start = folded(text.unwrap_or_default().trim().trim_start_matches('@'));
        let groups = [("all", Mentionable::All), ("editors", Mentionable::Editors)];
        let mut found: Vec<Mentionable> =
            groups.into_iter().filter(|(name, _)| name.starts_with(&start)).map(|(_, group)| group).collect();
        let mut people: Vec<Stored<User>> =
            self.people_of(project).await?.into_iter().filter(|user| begins(&user.row, &start)).collect();
        people.sort_by_cached_key(|user| (folded(user.row.name.as_str()), user.row.id));
        found.extend(people.into_iter().map(|user| Mentionable::Member(Box::new(user))));
        found.truncate(limits::MENTIONABLES_MAX);
        Ok(found)
    }

    /// The accounts of all members that are in use.
    async fn people_of(&self, project: ProjectId) -> Result<Vec<Stored<User>>> {
        let most = limits::MEMBERS_PER_PROJECT_MAX.unsigned_abs() as usize;
        let members = self.store().scan::<Members>(Scan::prefix(&project).limit(most)).await?;
        let ids: Vec<UserId> = members.items.iter().map(|((_, user), _)| *user).collect();
        let users = self.store().get_many::<Users>(&ids).await?.into_iter().flatten();
        Ok(users.filter(|user| user.row.status == UserStatus::Active).collect())
    }
}

/// Whether the handle or a word of the name begins so.
fn begins(user: &User, start: &str) -> bool {
    let name = folded(user.name.as_str());
    user.handle.as_str().starts_with(start)
        || name.starts_with(start)
        || name.split_whitespace().any(|word| word.starts_with(start))
}
