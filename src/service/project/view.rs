//! A project as one person sees it: its rows, what is counted, and what belongs to that person alone.

use crate::{Authorized, Caller, Ctx, Result, Service, Stored};
use model::{
    ProjectId,
    access::{Role, Standing},
    comment::Visibility,
    project::{Project, ProjectGate},
};
use store::tables::{
    counters::{CheckpointCount, MemberCount, ProjectBytes, ProjectVersionCount, TrackCount},
    star::Stars,
};

/// A project as one person sees it.
#[derive(Clone, Debug)]
pub struct ProjectView {
    /// Its own row.
    pub project: Stored<Project>,
    /// Whether anything in it may change.
    pub gate: Stored<ProjectGate>,
    /// The person's part in it; absent for administrators who are not members.
    pub role: Option<Role>,
    /// What the person may do, by the names of the access table.
    pub capabilities: Vec<&'static str>,
    /// How much is in it.
    pub counts: ProjectCounts,
    /// Whether the person marked it.
    pub starred: bool,
}

/// How much is in a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProjectCounts {
    /// Tracks outside the trash.
    pub tracks: i64,
    /// Versions outside the trash, of tracks outside the trash.
    pub versions: i64,
    /// Open threads outside the trash, as far as the caller sees them.
    pub open_comments: i64,
    /// Members.
    pub members: i64,
    /// Checkpoints outside the trash.
    pub checkpoints: i64,
    /// Bytes of the versions, trash included.
    pub bytes: i64,
}

/// The rows of a project that were read already, and who asks.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) project: Stored<Project>,
    pub(crate) gate: Stored<ProjectGate>,
    pub(crate) role: Option<Role>,
    pub(crate) standing: Standing,
}

impl Known {
    /// What the check read.
    pub(crate) fn of(auth: &Authorized<Project>) -> Self {
        Self {
            project: auth.resource().clone(),
            gate: auth.gate().clone(),
            role: auth.role(),
            standing: auth.standing(),
        }
    }
}

impl Service {
    /// A project with what is counted and what belongs to the caller.
    pub(crate) async fn project_view(&self, cx: &Ctx, known: Known) -> Result<ProjectView> {
        let id = known.project.row.id;
        let mut views = self.project_views(cx, vec![known]).await?;
        views.pop().ok_or_else(|| crate::Error::Internal(format!("project {id} has no view")))
    }

    /// The same for a page of projects.
    pub(super) async fn project_views(&self, cx: &Ctx, known: Vec<Known>) -> Result<Vec<ProjectView>> {
        let ids: Vec<ProjectId> = known.iter().map(|known| known.project.row.id).collect();
        let store = self.store();
        let tracks = store.count_many::<TrackCount>(&ids).await?;
        let versions = store.count_many::<ProjectVersionCount>(&ids).await?;
        let members = store.count_many::<MemberCount>(&ids).await?;
        let checkpoints = store.count_many::<CheckpointCount>(&ids).await?;
        let bytes = store.count_many::<ProjectBytes>(&ids).await?;
        let starred = self.starred(cx, &ids).await?;
        let comments = self.open_comments(&known).await?;
        let views = known.into_iter().enumerate().map(|(i, known)| ProjectView {
            capabilities: self.parts.access.capabilities(known.standing, &known.gate.row.settings),
            project: known.project,
            gate: known.gate,
            role: known.role,
            counts: ProjectCounts {
                tracks: tracks[i],
                versions: versions[i],
                open_comments: comments[i],
                members: members[i],
                checkpoints: checkpoints[i],
                bytes: bytes[i],
            },
            starred: starred[i],
        });
        Ok(views.collect())
    }

    /// The open threads of these projects that the caller sees.
    async fn open_comments(&self, known: &[Known]) -> Result<Vec<i64>> {
        let places: Vec<_> = known.iter().map(|known| known.project.row.id.uuid()).collect();
        let everyone = self.comment_counts(&places, Some(Visibility::Everyone)).await?;
        let all = self.comment_counts(&places, Some(Visibility::Team)).await?;
        let counts = known.iter().zip(everyone.iter().zip(&all)).map(|(known, (everyone, all))| {
            match self.reach(known.standing, &known.gate.row.settings) {
                None => 0,
                Some(Visibility::Everyone) => everyone.open,
                Some(Visibility::Team) => all.open,
            }
        });
        Ok(counts.collect())
    }

    /// Which of these projects the caller marked.
    async fn starred(&self, cx: &Ctx, ids: &[ProjectId]) -> Result<Vec<bool>> {
        let Caller::User(login) = &cx.caller else { return Ok(vec![false; ids.len()]) };
        let keys: Vec<_> = ids.iter().map(|id| (login.user_id, *id)).collect();
        let stars = self.store().get_many::<Stars>(&keys).await?;
        Ok(stars.iter().map(Option::is_some).collect())
    }
}
