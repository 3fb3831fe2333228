//! Connections: accepted up to a bound, spoken HTTP/1.1 on, and drained within a bound when the server stops.
//!
//! poem's own server boxes its sockets, which makes hyper copy every block of a body once more, and it waits for the head of a
//! request for ever. TLS and HTTP/2 are the business of a reverse proxy.

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use model::limits;
use poem::{
    Addr, Endpoint, Response,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use std::{convert::Infallible, io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// How long the head of a request may take, and how long a connection may idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long to wait after an accept failed, most likely because there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from.
#[derive(Debug)]
pub enum Listener {
    /// The network.
    Tcp(TcpListener),
    /// A socket file.
    Unix(UnixListener),
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    async fn accept(&self) -> io::Result<(Socket, LocalAddr, RemoteAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (socket, peer) = listener.accept().await?;
                // Without it a short event waits for the acknowledgement of the one before.
                socket.set_nodelay(true)?;
                let local = socket.local_addr()?;
                Ok((
                    Socket::Tcp(socket),
                    LocalAddr(Addr::SocketAddr(local)),
                    RemoteAddr(Addr::SocketAddr(peer)),
                ))
            }
            Self::Unix(listener) => {
                let (socket, peer) = listener.accept().await?;
                let local = Addr::Unix(Arc::new(listener.local_addr()?));
                Ok((Socket::Unix(socket), LocalAddr(local), RemoteAddr(Addr::Unix(Arc::new(peer)))))
            }
        }
    }
}

/// Serves until `stop` is cancelled, then lets requests under way end for at most `drain`.
pub async fn serve<E>(listener: Listener, endpoint: E, stop: CancellationToken, drain: Duration)
where
    E: Endpoint<Output = Response> + 'static,
{
    let endpoint = Arc::new(endpoint);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = connections.join_next() => report(ended),
            accepted = listener.accept(), if connections.len() < limits::CONNECTIONS_MAX => match accepted {
                Ok(connection) => {
                    connections.spawn(connect(connection, Arc::clone(&endpoint), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(error.message = %error, "A connection could not be accepted.");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let drained = async {
        while let Some(ended) = connections.join_next().await {
            report(ended)
        }
    };
    if tokio::time::timeout(drain, drained).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "Connections were cut off because they did not end in time."
        );
        connections.shutdown().await;
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(error.message = %error, "A connection panicked.");
    }
}

async fn connect<E>(connection: (Socket, LocalAddr, RemoteAddr), endpoint: Arc<E>, stop: CancellationToken)
where
    E: Endpoint<Output = Response> + 'static,
{
    let (socket, local, remote) = connection;
    match socket {
        Socket::Tcp(socket) => speak(socket, local, remote, endpoint, stop).await,
        Socket::Unix(socket) => speak(socket, local, remote, endpoint, stop).await,
    }
}

async fn speak<S, E>(
    socket: S,
    local: LocalAddr,
    remote: RemoteAddr,
    endpoint: Arc<E>,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    E: Endpoint<Output = Response> + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let request: poem::Request = (request, local.clone(), remote.clone(), Scheme::HTTP).into();
        let endpoint = Arc::clone(&endpoint);
        async move { Ok::<_, Infallible>(answer(&*endpoint, request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let connection = builder.serve_connection(TokioIo::new(socket), service).with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // A client that goes away is no event: browsers abort streams all the time.
        _ended = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}

async fn answer<E>(endpoint: &E, request: poem::Request) -> hyper::Response<BoxBody<Bytes, io::Error>>
where
    E: Endpoint<Output = Response>,
{
    let response = endpoint.call(request).await.unwrap_or_else(poem::Error::into_response);
    response.into()
}

#[cfg(test)]
mod tests;
