//! Counters of the HTTP layer, and `/metrics` for those who may read them.
//!
//! Labels are operationIds and statuses, never paths, ids or addresses.

use crate::{
    codes::Code,
    http::frame::Exchange,
    problem::Failure,
    security::{self, Gate},
};
use ipnet::IpNet;
use model::account::InstanceRole;
use poem::{Endpoint, Request, Response, http::StatusCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};
use service::Caller;
use std::{sync::Arc, time::Duration};

/// The first bound of the latency histogram, in seconds; each next one is twice as large.
const FIRST_BUCKET_S: f64 = 0.001;
const BUCKETS: u16 = 15;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    operation: &'static str,
}

/// Counters of requests.
pub struct HttpMetrics {
    requests: Family<Outcome, Counter>,
    seconds: Family<Named, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
}

impl HttpMetrics {
    /// Registers the counters.
    pub fn register(registry: &mut Registry) -> Self {
        let buckets: fn() -> Histogram = || Histogram::new(exponential_buckets(FIRST_BUCKET_S, 2.0, BUCKETS));
        let metrics = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(buckets),
            in_flight: Gauge::default(),
        };
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        registry.register(
            "http_request_seconds",
            "Time until the head of the response",
            metrics.seconds.clone(),
        );
        registry.register("http_requests_in_flight", "Requests being worked on", metrics.in_flight.clone());
        metrics
    }

    /// Counts a request that is answered.
    pub fn record(&self, operation: &'static str, status: StatusCode, elapsed: Duration) {
        self.requests.get_or_create(&Outcome { operation, status: status.as_u16() }).inc();
        self.seconds.get_or_create(&Named { operation }).observe(elapsed.as_secs_f64());
    }

    /// Counts a request as being worked on until the guard is dropped.
    pub fn enter(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }
}

/// A request being worked on.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// `GET /metrics`: for administrators, and for addresses on a list.
pub struct MetricsEndpoint {
    /// Everything registered.
    pub registry: Arc<Registry>,
    /// Addresses that need no token.
    pub allowed: Vec<IpNet>,
    /// Says who carries a token.
    pub gate: Arc<dyn Gate>,
}

impl MetricsEndpoint {
    async fn check(&self, request: &Request) -> Result<(), Failure> {
        let exchange = request.extensions().get::<Exchange>();
        let exchange = exchange.ok_or_else(|| Failure::internal("metrics are read outside of the frame"))?;
        if exchange.address.is_some_and(|address| self.allowed.iter().any(|net| net.contains(&address))) {
            return Ok(());
        }
        match security::bearer_caller(&*self.gate, request, exchange.now).await? {
            Caller::System => Ok(()),
            Caller::User(login) if login.role == InstanceRole::Admin => {
                security::check_scope(&login.via, "system", request.method())
            }
            Caller::User(_) | Caller::Guest(_) => Err(Failure::new(Code::Forbidden)),
            Caller::Anonymous => Err(Failure::new(Code::Unauthenticated)),
        }
    }
}

impl Endpoint for MetricsEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        self.check(&request).await?;
        let mut body = String::new();
        text::encode(&mut body, &self.registry).map_err(Failure::internal)?;
        Ok(Response::builder()
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(body))
    }
}
