//! What is written under the shim, what the writer tells of it, and the check of a crashed disk against that.
//!
//! Every batch writes a credential, a star and a counter together and emits an event, so a torn batch shows.

use anyhow::{Context, Result, bail, ensure};
use model::{
    EventId, ProjectId, Timestamp, UserId,
    account::Credential,
    event::{Actor, Event, NewEvent, ResourceRef},
    ports::{Clock, IdGen},
};
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
};
use store::{
    Batch, Scan, Store, StoreConfig,
    tables::{
        counters::ProjectsOfUser,
        credential::Credentials,
        star::{Star, Stars},
    },
};
use uuid::Uuid;

/// The file in which the writer says what was acknowledged; it is not part of the store.
pub const ACKS: &str = "acks";
const TASKS: u64 = 8;
const BATCHES_PER_TASK: u64 = 60;
const PROJECT: ProjectId = ProjectId::new(Uuid::from_u128(7));
const COUNTED: UserId = UserId::new(Uuid::from_u128(8));

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000)
    }
}

struct CountedIds;

impl IdGen for CountedIds {
    fn uuid(&self, _now: Timestamp) -> Uuid {
        Uuid::from_u128(9)
    }
    fn secret(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

fn open(dir: &Path) -> Result<Store> {
    Ok(Store::open(dir, StoreConfig::new(Arc::new(FixedClock), Arc::new(CountedIds)))?)
}

fn user(n: u64) -> UserId {
    UserId::new(Uuid::from_u128(1_000_000 + u128::from(n)))
}

/// What row `n` holds; every seventh is large, so that leaves grow and split.
fn credential(n: u64) -> Credential {
    let length = if n.is_multiple_of(7) { 9_000 } else { 200 };
    Credential { password_hash: format!("{n:08}").repeat(length / 8), changed_at: Timestamp(n as i64) }
}

fn event(n: u64) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(2_000_000 + u128::from(n))),
        project: None,
        users: vec![],
        actor: Actor::System,
        resource: ResourceRef::new("user", user(n), 1),
        track: None,
        body: Event::UserUpdated,
    }
}

fn batch(n: u64) -> Batch {
    let mut batch = Batch::new();
    batch.insert::<Credentials>(&user(n), &credential(n));
    batch.insert::<Stars>(&(user(n), PROJECT), &Star { at: Timestamp(n as i64) });
    batch.add::<ProjectsOfUser>(&COUNTED, 1, ..);
    batch.emit(event(n));
    batch
}

/// Writes from several tasks at once and says on [`ACKS`] what was acknowledged and what a reader of the log saw.
pub fn run(dir: &Path) -> Result<()> {
    let acks = Arc::new(Mutex::new(OpenOptions::new().create(true).append(true).open(dir.join(ACKS))?));
    let store = open(dir)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let reader = tokio::spawn(follow(store.clone(), Arc::clone(&acks)));
        let writers: Vec<_> =
            (0..TASKS).map(|task| tokio::spawn(write(task, store.clone(), Arc::clone(&acks)))).collect();
        for writer in writers {
            writer.await??;
        }
        reader.await??;
        store.close().await;
        Ok(())
    })
}

fn tell(acks: &Mutex<File>, line: &str) -> Result<()> {
    Ok(acks.lock().expect("no writer panics").write_all(line.as_bytes())?)
}

async fn write(task: u64, store: Store, acks: Arc<Mutex<File>>) -> Result<()> {
    for i in 0..BATCHES_PER_TASK {
        let n = task * BATCHES_PER_TASK + i;
        let done = store.commit(batch(n)).await?;
        tell(&acks, &format!("A {n} {}\n", done.seqs[0]))?;
    }
    Ok(())
}

async fn follow(store: Store, acks: Arc<Mutex<File>>) -> Result<()> {
    let mut watch = store.events().watch();
    let mut after = 0;
    while after < TASKS * BATCHES_PER_TASK {
        let page = store.events().read(after, 200).await?;
        if let Some(last) = page.items.last() {
            after = last.seq;
            tell(&acks, &format!("S {after}\n"))?;
        } else {
            watch.changed().await?;
        }
    }
    Ok(())
}

/// What the writer had told by a moment.
#[derive(Debug, Default)]
pub struct Told {
    acknowledged: BTreeMap<u64, u64>,
    seen: u64,
}

impl Told {
    /// Takes lines of [`ACKS`] into account.
    pub fn hear(&mut self, data: &[u8]) {
        for line in String::from_utf8_lossy(data).lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |i: usize| words[i].parse::<u64>().expect("the writer writes numbers");
            match words[0] {
                "A" => drop(self.acknowledged.insert(number(1), number(2))),
                "S" => self.seen = self.seen.max(number(1)),
                other => panic!("the writer wrote {other}"),
            }
        }
    }
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }
    pub fn seen(&self) -> u64 {
        self.seen
    }
}

/// Opens a crashed disk and compares it with what was told.
pub fn verify(dir: &Path, told: &Told) -> Result<()> {
    let store = open(dir)?;
    let checked = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        check_rows(&store, told).await?;
        check_log(&store, told).await?;
        store.close().await;
        anyhow::Ok(())
    });
    drop(store);
    checked?;
    check_spills(dir)
}

async fn check_rows(store: &Store, told: &Told) -> Result<()> {
    let mut present = 0;
    for n in 0..TASKS * BATCHES_PER_TASK {
        let row = store.get::<Credentials>(&user(n)).await?;
        let star = store.get::<Stars>(&(user(n), PROJECT)).await?;
        ensure!(row.is_some() == star.is_some(), "batch {n} is torn");
        ensure!(
            row.is_some() || !told.acknowledged.contains_key(&n),
            "batch {n} was acknowledged and is lost"
        );
        if let Some(row) = row {
            ensure!(row.row == credential(n), "row {n} holds other bytes");
            present += 1;
        }
    }
    let counted = store.count::<ProjectsOfUser>(&COUNTED).await?;
    ensure!(counted == present, "the counter says {counted}, there are {present}");
    Ok(())
}

async fn check_log(store: &Store, told: &Told) -> Result<()> {
    let mut last = 0;
    loop {
        let page = store.events().read(last, 500).await?;
        if page.items.is_empty() {
            break;
        }
        for envelope in &page.items {
            ensure!(envelope.seq == last + 1, "the log jumps from {last} to {}", envelope.seq);
            last = envelope.seq;
        }
    }
    let promised = told.acknowledged.values().copied().max().unwrap_or(0).max(told.seen);
    if last < promised {
        bail!("the log ends at {last}, {promised} was acknowledged or seen");
    }
    let all = store.scan::<Credentials>(Scan::all().limit(1000)).await?.items.len() as u64;
    ensure!(all == last, "{all} rows, {last} events");
    Ok(())
}

/// sled spills large leaves into files that it never syncs; with our segment size there are none.
fn check_spills(dir: &Path) -> Result<()> {
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).with_context(|| dir.display().to_string())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                if entry.file_name() == "blobs" {
                    ensure!(
                        std::fs::read_dir(entry.path())?.next().is_none(),
                        "sled spilled a leaf into blobs/"
                    );
                }
                dirs.push(entry.path());
            }
        }
    }
    Ok(())
}
