//! A backup under load is the state of one moment, and comes back as that.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use super::*;
use crate::{
    Batch, StoreConfig,
    dump::picture,
    fault::NoFaults,
    store::tests::{config, on_disk},
    tables::{
        counters::ProjectsOfUser,
        job::Jobs,
        share::Guests,
        star::{Star, Stars},
    },
};
use model::{GuestId, ProjectId, ShareLinkId, UserId, job::JobState, share::Guest, text::PersonName};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn write(n: u64) -> Batch {
    let user = UserId::new(id(u128::from(n % 50)));
    let mut batch = Batch::new();
    batch.insert::<Stars>(
        &(user, ProjectId::new(id(u128::from(n)))),
        &Star { at: Timestamp(n.cast_signed()) },
    );
    batch.add::<ProjectsOfUser>(&user, 1, ..);
    batch
}

fn order(target: &Path) -> Order<'_> {
    Order { target, contents: BackupContents::Everything, now: Timestamp(5) }
}

fn bring_back(archive: &Path, target: &Path, config: &StoreConfig) -> Result<Manifest, BackupError> {
    restore(&Restoring { archive, target, config, call_off: &["mail.send"] }, &|_| {})
}

async fn with_blob(store: &Store, blobs: &Blobs, content: &'static [u8]) {
    let sealed = blobs.put(Bytes::from_static(content)).await.unwrap();
    let row = BlobRow {
        size: sealed.size,
        sha256: sealed.sha256,
        content_type: "x/y".into(),
        state: BlobState::Live,
    };
    let mut batch = Batch::new();
    batch.insert::<crate::tables::blob::Blobs>(&sealed.hash, &row);
    store.commit(batch).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_backup_under_load_restores_to_the_state_of_its_moment() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = on_disk(dir.path());
    let blobs = Blobs::open(dir.path(), Arc::new(NoFaults)).unwrap();
    for n in 0..300 {
        store.commit(write(n)).await.unwrap();
    }
    with_blob(&store, &blobs, b"a recording").await;
    let stop = Arc::new(AtomicBool::new(false));
    let load = {
        let (store, stop) = (store.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut n = 1_000;
            while !stop.load(Ordering::Acquire) {
                store.commit(write(n)).await.unwrap();
                n += 1;
            }
            n
        })
    };
    let witness = Arc::new(Mutex::new(String::new()));
    let archive = out.path().join("backup.tar");
    let manifest = {
        let (store, blobs, archive, witness) =
            (store.clone(), blobs.clone(), archive.clone(), Arc::clone(&witness));
        let work = tokio::task::spawn_blocking(move || {
            create_witnessed(&store, &blobs, order(&archive), &mut |_| Ok(()), |engine| {
                *witness.lock() = picture(engine)?;
                Ok(())
            })
        });
        work.await.unwrap().unwrap()
    };
    stop.store(true, Ordering::Release);
    assert!(load.await.unwrap() > 1_000, "the load ran");
    assert_eq!(verify(&archive, &|_| {}).unwrap(), manifest);
    assert_eq!(manifest.blobs, 1);

    let target = out.path().join("restored");
    let elsewhere = config();
    // The ids of tests start at the same number everywhere.
    elsewhere.ids.uuid(Timestamp(0));
    tokio::task::spawn_blocking(move || bring_back(&archive, &target, &elsewhere).map(|_| target))
        .await
        .unwrap()
        .map(|target| async move {
            let restored = on_disk(&target);
            assert_eq!(restored.dump().await.unwrap(), (manifest.seq, witness.lock().clone()));
            assert_ne!(restored.events().epoch(), manifest.epoch, "the log has a new epoch");
            let blobs = Blobs::open(&target, Arc::new(NoFaults)).unwrap();
            assert!(blobs.exists(&BlobHash(*blake3::hash(b"a recording").as_bytes())).await.unwrap());
        })
        .unwrap()
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_archive_is_refused_and_leaves_nothing() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = on_disk(dir.path());
    let blobs = Blobs::open(dir.path(), Arc::new(NoFaults)).unwrap();
    with_blob(&store, &blobs, b"a recording").await;
    let archive = out.path().join("backup.tar");
    let work = {
        let archive = archive.clone();
        move || create(&store, &blobs, order(&archive), &mut |_| Ok(()))
    };
    tokio::task::spawn_blocking(work).await.unwrap().unwrap();
    let mut bytes = std::fs::read(&archive).unwrap();
    let at = bytes.windows(11).position(|part| part == b"a recording").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&archive, &bytes).unwrap();
    let target = out.path().join("restored");
    let refused = tokio::task::spawn_blocking({
        let target = target.clone();
        move || bring_back(&archive, &target, &config())
    });
    assert!(matches!(refused.await.unwrap(), Err(BackupError::Damaged(why)) if why.contains("other bytes")));
    assert!(!target.exists() && !out.path().join("restored.restoring").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_called_off_leaves_nothing_and_one_of_rows_holds_no_content() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = on_disk(dir.path());
    let blobs = Blobs::open(dir.path(), Arc::new(NoFaults)).unwrap();
    with_blob(&store, &blobs, b"a recording").await;
    let target = out.path().join("backup.tar");
    let work = move || {
        let ended = create(&store, &blobs, order(&target), &mut |progress| match progress.done {
            0 => Ok(()),
            _ => Err(BackupError::CalledOff),
        });
        assert!(matches!(ended, Err(BackupError::CalledOff)));
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);

        fs::write(draft(&target), "what a killed process left").unwrap();
        let rows = Order { contents: BackupContents::Rows, ..order(&target) };
        let made = create(&store, &blobs, rows, &mut |_| Ok(())).unwrap();
        assert_eq!((made.contents, made.blobs, made.blob_bytes), (BackupContents::Rows, 0, 0));
        assert_eq!((manifest(&target).unwrap(), verify(&target, &|_| {}).unwrap()), (made.clone(), made));
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
        let again = create(&store, &blobs, rows, &mut |_| Ok(()));
        assert!(matches!(again, Err(BackupError::Io(error)) if error.kind() == io::ErrorKind::AlreadyExists));
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

/// What a restore makes of a backup of this store, which stays in its directory.
async fn restored(store: Store, dir: &Path) -> Store {
    let blobs = Blobs::open(dir, Arc::new(NoFaults)).unwrap();
    let out = tempfile::tempdir_in(dir).unwrap();
    let work = move || {
        let (archive, target) = (out.path().join("backup.tar"), out.path().join("restored"));
        create(&store, &blobs, order(&archive), &mut |_| Ok(())).unwrap();
        let elsewhere = config();
        elsewhere.ids.uuid(Timestamp(0));
        bring_back(&archive, &target, &elsewhere).unwrap();
        // The directory goes with the one it is in.
        (on_disk(&target), out.keep()).0
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_act_outside_are_not_done_again_after_a_restore() {
    let dir = tempfile::tempdir().unwrap();
    let store = on_disk(dir.path());
    let mut batch = Batch::new();
    for (number, kind) in [(1, "mail.send"), (2, "version.process")] {
        let job = crate::tables::job::tests::job(number, |job| kind.clone_into(&mut job.kind));
        batch.insert::<Jobs>(&job.id, &job);
    }
    store.commit(batch).await.unwrap();
    let restored = restored(store, dir.path()).await;
    let jobs = restored.scan::<Jobs>(crate::Scan::all()).await.unwrap().items;
    let states: Vec<_> = jobs.iter().map(|(_, job)| (job.row.kind.as_str(), job.row.state)).collect();
    assert_eq!(states, [("mail.send", JobState::Cancelled), ("version.process", JobState::Queued)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_of_the_old_instance_are_none_of_the_restored_one_and_keep_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let store = on_disk(dir.path());
    let now = store.config().clock.now();
    let guest = Guest {
        id: GuestId::new(id(1)),
        link_id: ShareLinkId::new(id(2)),
        project_id: ProjectId::new(id(3)),
        name: Some(PersonName::parse("Grace").unwrap()),
        email: None,
        hash: [7; 32],
        password_version: 0,
        created_at: now,
        expires_at: now.plus_millis(model::limits::GUEST_TTL_MS),
    };
    let mut batch = Batch::new();
    batch.insert::<Guests>(&guest.id, &guest);
    store.commit(batch).await.unwrap();
    let restored = restored(store, dir.path()).await;
    let found = restored.get::<Guests>(&guest.id).await.unwrap().unwrap().row;
    assert!(found.expires_at <= restored.config().clock.now(), "{found:?}");
    assert_eq!(found.name, guest.name);
}
