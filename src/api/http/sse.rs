//! Server-sent events: lines, keep-alive, a bounded life, an end at shutdown.
//!
//! Input is a stream of [`SseEvent`]s; everything about the wire is here (WHATWG HTML §9.2).

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use model::limits;
use poem::{
    Body, FromRequest, IntoResponse, Request, RequestBody, Response, Result,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use std::{pin::Pin, time::Duration};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How often an idle stream says that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects again, in milliseconds.
const RETRY_MS: u64 = 3000;

/// Cancelled when the server stops.
#[derive(Clone)]
pub struct Shutdown(pub CancellationToken);

impl<'a> FromRequest<'a> for Shutdown {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        Ok(request.data::<Self>().cloned().unwrap_or_else(|| Self(CancellationToken::new())))
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct SseEvent {
    /// Its place, for `Last-Event-ID`; absent for what is never replayed.
    pub id: Option<String>,
    /// Its type, such as `comment.created`.
    pub event: String,
    /// The envelope.
    pub data: serde_json::Value,
}

impl SseEvent {
    /// The lines. JSON text has no raw line breaks; `id` and `event` lose theirs.
    fn lines(&self) -> Bytes {
        let plain = |text: &str| text.replace(['\r', '\n', '\0'], "");
        let id = self.id.as_deref().map(|id| format!("id: {}\n", plain(id))).unwrap_or_default();
        format!("{id}event: {}\ndata: {}\n\n", plain(&self.event), self.data).into()
    }
}

/// A live stream of events.
pub struct Sse {
    events: Pin<Box<dyn Stream<Item = SseEvent> + Send>>,
    shutdown: CancellationToken,
    pace: Pace,
}

#[derive(Clone, Copy)]
struct Pace {
    keep_alive: Duration,
    life: Duration,
}

impl Pace {
    const USUAL: Self =
        Self { keep_alive: KEEP_ALIVE, life: Duration::from_millis(limits::STREAM_LIFE_MS.cast_unsigned()) };
}

impl Sse {
    /// Streams these events until they end, the server stops, or 30 minutes are over.
    pub fn new(events: impl Stream<Item = SseEvent> + Send + 'static, shutdown: Shutdown) -> Self {
        Self { events: Box::pin(events), shutdown: shutdown.0, pace: Pace::USUAL }
    }

    fn chunks(self) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
        let started = Instant::now();
        let end = started + self.pace.life;
        let opening = stream::once(async { Ok(Bytes::from(format!("retry: {RETRY_MS}\n\n"))) });
        opening.chain(stream::unfold(Some((self, started)), move |state| async move {
            let (mut sse, spoke) = state?;
            let chunk = tokio::select! {
                biased;
                () = sse.shutdown.cancelled() => return None,
                () = sleep_until(end) => return None,
                event = sse.events.next() => event?.lines(),
                () = sleep_until(spoke + sse.pace.keep_alive) => Bytes::from_static(b": keep-alive\n\n"),
            };
            Some((Ok(chunk), Some((sse, Instant::now()))))
        }))
    }
}

impl IntoResponse for Sse {
    fn into_response(self) -> Response {
        let mut response = Response::builder()
            .content_type("text/event-stream")
            .header(header::CACHE_CONTROL, "no-store")
            .body(Body::from_bytes_stream(self.chunks()));
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}

impl ApiResponse for Sse {
    fn meta() -> MetaResponses {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
        let response = MetaResponse {
            description: "Events as they happen: `id`, `event` and `data` lines; `data` is an event envelope.",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType { content_type: "text/event-stream", schema }],
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }
    fn register(_registry: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(id: Option<&str>) -> SseEvent {
        SseEvent {
            id: id.map(str::to_owned),
            event: "track.created".to_owned(),
            data: json!({"name": "a\nb"}),
        }
    }

    async fn text(sse: Sse) -> String {
        let chunks: Vec<_> = sse.chunks().map(|chunk| chunk.unwrap()).collect().await;
        String::from_utf8(chunks.concat()).unwrap()
    }

    #[tokio::test]
    async fn events_become_lines() {
        let events = stream::iter([event(Some("7")), event(None)]);
        let text = text(Sse::new(events, Shutdown(CancellationToken::new()))).await;
        let one = "event: track.created\ndata: {\"name\":\"a\\nb\"}\n\n";
        assert_eq!(text, format!("retry: 3000\n\nid: 7\n{one}{one}"));
    }

    #[tokio::test]
    async fn an_idle_stream_speaks_now_and_then_and_closes_when_its_life_is_over() {
        assert_eq!((Pace::USUAL.keep_alive.as_secs(), Pace::USUAL.life.as_secs()), (15, 30 * 60));
        let mut sse = Sse::new(stream::pending(), Shutdown(CancellationToken::new()));
        sse.pace = Pace { keep_alive: Duration::from_millis(10), life: Duration::from_millis(100) };
        let text = text(sse).await;
        assert!((1..=9).contains(&text.matches(": keep-alive\n\n").count()), "{text}");
    }

    #[tokio::test]
    async fn shutdown_ends_a_stream() {
        let token = CancellationToken::new();
        token.cancel();
        assert_eq!(text(Sse::new(stream::pending(), Shutdown(token))).await, "retry: 3000\n\n");
    }
}
