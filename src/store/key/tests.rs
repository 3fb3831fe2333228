//! The laws of the key encoding.

use std::fmt::Debug;

use proptest::prelude::*;
use uuid::Uuid;

use super::{Desc, Key, KeyError, after_prefix};

fn laws<K: Key + Ord + Debug>(a: &K, b: &K) {
    let (left, right) = (a.to_bytes(), b.to_bytes());
    assert_eq!(K::from_bytes(&left).as_ref(), Ok(a), "round trip");
    assert_eq!(left.cmp(&right), a.cmp(b), "order of {a:?} and {b:?}");
    if a != b {
        assert!(!left.starts_with(&right) && !right.starts_with(&left), "{a:?} and {b:?} are prefix-free");
    }
    let mut followed = left.clone();
    followed.extend_from_slice(&right);
    let mut input = followed.as_slice();
    assert_eq!(K::decode(&mut input).as_ref(), Ok(a), "ends by itself");
    assert_eq!(input, right);
    let until = after_prefix(&left);
    assert_eq!(
        a < b,
        until.is_none_or(|until| right >= until) && a != b && left < right,
        "the range of a prefix"
    );
}

/// Text with many zeros, high bytes and common starts.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[\\x00\\x01a]{0,4}", "[\\x00a-c\u{7f}\u{ff}\u{10ffff}]{0,6}", any::<String>()]
}

proptest! {
    #[test]
    fn numbers(a: (u8, u16, u32, u64), b: (u8, u16, u32, u64)) { laws(&a, &b); }

    #[test]
    fn signed(a: i64, b: i64) { laws(&a, &b); laws(&Desc(a), &Desc(b)); }

    #[test]
    fn near_numbers(a in -2i64..3, b in -2i64..3) { laws(&a, &b); laws(&Some(a), &None); laws(&(a > 0), &(b > 0)); }

    #[test]
    fn texts(a in text(), b in text()) { laws(&a, &b); laws(&Desc(a), &Desc(b)); }

    #[test]
    fn pairs(a in (text(), any::<u8>()), b in (text(), any::<u8>())) { laws(&a, &b); }

    #[test]
    fn nested(
        a in (any::<u128>(), proptest::option::of(text()), text(), 0u64..3),
        b in (any::<u128>(), proptest::option::of(text()), text(), 0u64..3),
    ) {
        let key = |(id, tag, name, number): (u128, Option<String>, String, u64)| {
            (Uuid::from_u128(id % 3), tag, Desc(name), Desc(number))
        };
        laws(&key(a), &key(b));
    }

    #[test]
    fn hashes(a: [u8; 32], b: [u8; 32]) { laws(&a, &b); }

    #[test]
    fn any_bytes_decode_or_fail(bytes: Vec<u8>) {
        if let Ok(key) = <(String, Option<Desc<String>>, bool)>::from_bytes(&bytes) {
            prop_assert_eq!(key.to_bytes(), bytes);
        }
    }
}

#[test]
fn byte_for_byte() {
    assert_eq!(0x0102u16.to_bytes(), [1, 2]);
    assert_eq!((-1i64).to_bytes(), [0x7F, 255, 255, 255, 255, 255, 255, 255]);
    assert_eq!("a\0".to_owned().to_bytes(), [b'a', 0, 0xFF, 0, 1]);
    assert_eq!(Desc(1u16).to_bytes(), [0xFF, 0xFE]);
    assert_eq!((Some(7u8), ()).to_bytes(), [1, 7]);
    assert_eq!(u64::from_bytes(&[0; 9]), Err(KeyError::Long));
    assert_eq!(u64::from_bytes(&[0; 7]), Err(KeyError::Short));
    assert_eq!(bool::from_bytes(&[7]), Err(KeyError::Byte));
    assert_eq!(String::from_bytes(&[0xC0, 0, 1]), Err(KeyError::Text));
}

#[test]
fn after_a_prefix() {
    assert_eq!(after_prefix(&[1, 2]), Some(vec![1, 3]));
    assert_eq!(after_prefix(&[1, 255]), Some(vec![2]));
    assert_eq!(after_prefix(&[255, 255]), None);
    assert_eq!(after_prefix(&[]), None);
}
