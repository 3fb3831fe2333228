//! The laws of the record encoding.

use model::Timestamp;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{decode, encode, fill, open, stamp};
use crate::record;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct First {
    name: String,
}
record!(First, 1);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wider {
    name: String,
    note: Option<String>,
}
record!(Wider, 1);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Second {
    words: Vec<String>,
}
record!(Second, 2, First, |old| Second { words: old.name.split(' ').map(str::to_owned).collect() });

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Third {
    count: usize,
}
record!(Third, 3, Second, |old| Third { count: old.words.len() });

fn stored(name: &str) -> Vec<u8> {
    encode(&First { name: name.into() }, 7).expect("encodes")
}

proptest! {
    #[test]
    fn round_trip(name: String, rev: u64, mark: u64, at: i64) {
        let row = First { name };
        let mut value = encode(&row, rev).expect("encodes");
        fill(&mut value, mark, Timestamp(at));
        let back = decode::<First>(&value).expect("decodes");
        prop_assert_eq!((back.row, back.rev, back.stamp), (row, rev, mark));
        prop_assert_eq!(stamp(&value), Some(mark));
        prop_assert_eq!(open(&value).expect("opens").at, Timestamp(at));
    }

    #[test]
    fn one_changed_byte_is_found(name in ".{0,20}", place: prop::sample::Index, flip in 1u8..) {
        let mut value = stored(&name);
        let place = place.index(value.len());
        value[place] ^= flip;
        // The holes are outside the checksum: they are known only after it.
        prop_assert_eq!(decode::<First>(&value).is_ok(), (11..27).contains(&place));
    }

    #[test]
    fn any_bytes_are_an_error_at_worst(bytes: Vec<u8>) {
        prop_assert!(decode::<First>(&bytes).is_err());
    }
}

#[test]
fn an_optional_field_needs_no_version() {
    assert_eq!(decode::<Wider>(&stored("x")).expect("decodes").row, Wider { name: "x".into(), note: None });
}

#[test]
fn old_rows_walk_the_chain() {
    assert_eq!(decode::<Second>(&stored("a b")).expect("decodes").row.words, ["a", "b"]);
    let back = decode::<Third>(&stored("a b c")).expect("decodes");
    assert_eq!((back.row.count, back.rev), (3, 7));
}

#[test]
fn a_newer_row_is_refused() {
    let value = encode(&Third { count: 1 }, 1).expect("encodes");
    assert!(decode::<Second>(&value).expect_err("refused").contains("version"));
    assert!(decode::<First>(&value).is_err());
}
