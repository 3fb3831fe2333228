//! The catalogue is consistent and its document is fresh.

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use super::{CATALOG, Kind, TableId};

#[test]
fn ids_and_names_are_unique_and_in_order() {
    let names: BTreeSet<_> = CATALOG.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), CATALOG.len(), "two entries share a name");
    assert!(CATALOG.is_sorted_by(|a, b| a.id < b.id), "entries are in the order of their bytes");
    for entry in CATALOG {
        assert_eq!(TableId::from_byte(entry.id.byte()), Some(entry.id));
        assert_eq!(entry.id.name(), entry.name);
        assert!(entry.name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()), "{}", entry.name);
        assert!(!entry.purpose.is_empty() && (!entry.key.is_empty() || entry.kind == Kind::Tombstone));
    }
}

fn storage_md() -> String {
    let mut out = String::from(
        "# What is stored\n\nGenerated from `src/store/catalog.rs`; `BACKLINE_BLESS=1 cargo nextest run storage_md` rewrites it.\n\n\
         Everything is one ordered key space, `id ++ key`. A row is `magic 1, version 2, rev 8, stamp 8, at 8, crc32 4,\n\
         body` (MessagePack with field names); an index entry holds the primary key; a counter is an `i64`.\n\n\
         | id | name | kind | key | purpose |\n|---|---|---|---|---|\n",
    );
    for entry in CATALOG {
        let (byte, kind) = (entry.id.byte(), format!("{:?}", entry.kind).to_lowercase());
        writeln!(out, "| `{byte:02X}` | {} | {kind} | {} | {} |", entry.name, entry.key, entry.purpose)
            .expect("a string takes everything");
    }
    out
}

#[test]
fn storage_md_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/STORAGE.md");
    if std::env::var_os("BACKLINE_BLESS").is_some() {
        std::fs::write(&path, storage_md()).expect("docs/STORAGE.md can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, storage_md(), "docs/STORAGE.md is stale: run with BACKLINE_BLESS=1");
}
