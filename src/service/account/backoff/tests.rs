//! Who waits, how long, and who does not.

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn at(ip: &str) -> Client {
    Client { ip: Some(ip.to_owned()), user_agent: None }
}

fn wait(backoff: &Backoff, tried: &Try, now: Timestamp) -> u64 {
    match backoff.check(tried, now) {
        Ok(()) => 0,
        Err(Error::RateLimited { retry_after_s }) => retry_after_s,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_wait_doubles_up_to_its_ceiling_and_ends() {
    let (backoff, tried) = (Backoff::default(), Try::new("a@b.c", &at("10.0.0.1")));
    let waits: Vec<u64> = (0..12)
        .map(|_| {
            backoff.failed(&tried, NOW);
            wait(&backoff, &tried, NOW)
        })
        .collect();
    assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(wait(&backoff, &tried, NOW.plus_seconds(60)), 0);
    assert_eq!(wait(&backoff, &tried, NOW.plus_millis(-2 * limits::LOGIN_MEMORY_MS)), 0, "a clock set back");
}

#[test]
fn the_owner_elsewhere_never_waits() {
    let backoff = Backoff::default();
    for n in 0..200 {
        backoff.failed(&Try::new("owner@b.c", &at(&format!("10.0.0.{n}"))), NOW);
    }
    let owner = Try::new("owner@b.c", &at("192.0.2.1"));
    assert_eq!(wait(&backoff, &owner, NOW), 0);
    backoff.failed(&owner, NOW);
    assert_eq!(wait(&backoff, &owner, NOW), 1, "under pressure the first slip costs a second");
    backoff.succeeded(&owner);
    assert_eq!(wait(&backoff, &owner, NOW), 0);
}

#[test]
fn one_address_trying_many_accounts_waits() {
    let backoff = Backoff::default();
    for n in 0..limits::LOGIN_ADDRESS_FREE_TRIES {
        backoff.failed(&Try::new(&format!("{n}@b.c"), &at("2001:db8::1")), NOW);
    }
    assert!(wait(&backoff, &Try::new("new@b.c", &at("2001:db8::2")), NOW) > 0, "the same /64");
    assert_eq!(wait(&backoff, &Try::new("new@b.c", &at("2001:db8:0:1::2")), NOW), 0, "another /64");
}

#[test]
fn the_memory_is_bounded_and_keeps_the_young() {
    let tally = Tally::default();
    let old = limits::LOGIN_MEMORY_ENTRIES_MAX as i64;
    for n in 0..old * 2 {
        tally.add(key("k", &[&n.to_string()]), NOW.plus_millis(n), |_| 0);
    }
    let entries = tally.0.lock();
    assert!(entries.len() <= limits::LOGIN_MEMORY_ENTRIES_MAX);
    assert!(entries.contains_key(&key("k", &[&(old * 2 - 1).to_string()])));
    assert!(!entries.contains_key(&key("k", &["0"])));
}

#[test]
fn a_flood_of_one_instant_stays_bounded_too() {
    let tally = Tally::default();
    for n in 0..limits::LOGIN_MEMORY_ENTRIES_MAX * 2 {
        tally.add(key("k", &[&n.to_string()]), NOW, |_| 0);
    }
    let kept = tally.0.lock().len();
    assert!(
        (limits::LOGIN_MEMORY_ENTRIES_MAX / 2..=limits::LOGIN_MEMORY_ENTRIES_MAX).contains(&kept),
        "{kept}"
    );
}

#[test]
fn mails_to_one_address_have_a_ceiling() {
    let (throttle, email) = (Throttle::default(), Email::parse("a@b.c").unwrap());
    let admitted = (0..20).filter(|_| throttle.admits(&email, NOW)).count();
    assert_eq!(admitted, limits::MAILS_PER_ADDRESS_MAX as usize);
    assert!(throttle.admits(&email, NOW.plus_millis(limits::LOGIN_MEMORY_MS)));
}
