//! A WebSocket, spoken over a real socket.

use super::{App, Person};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

/// Longer than anything a test waits for, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open WebSocket; dropping it closes the connection without a goodbye.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one, which must succeed; its first message is read and must be `connection.ready`.
    pub async fn open(app: &App, who: &Person, query: &str) -> Self {
        let mut socket = Self::try_open(app, who, query).await.expect("the socket opens");
        let ready = socket.next().await.expect("the socket begins");
        assert_eq!(ready["type"], "connection.ready");
        socket
    }

    /// Opens one; none if it is refused.
    pub async fn try_open(app: &App, who: &Person, query: &str) -> Option<Self> {
        let url = format!("ws://{}/api/v1/ws{query}", app.address());
        let mut request = url.into_client_request().expect("a request");
        if let Some(token) = &who.token {
            let value = format!("Bearer {token}").parse().expect("a header");
            request.headers_mut().insert("authorization", value);
        }
        let tcp = TcpStream::connect(app.address()).await.expect("the server listens");
        client_async(request, tcp).await.ok().map(|(socket, _)| Self(socket))
    }

    /// Says something.
    pub async fn say(&mut self, command: Value) {
        self.0.send(Message::text(command.to_string())).await.expect("the socket is open");
    }

    /// The next envelope; none when the server has ended it. Pings are answered on the way.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match message.expect("the socket says something")?.ok()? {
                Message::Text(text) => {
                    return Some(serde_json::from_str(&text).expect("an envelope is JSON"));
                }
                Message::Close(_) => return None,
                Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
            }
        }
    }

    /// The next envelope of this type; others are passed over.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let envelope = self.next().await.unwrap_or_else(|| panic!("the socket ends before {kind}"));
            if envelope["type"] == kind {
                return envelope;
            }
        }
    }
}
