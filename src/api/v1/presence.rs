//! Who is there: a list, and the WebSocket over which people show where they are.

mod socket;

use super::{
    Tag,
    dto::presence::PresenceEntry,
    events::{Wish, open},
};
use crate::{
    http::{reply::Reply, sse::Shutdown},
    problem::Answer,
    security::{Auth, MaybeAuth},
};
use model::limits;
use poem::{
    IntoResponse, Response,
    web::websocket::{WebSocket, WebSocketConfig},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
    registry::{MetaResponse, MetaResponses, Registry},
};
use service::{Service, events::Scope, presence::Visit};
use socket::Socket;
use uuid::Uuid;

/// The operations on presence.
pub struct PresenceApi {
    service: Service,
}

impl PresenceApi {
    /// Over a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Realtime")]
impl PresenceApi {
    /// List who is on a project
    ///
    /// Members. People who do not show their presence are not in it.
    #[oai(path = "/projects/:project_id/presence", method = "get", operation_id = "listPresence")]
    async fn list_presence(&self, cx: Auth, project_id: Path<Uuid>) -> Answer<Reply<Vec<PresenceEntry>>> {
        let present = self.service.list_presence(&cx, project_id.0.into()).await?;
        Ok(Reply(present.into_iter().map(Into::into).collect()))
    }

    /// Open a WebSocket
    ///
    /// Anybody who is logged in. The server says what `streamMyEvents` does, one JSON envelope a message. The client says
    /// `{"type":"presence.update","project_id","track_id"?,"version_id"?,"position_ms"?,"playing"?,"idle"?}`,
    /// `{"type":"presence.leave","project_id"}` and `{"type":"ping"}`; what is refused is answered with `command.refused`. A
    /// connection without a sign of life (a message, or the pong to our ping) for 45 s is closed, and so is one that shows its
    /// person on a project they were removed from.
    #[oai(path = "/ws", method = "get", operation_id = "openWebsocket")]
    async fn open_websocket(
        &self,
        cx: MaybeAuth,
        shutdown: Shutdown,
        upgrade: WebSocket,
        /// Only these types: `presence.*`.
        types: Query<Option<String>>,
        /// The `position` of the last event you saw.
        after: Query<Option<String>>,
        /// A ticket instead of a header.
        ticket: Query<Option<String>>,
    ) -> Answer<Upgraded> {
        let wish = Wish { types: types.0, after: after.0, ticket: ticket.0 };
        let (stream, cx) = open(&self.service, cx.0, Scope::Mine, wish).await?;
        let visit = Visit::new(&self.service, &cx)?;
        let socket = Socket::new(self.service.clone(), cx, visit, shutdown.0);
        let config = WebSocketConfig::default()
            .max_message_size(Some(limits::SOCKET_MESSAGE_BYTES_MAX))
            .max_frame_size(Some(limits::SOCKET_MESSAGE_BYTES_MAX));
        let upgraded = upgrade.config(config).on_upgrade(|wire| socket.serve(wire, stream));
        Ok(Upgraded(upgraded.into_response()))
    }
}

/// 101: the connection speaks WebSocket from here on.
pub struct Upgraded(Response);

impl IntoResponse for Upgraded {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for Upgraded {
    fn meta() -> MetaResponses {
        let response = MetaResponse {
            description: "The connection speaks WebSocket from here on.",
            status: Some(101),
            status_range: None,
            content: vec![],
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }
    fn register(_registry: &mut Registry) {}
}
