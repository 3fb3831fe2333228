//! HTTP: an authenticated `getProject` against an empty poem handler (requests a second), and a streamed recording against
//! nginx serving the same file (bytes a second of processor time). Interleaved rounds in one run; the ratios are what counts.
//!
//! `cargo bench --bench api`; the part with nginx is skipped loudly where there is none.

#[path = "../tests/child/client.rs"]
#[expect(dead_code, reason = "shared with the crash test")]
mod client;
#[path = "api/load.rs"]
mod load;
#[path = "api/peers.rs"]
mod peers;
#[path = "../tests/child/server.rs"]
#[expect(dead_code, reason = "shared with the crash test")]
mod server;

use anyhow::{Context, Result, ensure};
use client::Client;
use load::{bytes_for, median, requests_for};
use peers::{Empty, Nginx};
use reqwest::Method;
use serde_json::{Value, json};
use server::{Data, Server};
use std::{path::Path, time::Duration};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;
const STREAMS: usize = 4;
/// The recording that is streamed: long enough that requests do not matter.
const RECORDING_BYTES: usize = 256 * 1024 * 1024;

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some("empty-handler") {
        return peers::serve_empty(&words.next().context("an address is needed")?);
    }
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(bench())
}

fn load_average() -> String {
    std::fs::read_to_string("/proc/loadavg")
        .unwrap_or_default()
        .split(' ')
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

async fn bench() -> Result<()> {
    println!("load average {}", load_average());
    let dir = tempfile::tempdir()?;
    let data = Data::with_admin(dir.path()).await?;
    let mut server = Server::start(&data)?;
    server.ready().await?;
    let client = Client::login(&server).await?;
    let project = client.post("projects", json!({"name": "Bench"})).await?.context("the server ended")?;
    let project = project["id"].as_str().unwrap_or_default().to_owned();
    requests(&server, &client, &project).await?;
    streams(&server, &client, &project, dir.path()).await?;
    println!("load average {}", load_average());
    server.stop().await
}

async fn requests(server: &Server, client: &Client, project: &str) -> Result<()> {
    let empty = Empty::start().await?;
    let path = format!("/api/v1/projects/{project}");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(requests_for(&server.url, &path, Some(client.token()), CONNECTIONS, ROUND).await?);
        theirs.push(requests_for(empty.url(), "/", None, CONNECTIONS, ROUND).await?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "getProject {ours:.0}/s, empty poem handler {theirs:.0}/s, ratio {:.2} (must be ≥ 0.5)",
        ours / theirs
    );
    Ok(())
}

async fn streams(server: &Server, client: &Client, project: &str, dir: &Path) -> Result<()> {
    let wav = recording()?;
    let Some(nginx) = Nginx::start(dir, &wav).await? else {
        println!("SKIPPED: there is no nginx to compare streaming with (apt-get install nginx)");
        return Ok(());
    };
    let url = uploaded(client, project, wav).await?;
    let path = url.strip_prefix(&server.url).unwrap_or(&url).to_owned();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(bytes_for(&server.url, &path, &[server.pid()], STREAMS, ROUND).await?);
        theirs.push(bytes_for(nginx.url(), "/recording.wav", &nginx.pids()?, STREAMS, ROUND).await?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "stream {:.2} GB a CPU second, nginx {:.2}, ratio {:.2} (must be ≥ 0.5, aim 0.8)",
        ours / 1e9,
        theirs / 1e9,
        ours / theirs
    );
    Ok(())
}

/// Noise, so that nothing is compressed or shared.
fn recording() -> Result<Vec<u8>> {
    let mut state = 1u32;
    let sample = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, _, low, high] = state.to_le_bytes();
        i16::from_le_bytes([low, high]) / 4
    };
    let samples: Vec<i16> = (0..RECORDING_BYTES / 2).map(sample).collect();
    let mut wav = Vec::with_capacity(RECORDING_BYTES + 44);
    audio::wav::write_pcm16(&mut wav, 48_000, 2, &samples)?;
    Ok(wav)
}

/// Uploads the recording, waits until it plays, and returns a signed URL.
async fn uploaded(client: &Client, project: &str, wav: Vec<u8>) -> Result<String> {
    let gone = "the server ended";
    let id = |value: Value| value["id"].as_str().unwrap_or_default().to_owned();
    let track = json!({"name": "Noise", "kind": "other"});
    let track = id(client.post(&format!("projects/{project}/tracks"), track).await?.context(gone)?);
    let upload = json!({"filename": "noise.wav", "size_bytes": wav.len(), "content_type": "audio/wav", "project_id": project});
    let upload = id(client.post("uploads", upload).await?.context(gone)?);
    let content = client.request(Method::PUT, &format!("uploads/{upload}/content"));
    client.send(content.header("content-type", "application/octet-stream").body(wav)).await?.context(gone)?;
    let version = client
        .post(&format!("tracks/{track}/versions"), json!({"upload_id": upload}))
        .await?
        .context(gone)?;
    let version = id(if version["id"].is_string() { version } else { version["version"].clone() });
    while client.version_status(&version).await? != "ready" {
        ensure!(client.version_status(&version).await? != "failed", "the recording could not be processed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let signed = client.post(&format!("versions/{version}/stream-url"), json!({})).await?.context(gone)?;
    Ok(signed["url"].as_str().unwrap_or_default().to_owned())
}
