//! Puts the HTTP side together: every API inside its frame, the pages beside them, one endpoint for the server.

use crate::{
    docs,
    health::{Checks, HealthApi},
    http::{
        answers::Answers,
        cors::Origins,
        cursor::CursorKey,
        frame::{Frame, Surroundings},
        limit::{Limiter, RateLimits},
        operation::{Foundation, Framed},
        schema::Schemas,
        sse::Shutdown,
    },
    metrics::{HttpMetrics, MetricsEndpoint},
    security::Gate,
    v1,
};
use ipnet::IpNet;
use model::ports::{Clock, IdGen};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, endpoint::BoxEndpoint, http::Method};
use poem_openapi::{OpenApi, OpenApiService, registry::Registry};
use service::Service;
use std::{collections::HashMap, sync::Arc};
use tokio_util::sync::CancellationToken;

/// What the operator decided about HTTP.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Other origins whose pages may call the API.
    pub origins: Origins,
    /// Addresses that may read `/metrics` without a token.
    pub metrics_allow: Vec<IpNet>,
    /// Whether requests are counted.
    pub rate_limits: RateLimits,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            trusted_proxies: vec![],
            origins: Origins::default(),
            metrics_allow: vec![],
            rate_limits: RateLimits::On,
        }
    }
}

/// What the HTTP side stands on.
pub struct Deps {
    /// Who carries a token; the service itself.
    pub gate: Arc<dyn Gate>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Request ids.
    pub ids: Arc<dyn IdGen>,
    /// A secret of the instance, from which cursor seals are derived.
    pub secret: [u8; 32],
    /// Counters of the other parts; those of HTTP are added.
    pub metrics: prometheus_client::registry::Registry,
    /// Cancelled when the server stops: live streams end.
    pub shutdown: CancellationToken,
}

/// The whole HTTP side as one endpoint.
pub fn endpoint(
    service: &Service,
    checks: Checks,
    config: HttpConfig,
    deps: Deps,
) -> impl Endpoint<Output = Response> + 'static {
    endpoint_over(v1::apis(service, HealthApi::new(checks)), config, deps)
}

/// The same over any APIs; the frame's own tests bring theirs.
pub(crate) fn endpoint_over<A: OpenApi + 'static>(
    apis: A,
    config: HttpConfig,
    deps: Deps,
) -> impl Endpoint<Output = Response> + 'static {
    let mut registry = Registry::new();
    A::register(&mut registry);
    let foundation = Foundation {
        gate: Arc::clone(&deps.gate),
        limiter: Limiter::new(config.rate_limits, &deps.clock),
        cursors: Arc::new(CursorKey::derive(&deps.secret)),
        schemas: Arc::new(Schemas::new(registry)),
        answers: Answers::default(),
    };
    let framed = Framed::new(apis, Arc::new(foundation));
    let mut metrics = deps.metrics;
    let http_metrics = Arc::new(HttpMetrics::register(&mut metrics));
    let metrics =
        MetricsEndpoint { registry: Arc::new(metrics), allowed: config.metrics_allow, gate: deps.gate };
    let routes = Routes {
        api: OpenApiService::new(framed, "Backline", env!("CARGO_PKG_VERSION")).into_endpoint(),
        pages: HashMap::from([
            ("/", poem::endpoint::make_sync(|_| docs::home::page()).boxed()),
            ("/api/docs", page(docs::swagger_ui())),
            ("/api/docs/", page(docs::swagger_ui())),
            ("/metrics", metrics.boxed()),
        ]),
    };
    let surroundings = Surroundings {
        clock: deps.clock,
        ids: deps.ids,
        trusted_proxies: config.trusted_proxies,
        origins: config.origins,
        metrics: http_metrics,
    };
    Frame::new(routes.data(Shutdown(deps.shutdown)), surroundings)
}

fn page(html: &'static str) -> BoxEndpoint<'static> {
    poem::endpoint::make_sync(move |_| docs::page(html)).boxed()
}

/// The pages by their exact path; everything else is the API.
struct Routes {
    api: BoxEndpoint<'static>,
    pages: HashMap<&'static str, BoxEndpoint<'static>>,
}

impl Endpoint for Routes {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match self.pages.get(request.uri().path()) {
            Some(page) if matches!(*request.method(), Method::GET | Method::HEAD) => page.call(request).await,
            Some(_) | None => self.api.call(request).await,
        }
    }
}
