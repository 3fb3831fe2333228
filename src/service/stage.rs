//! A service on a store in memory, and people who use it: for the tests of use cases.

use crate::{
    Caller, Client, Ctx, Idempotency, Login, Service, Settings, Via,
    project::NewProject,
    testing::{NOW, service, service_on},
    track::NewTrack,
};
use model::{
    ProjectId, TrackId, UserId,
    access::Role,
    account::{InstanceRole, User, UserStatus},
    project::ProjectMember,
    text::{Email, Handle, Locale, PersonName, ProjectName, TimeZone, TrackKind, TrackName},
};
use std::sync::Arc;
use store::{
    Batch, Store,
    gate::Gate,
    tables::{
        counters::{MemberCount, Owners, ProjectsOfUser},
        member::Members,
        user::Users,
    },
};

/// A service and its store.
pub(crate) struct Stage {
    pub(crate) service: Service,
}

impl Stage {
    /// An empty instance.
    pub(crate) fn new() -> Self {
        Self { service: service(Settings::default()) }
    }

    /// An empty instance on a disk with this much room.
    pub(crate) fn with_gate(gate: Arc<dyn Gate>) -> Self {
        Self { service: service_on(gate, Settings::default()) }
    }

    /// An empty instance where everybody may store so many bytes.
    pub(crate) fn with_quota(bytes: u64) -> Self {
        Self { service: service(Settings { quota_bytes: Some(bytes), ..Settings::default() }) }
    }

    pub(crate) fn store(&self) -> &Store {
        self.service.store()
    }

    /// A new person, as they ask.
    pub(crate) async fn person(&self, name: &str) -> Ctx {
        self.somebody(name, InstanceRole::Member).await
    }

    /// Somebody who runs the instance.
    pub(crate) async fn administrator(&self, name: &str) -> Ctx {
        self.somebody(name, InstanceRole::Admin).await
    }

    async fn somebody(&self, name: &str, role: InstanceRole) -> Ctx {
        let anybody = Ctx { request_id: name.to_owned(), ..Ctx::system(NOW) };
        let user = User { role, ..account(self.service.id(&anybody), name) };
        let mut batch = Batch::new();
        batch.insert::<Users>(&user.id, &user);
        self.store().commit(batch).await.unwrap();
        let via = Via::ControlSocket;
        let login = Login { user_id: user.id, role: user.role, security_version: 1, via };
        Ctx { caller: Caller::User(login), client: Client::default(), ..anybody }
    }

    /// Lets a person into a project.
    pub(crate) async fn join(&self, project: ProjectId, cx: &Ctx, role: Role) {
        let user_id = cx.user_id().unwrap();
        let member =
            ProjectMember { project_id: project, user_id, role, joined_at: cx.now, invited_by: None };
        let mut batch = Batch::new();
        batch
            .insert::<Members>(&(project, user_id), &member)
            .add::<MemberCount>(&project, 1, ..)
            .add::<Owners>(&project, i64::from(role == Role::Owner), ..)
            .add::<ProjectsOfUser>(&user_id, 1, ..);
        self.store().commit(batch).await.unwrap();
    }

    /// A new track.
    pub(crate) async fn track(&self, cx: &Ctx, project: ProjectId) -> TrackId {
        let (name, kind) = (TrackName::parse("Drums").unwrap(), TrackKind::parse("stem").unwrap());
        let track = NewTrack::named(name, kind);
        self.service.create_track(cx, project, &track).await.unwrap().into_inner().track.row.id
    }

    /// The kinds of all events so far.
    pub(crate) async fn events(&self) -> Vec<&'static str> {
        let read = self.store().events().read(0, 1000).await.unwrap();
        read.items.iter().map(|envelope| envelope.event.body.kind()).collect()
    }
}

/// The same person, later.
pub(crate) fn later(cx: &Ctx, millis: i64) -> Ctx {
    Ctx { now: cx.now.plus_millis(millis), ..cx.clone() }
}

/// The same person with an Idempotency-Key.
pub(crate) fn keyed(cx: &Ctx, operation: &'static str, key: u8, body: u8) -> Ctx {
    let idempotency = Some(Idempotency { operation, key: [key; 32], fingerprint: [body; 32] });
    Ctx { idempotency, ..cx.clone() }
}

/// What a project of this name is made of.
pub(crate) fn a_project(name: &str) -> NewProject {
    NewProject::named(ProjectName::parse(name).unwrap())
}

fn account(id: UserId, name: &str) -> User {
    User {
        id,
        email: Email::parse(&format!("{name}@example.org")).unwrap(),
        email_verified_at: None,
        name: PersonName::parse(name).unwrap(),
        handle: Handle::parse(name).unwrap(),
        bio: None,
        avatar: None,
        role: InstanceRole::Member,
        status: UserStatus::Active,
        locale: Locale::parse("en").unwrap(),
        timezone: TimeZone::parse("UTC").unwrap(),
        quota_bytes: None,
        security_version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}
