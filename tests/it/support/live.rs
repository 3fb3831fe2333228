//! A live stream, read frame by frame from a real socket (WHATWG HTML §9.2).

use super::person::Ask;
use reqwest::Response;
use serde_json::Value;
use std::time::Duration;

/// Longer than anything a test waits for, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// One event of a stream.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its place, unless it is never replayed.
    pub id: Option<String>,
    /// Its type.
    pub event: String,
    /// The envelope.
    pub data: Value,
}

/// An open stream; dropping it closes the connection.
pub struct Live {
    response: Response,
    unread: String,
}

impl Live {
    /// Opens a stream, which must succeed; its first frame is read and must be `connection.ready`.
    pub async fn open(ask: Ask) -> Self {
        let response = ask.send().await;
        assert_eq!(response.status(), 200);
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("content-type"), Some("text/event-stream"));
        assert_eq!(header("x-accel-buffering"), Some("no"));
        let mut live = Self { response, unread: String::new() };
        let ready = live.next().await.expect("the stream begins");
        assert_eq!((ready.event.as_str(), ready.id), ("connection.ready", None));
        assert!(ready.data["data"]["last_event_id"].is_string(), "{}", ready.data);
        assert_eq!(ready.data["data"]["server_version"], env!("CARGO_PKG_VERSION"));
        live
    }

    /// The next event; none at the end of the stream.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            while let Some(end) = self.unread.find("\n\n") {
                let block: String = self.unread.drain(..end + 2).collect();
                if let Some(frame) = frame(&block) {
                    return Some(frame);
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            let bytes = chunk.expect("the stream says something").ok().flatten()?;
            self.unread.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    /// The envelope of the next event, which must come.
    pub async fn hear(&mut self) -> Value {
        self.next().await.expect("the stream goes on").data
    }

    /// The next event of this type; others are passed over.
    pub async fn until(&mut self, event: &str) -> Frame {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("the stream ends before {event}"));
            if frame.event == event {
                return frame;
            }
        }
    }
}

/// The event in a block of lines; none in a comment or a setting.
fn frame(block: &str) -> Option<Frame> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = serde_json::from_str(field("data")?).expect("an envelope is JSON");
    Some(Frame { id: field("id").map(str::to_owned), event: field("event")?.to_owned(), data })
}
