//! A client that costs as little as it can, so that the servers are measured and not it.

use anyhow::{Context, Result, ensure};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn request(path: &str, token: Option<&str>) -> String {
    let login = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{login}\r\n")
}

/// Reads one response; the length of its body.
async fn response(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<u64> {
    let mut filled = 0;
    let end = loop {
        ensure!(filled < buffer.len(), "the head of the response is too long");
        let n = stream.read(&mut buffer[filled..]).await?;
        ensure!(n > 0, "the server closed the connection");
        filled += n;
        if let Some(end) = buffer[..filled].windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap_or_default();
    ensure!(status == "200" || status == "206", "the server answers {head}");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .context("the response has no length")?;
    let length: u64 = length.trim().parse()?;
    let mut left = length - (filled - end) as u64;
    while left > 0 {
        let most = usize::try_from(left)?.min(buffer.len());
        let n = stream.read(&mut buffer[..most]).await?;
        ensure!(n > 0, "the body is cut off");
        left -= n as u64;
    }
    Ok(length)
}

/// Lets `clients` connections ask again and again; how often and how many bytes were answered.
async fn ask_for(url: &str, request: String, clients: usize, time: Duration) -> Result<(u64, u64)> {
    let address = url.strip_prefix("http://").context("a plain http address")?.to_owned();
    let (stop, answers, bytes) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let workers: Vec<_> = (0..clients)
        .map(|_| {
            let (stop, answers, bytes) = (Arc::clone(&stop), Arc::clone(&answers), Arc::clone(&bytes));
            let (address, request) = (address.clone(), request.clone());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let mut buffer = vec![0; 1 << 20];
                while !stop.load(Ordering::Relaxed) {
                    stream.write_all(request.as_bytes()).await?;
                    bytes.fetch_add(response(&mut stream, &mut buffer).await?, Ordering::Relaxed);
                    answers.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            })
        })
        .collect();
    tokio::time::sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await??;
    }
    Ok((answers.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed)))
}

/// Requests a second.
pub async fn requests_for(
    url: &str,
    path: &str,
    token: Option<&str>,
    clients: usize,
    time: Duration,
) -> Result<f64> {
    let start = Instant::now();
    let (answers, _) = ask_for(url, request(path, token), clients, time).await?;
    #[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
    Ok(answers as f64 / start.elapsed().as_secs_f64())
}

/// Bytes a second of the servers' processor time.
pub async fn bytes_for(url: &str, path: &str, pids: &[u32], clients: usize, time: Duration) -> Result<f64> {
    let before = cpu_s(pids)?;
    let (_, bytes) = ask_for(url, request(path, None), clients, time).await?;
    let spent = cpu_s(pids)? - before;
    #[expect(clippy::cast_precision_loss, reason = "the bytes of a few seconds are far below 2^52")]
    Ok(bytes as f64 / spent.max(0.01))
}

/// User and system time of processes, in seconds (`/proc/PID/stat`, proc(5)).
fn cpu_s(pids: &[u32]) -> Result<f64> {
    let mut ticks = 0u64;
    for pid in pids {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        ticks += fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    }
    #[expect(clippy::cast_precision_loss, reason = "ticks are far below 2^52")]
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}
