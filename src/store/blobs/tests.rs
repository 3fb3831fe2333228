//! Content comes in whole, can be resumed, and goes when nothing refers to it.

use std::{os::unix::fs::FileExt, sync::Arc};

use bytes::Bytes;
use futures::TryStreamExt;
use model::{BlobHash, Timestamp, UploadId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Blobs, Collected, Sealed};
use crate::{
    Batch, Store, Table,
    fault::NoFaults,
    limits::{BLOB_CONDEMNED_MS, BLOB_IDLE_MS, PART_WRITE_BYTES},
    store::tests::config,
    tables::blob::{BlobRow, BlobState, Blobs as Rows, Refs},
};

fn open(dir: &tempfile::TempDir) -> Blobs {
    Blobs::open(dir.path(), Arc::new(NoFaults)).expect("opens")
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|place| (place * 31 % 251) as u8).collect()
}

const UPLOAD: UploadId = UploadId::new(Uuid::from_u128(5));

#[tokio::test]
async fn an_upload_is_resumed_and_hashed() {
    let (dir, bytes) = (dir(), noise(PART_WRITE_BYTES * 2 + 77));
    let blobs = open(&dir);
    let mut part = blobs.part(UPLOAD, 0).await.expect("opens");
    for piece in bytes[..PART_WRITE_BYTES + 500].chunks(70_000) {
        part.append(piece).await.expect("writes");
    }
    let offset = part.sync().await.expect("syncs");
    assert_eq!(offset, (PART_WRITE_BYTES + 500) as u64);
    part.append(b"never acknowledged, and cut off when it goes on").await.expect("writes");
    drop(part);

    assert_eq!(blobs.parts().await.expect("lists"), [UPLOAD]);
    let mut part = open(&dir).part(UPLOAD, offset).await.expect("opens");
    assert_eq!(part.len(), offset);
    part.append(&bytes[PART_WRITE_BYTES + 500..]).await.expect("writes");
    let sealed = blobs.finish(UPLOAD, part).await.expect("finishes");
    assert_eq!(sealed.hash, BlobHash(*blake3::hash(&bytes).as_bytes()));
    assert_eq!(sealed.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
    assert_eq!(sealed.size, bytes.len() as u64);
    assert_eq!(std::fs::read(blobs.local_path(&sealed.hash)).expect("reads"), bytes);
    assert!(blobs.parts().await.expect("lists").is_empty());

    let (file, size) = blobs.open_file(&sealed.hash).expect("opens");
    let mut tail = [0; 7];
    file.read_exact_at(&mut tail, size - 7).expect("reads");
    assert_eq!(tail, bytes[bytes.len() - 7..]);
}

#[tokio::test]
async fn a_shorter_file_wins_over_the_row() {
    let dir = dir();
    let blobs = open(&dir);
    let mut part = blobs.part(UPLOAD, 0).await.expect("opens");
    part.append(b"abc").await.expect("writes");
    part.sync().await.expect("syncs");
    assert_eq!(blobs.part(UPLOAD, 100).await.expect("opens").len(), 3);
    assert_eq!(blobs.part(UPLOAD, 2).await.expect("opens").len(), 2);
    blobs.discard(UPLOAD).await.expect("goes");
    blobs.discard(UPLOAD).await.expect("is gone already");
    assert!(blobs.part(UPLOAD, 9).await.expect("opens").is_empty());
}

#[tokio::test]
async fn leftovers_of_a_crash_go_at_the_start() {
    let dir = dir();
    let sealed = open(&dir).put(Bytes::from_static(b"kept")).await.expect("stores");
    let kept = open(&dir).local_path(&sealed.hash);
    let half = kept.with_file_name(format!("{}#1", sealed.hash));
    std::fs::write(&half, b"ha").expect("writes");
    let blobs = open(&dir);
    assert!(!half.exists() && kept.exists());
    let listed: Vec<_> = blobs.list().try_collect().await.expect("lists");
    assert_eq!(listed, [(sealed.hash, 4)]);
    assert!(blobs.exists(&sealed.hash).await.expect("looks"));
    assert!(!blobs.exists(&BlobHash([0; 32])).await.expect("looks"));
}

async fn refer(store: &Store, sealed: &Sealed) {
    let found = store.get::<Rows>(&sealed.hash).await.expect("reads");
    let row = BlobRow {
        size: sealed.size,
        sha256: sealed.sha256,
        content_type: "text/plain".into(),
        state: BlobState::Live,
    };
    let mut batch = Batch::new();
    batch.store_blob(&sealed.hash, found.as_ref(), &row);
    store.commit(batch).await.expect("commits");
}

async fn release(store: &Store, hash: &BlobHash) {
    let mut batch = Batch::new();
    batch.release_blob(hash);
    store.commit(batch).await.expect("commits");
}

#[tokio::test]
async fn what_nothing_refers_to_is_collected_in_steps() {
    let dir = dir();
    let (blobs, store) = (open(&dir), Store::memory(config()).expect("opens"));
    let round = async |ms: i64| {
        let done = blobs.collect(&store, Timestamp(ms)).await.expect("collects");
        (done.idle, done.condemned, done.removed)
    };
    let sealed = blobs.put(Bytes::from_static(b"take one")).await.expect("stores");
    let hash = sealed.hash;
    refer(&store, &sealed).await;
    refer(&store, &sealed).await;
    assert_eq!(store.count::<Refs>(&hash).await.expect("reads"), 2);
    drop(sealed);
    assert_eq!(round(0).await, (0, 0, 0));
    release(&store, &hash).await;
    assert_eq!(round(0).await, (0, 0, 0), "one reference is left");
    release(&store, &hash).await;
    assert_eq!(round(10).await, (1, 0, 0));
    let live = store.get::<Rows>(&hash).await.expect("reads").expect("is there");
    assert_eq!(round(BLOB_IDLE_MS + 9).await, (0, 0, 0));
    assert_eq!(round(BLOB_IDLE_MS + 10).await, (0, 1, 0));

    // Nobody can refer to it any more by the row they read before.
    let mut late = Batch::new();
    late.reference_blob(&hash, &live);
    assert!(store.commit(late).await.expect_err("refused").conflicts_on(Rows::ID));

    let gone = BLOB_IDLE_MS + 10 + BLOB_CONDEMNED_MS;
    let hold = blobs.hold().await;
    assert_eq!(round(gone).await, (0, 0, 0), "a backup holds the collection");
    drop(hold);
    let done = blobs.collect(&store, Timestamp(gone)).await.expect("collects");
    assert_eq!(done, Collected { removed: 1, removed_bytes: 8, ..Collected::default() });
    assert!(!blobs.exists(&hash).await.expect("looks"));
    assert!(store.get::<Rows>(&hash).await.expect("reads").is_none());
}

#[tokio::test]
async fn a_condemned_blob_that_is_stored_again_lives() {
    let dir = dir();
    let (blobs, store) = (open(&dir), Store::memory(config()).expect("opens"));
    let sealed = blobs.put(Bytes::from_static(b"take two")).await.expect("stores");
    let hash = sealed.hash;
    refer(&store, &sealed).await;
    drop(sealed);
    release(&store, &hash).await;
    for at in [0, BLOB_IDLE_MS] {
        blobs.collect(&store, Timestamp(at)).await.expect("collects");
    }
    let state = async || store.get::<Rows>(&hash).await.expect("reads").expect("is there").row.state;
    assert!(matches!(state().await, BlobState::Condemned { .. }));
    let again = blobs.put(Bytes::from_static(b"take two")).await.expect("stores");
    let late = Timestamp(BLOB_IDLE_MS + BLOB_CONDEMNED_MS);
    blobs.collect(&store, late).await.expect("collects nothing that is being stored");
    refer(&store, &again).await;
    drop(again);
    assert_eq!(state().await, BlobState::Live);
    blobs.collect(&store, late).await.expect("collects");
    assert!(blobs.exists(&hash).await.expect("looks"));
}

#[tokio::test]
async fn a_file_that_no_row_names_is_swept() {
    let dir = dir();
    let (blobs, store) = (open(&dir), Store::memory(config()).expect("opens"));
    let (kept, stray) =
        (blobs.put(Bytes::from_static(b"kept")).await, blobs.put(Bytes::from_static(b"stray")).await);
    let (kept, stray) = (kept.expect("stores"), stray.expect("stores"));
    refer(&store, &kept).await;
    let mut strays = 0;
    for _ in 0..256 {
        strays += blobs.collect(&store, Timestamp(0)).await.expect("collects").strays;
    }
    assert_eq!(strays, 0, "whoever stored them may still be about to name them");
    let hash = stray.hash;
    drop((kept.hold, stray));
    for _ in 0..256 {
        strays += blobs.collect(&store, Timestamp(0)).await.expect("collects").strays;
    }
    assert_eq!(strays, 1);
    assert!(!blobs.exists(&hash).await.expect("looks") && blobs.exists(&kept.hash).await.expect("looks"));
}

/// Stores one blob each way; under `strace` when the test below asks for it.
#[tokio::test]
async fn content_is_stored_both_ways() {
    let own = dir();
    let root = std::env::var_os("BACKLINE_TRACED_DIR").map_or(own.path().to_owned(), Into::into);
    let blobs = Blobs::open(&root, Arc::new(NoFaults)).expect("opens");
    let put = blobs.put(Bytes::from_static(b"put")).await.expect("stores");
    let mut part = blobs.part(UPLOAD, 0).await.expect("opens");
    part.append(b"uploaded").await.expect("writes");
    let uploaded = blobs.finish(UPLOAD, part).await.expect("finishes");
    assert_eq!(std::fs::read(blobs.local_path(&put.hash)).expect("reads"), b"put");
    assert_eq!(std::fs::read(blobs.local_path(&uploaded.hash)).expect("reads"), b"uploaded");
}

#[test]
fn a_file_and_its_name_are_synced_before_anybody_may_refer_to_it() {
    let dir = dir();
    let (root, trace) = (dir.path().join("data"), dir.path().join("trace"));
    std::fs::create_dir(&root).expect("makes a directory");
    let strace = std::process::Command::new("strace")
        .args(["-f", "-y", "-s", "300", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", "blobs::tests::content_is_stored_both_ways"])
        .env("BACKLINE_TRACED_DIR", &root)
        .output();
    let output = match strace {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var_os("BACKLINE_STRICT").is_none(), "there is no strace: {error}");
            eprintln!("SKIPPED: the system calls of a stored blob need strace");
            return;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let trace = std::fs::read_to_string(trace).expect("strace wrote it");
    let lines: Vec<&str> = trace.lines().collect();
    for content in [b"put".as_slice(), b"uploaded"] {
        let hash = BlobHash(*blake3::hash(content).as_bytes()).to_string();
        let named = |line: &&str| line.contains("rename") && line.contains(&format!("{hash}\""));
        let place = lines.iter().position(named).unwrap_or_else(|| panic!("{hash} is named:\n{trace}"));
        let from = lines[place].split('"').nth(1).expect("a rename names its source");
        let synced = |lines: &[&str], path: &str| {
            lines.iter().any(|line| line.contains("sync(") && line.contains(&format!("<{path}>")))
        };
        assert!(synced(&lines[..place], from), "the bytes of {from} are synced first:\n{trace}");
        let blobs = root.join("blobs");
        let folder = blobs.join(&hash[..2]);
        assert!(synced(&lines[place..], folder.to_str().expect("UTF-8")), "then its name:\n{trace}");
        assert!(synced(&lines, blobs.to_str().expect("UTF-8")), "and that of its folder:\n{trace}");
    }
}
