//! A full disk and a failing one. On a small tmpfs that is really filled: creating answers 507, reading and deleting go on,
//! writing resumes without a restart once there is room, and nothing acknowledged is lost. With EIO at the n-th sync the
//! server ends at once instead of hanging or lying, and starts again with everything it acknowledged.

#[path = "child/client.rs"]
#[expect(dead_code, reason = "shared with the other tests of the whole program")]
mod client;
#[path = "child/server.rs"]
#[expect(dead_code, reason = "shared with the other tests of the whole program")]
mod server;

use anyhow::{Context, Result, ensure};
use client::{Acks, Client};
use reqwest::{Method, StatusCode};
use serde_json::json;
use server::{Data, Server};
use std::{
    ffi::OsStr,
    fs::File,
    io::Write,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// The size of the disk: room for the ballast, the marks and a few uploads.
const DISK_MIB: u64 = 96;
/// The longest the server may hang on a disk that fails.
const HANG_BOUND: Duration = Duration::from_secs(30);

/// Says loudly that a part cannot run here; where everything must run, that is a failure.
fn skip(why: &str) -> Result<()> {
    ensure!(std::env::var_os("BACKLINE_STRICT").is_none_or(|strict| strict == "0"), "{why}");
    eprintln!("SKIPPED: {why}");
    Ok(())
}

/// A small tmpfs, unmounted when dropped.
struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Result<Option<Self>> {
        let dir = tempfile::tempdir()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_MIB}m"), "backline-test"])
            .arg(dir.path())
            .status();
        Ok(mounted.is_ok_and(|status| status.success()).then_some(Self { dir }))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(self.dir.path()).status());
    }
}

/// Fills the disk to the last byte.
fn fill(path: &Path) -> Result<()> {
    let mut file = File::options().create(true).append(true).open(path)?;
    for block in [1 << 20, 4096, 1] {
        while file.write(&vec![0x5A; block]).is_ok_and(|written| written == block) {}
    }
    Ok(())
}

async fn create(client: &Client, name: &str) -> Result<StatusCode> {
    let answer = client.request(Method::POST, "projects").json(&json!({"name": name})).send().await?;
    Ok(answer.status())
}

/// Waits for an answer; the gate looks at the disk before each group, so this is quick.
async fn creating_answers(client: &Client, wanted: StatusCode) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let status = create(client, "one more").await?;
        if status == wanted {
            return Ok(());
        }
        ensure!(Instant::now() < until, "creating answers {status}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_and_nothing_else() -> Result<()> {
    let Some(disk) = SmallDisk::mount()? else {
        return skip("a tmpfs cannot be mounted here: the full-disk test did not run");
    };
    let data = Data::with_admin(disk.dir.path()).await?;
    let mut server = Server::start(&data)?;
    server.ready().await?;
    let client = Client::login(&server).await?;
    let acks = Arc::new(Mutex::new(Acks::default()));
    for n in 0..10 {
        client.one_song(&format!("before {n}"), &acks).await?.context("the server ended")?;
    }
    let acks = std::mem::take(&mut *acks.lock().expect("no writer panics"));
    let filler = disk.dir.path().join("filler");
    fill(&filler)?;
    creating_answers(&client, StatusCode::INSUFFICIENT_STORAGE).await?;
    client.verify(&acks).await.context("reading on a full disk")?;
    // A little room, still below the soft mark: deleting works, creating does not.
    let length = std::fs::metadata(&filler)?.len();
    File::options().write(true).open(&filler)?.set_len(length - (10 << 20))?;
    let (gone, _) = &acks.projects[0];
    let deleted = client.request(Method::DELETE, &format!("projects/{gone}")).send().await?;
    ensure!(deleted.status() == StatusCode::NO_CONTENT, "deleting answers {}", deleted.status());
    ensure!(
        create(&client, "too early").await? == StatusCode::INSUFFICIENT_STORAGE,
        "creating below the soft mark"
    );
    std::fs::remove_file(&filler)?;
    creating_answers(&client, StatusCode::CREATED).await?;
    let kept =
        Acks { projects: acks.projects[1..].to_vec(), tracks: acks.tracks[1..].to_vec(), ..Acks::default() };
    client.verify(&kept).await?;
    server.stop().await?;
    ensure!(data.doctor().await?.success(), "the doctor found something");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_sync_ends_the_server_and_loses_nothing() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let shim = dir.path().join("eio.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/child/eio.c");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).arg(&shim).args([source, "-ldl"]).status();
    if !cfg!(target_os = "linux") || !built.is_ok_and(|status| status.success()) {
        return skip("no C compiler or no Linux: the failing-disk test did not run");
    }
    let data = Data::with_admin(dir.path()).await?;
    let acks = Arc::new(Mutex::new(Acks::default()));
    for nth in ["3", "17", "40"] {
        let environment: [(&str, &OsStr); 2] =
            [("LD_PRELOAD", shim.as_os_str()), ("BACKLINE_FAIL_SYNC", OsStr::new(nth))];
        let mut server = Server::start_with(&data, &environment)?;
        // With the third sync it dies before it is ready.
        if server.ready().await.is_ok()
            && let Ok(client) = Client::login(&server).await
        {
            let writing = client.write_until_cut(0, 0, Arc::clone(&acks));
            tokio::time::timeout(HANG_BOUND, writing)
                .await
                .context("the server hangs on a failing disk")??;
        }
        let status = server.ended_within(HANG_BOUND).await?;
        ensure!(!status.success(), "a server that lost its disk ended well");
    }
    let mut server = Server::start(&data)?;
    server.ready().await?;
    let acks = std::mem::take(&mut *acks.lock().expect("no writer panics"));
    ensure!(!acks.projects.is_empty(), "nothing was written before the disk failed");
    Client::login(&server).await?.verify(&acks).await?;
    server.stop().await
}
