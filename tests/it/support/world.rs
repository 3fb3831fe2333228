//! What the server has around it in tests: nothing is left to chance or to the wall clock.

use async_trait::async_trait;
use model::{
    Timestamp,
    ports::{Clock, IdGen, Mail, MailError, Mailer},
};
use std::sync::{
    Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};
use uuid::Uuid;

/// When the tests begin: 2026-11-22T10:42:00Z.
const BEGINNING: i64 = 1_795_344_120_000;

/// A clock that stands still until a test moves it.
pub struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(BEGINNING))
    }
}

impl TestClock {
    /// Moves on.
    pub fn advance_ms(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Ids and secrets that count up, so that a test that fails fails the same way again.
#[derive(Default)]
pub struct CountedIds(AtomicU64);

impl CountedIds {
    /// Those from this number on.
    pub fn after(number: u64) -> Self {
        Self(AtomicU64::new(number))
    }
}

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

/// Keeps the mails that would have been sent.
#[derive(Default)]
pub struct Outbox(Mutex<Vec<Mail>>);

impl Outbox {
    /// The mails to an address so far, oldest first.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let mails = self.0.lock().expect("no test panics while it holds the outbox");
        mails.iter().filter(|mail| mail.to == address).cloned().collect()
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        self.0.lock().expect("no test panics while it holds the outbox").push(mail);
        Ok(())
    }
}
