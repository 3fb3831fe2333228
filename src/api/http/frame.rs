//! The outermost layer: request id, span, panics, problem+json for every failure, common headers, metrics.
//!
//! Whatever goes wrong below, a client reads a [`crate::problem::Problem`] with the id under which it was logged.

use crate::{
    codes::Code,
    http::{
        client,
        cors::{self, Origins},
        cursor::NextCursor,
        operation::Operation,
    },
    metrics::HttpMetrics,
    problem::{Failure, PROBLEM_JSON},
    security::TrustedCaller,
};
use futures::FutureExt;
use ipnet::IpNet;
use model::{
    Timestamp,
    ports::{Clock, IdGen},
};
use poem::{
    Endpoint, Request, Response,
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header},
};
use service::{Caller, Client, Ctx};
use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc};
use tokio::time::Instant;
use tracing::Instrument;

/// The id of a request, in and out.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken from a client, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// One request, as far as the frame knows it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The id under which it is logged and answered.
    pub request_id: Arc<str>,
    /// The present, read once.
    pub now: Timestamp,
    /// The address of the client behind trusted proxies.
    pub address: Option<IpAddr>,
    /// What sessions and the audit log keep of the client.
    pub client: Client,
}

impl Exchange {
    /// The circumstances for the service.
    pub fn ctx(&self, caller: Caller) -> Ctx {
        Ctx {
            caller,
            request_id: self.request_id.to_string(),
            now: self.now,
            client: self.client.clone(),
            idempotency: None,
        }
    }
}

/// A response that is meant to be what it is, although its status tells of a failure.
#[derive(Clone, Copy, Debug)]
pub struct Deliberate;

/// What the frame needs.
pub struct Surroundings {
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Request ids.
    pub ids: Arc<dyn IdGen>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose pages may call the API.
    pub origins: Origins,
    /// Counters.
    pub metrics: Arc<HttpMetrics>,
}

/// The frame around all routes.
pub struct Frame<E> {
    inner: E,
    surroundings: Surroundings,
}

impl<E: Endpoint<Output = Response>> Frame<E> {
    /// Frames an endpoint.
    pub fn new(inner: E, surroundings: Surroundings) -> Self {
        Self { inner, surroundings }
    }

    fn exchange(&self, request: &Request) -> Exchange {
        let here = &self.surroundings;
        let now = here.clock.now();
        let given = request.header(&X_REQUEST_ID).filter(|id| is_request_id(id));
        let request_id = given.map_or_else(|| here.ids.uuid(now).to_string(), str::to_owned);
        let address = client::address(request, &here.trusted_proxies);
        Exchange { request_id: request_id.into(), now, address, client: client::describe(request, address) }
    }

    /// Runs the routes; a panic is a failure of ours.
    async fn run(&self, request: Request) -> Response {
        match AssertUnwindSafe(self.inner.call(request)).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => poem::Error::from(Failure::from_poem(error)).into_response(),
            Err(panic) => poem::Error::from(Failure::internal(panic_text(&*panic))).into_response(),
        }
    }

    /// The resource as it is now, for a client whose `If-Match` was too late: what GET on the same path shows them.
    async fn current(&self, echo: &Echo, exchange: &Exchange) -> Option<serde_json::Value> {
        let mut request = Request::builder().method(Method::GET).uri(echo.uri.clone()).finish();
        if let Some(token) = &echo.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, token.clone());
        }
        if let Some(caller) = &echo.trusted {
            request.set_data(caller.clone());
        }
        request.set_data(exchange.clone());
        let response = self.run(request).await;
        let found = response.status() == StatusCode::OK;
        let body = response.into_body().into_bytes_limit(model::limits::JSON_BODY_BYTES_MAX).await.ok()?;
        serde_json::from_slice(&body).ok().filter(|_| found)
    }

    /// Writes the body of a failure, whoever made it.
    async fn explain(&self, response: Response, echo: &Echo, exchange: &Exchange) -> Response {
        let status = response.status();
        if !(status.is_client_error() || status.is_server_error()) || response.data::<Deliberate>().is_some()
        {
            return response;
        }
        let mut failure = match response.data::<Failure>() {
            Some(failure) => failure.clone(),
            None => Failure::new(Code::of_status(status)),
        };
        if failure.code() == Code::RevisionConflict
            && let Some(current) = self.current(echo, exchange).await
        {
            failure = failure.current(current);
        }
        log(&failure);
        let mut explained = failure.respond(&exchange.request_id, echo.uri.path());
        if let Some(operation) = response.data::<Arc<Operation>>() {
            explained.set_data(Arc::clone(operation));
        }
        explained
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Frame<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let here = &self.surroundings;
        let origin = here.origins.allowed(&request);
        if let Some(response) = cors::preflight(&request, origin.as_ref()) {
            return Ok(response);
        }
        let exchange = self.exchange(&request);
        let echo = Echo::of(&request);
        request.set_data(exchange.clone());
        let _in_flight = here.metrics.enter();
        let span = tracing::info_span!("request", request.id = &*exchange.request_id);
        let mut response = async {
            let response = self.run(request).await;
            let response = self.explain(response, &echo, &exchange).await;
            let operation = response.data::<Arc<Operation>>().map_or("none", |operation| operation.id);
            let (status, elapsed) = (response.status(), started.elapsed());
            let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(
                http.operation = operation,
                http.status = status.as_u16(),
                http.millis = millis,
                "answered"
            );
            here.metrics.record(operation, status, elapsed);
            response
        }
        .instrument(span)
        .await;
        finish(&mut response, &echo.uri, &exchange.request_id);
        if !here.origins.is_empty() {
            cors::permit(response.headers_mut(), origin.as_ref());
        }
        Ok(response)
    }
}

/// What is kept of a request for the time after it was answered.
struct Echo {
    uri: Uri,
    authorization: Option<HeaderValue>,
    trusted: Option<TrustedCaller>,
}

impl Echo {
    fn of(request: &Request) -> Self {
        Self {
            uri: request.uri().clone(),
            authorization: request.headers().get(header::AUTHORIZATION).cloned(),
            trusted: request.extensions().get().cloned(),
        }
    }
}

/// The headers that every response has.
fn finish(response: &mut Response, uri: &Uri, request_id: &str) {
    let link = response.data::<NextCursor>().and_then(|NextCursor(cursor)| next_link(uri, cursor));
    let problem = response.content_type().is_some_and(|it| it == PROBLEM_JSON);
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    if let Some(link) = link {
        headers.insert(header::LINK, link);
    }
    if !problem && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// `Link: </path?…&cursor=…>; rel="next"` (RFC 8288).
fn next_link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let others = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("cursor"));
    let pairs: Vec<_> = others.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), pairs.join("&"))).ok()
}

fn is_request_id(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=REQUEST_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(known)
}

/// The chain of a failure is logged here, once.
fn log(failure: &Failure) {
    let (code, status) = (failure.code().as_str(), failure.code().status());
    match failure.private() {
        Some(cause) => {
            tracing::error!(problem.code = code, problem.cause = cause, "a request failed inside the server")
        }
        None if status.is_server_error() => tracing::warn!(problem.code = code, "a request was turned away"),
        None => tracing::debug!(problem.code = code, "a request was refused"),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.unwrap_or_default())
}

#[cfg(test)]
mod tests;
