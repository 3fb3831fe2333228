//! One WebSocket: events go out, commands come in, and silence ends it.

use crate::{
    problem::Failure,
    v1::{
        dto::{event::EventEnvelope, presence::Command},
        events::envelope,
    },
};
use futures::{SinkExt as _, StreamExt as _};
use model::{Timestamp, limits};
use poem::web::websocket::{CloseCode, Message, WebSocketStream};
use poem_openapi::types::ToJSON as _;
use serde_json::{Value, json};
use service::{Ctx, Service, events::EventStream, presence::Visit};
use std::time::Duration;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Messages that wait for a slow client; behind them the stream waits.
const OUTBOX: usize = 16;
/// Milliseconds as a time.
const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A connection and who it speaks for.
pub(super) struct Socket {
    service: Service,
    cx: Ctx,
    visit: Visit,
    shutdown: CancellationToken,
}

/// How a connection ends.
type End = (CloseCode, &'static str);

impl Socket {
    pub(super) fn new(service: Service, cx: Ctx, visit: Visit, shutdown: CancellationToken) -> Self {
        Self { service, cx, visit, shutdown }
    }

    /// Speaks until somebody ends it.
    pub(super) async fn serve(mut self, mut wire: WebSocketStream, stream: EventStream) {
        // A stream must not be stopped in the middle of a step, so it runs by itself.
        let (told, mut outbox) = mpsc::channel(OUTBOX);
        let changed = stream.access_changed();
        let _telling = AbortOnDropHandle::new(tokio::spawn(tell(stream, told)));
        if let Some((code, why)) = self.speak(&mut wire, &mut outbox, &changed).await {
            // Whoever is gone does not read it.
            drop(timeout(ms(limits::SOCKET_SEND_MS), wire.send(Message::close_with(code, why))).await);
        }
    }

    /// The conversation; none if the client ended it or is gone.
    async fn speak(
        &mut self,
        wire: &mut WebSocketStream,
        outbox: &mut mpsc::Receiver<EventEnvelope>,
        changed: &Notify,
    ) -> Option<End> {
        let (mut check, mut ping) =
            (interval(ms(limits::STREAM_CHECK_MS)), interval(ms(limits::STREAM_KEEP_ALIVE_MS)));
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listen_at = Instant::now();
        let shutdown = self.shutdown.clone();
        loop {
            let heard = async {
                sleep_until(listen_at).await;
                wire.next().await
            };
            let due = async {
                tokio::select! {
                    () = changed.notified() => {}
                    _ = check.tick() => {}
                }
            };
            let message = tokio::select! {
                biased;
                () = shutdown.cancelled() => return Some((CloseCode::Away, "the server stops")),
                () = due => {
                    if let Err(end) = self.check().await {
                        return Some(end);
                    }
                    continue;
                }
                told = outbox.recv() => match told {
                    Some(envelope) => text(&envelope),
                    None => return Some((CloseCode::Policy, "the stream is over")),
                },
                _ = ping.tick() => Message::ping(Vec::new()),
                heard = heard => {
                    listen_at = Instant::now() + ms(limits::SOCKET_PAUSE_MS);
                    match self.hear(heard?.ok()?).await {
                        Heard::Answer(answer) => answer,
                        Heard::Nothing => continue,
                        Heard::Goodbye => return None,
                    }
                }
            };
            // A network that is gone takes nothing and says nothing.
            timeout(ms(limits::SOCKET_SEND_MS), wire.send(message)).await.ok()?.ok()?;
        }
    }

    /// Whether the connection may go on.
    async fn check(&mut self) -> Result<(), End> {
        let over = |_| (CloseCode::Policy, "you may not be here any more");
        self.cx = self.service.renewed(&self.cx).await.map_err(over)?;
        if self.visit.is_over(self.cx.now) {
            return Err((CloseCode::Policy, "there was no sign of life"));
        }
        self.visit.check(&self.cx).await.map_err(over)
    }

    async fn hear(&mut self, message: Message) -> Heard {
        match self.service.renewed(&self.cx).await {
            Ok(cx) => self.cx = cx,
            // The next check ends it.
            Err(_) => return Heard::Nothing,
        }
        self.visit.alive(self.cx.now);
        match message {
            Message::Text(said) => self.obey(&said).await,
            Message::Close(_) => Heard::Goodbye,
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => Heard::Nothing,
        }
    }

    async fn obey(&mut self, said: &str) -> Heard {
        let now = self.cx.now;
        let command: Command = match serde_json::from_str(said) {
            Ok(command) => command,
            Err(error) => {
                let data = json!({"code": "malformed_request", "detail": error.to_string()});
                return answer("command.refused", now, Some(data));
            }
        };
        let done = match command {
            Command::Ping {} => {
                return answer("pong", now, None);
            }
            Command::Leave { project_id } => {
                self.visit.vanish(project_id.into());
                return Heard::Nothing;
            }
            Command::Update(update) => match update.spot() {
                Ok(spot) => {
                    self.visit.appear(&self.cx, update.project_id.into(), spot).await.map_err(Failure::from)
                }
                Err(faults) => Err(Failure::invalid(faults)),
            },
        };
        match done {
            Ok(()) => Heard::Nothing,
            Err(failure) => answer("command.refused", now, Some(refusal(&failure))),
        }
    }
}

/// What follows from a message.
enum Heard {
    Answer(Message),
    Nothing,
    Goodbye,
}

fn answer(kind: &str, now: Timestamp, data: Option<Value>) -> Heard {
    Heard::Answer(text(&EventEnvelope::of_stream(kind, now, None, data)))
}

fn refusal(failure: &Failure) -> Value {
    if let Some(why) = failure.private() {
        tracing::error!(error.message = why, "A command over a WebSocket failed.");
    }
    json!({"code": failure.code().as_str(), "detail": failure.sentence()})
}

fn text(envelope: &EventEnvelope) -> Message {
    Message::text(envelope.to_json_string())
}

async fn tell(mut stream: EventStream, told: mpsc::Sender<EventEnvelope>) {
    while let Some(delivery) = stream.next().await {
        let said = envelope(&stream, delivery);
        if told.send(said).await.is_err() {
            return;
        }
    }
}
