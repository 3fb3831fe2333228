//! Live events: streams (server-sent events), the log to poll, tickets for `EventSource`.

use super::{
    Tag,
    dto::event::{EventEnvelope, EventList, RealtimeTicket},
};
use crate::{
    http::{
        reply::Reply,
        sse::{Shutdown, Sse, SseEvent},
    },
    problem::{Answer, Failure},
    security::{Auth, GuestAuth, MaybeAuth, MaybeGuestAuth},
};
use futures::{Stream, stream};
use model::limits;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
};
use serde_json::json;
use service::{
    Ctx, Service,
    events::{EventStream, Scope, StreamRequest, TypeFilter, stream::Delivery},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The operations on live events.
pub struct EventsApi {
    service: Service,
}

impl EventsApi {
    /// Over a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Realtime")]
impl EventsApi {
    /// Stream my events
    ///
    /// Anybody who is logged in: their own events and those of every project they are a member of. Server-sent events; begins
    /// with `connection.ready`. `Last-Event-ID` or `after` goes on where a stream ended; `sync.reset` says that too much was
    /// missed. Lives 30 minutes; connect again then.
    #[oai(path = "/events", method = "get", operation_id = "streamMyEvents")]
    async fn stream_my_events(
        &self,
        cx: MaybeAuth,
        shutdown: Shutdown,
        /// Only these types: `comment.*,version.ready`.
        types: Query<Option<String>>,
        /// The `id` of the last event you saw.
        after: Query<Option<String>>,
        /// A ticket instead of a header.
        ticket: Query<Option<String>>,
        /// The `id` of the last event you saw; stronger than `after`.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
    ) -> Answer<Sse> {
        let wish = Wish { types: types.0, after: last_event_id.0.or(after.0), ticket: ticket.0 };
        self.stream(cx.0, Scope::Mine, wish, shutdown).await
    }

    /// Stream the events of a project
    ///
    /// Members. As `streamMyEvents`, for one project. Guests of a share link hear of the tracks, versions and comments it shows.
    #[oai(path = "/projects/:project_id/events", method = "get", operation_id = "streamProjectEvents")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    async fn stream_project_events(
        &self,
        cx: MaybeGuestAuth,
        shutdown: Shutdown,
        project_id: Path<Uuid>,
        /// Only these types: `comment.*,version.ready`.
        types: Query<Option<String>>,
        /// The `id` of the last event you saw.
        after: Query<Option<String>>,
        /// A ticket instead of a header.
        ticket: Query<Option<String>>,
        /// The `id` of the last event you saw; stronger than `after`.
        #[oai(name = "Last-Event-ID")]
        last_event_id: Header<Option<String>>,
    ) -> Answer<Sse> {
        let wish = Wish { types: types.0, after: last_event_id.0.or(after.0), ticket: ticket.0 };
        self.stream(cx.0, Scope::Project(project_id.0.into()), wish, shutdown).await
    }

    /// Poll the events of a project
    ///
    /// Members. The log, oldest first, for clients that cannot hold a stream open.
    #[oai(path = "/projects/:project_id/events/log", method = "get", operation_id = "listProjectEvents")]
    async fn list_project_events(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        /// The `position` of the last event you saw; absent = from the beginning of what is kept.
        after: Query<Option<String>>,
        /// Events to return at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<i32>>,
    ) -> Answer<Reply<EventList>> {
        let limit = limit.0.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(limits::PAGE_DEFAULT);
        let after = after.0.as_deref();
        let page = self.service.list_project_events(&cx, project_id.0.into(), after, limit).await?;
        Ok(Reply(page.into()))
    }

    /// Get a ticket for a stream
    ///
    /// Anybody who is logged in. For `EventSource`, which cannot send headers: put it into the URL as `?ticket=` within a
    /// minute.
    #[oai(path = "/realtime/tickets", method = "post", operation_id = "createRealtimeTicket")]
    async fn create_realtime_ticket(&self, cx: GuestAuth) -> Answer<Reply<RealtimeTicket>> {
        Ok(Reply(self.service.create_realtime_ticket(&cx).await?.into()))
    }
}

/// What a client wants of a stream.
pub(super) struct Wish {
    pub(super) types: Option<String>,
    pub(super) after: Option<String>,
    pub(super) ticket: Option<String>,
}

impl EventsApi {
    async fn stream(&self, cx: Ctx, scope: Scope, wish: Wish, shutdown: Shutdown) -> Answer<Sse> {
        let (stream, _cx) = open(&self.service, cx, scope, wish).await?;
        // The stream says goodbye itself, so the responder must not cut it off.
        Ok(Sse::new(said(stream, shutdown.0), Shutdown(CancellationToken::new())))
    }
}

/// Opens a stream, by a ticket if there is one; and whose it is.
pub(super) async fn open(
    service: &Service,
    mut cx: Ctx,
    scope: Scope,
    wish: Wish,
) -> Answer<(EventStream, Ctx)> {
    let types = wish.types.unwrap_or_default();
    let filter = TypeFilter::parse(&types)
        .ok_or_else(|| Failure::fault("?types", "invalid", "is not a list of event types"))?;
    let mut connection = None;
    if let Some(ticket) = wish.ticket {
        let stream = format!("{scope:?} {types}");
        let (caller, opened) = service.redeem_ticket(&ticket, &stream, cx.now).await?;
        (cx.caller, connection) = (caller, Some(opened));
    }
    let request = StreamRequest { scope, after: wish.after, types: filter, connection };
    Ok((service.open_event_stream(cx.clone(), request).await?, cx))
}

/// Everything a stream says, until it is over or the server shuts down.
fn said(stream: EventStream, shutdown: CancellationToken) -> impl Stream<Item = SseEvent> + Send {
    stream::unfold(Some((stream, shutdown)), |state| async {
        let (mut stream, shutdown) = state?;
        tokio::select! {
            biased;
            () = shutdown.cancelled() => {
                let goodbye = EventEnvelope::of_stream("server.shutting_down", stream.now(), None, None);
                Some((goodbye.into_sse(), None))
            }
            delivery = stream.next() => {
                let said = envelope(&stream, delivery?).into_sse();
                Some((said, Some((stream, shutdown))))
            }
        }
    })
}

/// What is said of a delivery.
pub(super) fn envelope(stream: &EventStream, delivery: Delivery) -> EventEnvelope {
    let now = stream.now();
    match delivery {
        Delivery::Ready(place) => {
            let data =
                json!({ "last_event_id": place.to_string(), "server_version": env!("CARGO_PKG_VERSION") });
            EventEnvelope::of_stream("connection.ready", now, None, Some(data))
        }
        Delivery::Reset(place) => EventEnvelope::of_stream("sync.reset", now, Some(place), None),
        Delivery::Event(told) => (*told).into(),
        Delivery::Ephemeral(message) => EventEnvelope::of_ephemeral(&message, now),
    }
}
