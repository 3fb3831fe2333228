//! Finding people by name: those who share a project with whoever asks, and everybody for administrators.

use crate::{Ctx, Result, Service, Stored, account::admin::UserFilter, page::PageRequest};
use model::{
    UserId,
    account::{InstanceRole, User, UserStatus},
    limits,
    text::folded,
};
use std::collections::BTreeSet;
use store::{
    Scan,
    tables::{
        member::{Members, MembersByUser},
        user::Users,
    },
};

impl Service {
    /// People whose name or handle contains `text`, by name: up to [`limits::PEOPLE_FOUND_MAX`].
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn search_users(&self, cx: &Ctx, text: Option<&str>) -> Result<Vec<Stored<User>>> {
        let login = cx.login()?;
        let text = folded(text.unwrap_or_default().trim());
        let mut found = match login.role {
            InstanceRole::Admin => {
                let filter = UserFilter {
                    text: Some(text).filter(|text| !text.is_empty()),
                    role: None,
                    status: Some(UserStatus::Active),
                };
                self.find_users(&filter, &PageRequest::first(limits::PEOPLE_FOUND_MAX)).await?.items
            }
            InstanceRole::Member => {
                let known: Vec<UserId> = self.acquaintances(cx, login.user_id).await?.into_iter().collect();
                let users = self.store().get_many::<Users>(&known).await?.into_iter().flatten();
                users.filter(|user| answers(&user.row, &text)).collect()
            }
        };
        found.sort_by_cached_key(|user| (folded(user.row.name.as_str()), user.row.id));
        found.truncate(limits::PEOPLE_FOUND_MAX);
        Ok(found)
    }

    /// Whoever shares a project with a person, themselves included: up to [`limits::PEOPLE_LOOKED_AT_MAX`].
    async fn acquaintances(&self, cx: &Ctx, user: UserId) -> Result<BTreeSet<UserId>> {
        let scan = Scan::prefix(&user).limit(limits::PROJECTS_PER_USER_MAX.unsigned_abs() as usize);
        let mut known = BTreeSet::from([user]);
        for mine in self.store().scan_index::<MembersByUser>(scan).await?.items {
            let project = mine.stored.row.project_id;
            if !self.reaches(cx, project) || known.len() >= limits::PEOPLE_LOOKED_AT_MAX {
                continue;
            }
            let most = limits::MEMBERS_PER_PROJECT_MAX.unsigned_abs() as usize;
            let members = self.store().scan::<Members>(Scan::prefix(&project).limit(most)).await?.items;
            known.extend(members.into_iter().map(|((_, member), _)| member));
        }
        Ok(known)
    }
}

fn answers(user: &User, text: &str) -> bool {
    user.status == UserStatus::Active
        && (folded(user.name.as_str()).contains(text) || user.handle.as_str().contains(text))
}
