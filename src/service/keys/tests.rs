//! The key file, rotation, and what the keys keep apart.

use super::*;
use crate::testing::CountedIds;
use std::os::unix::fs::PermissionsExt;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

#[test]
fn a_token_survives_a_restart_and_a_rotation_but_not_five() {
    let dir = tempfile::tempdir().unwrap();
    let (path, ids) = (dir.path().join("keys"), CountedIds::default());
    let token = Keys::load_or_create(&path, &ids, NOW).unwrap().seal(b"claims").unwrap();
    let keys = Keys::load_or_create(&path, &ids, NOW).unwrap();
    assert_eq!(keys.open(&token).as_deref(), Some(&b"claims"[..]));
    for _ in 1..limits::ACCESS_KEYS_MAX {
        keys.rotate(&ids, NOW).unwrap();
        assert!(keys.open(&token).is_some(), "an older key still opens");
    }
    let newer = keys.seal(b"claims").unwrap();
    let footer = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    assert_ne!(footer(&token), footer(&newer), "the newest key seals");
    keys.rotate(&ids, NOW).unwrap();
    assert!(keys.open(&token).is_none());
    let reread = Keys::load_or_create(&path, &ids, NOW).unwrap();
    assert!(reread.open(&newer).is_some() && reread.open(&token).is_none());
}

#[test]
fn an_old_key_is_replaced_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (path, ids) = (dir.path().join("keys"), CountedIds::default());
    let first = Keys::load_or_create(&path, &ids, NOW).unwrap();
    let later = NOW.plus_millis(limits::ACCESS_KEY_AGE_MS_MAX + 1);
    let second = Keys::load_or_create(&path, &ids, later).unwrap();
    assert_eq!(second.ring.read().access.len(), 2);
    assert!(second.open(&first.seal(b"x").unwrap()).is_some());
    assert_eq!(first.sign(Purpose::Cursor, b"m"), second.sign(Purpose::Cursor, b"m"), "other secrets stay");
}

#[test]
fn the_file_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys");
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    Keys::load_or_create(&path, &CountedIds::default(), NOW).unwrap();
    assert_eq!(mode(), 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    Keys::load_or_create(&path, &CountedIds::default(), NOW).unwrap();
    assert_eq!(mode(), 0o600, "an open file is closed again");
    std::fs::write(&path, "{}").unwrap();
    assert!(Keys::load_or_create(&path, &CountedIds::default(), NOW).is_err(), "never replaced unasked");
}

#[test]
fn tokens_of_others_and_changed_tokens_do_not_open() {
    let ids = CountedIds::default();
    let keys = Keys::in_memory(&ids, NOW).unwrap();
    let token = keys.seal(b"claims").unwrap();
    assert!(Keys::in_memory(&ids, NOW).unwrap().open(&token).is_none());
    for place in [9, 20, token.len() - 3] {
        let mut changed = token.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        assert!(keys.open(&String::from_utf8(changed).unwrap()).is_none(), "byte {place}");
    }
    assert!(
        keys.open("").is_none() && keys.open("v4.local.").is_none() && keys.open("v4.public.AAAA").is_none()
    );
}

#[test]
fn signatures_are_bound_to_their_purpose() {
    let keys = Keys::in_memory(&CountedIds::default(), NOW).unwrap();
    let signature = keys.sign(Purpose::Cursor, b"message");
    assert!(keys.signed(Purpose::Cursor, b"message", &signature));
    assert!(!keys.signed(Purpose::StreamUrl, b"message", &signature));
    assert!(!keys.signed(Purpose::Cursor, b"other", &signature));
}
