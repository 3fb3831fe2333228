//! A browser tab that listens to server-sent events.

use reqwest::Response;
use serde_json::Value;
use std::{collections::VecDeque, time::Duration};

/// Longer than anything takes that is told at all.
const SOON: Duration = Duration::from_secs(20);

/// An open stream.
pub struct Listener {
    response: Response,
    unread: String,
    events: VecDeque<Value>,
}

impl Listener {
    /// Listens to an open response.
    pub(super) async fn on(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        let mut listener = Self { response, unread: String::new(), events: VecDeque::new() };
        assert_eq!(listener.next().await["type"], "connection.ready");
        listener
    }

    /// The next event: its envelope.
    pub async fn next(&mut self) -> Value {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            let chunk = tokio::time::timeout(SOON, self.response.chunk()).await.expect("something is told");
            let chunk = chunk.expect("the stream goes on").expect("the stream is open");
            self.unread.push_str(&String::from_utf8_lossy(&chunk));
            while let Some((event, rest)) = self.unread.split_once("\n\n") {
                let data: String = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
                if !data.is_empty() {
                    self.events.push_back(serde_json::from_str(&data).expect("JSON"));
                }
                self.unread = rest.to_owned();
            }
        }
    }
}
