//! Live streams: 500 listeners (server-sent events) and 200 WebSockets with presence on one project, for which a comment is
//! written again and again. Every one must get every event. Printed: the time from the acknowledgement of a comment to each
//! client that gets it (p50, p99; aim 250 ms), and what a listener costs the server in memory.
//!
//! `cargo bench --bench live`

#[path = "../tests/child/client.rs"]
#[expect(dead_code, reason = "shared with the tests of the whole program")]
mod client;
#[path = "../tests/child/server.rs"]
#[expect(dead_code, reason = "shared with the tests of the whole program")]
mod server;

use anyhow::{Context, Result, bail, ensure};
use client::Client;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use server::{Data, Server};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

const LISTENERS: usize = 500;
const SOCKETS: usize = 200;
const EVENTS: usize = 30;
/// Streams that one person may have open: see `STREAMS_PER_USER_MAX`.
const STREAMS_EACH: usize = 20;
/// Tabs that one person may have on a project: see `PRESENCE_TABS_MAX`.
const TABS_EACH: usize = 10;
const PAUSE: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(bench())
}

/// What was heard: how long after its comment was acknowledged each event was with each client.
#[derive(Default)]
struct Heard {
    written: Mutex<HashMap<String, Instant>>,
    arrived: Mutex<Vec<(String, Instant)>>,
    count: AtomicUsize,
}

impl Heard {
    fn note(&self, comment: &str) {
        let now = Instant::now();
        self.arrived.lock().expect("nobody panics here").push((comment.to_owned(), now));
        self.count.fetch_add(1, Ordering::SeqCst);
    }
}

async fn bench() -> Result<()> {
    let load = || std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load average {}", load().trim());
    let dir = tempfile::tempdir()?;
    let data = Data::with_admin(dir.path()).await?;
    let mut server = Server::start_with(&data, &[("BACKLINE_REGISTRATION", "open".as_ref())])?;
    server.ready().await?;
    let ada = Client::login(&server).await?;
    let gone = "the server ended";
    let project = ada.post("projects", json!({"name": "Live"})).await?.context(gone)?;
    let project = project["id"].as_str().context("an id")?.to_owned();
    let members =
        members(&server, &ada, &project, LISTENERS.div_ceil(STREAMS_EACH) + SOCKETS.div_ceil(TABS_EACH))
            .await?;

    let heard = Arc::new(Heard::default());
    let before = resident_kib(server.pid())?;
    let mut tasks = Vec::new();
    for number in 0..LISTENERS {
        let token = members[number / STREAMS_EACH].clone();
        tasks.push(tokio::spawn(listen(
            open_stream(&server.url, &token, &project).await?,
            Arc::clone(&heard),
        )));
    }
    let listening = resident_kib(server.pid())?;
    for number in 0..SOCKETS {
        let token = members[LISTENERS.div_ceil(STREAMS_EACH) + number / TABS_EACH].clone();
        let socket = open_socket(&server.url, &token, &project, &heard).await?;
        tasks.push(socket);
    }
    let connected = resident_kib(server.pid())?;
    // Everybody has come and told the others.
    tokio::time::sleep(Duration::from_secs(5)).await;

    for event in 0..EVENTS {
        let body = json!({"body": format!("event {event}")});
        let made = ada.post(&format!("projects/{project}/comments"), body).await?.context(gone)?;
        let id = made["id"].as_str().context("an id")?.to_owned();
        heard.written.lock().expect("nobody panics here").insert(id, Instant::now());
        tokio::time::sleep(PAUSE).await;
    }
    let all = EVENTS * (LISTENERS + SOCKETS);
    let until = Instant::now() + PATIENCE;
    while heard.count.load(Ordering::SeqCst) < all {
        ensure!(Instant::now() < until, "{} of {all} events arrived", heard.count.load(Ordering::SeqCst));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    report(&heard, all)?;
    let per = |from: u64, to: u64, count: usize| to.saturating_sub(from) / count as u64;
    println!(
        "memory: {} KiB a listener, {} KiB a socket ({} MiB in all)",
        per(before, listening, LISTENERS),
        per(listening, connected, SOCKETS),
        connected / 1024
    );
    println!("load average {}", load().trim());
    for task in tasks {
        task.abort();
    }
    server.stop().await
}

fn report(heard: &Heard, all: usize) -> Result<()> {
    let written = heard.written.lock().expect("nobody panics here");
    let arrived = heard.arrived.lock().expect("nobody panics here");
    ensure!(arrived.len() == all, "{} of {all} events arrived", arrived.len());
    let delay = |(id, at): &(String, Instant)| {
        // An event may be there before its writer reads the acknowledgement.
        let since = written.get(id).map(|written| at.saturating_duration_since(*written));
        since.map(|delay| delay.as_secs_f64() * 1000.0)
    };
    let mut delays = arrived.iter().map(delay).collect::<Option<Vec<f64>>>().context("an unknown comment")?;
    delays.sort_by(f64::total_cmp);
    let at = |part: usize| delays[(delays.len() * part / 100).min(delays.len() - 1)];
    println!("{all} deliveries, every one there: p50 {:.1} ms, p99 {:.1} ms (aim 250 ms)", at(50), at(99));
    Ok(())
}

/// People who came in by a link; their tokens.
async fn members(server: &Server, ada: &Client, project: &str, count: usize) -> Result<Vec<String>> {
    let gone = "the server ended";
    let mut tokens = Vec::new();
    for number in 0..count {
        let link = json!({"link": true, "role": "editor"});
        let link = ada.post(&format!("projects/{project}/invitations"), link).await?.context(gone)?;
        let http = reqwest::Client::new();
        let new = json!({
            "email": format!("m{number}@example.org"), "name": format!("m{number}"), "password": server::PASSWORD,
        });
        let url = format!("{}/api/v1/auth/register", server.url);
        let made: Value = http.post(url).json(&new).send().await?.error_for_status()?.json().await?;
        let token = made["session"]["access_token"].as_str().context("a token")?.to_owned();
        let url = format!(
            "{}/api/v1/invitations/{}/accept",
            server.url,
            link["token"].as_str().unwrap_or_default()
        );
        http.request(Method::POST, url).bearer_auth(&token).send().await?.error_for_status()?;
        tokens.push(token);
    }
    Ok(tokens)
}

async fn open_stream(url: &str, token: &str, project: &str) -> Result<reqwest::Response> {
    let url = format!("{url}/api/v1/projects/{project}/events?types=comment.created");
    Ok(reqwest::Client::new().get(url).bearer_auth(token).send().await?.error_for_status()?)
}

async fn listen(mut stream: reqwest::Response, heard: Arc<Heard>) -> Result<()> {
    let mut unread = String::new();
    while let Some(chunk) = stream.chunk().await? {
        unread.push_str(&String::from_utf8_lossy(&chunk));
        while let Some(end) = unread.find("\n\n") {
            let block: String = unread.drain(..end + 2).collect();
            let data = block.lines().find_map(|line| line.strip_prefix("data: "));
            if let Some(data) = data {
                note(&serde_json::from_str(data)?, &heard);
            }
        }
    }
    bail!("a stream ended")
}

fn note(envelope: &Value, heard: &Heard) {
    if envelope["type"] == "comment.created" {
        heard.note(envelope["resource"]["id"].as_str().unwrap_or_default());
    }
}

/// A socket that shows its person on the project and says so every ten seconds.
async fn open_socket(
    url: &str,
    token: &str,
    project: &str,
    heard: &Arc<Heard>,
) -> Result<tokio::task::JoinHandle<Result<()>>> {
    let address = url.trim_start_matches("http://");
    let url = format!("ws://{address}/api/v1/ws?types=comment.created,presence.*");
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let (mut socket, _) = client_async(request, TcpStream::connect(address).await?).await?;
    let here = json!({"type": "presence.update", "project_id": project, "position_ms": 0}).to_string();
    socket.send(Message::text(here.clone())).await?;
    let heard = Arc::clone(heard);
    Ok(tokio::spawn(async move {
        let mut beat = tokio::time::interval(Duration::from_secs(10));
        loop {
            tokio::select! {
                message = socket.next() => match message.context("a socket ended")?? {
                    Message::Text(text) => note(&serde_json::from_str(&text)?, &heard),
                    Message::Close(_) => bail!("a socket was closed"),
                    Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                },
                _ = beat.tick() => socket.send(Message::text(here.clone())).await?,
            }
        }
    }))
}

/// What the process holds in memory (`/proc/PID/status`, proc(5)), in KiB.
fn resident_kib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a size")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
