//! A service on a store in memory, and people who use it: for the tests of use cases.

use crate::{Caller, Client, Ctx, Idempotency, Login, Parts, Service, Settings, Via, project::NewProject};
use bytes::Bytes;
use model::{
    ProjectId, Timestamp, UserId,
    access::{Access, Role},
    account::{InstanceRole, User, UserStatus},
    ports::{
        AudioProbe, AudioRefusal, AudioTools, Clock, IdGen, Images, Picture, PictureError, WaveformError,
        WaveformForm, WaveformQuery,
    },
    project::ProjectMember,
    text::{Email, Handle, Locale, PersonName, ProjectName, TimeZone},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{
    Batch, Store, StoreConfig,
    tables::{
        counters::{MemberCount, Owners, ProjectsOfUser},
        member::Members,
        user::Users,
    },
};
use uuid::Uuid;

/// When every test happens.
const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A service and its store.
pub(crate) struct Stage {
    pub(crate) service: Service,
}

impl Stage {
    /// An empty instance.
    pub(crate) fn new() -> Self {
        let world = Arc::new(World::default());
        let store = Store::memory(StoreConfig::new(world.clone(), world.clone())).unwrap();
        let service = Service::new(Parts {
            store,
            clock: world.clone(),
            ids: world.clone(),
            access: Access::default(),
            images: world.clone(),
            audio: world,
            settings: Settings::default(),
        });
        Self { service }
    }

    pub(crate) fn store(&self) -> &Store {
        self.service.store()
    }

    /// A new person, as they ask.
    pub(crate) async fn person(&self, name: &str) -> Ctx {
        let anybody = Ctx { request_id: name.to_owned(), ..Ctx::system(NOW) };
        let user = account(self.service.id(&anybody), name);
        let mut batch = Batch::new();
        batch.insert::<Users>(&user.id, &user);
        let user_stamp = self.store().commit(batch).await.unwrap().stamp;
        let via = Via::ControlSocket;
        let login = Login { user_id: user.id, role: user.role, user_stamp, via };
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
    let idempotency = Some(Idempotency { operation, key: [key; 32], body: [body; 32] });
    Ctx { idempotency, ..cx.clone() }
}

/// What a project of this name is made of.
pub(crate) fn a_project(name: &str) -> NewProject {
    NewProject {
        name: ProjectName::parse(name).unwrap(),
        description: None,
        color: None,
        tags: vec![],
        bpm: None,
        time_signature: None,
        key: None,
    }
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

/// Time that stands still, ids that count, tools that do nothing.
#[derive(Default)]
struct World {
    ids: AtomicU64,
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        NOW
    }
}

impl IdGen for World {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.ids.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(now.millis().unsigned_abs(), &random).into_uuid()
    }
    fn secret(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

impl Images for World {
    fn square(&self, bytes: &[u8], _side: u32) -> Result<Picture, PictureError> {
        self.fit(bytes, 0)
    }
    fn fit(&self, bytes: &[u8], _side: u32) -> Result<Picture, PictureError> {
        match bytes {
            [] => Err(PictureError("this is not a picture")),
            bytes => Ok(Picture { bytes: Bytes::copy_from_slice(bytes), content_type: "image/png" }),
        }
    }
}

#[async_trait::async_trait]
impl AudioTools for World {
    async fn probe(&self, _path: &Path) -> Result<AudioProbe, AudioRefusal> {
        Err(AudioRefusal::Engine("there is no audio on this stage".to_owned()))
    }
    fn window(
        &self,
        _pyramid: &std::fs::File,
        _query: WaveformQuery,
        _form: WaveformForm,
    ) -> Result<Bytes, WaveformError> {
        Err(WaveformError::EmptyWindow)
    }
}
