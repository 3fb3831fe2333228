//! The projects of one person: filtered, searched, sorted, a page at a time.
//!
//! A person belongs to at most [`limits::PROJECTS_PER_USER_MAX`] projects, so all of them are read and sorted in memory.

use super::{Known, ProjectView};
use crate::{
    Ctx, Login, Result, Service,
    page::{PageRequest, Paged},
};
use model::{
    ProjectId, Timestamp,
    access::{Role, Standing},
    account::InstanceRole,
    limits,
    project::Project,
    text::folded,
};
use std::cmp::Ordering;
use store::{
    Scan,
    tables::{
        member::MembersByUser,
        project::{ProjectGates, Projects},
    },
};

/// Which projects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProjectFilter {
    /// All outside the trash, archived ones too.
    #[default]
    All,
    /// Those the person owns, without archived ones.
    My,
    /// Those others own, without archived ones.
    Shared,
    /// The archived ones.
    Archived,
    /// Those in the trash that the person may restore.
    Trash,
}

/// By what they are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProjectSort {
    /// By name, without case and accents.
    Name,
    /// By when they were made.
    CreatedAt,
    /// By when their own fields last changed.
    #[default]
    UpdatedAt,
}

/// In which direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest or earliest first.
    Ascending,
    /// Largest or latest first.
    #[default]
    Descending,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct ProjectQuery {
    /// Which projects.
    pub filter: ProjectFilter,
    /// Words that must all occur in the name, the description or a tag; case and accents do not count.
    pub search: Option<String>,
    /// By what they are sorted.
    pub sort: ProjectSort,
    /// In which direction.
    pub direction: Direction,
    /// How many, and from where.
    pub page: PageRequest,
}

/// Where a project stands in the list: its sort key, then its id.
type Place = (String, ProjectId);

impl Service {
    /// The caller's projects.
    ///
    /// # Errors
    /// `Unauthenticated`; `Invalid` for a foreign cursor.
    pub async fn list_projects(&self, cx: &Ctx, query: &ProjectQuery) -> Result<Paged<ProjectView>> {
        let after: Option<Place> = query.page.place()?;
        let words = query.search.as_deref().map(folded).unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut found: Vec<(Place, Known)> = self
            .projects_of(cx)
            .await?
            .into_iter()
            .filter(|known| query.filter.takes(known) && contains_all(&known.project.row, &words))
            .map(|known| (query.sort.place(&known.project.row), known))
            .filter(|(place, _)| {
                after.as_ref().is_none_or(|after| query.direction.orders(after, place).is_lt())
            })
            .collect();
        found.sort_by(|(a, _), (b, _)| query.direction.orders(a, b));
        let page = Paged::cut(found, query.page.limit, |(place, _)| place.clone());
        let known = page.items.into_iter().map(|(_, known)| known).collect();
        Ok(Paged { items: self.project_views(cx, known).await?, next: page.next })
    }

    /// Every project the caller is a member of, as far as their token reaches.
    pub(crate) async fn projects_of(&self, cx: &Ctx) -> Result<Vec<Known>> {
        const MAX: usize = limits::PROJECTS_PER_USER_MAX as usize;
        let login = cx.login()?;
        let memberships = Scan::prefix(&login.user_id).limit(MAX);
        let members = self.store().scan_index::<MembersByUser>(memberships).await?.items;
        let members: Vec<_> = members.into_iter().map(|hit| hit.stored.row).collect();
        let ids: Vec<_> = members.iter().map(|member| member.project_id).collect();
        let projects = self.store().get_many::<Projects>(&ids).await?;
        let gates = self.store().get_many::<ProjectGates>(&ids).await?;
        let rows = members.into_iter().zip(projects).zip(gates);
        let known = rows.filter_map(|((member, project), gate)| {
            let standing = standing(login, member.role);
            let gate = gate.filter(|gate| !gate.row.purging)?;
            Some(Known { project: project?, gate, role: Some(member.role), standing })
        });
        Ok(known.filter(|known| self.reaches(cx, known.project.row.id)).collect())
    }
}

fn standing(login: &Login, role: Role) -> Standing {
    match login.role {
        InstanceRole::Admin => Standing::InstanceAdmin,
        InstanceRole::Member => Standing::Member(role),
    }
}

impl ProjectFilter {
    fn takes(self, known: &Known) -> bool {
        let (owned, gate) = (known.role == Some(Role::Owner), &known.gate.row);
        let (archived, trashed) = (gate.archived.is_some(), gate.deleted.is_some());
        match self {
            Self::All => !trashed,
            Self::My => !trashed && !archived && owned,
            Self::Shared => !trashed && !archived && !owned,
            Self::Archived => !trashed && archived,
            Self::Trash => trashed && owned,
        }
    }
}

impl ProjectSort {
    fn place(self, project: &Project) -> Place {
        // Instants are positive and of one width, so that their text sorts like them.
        let instant = |at: Timestamp| format!("{:019}", at.millis());
        let key = match self {
            Self::Name => folded(project.name.as_str()),
            Self::CreatedAt => instant(project.created_at),
            Self::UpdatedAt => instant(project.updated_at),
        };
        (key, project.id)
    }
}

impl Direction {
    fn orders(self, a: &Place, b: &Place) -> Ordering {
        match self {
            Self::Ascending => a.cmp(b),
            Self::Descending => b.cmp(a),
        }
    }
}

/// Whether every word occurs in the name, the description or a tag.
fn contains_all(project: &Project, words: &[&str]) -> bool {
    if words.is_empty() {
        return true;
    }
    let description = project.description.as_ref().map(|text| text.as_str());
    let texts = [Some(project.name.as_str()), description].into_iter().flatten();
    let texts: Vec<_> = texts.chain(project.tags.iter().map(|tag| tag.as_str())).map(folded).collect();
    words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
}
