//! The three stores, each doing the same: a client writes one row of about 250 bytes and waits until it is durable.

use anyhow::Result;
use model::{
    EventId, Timestamp, UserId,
    account::Credential,
    event::{Actor, Event, NewEvent, ResourceRef},
    ports::{Clock, IdGen},
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use store::{Batch, Store, StoreConfig, tables::credential::Credentials};
use uuid::Uuid;

const ROW_CHARS: usize = 200;

pub trait Peer {
    /// Lets so many clients write for so long; the number of acknowledged writes.
    fn run(&self, clients: usize, time: Duration) -> Result<u64>;
}

fn row() -> String {
    "x".repeat(ROW_CHARS)
}

/// Runs `write(n)` in `clients` threads until the time is over. `n` is never given twice.
fn threads(
    clients: usize,
    time: Duration,
    next: &AtomicU64,
    write: impl Fn(u64) -> Result<()> + Sync,
) -> Result<u64> {
    let stop = AtomicBool::new(false);
    let done = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                write(next.fetch_add(1, Ordering::Relaxed))?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        };
        let workers: Vec<_> = (0..clients).map(|_| scope.spawn(work)).collect();
        std::thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
        workers.into_iter().try_for_each(|worker| worker.join().expect("no client panics"))
    })?;
    Ok(done.into_inner())
}

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

struct Ids;

impl IdGen for Ids {
    fn uuid(&self, _now: Timestamp) -> Uuid {
        Uuid::now_v7()
    }
    fn secret(&self, out: &mut [u8]) {
        out.fill(1);
    }
}

/// A row with its event in one batch, as the product writes.
pub struct Backline {
    store: Store,
    runtime: tokio::runtime::Runtime,
    next: Arc<AtomicU64>,
}

impl Backline {
    pub fn open(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let store = Store::open(dir, StoreConfig::new(Arc::new(WallClock), Arc::new(Ids)))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { store, runtime, next: Arc::default() })
    }

    /// Syncs and batches so far.
    pub fn totals(&self) -> (u64, u64) {
        self.store.heartbeat().totals()
    }
}

fn batch(n: u64) -> Batch {
    let user = UserId::new(Uuid::from_u128(u128::from(n)));
    let mut batch = Batch::new();
    batch.insert::<Credentials>(&user, &Credential { password_hash: row(), changed_at: Timestamp(0) });
    batch.emit(NewEvent {
        id: EventId::new(Uuid::from_u128(u128::from(n))),
        project: None,
        users: vec![],
        actor: Actor::System,
        resource: ResourceRef::new("user", user, 1),
        track: None,
        body: Event::UserUpdated,
    });
    batch
}

impl Peer for Backline {
    fn run(&self, clients: usize, time: Duration) -> Result<u64> {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |store: Store, stop: Arc<AtomicBool>, next: Arc<AtomicU64>| async move {
            let mut done = 0;
            while !stop.load(Ordering::Relaxed) {
                store.commit(batch(next.fetch_add(1, Ordering::Relaxed))).await?;
                done += 1;
            }
            anyhow::Ok(done)
        };
        self.runtime.block_on(async {
            let clients: Vec<_> = (0..clients)
                .map(|_| tokio::spawn(client(self.store.clone(), Arc::clone(&stop), Arc::clone(&self.next))))
                .collect();
            tokio::time::sleep(time).await;
            stop.store(true, Ordering::Relaxed);
            let mut done = 0;
            for client in clients {
                done += client.await??;
            }
            Ok(done)
        })
    }
}

/// One transaction a commit, flushed and synced as Backline's engine does.
pub struct Sled {
    db: sled::Db,
    file: File,
    next: AtomicU64,
}

impl Sled {
    pub fn open(dir: &Path) -> Result<Self> {
        let db = sled::Config::default().path(dir).flush_every_ms(None).open()?;
        let file = File::open(dir.join("db"))?;
        Ok(Self { db, file, next: AtomicU64::new(0) })
    }
}

impl Peer for Sled {
    fn run(&self, clients: usize, time: Duration) -> Result<u64> {
        threads(clients, time, &self.next, |n| {
            self.db
                .transaction(|tx| {
                    tx.insert(&n.to_be_bytes(), row().as_bytes())?;
                    Ok::<_, sled::transaction::ConflictableTransactionError<()>>(())
                })
                .map_err(|error| anyhow::anyhow!("{error:?}"))?;
            self.db.flush()?;
            self.file.sync_data()?;
            Ok(())
        })
    }
}

/// WAL with `synchronous = FULL`, a connection a client.
pub struct Sqlite {
    path: PathBuf,
    next: AtomicU64,
}

impl Sqlite {
    pub fn open(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let path = dir.join("db.sqlite");
        let connection = connect(&path)?;
        connection.execute("CREATE TABLE rows (k INTEGER PRIMARY KEY, v TEXT NOT NULL)", [])?;
        Ok(Self { path, next: AtomicU64::new(0) })
    }
}

fn connect(path: &Path) -> Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(60))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

impl Peer for Sqlite {
    fn run(&self, clients: usize, time: Duration) -> Result<u64> {
        thread_local! {
            static CONNECTION: std::cell::RefCell<Option<(PathBuf, rusqlite::Connection)>> = const { std::cell::RefCell::new(None) };
        }
        threads(clients, time, &self.next, |n| {
            CONNECTION.with_borrow_mut(|slot| {
                if slot.as_ref().is_none_or(|(path, _)| *path != self.path) {
                    *slot = Some((self.path.clone(), connect(&self.path)?));
                }
                if let Some((_, connection)) = slot {
                    let key = i64::try_from(n)?;
                    connection.prepare_cached("INSERT INTO rows VALUES (?1, ?2)")?.execute((key, row()))?;
                }
                Ok(())
            })
        })
    }
}
