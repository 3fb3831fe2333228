//! A server that runs inside the test, on threads of its own.

use super::{
    errors::ErrorLog,
    person::Person,
    world::{CountedIds, Outbox, TestClock},
};
use backline::{
    adapters::audio_tools::AudioChild,
    app::{Server, World},
    config::{Config, Switch},
};
use jobs::decoder::Decoder;
use model::{account::RegistrationPolicy, ports::Mailer};
use serde_json::json;
use std::{cell::RefCell, path::PathBuf, sync::Arc};
use store::doctor::{Repair, examine};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How often time passes before jobs that do not end are given up; each time takes two seconds.
const SETTLE_TRIES_MAX: usize = 300;
/// Everybody's password.
pub const PASSWORD: &str = "four strings, one groove";

thread_local! {
    static LOG: RefCell<Option<tracing::subscriber::DefaultGuard>> = const { RefCell::new(None) };
}

/// A running server.
pub struct App {
    /// Moves when the test says so.
    pub clock: Arc<TestClock>,
    /// What was mailed, if the server sends mail.
    pub outbox: Arc<Outbox>,
    /// What it logged as errors.
    pub errors: ErrorLog,
    /// Where it answers, without a slash at the end.
    pub url: String,
    server: Option<Server>,
    runtime: Option<Runtime>,
    dir: Arc<TempDir>,
}

impl App {
    /// A server on which anybody may register, without mail and without rate limits.
    pub async fn start() -> Self {
        Self::with(|_config, _world| ()).await
    }

    /// The same that sends mail to the outbox.
    pub async fn with_mail() -> Self {
        let outbox = Arc::new(Outbox::default());
        let mailer = Arc::clone(&outbox) as Arc<dyn Mailer>;
        let mut app = Self::with(move |_config, world| world.mailer = Some(mailer)).await;
        app.outbox = outbox;
        app
    }

    /// The same with another configuration or other adapters.
    pub async fn with(change: impl FnOnce(&mut Config, &mut World)) -> Self {
        Self::on(Arc::new(tempfile::tempdir().expect("a temporary directory")), change).await
    }

    /// The same in a directory that may hold the data of another one.
    pub async fn on(dir: Arc<TempDir>, change: impl FnOnce(&mut Config, &mut World)) -> Self {
        let mut config = Config {
            data_dir: dir.path().join("data"),
            listen: "127.0.0.1:0".parse().expect("an address"),
            registration: Some(RegistrationPolicy::Open),
            rate_limit: Switch::Off,
            ..Config::default()
        };
        let program = PathBuf::from(env!("CARGO_BIN_EXE_backline"));
        let clock = Arc::new(TestClock::default());
        let mut world = World {
            clock: Arc::clone(&clock) as _,
            ids: Arc::new(CountedIds::default()),
            audio: Arc::new(AudioChild::new(Decoder::new(program.clone()))),
            program,
            ..World::real(&config).expect("the adapters")
        };
        change(&mut config, &mut world);
        let errors = ErrorLog::default();
        let runtime = runtime(&errors);
        let started = runtime.spawn(async move { Server::start(&config, world).await }).await;
        let server = started.expect("the start does not panic").expect("the server starts");
        let url = format!("http://{}", server.address());
        let outbox = Arc::new(Outbox::default());
        Self { clock, outbox, errors, url, server: Some(server), runtime: Some(runtime), dir }
    }

    /// Somebody who has just registered.
    pub async fn user(&self, name: &str) -> Person {
        let nobody = self.anonymous();
        let body = json!({"email": format!("{name}@example.org"), "name": name, "password": PASSWORD});
        let registered = nobody.post("/api/v1/auth/register", body).await.ok(201);
        nobody.logged_in(&registered["session"])
    }

    /// The person with this name, logged in once more.
    pub async fn login(&self, name: &str) -> Person {
        let nobody = self.anonymous();
        let body = json!({"email": format!("{name}@example.org"), "password": PASSWORD});
        nobody.logged_in(&nobody.post("/api/v1/auth/login", body).await.ok(200))
    }

    /// Somebody who is not logged in.
    pub fn anonymous(&self) -> Person {
        Person::anonymous(self.url.clone())
    }

    /// Where it listens, for requests that no client would send.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Stops it; its directory stays.
    pub fn keep(self) -> Arc<TempDir> {
        Arc::clone(&self.dir)
    }

    /// The files of uploads that are not complete.
    pub fn parts(&self) -> Vec<String> {
        let parts = std::fs::read_dir(self.dir.path().join("data/uploads")).expect("the data directory");
        parts.map(|part| part.expect("a file").file_name().to_string_lossy().into_owned()).collect()
    }

    /// The server, for what cannot be done from outside.
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("the server runs until the App is dropped")
    }

    /// As [`Self::idle`], where jobs may have to be tried again: time passes meanwhile.
    pub async fn settled(&self) {
        for _ in 0..SETTLE_TRIES_MAX {
            if tokio::time::timeout(std::time::Duration::from_secs(2), self.idle()).await.is_ok() {
                return;
            }
            self.clock.advance_ms(2_500);
        }
        panic!("the jobs do not end");
    }

    /// Waits until every event has become jobs and every job has ended.
    pub async fn idle(&self) {
        self.server().jobs().idle().await.expect("the store can be read");
    }
}

/// Threads whose errors are collected.
fn runtime(errors: &ErrorLog) -> Runtime {
    let errors = errors.clone();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(move || {
            let guard = tracing::subscriber::set_default(errors.clone());
            LOG.with(|log| *log.borrow_mut() = Some(guard));
        })
        .on_thread_stop(|| LOG.with(|log| *log.borrow_mut() = None))
        .build()
        .expect("a runtime")
}

impl Drop for App {
    fn drop(&mut self) {
        let (Some(server), Some(runtime)) = (self.server.take(), self.runtime.take()) else { return };
        let failed = std::thread::panicking();
        // A runtime cannot be waited for inside of another: the test's own.
        let end = std::thread::spawn(move || {
            let report = runtime.block_on(async move {
                let report = if failed { None } else { Some(inspect(&server).await) };
                server.stop().await;
                report
            });
            drop(runtime);
            report
        });
        match end.join() {
            Ok(Some(report)) => {
                assert_eq!(report, Vec::<String>::new(), "the store is not clean");
                assert_eq!(self.errors.take(), Vec::<String>::new(), "the server logged errors");
                assert!(self.dir.path().join("data").is_dir(), "the data directory is gone");
            }
            Ok(None) => {}
            Err(_) if failed => {}
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// What is wrong with a server that has nothing more to do.
async fn inspect(server: &Server) -> Vec<String> {
    let bound = std::time::Duration::from_secs(60);
    match tokio::time::timeout(bound, server.jobs().idle()).await {
        Ok(idle) => idle.expect("the store can be read"),
        Err(_) => return vec![format!("{} job(s) still run after a minute", server.jobs().running())],
    }
    let store = server.instance().store.clone();
    let report = tokio::task::spawn_blocking(move || examine(&store, None, Repair::No)).await;
    let report = report.expect("doctor does not panic").expect("the store can be read");
    if report.is_clean() { vec![] } else { vec![format!("{report:?}")] }
}
