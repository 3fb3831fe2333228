//! Projects: made, shown, changed. `project/` holds their life (archive, trash), lists, settings, members and trash.

mod life;
mod list;
mod settings;
#[cfg(test)]
mod tests;
mod trash;
mod view;

pub use list::{Direction, ProjectFilter, ProjectQuery, ProjectSort};
pub use settings::SettingsPatch;
pub use trash::{TrashItem, TrashedThing};
pub(crate) use view::Known;
pub use view::{ProjectCounts, ProjectView};

use crate::{
    Authorized, Ctx, Done, Error, Result, Service, Via,
    commit::{check_revision, decide_again},
};
use model::{
    ProjectId, TrackId,
    access::{Action, Role},
    event::{Event, NewEvent, ResourceRef},
    limits,
    project::{Project, ProjectGate, ProjectMember},
    text::{Color, MusicalKey, ProjectName, Prose, Tag, TimeSignature, slug},
};
use store::{
    Batch, Stored, TableId,
    tables::{
        counters::{MemberCount, Owners, ProjectsOfUser},
        member::Members,
        project::{ProjectGates, Projects},
        track::{TrackSet, TrackSets},
    },
};

/// What a new project is made of.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Its name.
    pub name: ProjectName,
    /// What it is about.
    pub description: Option<Prose>,
    /// Its colour in lists.
    pub color: Option<Color>,
    /// Tags, without repeats.
    pub tags: Vec<Tag>,
    /// Tempo in beats per minute.
    pub bpm: Option<f64>,
    /// Such as `4/4`.
    pub time_signature: Option<TimeSignature>,
    /// Such as `F# minor`.
    pub key: Option<MusicalKey>,
}

impl NewProject {
    /// A project of which nothing but its name is said.
    pub fn named(name: ProjectName) -> Self {
        Self {
            name,
            description: None,
            color: None,
            tags: vec![],
            bpm: None,
            time_signature: None,
            key: None,
        }
    }
}

/// What changes: an absent field stays; `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct ProjectPatch {
    /// Its name.
    pub name: Option<ProjectName>,
    /// What it is about.
    pub description: Option<Option<Prose>>,
    /// Its colour in lists.
    pub color: Option<Option<Color>>,
    /// Tags, without repeats.
    pub tags: Option<Vec<Tag>>,
    /// Tempo in beats per minute.
    pub bpm: Option<Option<f64>>,
    /// Such as `4/4`.
    pub time_signature: Option<Option<TimeSignature>>,
    /// Such as `F# minor`.
    pub key: Option<Option<MusicalKey>>,
}

impl ProjectPatch {
    fn apply(&self, project: &mut Project) {
        if let Some(name) = &self.name {
            project.slug = slug(name.as_str(), "project");
        }
        patched(&mut project.name, self.name.as_ref());
        patched(&mut project.description, self.description.as_ref());
        patched(&mut project.color, self.color.as_ref());
        patched(&mut project.tags, self.tags.as_ref());
        patched(&mut project.bpm, self.bpm.as_ref());
        patched(&mut project.time_signature, self.time_signature.as_ref());
        patched(&mut project.key, self.key.as_ref());
    }
}

/// Takes over a field of a patch, if it is there.
pub(crate) fn patched<T: Clone>(field: &mut T, change: Option<&T>) {
    if let Some(value) = change {
        field.clone_from(value);
    }
}

impl Service {
    /// Makes a project; whoever asks becomes its owner.
    ///
    /// # Errors
    /// `Unauthenticated`; `Forbidden` for a token that is limited to certain projects; `Conflict` at
    /// [`limits::PROJECTS_PER_USER_MAX`] projects.
    pub async fn create_project(&self, cx: &Ctx, new: &NewProject) -> Result<Done<ProjectView>> {
        Ok(match decide_again!(None, self.try_create_project(cx, new).await)? {
            Done::Now(id) => Done::Now(self.get_project(cx, id).await?),
            Done::Before(id) => Done::Before(self.get_project(cx, id).await?),
        })
    }

    async fn try_create_project(&self, cx: &Ctx, new: &NewProject) -> Result<Done<ProjectId>> {
        let login = cx.login()?;
        if let Via::Token { project_ids: Some(_), .. } = &login.via {
            return Err(Error::Forbidden(
                "this token is limited to certain projects and cannot make another one",
            ));
        }
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(id.into()));
        }
        let project = project_of(self.id(cx), new, cx)?;
        let (id, owner) = (project.id, login.user_id);
        let member = ProjectMember {
            project_id: id,
            user_id: owner,
            role: Role::Owner,
            joined_at: cx.now,
            invited_by: None,
        };
        let mut batch = Batch::new();
        self.rely_on(&cx.caller, &mut batch).await?;
        batch
            .insert::<Projects>(&id, &project)
            .insert::<ProjectGates>(&id, &ProjectGate::default())
            .insert::<TrackSets>(&id, &TrackSet::default())
            .insert::<Members>(&(id, owner), &member)
            .add::<Owners>(&id, 1, 1..)
            .add::<MemberCount>(&id, 1, 1..)
            .add::<ProjectsOfUser>(&owner, 1, ..=limits::PROJECTS_PER_USER_MAX)
            .emit(self.project_event(cx, id, 1, Event::ProjectCreated));
        self.remember(cx, &mut batch, id)?;
        match self.store().commit(batch).await.map_err(Error::from) {
            Ok(_) => Ok(Done::Now(id)),
            Err(error) if error.conflicts_on(TableId::ProjectsOfUser) => {
                Err(Error::Conflict("you are a member of as many projects as one person may be"))
            }
            Err(error) => Err(error),
        }
    }

    /// A project.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_project(&self, cx: &Ctx, id: ProjectId) -> Result<ProjectView> {
        let auth = self.authorize::<Project>(cx, id, Action::View).await?;
        self.project_view(cx, Known::of(&auth)).await
    }

    /// Changes a project's name, description and so on.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict`.
    pub async fn update_project(
        &self,
        cx: &Ctx,
        id: ProjectId,
        expect: Option<u64>,
        patch: &ProjectPatch,
    ) -> Result<ProjectView> {
        decide_again!(expect, self.try_update_project(cx, id, expect, patch).await)
    }

    async fn try_update_project(
        &self,
        cx: &Ctx,
        id: ProjectId,
        expect: Option<u64>,
        patch: &ProjectPatch,
    ) -> Result<ProjectView> {
        let auth = self.authorize::<Project>(cx, id, Action::EditProject).await?;
        check_revision(expect, auth.resource())?;
        let mut project = auth.resource().row.clone();
        patch.apply(&mut project);
        let project = self.save_project(cx, &auth, project, Batch::new()).await?;
        self.project_view(cx, Known { project, ..Known::of(&auth) }).await
    }

    /// Writes a changed project row with whatever else is in the batch. Nothing changed, nothing is written.
    pub(crate) async fn save_project(
        &self,
        cx: &Ctx,
        auth: &Authorized<Project>,
        mut project: Project,
        mut batch: Batch,
    ) -> Result<Stored<Project>> {
        let old = auth.resource();
        if project == old.row && batch.is_empty() {
            return Ok(old.clone());
        }
        project.updated_at = cx.now;
        let rev = old.rev + 1;
        batch.replace::<Projects>(&project.id, old, &project).emit(self.project_event(
            cx,
            project.id,
            rev,
            Event::ProjectUpdated,
        ));
        let done = self.commit(auth, batch).await?;
        Ok(Stored { row: project, rev, stamp: done.stamp })
    }

    /// An event about a project.
    pub(crate) fn project_event(&self, cx: &Ctx, id: ProjectId, revision: u64, body: Event) -> NewEvent {
        self.event_in(cx, id, ResourceRef::new("project", id, revision), None, body)
    }

    /// An event about something in a project.
    pub(crate) fn event_in(
        &self,
        cx: &Ctx,
        project: ProjectId,
        resource: ResourceRef,
        track: Option<TrackId>,
        body: Event,
    ) -> NewEvent {
        NewEvent {
            id: self.id(cx),
            project: Some(project),
            users: vec![],
            actor: cx.actor(),
            resource,
            track,
            body,
        }
    }
}

/// The row of a new project.
fn project_of(id: ProjectId, new: &NewProject, cx: &Ctx) -> Result<Project> {
    Ok(Project {
        id,
        slug: slug(new.name.as_str(), "project"),
        name: new.name.clone(),
        description: new.description.clone(),
        created_by: cx.user_id()?,
        owner_id: cx.user_id()?,
        cover: None,
        color: new.color.clone(),
        tags: new.tags.clone(),
        bpm: new.bpm,
        time_signature: new.time_signature.clone(),
        key: new.key.clone(),
        created_at: cx.now,
        updated_at: cx.now,
    })
}
