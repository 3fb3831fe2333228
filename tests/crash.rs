//! `kill -9`: a server under concurrent writes is killed fifty times, also while it starts. Every acknowledged write is there
//! afterwards, the doctor finds nothing, and every job ends. And one that is killed between commit and index thirty times finds
//! every comment, and each once.

#[path = "child/client.rs"]
#[expect(dead_code, reason = "shared with the other tests of the whole program")]
mod client;
#[path = "child/server.rs"]
#[expect(dead_code, reason = "shared with the other tests of the whole program")]
mod server;

use anyhow::{Context, Result, ensure};
use client::{Acks, Client};
use serde_json::json;
use server::{Data, Server};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const KILLS: u64 = 50;
const WRITERS: usize = 4;
/// How long all jobs may take to end after the last start.
const JOBS_BOUND: Duration = Duration::from_secs(120);

/// Times that look random and are the same in every run (a linear congruential generator).
fn pause(round: u64, most_ms: u64) -> Duration {
    let mixed =
        (round + 1).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
    Duration::from_millis(mixed % most_ms)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_fifty_kills() -> Result<()> {
    let parent = tempfile::tempdir()?;
    let data = Data::with_admin(parent.path()).await?;
    let acks = Arc::new(Mutex::new(Acks::default()));
    for round in 0..KILLS {
        let mut server = Server::start(&data)?;
        if round % 5 == 4 {
            // This one dies while it starts.
            tokio::time::sleep(pause(round, 400)).await;
            server.kill()?;
            continue;
        }
        server.ready().await.with_context(|| format!("start {round}"))?;
        let client = Client::login(&server).await?;
        let left = std::mem::take(&mut acks.lock().expect("no writer panics").uploads);
        client.drop_uploads(left).await?;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(client.clone().write_until_cut(round, writer, Arc::clone(&acks))))
            .collect();
        tokio::time::sleep(Duration::from_millis(150) + pause(round, 700)).await;
        server.kill()?;
        for writer in writers {
            writer.await??;
        }
    }
    let acks = std::mem::take(&mut *acks.lock().expect("no writer panics"));
    let mut server = Server::start(&data)?;
    server.ready().await?;
    let client = Client::login(&server).await?;
    client.verify(&acks).await?;
    jobs_end(&client, &acks).await?;
    server.stop().await?;
    let doctor = data.doctor().await?;
    ensure!(doctor.success(), "the doctor found something");
    eprintln!(
        "{KILLS} kills; {} projects, {} tracks, {} renames, {} versions were acknowledged and are there",
        acks.projects.len(),
        acks.tracks.len(),
        acks.renames.len(),
        acks.versions.len()
    );
    ensure!(acks.projects.len() > KILLS as usize && !acks.versions.is_empty(), "hardly anything was written");
    Ok(())
}

/// Kills between a commit and the index that follows it.
const INDEX_KILLS: u64 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_comment_is_found_once_after_thirty_kills() -> Result<()> {
    let parent = tempfile::tempdir()?;
    let data = Data::with_admin(parent.path()).await?;
    let mut project = String::new();
    for round in 0..INDEX_KILLS {
        let mut server = Server::start(&data)?;
        server.ready().await.with_context(|| format!("start {round}"))?;
        let client = Client::login(&server).await?;
        if project.is_empty() {
            let made =
                client.post("projects", json!({"name": "song"})).await?.context("the server answers")?;
            project = made["id"].as_str().context("an id")?.to_owned();
        }
        // The index waits a quarter of a second for more: most kills come before it, some while it commits.
        let end = Instant::now() + pause(round, 400);
        for number in 0..20 {
            let body = json!({"body": format!("needle {round} {number}")});
            client
                .post(&format!("projects/{project}/comments"), body)
                .await?
                .context("the server answers")?;
            if Instant::now() > end {
                break;
            }
        }
        server.kill()?;
        if round % 10 == 9 {
            // Without an index, it is made anew.
            std::fs::remove_dir_all(data.path().join("search"))?;
        }
    }
    let mut server = Server::start(&data)?;
    server.ready().await?;
    let client = Client::login(&server).await?;
    let written = ids(&client, &format!("projects/{project}/comments?limit=200")).await?;
    let search = "search?q=needle&type=comment&limit=200";
    let until = Instant::now() + JOBS_BOUND;
    loop {
        let (_, found) = client.get(search).await?;
        if found["total"] == written.len() && found["incomplete"] == false {
            break;
        }
        ensure!(Instant::now() < until, "{} are written, {} are found", written.len(), found["total"]);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let found = ids(&client, search).await?;
    let distinct: BTreeSet<&String> = found.iter().collect();
    ensure!(distinct.len() == found.len(), "{} hits, {} comments", found.len(), distinct.len());
    ensure!(distinct == written.iter().collect(), "other comments are found than are written");
    eprintln!("{INDEX_KILLS} kills; {} comments are found, each once", found.len());
    ensure!(written.len() >= 30, "hardly anything was written");
    server.stop().await
}

/// The ids of a whole list.
async fn ids(client: &Client, list: &str) -> Result<Vec<String>> {
    let (mut ids, mut next) = (Vec::new(), String::new());
    loop {
        let (_, page) = client.get(&format!("{list}{next}")).await?;
        let items = page["items"].as_array().with_context(|| format!("{page}"))?;
        ids.extend(items.iter().filter_map(|item| item["id"].as_str()).map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else { return Ok(ids) };
        next = format!("&cursor={cursor}");
    }
}

/// Every version leaves the state `processing`.
async fn jobs_end(client: &Client, acks: &Acks) -> Result<()> {
    let until = Instant::now() + JOBS_BOUND;
    for version in &acks.versions {
        loop {
            let status = client.version_status(version).await?;
            if status == "ready" {
                break;
            }
            ensure!(status == "processing", "version {version} is {status}");
            ensure!(Instant::now() < until, "version {version} is still processing");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}
