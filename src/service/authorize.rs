//! Authorization by witness: a method cannot touch a project's things without an [`Authorized`] value, and only
//! [`Service::authorize`] makes one. It carries the stamps the answer relied on; the commit asserts them.

use crate::{Caller, Ctx, Error, Login, Result, Service, Via, account::audit};
use model::{
    ProjectId,
    access::{Action, Decision, Effect, Role, Standing, When},
    account::InstanceRole,
    comment::Anchor,
    event::ResourceRef,
    project::{Project, ProjectGate, ProjectMember},
    share::ShareLink,
    track::Track,
    version::Version,
};
use store::{
    Batch, Store, StoreError, Stored, Table,
    tables::{
        audit::AuditDraft,
        member::Members,
        project::{ProjectGates, Projects},
        share::ShareLinks,
        track::Tracks,
        version::Versions,
    },
};

/// Something that belongs to a project and can be asked for by id.
pub trait Guarded: Sized + Clone + Send + Sync {
    /// What a client calls it.
    const NAME: &'static str;
    /// Its table.
    type Table: Table<Key: Clone, Row = Self>;
    /// The project it belongs to.
    fn project(&self) -> ProjectId;
    /// Whether it lies in the trash (of its own; the project's state is the gate's).
    fn trashed(&self) -> Trashed;
    /// Where it stands, for guests of a share link that shows only a part.
    fn spot(&self) -> Spot {
        Spot::At(Anchor::default())
    }
}

/// Where something stands in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// It is the project itself: what guests get of it is up to the method.
    Whole,
    /// Here; nowhere in particular is for guests of the whole project.
    At(Anchor),
    /// A comment that stands here, and perhaps on later versions.
    Comment(model::CommentId, Anchor),
}

/// Whether something lies in the trash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trashed {
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl From<bool> for Trashed {
    fn from(deleted: bool) -> Self {
        if deleted { Self::Yes } else { Self::No }
    }
}

impl Guarded for Project {
    const NAME: &'static str = "project";
    type Table = Projects;
    fn project(&self) -> ProjectId {
        self.id
    }
    fn trashed(&self) -> Trashed {
        Trashed::No
    }
    fn spot(&self) -> Spot {
        Spot::Whole
    }
}

impl Guarded for Track {
    const NAME: &'static str = "track";
    type Table = Tracks;
    fn project(&self) -> ProjectId {
        self.project_id
    }
    fn trashed(&self) -> Trashed {
        self.deleted.is_some().into()
    }
    fn spot(&self) -> Spot {
        Spot::At(Anchor { track_id: Some(self.id), ..Anchor::default() })
    }
}

impl Guarded for Version {
    const NAME: &'static str = "version";
    type Table = Versions;
    fn project(&self) -> ProjectId {
        self.project_id
    }
    fn trashed(&self) -> Trashed {
        self.deleted.is_some().into()
    }
    fn spot(&self) -> Spot {
        Spot::At(Anchor { track_id: Some(self.track_id), version_id: Some(self.id), checkpoint_id: None })
    }
}

/// Proof that the caller may do one action on this resource, and what the proof stands on.
#[derive(Clone, Debug)]
pub struct Authorized<T> {
    resource: Stored<T>,
    gate: Stored<ProjectGate>,
    project_id: ProjectId,
    standing: Standing,
    caller: Caller,
    member: Option<Stored<ProjectMember>>,
    link: Option<Stored<ShareLink>>,
    /// What the audit log says if the caller may do this only because they run the instance.
    office: Option<AuditDraft>,
}

impl<T> Authorized<T> {
    /// The resource.
    pub fn resource(&self) -> &Stored<T> {
        &self.resource
    }
    /// Its project.
    pub fn project_id(&self) -> ProjectId {
        self.project_id
    }
    /// The project's gate.
    pub fn gate(&self) -> &Stored<ProjectGate> {
        &self.gate
    }
    /// Who the caller is in the project.
    pub fn standing(&self) -> Standing {
        self.standing
    }
    /// The caller's role, if they are a member.
    pub fn role(&self) -> Option<Role> {
        self.member.as_ref().map(|member| member.row.role)
    }
    /// The caller's membership, if they are a member.
    pub fn member(&self) -> Option<&Stored<ProjectMember>> {
        self.member.as_ref()
    }
    /// The share link by which the caller is here, if they are a guest.
    pub fn link(&self) -> Option<&Stored<ShareLink>> {
        self.link.as_ref()
    }
}

impl Service {
    /// May the caller do `action` on this resource, which is not in the trash?
    ///
    /// # Errors
    /// `NotFound` if it is not there or the caller may not know, `Forbidden` if they may see it but not do this,
    /// `ProjectArchived` if the action writes and the project is read-only.
    pub async fn authorize<T: Guarded>(
        &self,
        cx: &Ctx,
        id: <T::Table as Table>::Key,
        action: Action,
    ) -> Result<Authorized<T>> {
        self.authorize_in(cx, id, action, Trashed::No).await
    }

    /// The same for a resource that lies in the trash: for restoring it.
    ///
    /// # Errors
    /// As [`Self::authorize`]; `Conflict` if it is not in the trash.
    pub async fn authorize_trashed<T: Guarded>(
        &self,
        cx: &Ctx,
        id: <T::Table as Table>::Key,
        action: Action,
    ) -> Result<Authorized<T>> {
        self.authorize_in(cx, id, action, Trashed::Yes).await
    }

    async fn authorize_in<T: Guarded>(
        &self,
        cx: &Ctx,
        id: <T::Table as Table>::Key,
        action: Action,
        trashed: Trashed,
    ) -> Result<Authorized<T>> {
        let missing = || Error::NotFound(T::NAME);
        let resource = self.store().get::<T::Table>(&id).await?.ok_or_else(missing)?;
        let project_id = resource.row.project();
        let gate = self.store().get::<ProjectGates>(&project_id).await?;
        let gate = gate.filter(|gate| !gate.row.purging).ok_or_else(missing)?;
        let link = self.link_of(cx, project_id).await?;
        let (standing, member) = match &link {
            Some(link) => (Standing::Guest(link.row.rights), None),
            None => self.standing(cx, project_id).await?,
        };
        let settings = &gate.row.settings;
        let decision = self.parts.access.decide(standing, action, settings);
        let visible = self.parts.access.decide(standing, standing.look(), settings);
        if visible == Decision::Hide || decision == Decision::Hide || !self.reaches(cx, project_id) {
            return Err(missing());
        }
        if let Some(link) = &link
            && !self.link_shows(&link.row, resource.row.spot()).await?
        {
            return Err(missing());
        }
        match (action.when(), gate.row.deleted.is_some()) {
            (When::Alive, true) => return Err(missing()),
            (When::Trashed, false) => return Err(Error::Conflict("it is not in the trash")),
            (When::Alive, false) | (When::Trashed, true) => {}
        }
        match (trashed, resource.row.trashed()) {
            (Trashed::No, Trashed::Yes) => return Err(missing()),
            (Trashed::Yes, Trashed::No) if decision == Decision::Allow => {
                return Err(Error::Conflict("it is not in the trash"));
            }
            (Trashed::Yes, Trashed::No | Trashed::Yes) | (Trashed::No, Trashed::No) => {}
        }
        if decision == Decision::Forbid {
            return Err(Error::Forbidden(match standing {
                Standing::Guest(_) => "the share link does not allow this",
                Standing::Outsider | Standing::Member(_) | Standing::InstanceAdmin => {
                    "your role in this project does not allow this"
                }
            }));
        }
        if action.effect() == Effect::Writes && gate.row.archived.is_some() {
            return Err(Error::ProjectArchived);
        }
        let caller = cx.caller.clone();
        let office = self.office(cx, action, &gate, project_id, member.as_ref());
        if office.is_some() && action.effect() == Effect::Reads {
            self.note_office(cx, "project.viewed", ResourceRef::new("project", project_id, 0)).await?;
        }
        Ok(Authorized { resource, gate, project_id, standing, caller, member, link, office })
    }

    /// Adds what an answer relied on to a batch: if the caller lost their right meanwhile, the commit conflicts.
    ///
    /// # Errors
    /// As [`Service::rely_on`].
    pub(crate) async fn rely<T>(&self, auth: &Authorized<T>, batch: &mut Batch) -> Result<()> {
        self.rely_on(&auth.caller, batch).await?;
        if let Some(member) = &auth.member {
            batch.assert_unchanged::<Members>(&(member.row.project_id, member.row.user_id), member);
        }
        if let Some(link) = &auth.link {
            batch.assert_unchanged::<ShareLinks>(&link.row.id, link);
        }
        batch.assert_unchanged::<ProjectGates>(&auth.project_id, &auth.gate);
        if let Some(entry) = &auth.office {
            batch.audit(entry.clone());
        }
        Ok(())
    }

    /// What the audit log says of an administrator who does what their part in the project, if any, would not allow.
    fn office(
        &self,
        cx: &Ctx,
        action: Action,
        gate: &Stored<ProjectGate>,
        project: ProjectId,
        member: Option<&Stored<ProjectMember>>,
    ) -> Option<AuditDraft> {
        let Caller::User(Login { role: InstanceRole::Admin, .. }) = &cx.caller else { return None };
        let standing = member.map_or(Standing::Outsider, |member| Standing::Member(member.row.role));
        let decision = self.parts.access.decide(standing, action, &gate.row.settings);
        let target = ResourceRef::new("project", project, 0);
        (decision != Decision::Allow)
            .then(|| audit(cx, "project.administered", target, None, Some(action.as_str())))
    }

    /// Who the caller is in a project, and the row that says so.
    pub(crate) async fn standing(
        &self,
        cx: &Ctx,
        project: ProjectId,
    ) -> Result<(Standing, Option<Stored<ProjectMember>>), StoreError> {
        let login = match &cx.caller {
            // What a guest may do stands in their link: see `link_of`.
            Caller::Anonymous | Caller::Guest(_) => return Ok((Standing::Outsider, None)),
            Caller::System => return Ok((Standing::InstanceAdmin, None)),
            Caller::User(login) => login,
        };
        let member = self.store().get::<Members>(&(project, login.user_id)).await?;
        let standing = match (&member, login.role) {
            (Some(member), InstanceRole::Member) => Standing::Member(member.row.role),
            (None, InstanceRole::Member) => Standing::Outsider,
            (_, InstanceRole::Admin) => Standing::InstanceAdmin,
        };
        Ok((standing, member))
    }

    /// Whether the caller's token is good for this project.
    pub(crate) fn reaches(&self, cx: &Ctx, project: ProjectId) -> bool {
        match &cx.caller {
            Caller::User(login) => match &login.via {
                Via::Token { project_ids: Some(ids), .. } => ids.contains(&project),
                Via::Token { project_ids: None, .. } | Via::Session(_) | Via::ControlSocket => true,
            },
            Caller::Anonymous | Caller::Guest(_) | Caller::System => true,
        }
    }
}

/// Reads a row that must be there.
pub(crate) async fn must<T: Table>(
    store: &Store,
    key: &T::Key,
    name: &'static str,
) -> Result<Stored<T::Row>> {
    store.get::<T>(key).await?.ok_or(Error::NotFound(name))
}
