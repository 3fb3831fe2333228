//! Houses for tests: a real store in memory or on disk, a clock that a test moves, ids that count.

use crate::{Parts, decoder::Decoder, house::House, job::NewJob};
use async_trait::async_trait;
use bytes::Bytes;
use model::{
    JobId, Timestamp,
    access::Access,
    job::{Job, JobState},
    ports::{
        AlignInput, AudioAlignment, AudioProbe, AudioRefusal, AudioTools, Clock, IdGen, Images, Picture,
        PictureError, WaveformError, WaveformForm, WaveformQuery,
    },
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use store::{Batch, Blobs, Store, StoreConfig, Stored, fault::NoFaults, tables::job::Jobs};
use tempfile::TempDir;
use uuid::Uuid;

/// A clock that a test moves.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Ids that count.
#[derive(Debug, Default)]
pub(crate) struct TestIds(AtomicU64);

impl IdGen for TestIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        Uuid::from_u64_pair(now.0.cast_unsigned(), self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
    fn secret(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

/// No pictures, and every file is a recording.
struct Nothing;

impl Images for Nothing {
    fn square(&self, _bytes: &[u8], _side: u32) -> Result<Picture, PictureError> {
        Err(PictureError("no pictures here"))
    }
    fn fit(&self, _bytes: &[u8], _side: u32) -> Result<Picture, PictureError> {
        Err(PictureError("no pictures here"))
    }
}

#[async_trait]
impl AudioTools for Nothing {
    async fn probe(&self, _path: &Path) -> Result<AudioProbe, AudioRefusal> {
        Ok(AudioProbe { container: "wav".to_owned(), codec: "pcm".to_owned() })
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

/// A house, and what it stands on.
pub(crate) struct Site {
    pub(crate) house: Arc<House>,
    pub(crate) clock: Arc<TestClock>,
    dir: Arc<TempDir>,
}

/// On which engine.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Memory,
    Disk,
}

impl Site {
    pub(crate) fn new(on: On) -> Self {
        Self::with_decoder(on, Decoder::new("/nonexistent".into()))
    }

    pub(crate) fn with_decoder(on: On, decoder: Decoder) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_000_000)));
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let ids = Arc::new(TestIds::default());
        let config = StoreConfig { cache_bytes: 1 << 20, ..StoreConfig::new(clock.clone(), ids.clone()) };
        let store = match on {
            On::Memory => Store::memory(config),
            On::Disk => Store::open(&dir.path().join("store"), config),
        };
        Self::over(store.unwrap(), clock, ids, dir, "here", decoder)
    }

    fn over(
        store: Store,
        clock: Arc<TestClock>,
        ids: Arc<TestIds>,
        dir: Arc<TempDir>,
        node: &str,
        decoder: Decoder,
    ) -> Self {
        let blobs = Blobs::open(dir.path(), Arc::new(NoFaults)).unwrap();
        let service = service::Service::new(service::Parts {
            search: Arc::new(model::search::Oracle::default()),
            store: store.clone(),
            blobs: blobs.clone(),
            clock: clock.clone(),
            keys: Arc::new(service::Keys::in_memory(&*ids, clock.now()).unwrap()),
            ids: ids.clone(),
            access: Access::default(),
            images: Arc::new(Nothing),
            audio: Arc::new(Nothing),
            mailer: None,
            settings: service::Settings::default(),
        });
        let house = House::new(Parts {
            store,
            blobs,
            service,
            clock: clock.clone(),
            ids,
            mailer: None,
            decoder,
            work_dir: dir.path().join("work"),
            node: node.to_owned(),
            cores: 2,
        });
        std::fs::create_dir_all(&house.parts.work_dir).unwrap();
        Self { house, clock, dir }
    }

    /// Another process over the same store.
    pub(crate) fn another(&self, node: &str) -> Self {
        static PROCESSES: AtomicU64 = AtomicU64::new(1);
        let ids = Arc::new(TestIds(AtomicU64::new(PROCESSES.fetch_add(1, Ordering::SeqCst) << 32)));
        let decoder = self.house.parts.decoder.clone();
        Self::over(self.store().clone(), self.clock.clone(), ids, Arc::clone(&self.dir), node, decoder)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.house.parts.store
    }

    pub(crate) async fn queue(&self, job: Job) {
        let mut batch = Batch::new();
        batch.insert::<Jobs>(&job.id, &job);
        self.store().commit(batch).await.unwrap();
    }

    pub(crate) async fn job(&self, id: JobId) -> Stored<Job> {
        self.store().get::<Jobs>(&id).await.unwrap().unwrap()
    }

    /// State and tries of a job.
    pub(crate) async fn state(&self, id: JobId) -> (JobState, u32) {
        let job = self.job(id).await.row;
        (job.state, job.attempts)
    }

    /// The kinds of all events so far.
    pub(crate) async fn events(&self) -> Vec<&'static str> {
        let page = self.store().events().read(0, 1_000).await.unwrap();
        page.items.iter().map(|envelope| envelope.event.body.kind()).collect()
    }
}

/// A ready job that trims jobs: the simplest there is. Its id follows from its key.
pub(crate) fn row(key: &str) -> Job {
    let id = key.bytes().fold(0u128, |id, byte| id * 256 + u128::from(byte));
    let mut row =
        NewJob::of(JobId::new(Uuid::from_u128(id)), &crate::definitions::upkeep::JobsTrim::default()).row;
    row.dedup_key = key.to_owned();
    row.queued_at = Timestamp(1_000_000);
    row
}
