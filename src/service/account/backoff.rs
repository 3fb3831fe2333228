//! Waiting after failed logins, and a ceiling on mails to one address. In memory and bounded; a restart forgets.
//!
//! Whoever waits, waits as (account, their address) or as their address: guessing an account from elsewhere never makes its
//! owner wait. Pressure on one account from many addresses only takes the free tries away from each of them.
//! Tries are counted under hashes whether the account exists or not, so the answers say nothing about that.

#[cfg(test)]
mod tests;

use crate::{Client, Error, Result};
use model::{Timestamp, limits, text::Email};
use parking_lot::Mutex;
use std::{collections::HashMap, net::IpAddr};

type Key = [u8; 32];

/// Failures of late.
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
    until: Timestamp,
}

/// Counts by key; a count is forgotten [`limits::LOGIN_MEMORY_MS`] after it last grew.
#[derive(Debug, Default)]
struct Tally(Mutex<HashMap<Key, Failures>>);

impl Tally {
    fn get(&self, key: &Key, now: Timestamp) -> Option<Failures> {
        self.0.lock().get(key).copied().filter(|entry| is_fresh(entry, now))
    }

    /// Counts one more and returns how many there are; `wait` says from that for how many seconds.
    fn add(&self, key: Key, now: Timestamp, wait: impl FnOnce(u32) -> i64) {
        let mut entries = self.0.lock();
        if entries.len() >= limits::LOGIN_MEMORY_ENTRIES_MAX && !entries.contains_key(&key) {
            make_room(&mut entries, now);
        }
        let before = entries.get(&key).filter(|entry| is_fresh(entry, now)).map_or(0, |entry| entry.count);
        let count = before.saturating_add(1);
        entries.insert(key, Failures { count, last: now, until: now.plus_seconds(wait(count)) });
    }

    fn forget(&self, key: &Key) {
        self.0.lock().remove(key);
    }
}

fn is_fresh(entry: &Failures, now: Timestamp) -> bool {
    // A clock that was set back must not keep anybody waiting longer than intended.
    now.since(entry.last).abs() < limits::LOGIN_MEMORY_MS
}

/// Drops what is stale; if that is too little, the older half.
fn make_room(entries: &mut HashMap<Key, Failures>, now: Timestamp) {
    entries.retain(|_, entry| is_fresh(entry, now));
    if entries.len() >= limits::LOGIN_MEMORY_ENTRIES_MAX {
        let mut ages: Vec<Timestamp> = entries.values().map(|entry| entry.last).collect();
        let middle = ages.len() / 2;
        let median = *ages.select_nth_unstable(middle).1;
        let mut surplus = middle;
        entries.retain(|_, entry| {
            let goes = entry.last <= median && surplus > 0;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

/// Failed logins.
#[derive(Debug, Default)]
pub(crate) struct Backoff(Tally);

/// One login: under which keys it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Try {
    account: Key,
    address: Key,
    both: Key,
}

impl Try {
    pub(crate) fn new(email: &str, client: &Client) -> Self {
        let place = network(client);
        Self {
            account: key("account", &[email]),
            address: key("address", &[&place]),
            both: key("both", &[email, &place]),
        }
    }
}

impl Backoff {
    /// Whether a login may be tried now.
    ///
    /// # Errors
    /// `RateLimited` with the seconds to wait.
    pub(crate) fn check(&self, tried: &Try, now: Timestamp) -> Result<()> {
        let until = [&tried.both, &tried.address]
            .iter()
            .filter_map(|key| self.0.get(key, now))
            .map(|entry| entry.until)
            .max()
            .unwrap_or_default();
        match until.since(now) {
            ..=0 => Ok(()),
            wait_ms => Err(Error::RateLimited { retry_after_s: wait_ms.unsigned_abs().div_ceil(1000) }),
        }
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, tried: &Try, now: Timestamp) {
        self.0.add(tried.account, now, |_| 0);
        let pressed =
            self.0.get(&tried.account, now).is_some_and(|e| e.count > limits::LOGIN_ACCOUNT_FREE_TRIES);
        let free = if pressed { 1 } else { limits::LOGIN_FREE_TRIES };
        self.0.add(tried.both, now, |count| wait_s(count, free));
        self.0.add(tried.address, now, |count| wait_s(count, limits::LOGIN_ADDRESS_FREE_TRIES));
    }

    /// Forgets what was held against this account at this address.
    pub(crate) fn succeeded(&self, tried: &Try) {
        self.0.forget(&tried.both);
    }
}

/// 1, 2, 4 … seconds once the free tries are used up.
fn wait_s(count: u32, free: u32) -> i64 {
    match count.checked_sub(free) {
        None => 0,
        Some(over) => (1 << over.min(20)).min(limits::LOGIN_WAIT_S_MAX),
    }
}

/// A ceiling on mails to one address.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Tally);

impl Throttle {
    /// Whether one more mail may go to this address; counts it if so.
    pub(crate) fn admits(&self, email: &Email, now: Timestamp) -> bool {
        let key = key("mail", &[email.as_str()]);
        if self.0.get(&key, now).is_some_and(|entry| entry.count >= limits::MAILS_PER_ADDRESS_MAX) {
            return false;
        }
        self.0.add(key, now, |_| 0);
        true
    }
}

fn key(kind: &str, parts: &[&str]) -> Key {
    let mut hasher = blake3::Hasher::new_derive_key("backline 2026-11 login back-off");
    for part in [kind].iter().chain(parts) {
        hasher.update(&(part.len() as u64).to_be_bytes()).update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// The address, or the /64 of an IPv6 address: a household has one, an attacker has it whole.
fn network(client: &Client) -> String {
    match client.ip.as_deref().map(str::parse::<IpAddr>) {
        Some(Ok(IpAddr::V6(ip))) => match ip.to_ipv4_mapped() {
            Some(ip) => ip.to_string(),
            None => format!("{:x?}", &ip.segments()[..4]),
        },
        Some(Ok(IpAddr::V4(ip))) => ip.to_string(),
        Some(Err(_)) | None => String::new(),
    }
}
