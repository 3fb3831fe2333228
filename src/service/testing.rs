//! A service in memory for tests: ids that count, a clock that stands still, people to act.

use crate::{
    Caller, Client, Ctx, Keys, LoginResult, NewUser, Parts, Password, Service, Settings,
    account::register::Registered, session::Attempt, settings::Mail,
};
use async_trait::async_trait;
use bytes::Bytes;
use model::{
    Timestamp,
    access::Access,
    account::{InstanceRole, RegistrationPolicy},
    event::Envelope,
    ports::{
        AlignInput, AudioAlignment, AudioProbe, AudioRefusal, AudioTools, Clock, IdGen, Images, Picture,
        PictureError, WaveformError, WaveformForm, WaveformQuery,
    },
    text::{Email, PersonName},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{
    Blobs, Store, StoreConfig,
    fault::NoFaults,
    gate::{AlwaysOpen, Gate},
};
use tempfile::TempDir;
use uuid::Uuid;

/// When tests happen.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);
/// Everybody's password.
pub(crate) const PASSWORD: &str = "four strings, one groove";

/// Ids and secrets that count up, so that a test that fails fails the same way again.
#[derive(Default)]
pub(crate) struct CountedIds(AtomicU64);

impl IdGen for CountedIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(now.millis().unsigned_abs(), &random).into_uuid()
    }
    fn secret(&self, out: &mut [u8]) {
        let seed = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        blake3::Hasher::new().update(&seed).finalize_xof().fill(out);
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Takes any bytes for a picture but an empty one.
struct AnyPicture;

impl Images for AnyPicture {
    fn square(&self, bytes: &[u8], side: u32) -> Result<Picture, PictureError> {
        self.fit(bytes, side)
    }
    fn fit(&self, bytes: &[u8], _side: u32) -> Result<Picture, PictureError> {
        match bytes {
            [] => Err(PictureError("an empty picture")),
            _ => Ok(Picture { bytes: Bytes::copy_from_slice(bytes), content_type: "image/png" }),
        }
    }
}

/// Takes for a recording what starts with `RIFF`. It keeps the directory of the stored content as long as the service lives.
struct Ear {
    _content: TempDir,
}

#[async_trait]
impl AudioTools for Ear {
    async fn probe(&self, path: &Path) -> Result<AudioProbe, AudioRefusal> {
        let bytes = std::fs::read(path).map_err(|error| AudioRefusal::Engine(error.to_string()))?;
        if bytes.starts_with(b"RIFF") {
            return Ok(AudioProbe { container: "wav".to_owned(), codec: "pcm_s16le".to_owned() });
        }
        let (code, detail) = ("unsupported_audio".to_owned(), "This is no recording.".to_owned());
        Err(AudioRefusal::File { code, detail })
    }
    async fn align(&self, _from: &AlignInput, _to: &AlignInput) -> Result<AudioAlignment, AudioRefusal> {
        Ok(AudioAlignment { offset_ms: 0, confidence: 0.0 })
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

/// A service that anybody may register on, without mail.
pub(crate) fn open_service() -> Service {
    service(Settings { registration: Some(RegistrationPolicy::Open), ..Settings::default() })
}

/// The same with mail.
pub(crate) fn mailing_service() -> Service {
    let registration = Some(RegistrationPolicy::Open);
    service(Settings { registration, mail: Mail::Configured, ..Settings::default() })
}

/// A service with these settings, in memory.
pub(crate) fn service(settings: Settings) -> Service {
    service_on(Arc::new(AlwaysOpen), settings)
}

/// The same on a disk with this much room.
pub(crate) fn service_on(gate: Arc<dyn Gate>, settings: Settings) -> Service {
    let ids: Arc<CountedIds> = Arc::default();
    let content = tempfile::tempdir().unwrap();
    Service::new(Parts {
        store: Store::memory(StoreConfig { gate, ..StoreConfig::new(Arc::new(Still), ids.clone()) }).unwrap(),
        blobs: Blobs::open(content.path(), Arc::new(NoFaults)).unwrap(),
        clock: Arc::new(Still),
        keys: Arc::new(Keys::in_memory(&*ids, NOW).unwrap()),
        ids,
        access: Access::default(),
        images: Arc::new(AnyPicture),
        audio: Arc::new(Ear { _content: content }),
        mailer: None,
        search: Arc::new(model::search::Oracle::default()),
        settings,
    })
}

/// A request of somebody unknown.
pub(crate) fn anonymous(now: Timestamp) -> Ctx {
    let client = Client { ip: Some("192.0.2.7".to_owned()), user_agent: Some("tests".to_owned()) };
    Ctx { caller: Caller::Anonymous, client, ..Ctx::system(now) }
}

/// A request with this bearer token.
pub(crate) async fn bearing(service: &Service, token: &str, now: Timestamp) -> Ctx {
    let login = service.authenticate(token, now).await.expect("the token is good");
    Ctx { caller: Caller::User(login), ..anonymous(now) }
}

/// A request of whoever logged in.
pub(crate) async fn by(service: &Service, login: &LoginResult) -> Ctx {
    bearing(service, &login.access.token, NOW).await
}

pub(crate) fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.org")).unwrap()
}

/// Somebody of this name and [`PASSWORD`].
pub(crate) fn person(name: &str) -> NewUser {
    NewUser {
        email: email(name),
        name: PersonName::parse(name).unwrap(),
        role: InstanceRole::Member,
        password: Some(Password::parse(PASSWORD).unwrap()),
    }
}

/// Registers somebody where that logs in.
pub(crate) async fn join(service: &Service, name: &str) -> LoginResult {
    match service.register(&anonymous(NOW), &person(name), None).await.unwrap() {
        Registered::LoggedIn(login) => *login,
        Registered::VerificationRequired => panic!("there is mail"),
    }
}

/// An administrator, made by the command line, logged in.
pub(crate) async fn admin(service: &Service, name: &str) -> LoginResult {
    let new = NewUser { role: InstanceRole::Admin, ..person(name) };
    service.create_user_offline(&Ctx::system(NOW), &new).await.unwrap();
    service.login(&anonymous(NOW), &attempt(name, PASSWORD)).await.unwrap()
}

pub(crate) fn attempt(name: &str, password: &str) -> Attempt {
    Attempt { email: email(name).to_string(), password: password.to_owned(), device_name: None }
}

/// Everything in the log.
pub(crate) async fn log(service: &Service) -> Vec<Envelope> {
    service.store().events().read(0, 1000).await.unwrap().items
}

/// The secret at the end of the link in a mail.
pub(crate) fn secret_in(text: &str) -> &str {
    let link = text.split_whitespace().find(|word| word.contains("/#/")).expect("there is a link");
    link.rsplit('/').next().unwrap()
}
