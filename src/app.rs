//! The wiring: which adapter stands behind which port, what is opened in which order, and how it all stops.
//!
//! [`Instance`] is an opened data directory with its service; a [`Server`] is an instance with its jobs and sockets. Commands
//! that work without a server use an instance alone. Tests bring their own [`World`].

pub mod control;
mod replace;
mod trial;
mod world;

use crate::config::{Config, Switch};
use anyhow::{Context as _, Result};
use api::{
    app::{Deps, HttpConfig, endpoint},
    health::Checks,
    http::{
        cors::Origins,
        limit::RateLimits,
        server::{Listener, serve},
    },
};
use control::ControlSocket;
use poem::EndpointExt as _;
use search::TantivyIndex;
use service::{Keys, Parts, Service, Settings, backup::Restored, keys::Purpose, settings::Mail};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::{Blobs, Store, StoreConfig, guard, space::DiskGate, watchdog::Watchdog};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
pub use trial::{TRIAL_ARGUMENT, try_opening};
pub use world::World;

/// Requests and streams that are under way get this long to end.
const DRAIN_BOUND: Duration = Duration::from_secs(10);
/// What the server waits for when it stops: requests, then jobs, then the store.
pub const SHUTDOWN_BOUND: Duration = Duration::from_millis(model::limits::SHUTDOWN_MS);

/// An opened data directory.
pub struct Instance {
    /// Rows and events.
    pub store: Store,
    /// Recordings, waveforms and pictures.
    pub blobs: Blobs,
    /// The use cases.
    pub service: Service,
    gate: Arc<DiskGate>,
    world: World,
    _watchdog: Watchdog,
}

impl Instance {
    /// Opens the data directory of this configuration, or makes a new one.
    pub async fn open(config: &Config, world: World, site_url: String) -> Result<Self> {
        let dir = config.data_dir.clone();
        std::fs::create_dir_all(&dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        restrict(&dir)?;
        replace::go_on(&dir, world.clock.now())?;
        let gate = DiskGate::new(&dir)?;
        let mut store_config = StoreConfig::new(Arc::clone(&world.clock), Arc::clone(&world.ids));
        store_config.cache_bytes = config.cache_bytes.get();
        store_config.gate = Arc::clone(&gate) as _;
        let trial = world.trial();
        let store = {
            let dir = dir.clone();
            tokio::task::spawn_blocking(move || guard::open(&dir, store_config, &trial)).await??
        };
        let watchdog = Watchdog::start(&store, Some(Arc::clone(&gate)))?;
        let blobs = Blobs::open(&dir, Arc::clone(&store.config().faults))?;
        let keys = Keys::load_or_create(&dir.join("keys"), world.ids.as_ref(), world.clock.now())?;
        let (search_dir, language) = (dir.join("search"), config.search_language.0);
        let index = tokio::task::spawn_blocking(move || TantivyIndex::open(&search_dir, language)).await??;
        let service = Service::new(Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            clock: Arc::clone(&world.clock),
            ids: Arc::clone(&world.ids),
            keys: Arc::new(keys),
            access: world.access.clone(),
            images: Arc::clone(&world.images),
            audio: Arc::clone(&world.audio),
            mailer: world.mailer.clone(),
            search: Arc::new(index),
            settings: settings(config, &world, site_url),
        });
        Ok(Self { store, blobs, service, gate, world, _watchdog: watchdog })
    }

    /// The circumstances of what the operator does on this machine.
    pub fn operator(&self) -> service::Ctx {
        service::Ctx::system(self.world.clock.now())
    }

    /// The adapters it was opened with.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Commits what waits and gives the directory back.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Nobody but the owner of the process looks into the data directory.
fn restrict(dir: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("the permissions of {} cannot be set", dir.display()))
}

fn settings(config: &Config, world: &World, default_site_url: String) -> Settings {
    Settings {
        site_url: config.site_url.as_ref().map(ToString::to_string),
        default_site_url,
        registration: config.registration,
        upload_bytes_max: config.max_upload_bytes.get(),
        quota_bytes: None,
        mail: if world.mailer.is_some() { Mail::Configured } else { Mail::Absent },
        backup_dir: config.backup_dir(),
    }
}

/// An instance that serves.
pub struct Server {
    instance: Instance,
    jobs: jobs::JobsHandle,
    address: SocketAddr,
    stop: CancellationToken,
    following: JoinHandle<()>,
    listening: Vec<JoinHandle<()>>,
    control: Option<ControlSocket>,
}

impl Server {
    /// Opens the data directory, starts the jobs and listens.
    pub async fn start(config: &Config, world: World) -> Result<Self> {
        let listener = bind(config).await?;
        let address = listener.local_addr()?;
        let instance = Instance::open(config, world, config.site_url(address).to_string()).await?;
        let jobs = start_jobs(config, &instance).await?;
        let stop = CancellationToken::new();
        let following = {
            let (service, closing) = (instance.service.clone(), stop.clone());
            tokio::spawn(async move { service.follow_search(closing).await })
        };
        let http =
            || endpoint(&instance.service, checks(&instance), http_config(config), deps(&instance, &stop));
        let control = ControlSocket::bind(&config.data_dir)?;
        let operator = http().around(control::as_operator);
        let listening = vec![
            tokio::spawn(serve(Listener::Tcp(listener), http(), stop.clone(), DRAIN_BOUND)),
            tokio::spawn(serve(Listener::Unix(control.listener()?), operator, stop.clone(), DRAIN_BOUND)),
        ];
        Ok(Self { instance, jobs, address, stop, following, listening, control: Some(control) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
    /// The instance it serves.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }
    /// The workers, for tests that wait for them.
    pub fn jobs(&self) -> &jobs::JobsHandle {
        &self.jobs
    }

    /// Stops, puts a backup in the place of the data, and serves again at the same address. If the backup cannot be restored, it
    /// serves what it did before.
    pub async fn restore(self, config: &Config, archive: PathBuf) -> Result<Self> {
        let (world, address) = (self.instance.world.clone(), self.address);
        self.stop().await;
        let config = Config { listen: address.to_string().parse()?, ..config.clone() };
        tracing::info!(backup.file = %archive.display(), "A backup takes the place of the data.");
        let restored = {
            let (config, world, archive) = (config.clone(), world.clone(), archive.clone());
            tokio::task::spawn_blocking(move || replace::with_backup(&config, &world, &archive)).await?
        };
        let server = Self::start(&config, world).await?;
        let (service, operator) = (&server.instance.service, server.instance.operator());
        match &restored {
            Ok(manifest) => {
                tracing::info!(log.seq = manifest.seq, "The backup was restored; everybody logs in again.");
                service.note_restored(&operator, &archive, Restored::Done).await?;
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(
                    error.message = error,
                    "The backup was not restored; the data are as before."
                );
                service.note_restored(&operator, &archive, Restored::Failed).await?;
            }
        }
        Ok(server)
    }

    /// Takes no more connections, lets requests and jobs end within a bound, closes the store.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for listening in self.listening.drain(..) {
            if listening.await.is_err() {
                tracing::error!("A listener panicked.");
            }
        }
        drop(self.control.take());
        if (&mut self.following).await.is_err() {
            tracing::error!("Whoever keeps the search index up to date panicked.");
        }
        self.jobs.shutdown().await;
        self.instance.close().await;
    }
}

async fn bind(config: &Config) -> Result<tokio::net::TcpListener> {
    let address = config.listen.as_str();
    tokio::net::TcpListener::bind(address).await.with_context(|| format!("{address} cannot be listened on"))
}

async fn start_jobs(config: &Config, instance: &Instance) -> Result<jobs::JobsHandle> {
    let parts = jobs::Parts {
        store: instance.store.clone(),
        blobs: instance.blobs.clone(),
        service: instance.service.clone(),
        clock: Arc::clone(&instance.world.clock),
        ids: Arc::clone(&instance.world.ids),
        mailer: instance.world.mailer.clone(),
        decoder: jobs::decoder::Decoder::new(instance.world.program.clone()),
        work_dir: config.data_dir.join("work"),
        node: "local".to_owned(),
        cores: config.job_workers.as_ref().map_or_else(cores, |workers| (*workers).get()),
    };
    Ok(jobs::start(parts).await?)
}

/// One recording at a time for each processor.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn http_config(config: &Config) -> HttpConfig {
    HttpConfig {
        trusted_proxies: config.trusted_proxies.clone(),
        origins: Origins::new(config.cors_origins.iter().map(|origin| origin.as_str().to_owned())),
        metrics_allow: config.metrics_allow.clone(),
        rate_limits: match config.rate_limit {
            Switch::On => RateLimits::On,
            Switch::Off => RateLimits::Off,
        },
    }
}

fn deps(instance: &Instance, stop: &CancellationToken) -> Deps {
    Deps {
        gate: Arc::new(instance.service.clone()),
        clock: Arc::clone(&instance.world.clock),
        ids: Arc::clone(&instance.world.ids),
        secret: instance.service.keys().sign(Purpose::Cursor, b"cursors"),
        metrics: Default::default(),
        shutdown: stop.clone(),
    }
}

/// What must work before traffic is let in.
fn checks(instance: &Instance) -> Checks {
    let (store, gate) = (instance.store.clone(), Arc::clone(&instance.gate));
    Checks::default()
        .with("store", move || {
            let store = store.clone();
            async move { if store.is_dead() { Err("the store has given up".to_owned()) } else { Ok(()) } }
        })
        .with("disk", move || {
            let gate = Arc::clone(&gate);
            async move {
                let room = gate.room().map_err(|error| error.to_string())?;
                // A full disk still reads and deletes: that is not a reason to send nobody here.
                if room.total == 0 { Err("the disk cannot be read".to_owned()) } else { Ok(()) }
            }
        })
}
