//! Liveness and readiness. What readiness looks at is handed in by the root: each part of the server says if it works.

use crate::{
    http::{frame::Deliberate, reply::Reply},
    v1::Tag,
};
use futures::future::{BoxFuture, join_all};
use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    registry::{MetaResponses, Registry},
    types::{ToJSON, Type},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How long one check may take before it counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Looks at one part of the server; the error is a sentence for the operator.
pub type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The parts that must work before traffic is let in.
#[derive(Clone, Default)]
pub struct Checks(Vec<(&'static str, Check)>);

impl Checks {
    /// Adds a part.
    #[must_use]
    pub fn with<F, Fut>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.0.push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    async fn run(&self) -> BTreeMap<String, String> {
        let results = self.0.iter().map(|(name, check)| async move {
            let outcome = match tokio::time::timeout(CHECK_TIMEOUT, check()).await {
                Ok(Ok(())) => WORKS.to_owned(),
                Ok(Err(why)) => why,
                Err(_) => "does not answer".to_owned(),
            };
            ((*name).to_owned(), outcome)
        });
        join_all(results).await.into_iter().collect()
    }
}

const WORKS: &str = "ok";

/// Whether the process lives.
#[derive(Debug, Object)]
pub struct Liveness {
    /// `ok`
    status: String,
}

/// Whether the server can do its work.
#[derive(Debug, Object)]
pub struct Readiness {
    /// `ok` or `unavailable`
    status: String,
    /// Each part: `ok`, or what is wrong with it.
    checks: BTreeMap<String, String>,
}

/// Health.
pub struct HealthApi {
    checks: Checks,
}

impl HealthApi {
    /// With these checks.
    pub fn new(checks: Checks) -> Self {
        Self { checks }
    }
}

#[OpenApi(tag = "Tag::System")]
impl HealthApi {
    /// Whether the process lives
    ///
    /// For whoever restarts the process. Anybody.
    #[oai(path = "/healthz", method = "get", operation_id = "getLiveness")]
    async fn get_liveness(&self) -> Reply<Liveness> {
        Reply(Liveness { status: WORKS.to_owned() })
    }

    /// Whether the server can do its work
    ///
    /// For load balancers and scripts: 200 when everything works, 503 with the same body when something does not. Anybody.
    #[oai(path = "/readyz", method = "get", operation_id = "getReadiness")]
    async fn get_readiness(&self) -> ReadinessReply {
        ReadinessReply(self.checks.run().await)
    }
}

/// 200 or 503 with [`Readiness`].
struct ReadinessReply(BTreeMap<String, String>);

impl IntoResponse for ReadinessReply {
    fn into_response(self) -> Response {
        let works = self.0.values().all(|outcome| outcome == WORKS);
        let (status, text) =
            if works { (StatusCode::OK, WORKS) } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
        let body = Readiness { status: text.to_owned(), checks: self.0 }.to_json_string();
        let mut response = Response::builder().status(status).content_type("application/json").body(body);
        response.set_data(Deliberate);
        response
    }
}

impl ApiResponse for ReadinessReply {
    fn meta() -> MetaResponses {
        Reply::<Readiness>::meta()
    }
    fn register(registry: &mut Registry) {
        Readiness::register(registry);
    }
}
