//! Files and connections over real sockets.

use super::*;
use crate::http::file::{Audio, Conditions, Disposition, FileReply, Representation, Source};
use model::Timestamp;
use poem::{IntoResponse, Request};
use std::{fs::File, io::Write, net::SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Answers every request with the same file; `/slow` takes a moment.
struct OneFile(Arc<File>);

impl Endpoint for OneFile {
    type Output = Response;
    async fn call(&self, request: Request) -> poem::Result<Response> {
        if request.uri().path() == "/slow" {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let representation = Representation {
            source: Source::File(Arc::clone(&self.0)),
            length: self.0.metadata().unwrap().len(),
            tag: "tag".to_owned(),
            modified: Timestamp(0),
            content_type: "audio/wav".to_owned(),
            disposition: Disposition::Inline("take.wav".to_owned()),
        };
        let conditions = Conditions::new(request.method().clone(), request.headers());
        Ok(FileReply::<Audio>::new(conditions, representation).into_response())
    }
}

struct House {
    address: SocketAddr,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<()>,
    file: Arc<File>,
}

impl House {
    async fn new(file: File) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop, file) =
            (listener.local_addr().unwrap(), CancellationToken::new(), Arc::new(file));
        let endpoint = OneFile(Arc::clone(&file));
        let server =
            tokio::spawn(serve(Listener::Tcp(listener), endpoint, stop.clone(), Duration::from_secs(5)));
        Self { address, stop, server, file }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends one request and reads until the server closes.
    async fn ask(&self, line: &str, headers: &str) -> (String, Vec<u8>) {
        let mut socket = self.connect().await;
        let request = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let body = answer.split_off(end + 4);
        (String::from_utf8(answer).unwrap().to_lowercase(), body)
    }
}

fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 131 % 253) as u8).collect()
}

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[tokio::test]
async fn head_announces_the_length_and_sends_nothing() {
    let house = House::new(file_of(&noise(1000))).await;
    let (head, body) = house.ask("HEAD /", "").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("\r\ncontent-length: 1000\r\n"), "{head}");
    assert!(head.contains("\r\naccept-ranges: bytes\r\n") && !head.contains("content-encoding"), "{head}");
    assert_eq!(body, b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_listeners_at_once_hear_the_same() {
    let whole = noise(3_000_000);
    let house = House::new(file_of(&whole)).await;
    let all = (0..20).map(|at| {
        let start = at * 100_000;
        let (house, whole) = (&house, &whole);
        async move {
            let (head, body) = house.ask("GET /", &format!("Range: bytes={start}-\r\n")).await;
            assert!(head.starts_with("http/1.1 206"), "{head}");
            assert!(body == whole[start..], "the bytes from {start} on differ");
        }
    });
    futures::future::join_all(all).await;
}

#[tokio::test]
async fn a_client_that_goes_away_frees_the_file() {
    let house = House::new(file_of(&noise(20_000_000))).await;
    let idle = Arc::strong_count(&house.file);
    let mut socket = house.connect().await;
    socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    socket.read_exact(&mut [0; 1000]).await.unwrap();
    assert!(Arc::strong_count(&house.file) > idle);
    drop(socket);
    for _ in 0..500 {
        if Arc::strong_count(&house.file) == idle {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the file is still open 5 s after its reader went away");
}

/// Resident memory of this process, in bytes; every test runs in a process of its own.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_gigabyte_is_served_in_little_memory() {
    const LENGTH: u64 = 1 << 30;
    let file = tempfile::tempfile().unwrap();
    file.set_len(LENGTH).unwrap();
    let house = House::new(file).await;
    let mut socket = house.connect().await;
    let mut buffer = vec![0; 1 << 16];
    let before = resident();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut heard = 0;
    loop {
        let read = socket.read(&mut buffer).await.unwrap();
        if read == 0 {
            break;
        }
        heard += read as u64;
    }
    assert!(heard > LENGTH, "only {heard} bytes came");
    let grown = resident() - before;
    assert!(grown < 16 << 20, "the peak grew by {grown} bytes");
}

#[tokio::test]
async fn stopping_lets_a_request_end_and_takes_no_more() {
    let house = House::new(file_of(&noise(1000))).await;
    let mut idle = house.connect().await;
    let request = house.ask("GET /slow", "");
    let stop = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        house.stop.cancel();
    };
    let ((head, body), ()) = tokio::join!(request, stop);
    assert!(head.starts_with("http/1.1 200") && body == noise(1000), "{head}");
    house.server.await.unwrap();
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(TcpStream::connect(house.address).await.is_err());
}
