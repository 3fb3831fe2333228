//! What happens around every operation: setup gate, caller, rate limit, parameters, idempotency, 304, failures.
//!
//! [`Framed`] wraps an API and its endpoints. All it knows of an operation comes from the operation's own description (tag,
//! method, security, parameters), so a new one needs no entry anywhere.

use crate::{
    codes::Code,
    http::{
        answers::{self, Answers},
        body::{self, Buffered},
        conditional,
        cursor::CursorKey,
        frame::Exchange,
        limit::{Bucket, Limiter, RateClass},
        params::Param,
        schema::Schemas,
    },
    problem::{Answer, Failure},
    security::{self, Gate, TrustedCaller},
};
use model::limits;
use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response,
    endpoint::BoxEndpoint,
    http::{HeaderName, HeaderValue, Method, header},
};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, MetaOperation, MetaResponses, MetaSchemaRef, Registry},
};
use service::{Caller, Ctx, Idempotency};
use std::{collections::HashMap, net::IpAddr, sync::Arc};

/// The header that makes a POST safe to repeat.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Operations of these tags answer before the instance is set up.
const TAGS_BEFORE_SETUP: [&str; 1] = ["system"];

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; a token is not even looked at.
    Open,
    /// Anybody, but a token must be good.
    Optional,
    /// Somebody who is logged in.
    Required,
}

/// What the frame knows of an operation.
#[derive(Debug)]
pub struct Operation {
    /// The operationId.
    pub id: &'static str,
    /// Its tag.
    pub tag: &'static str,
    /// Its method.
    pub method: Method,
    /// Who may call it.
    pub access: Access,
    /// Whether guests of share links may call it.
    pub for_guests: bool,
    /// How dear it is.
    pub class: RateClass,
    params: Vec<Param>,
}

impl Operation {
    /// Reads it off its description.
    pub fn describe(meta: MetaOperation) -> Self {
        let tag = meta.tags.first().copied().unwrap_or("untagged");
        let access = match meta.security.as_slice() {
            [] => Access::Open,
            schemes if schemes.iter().any(HashMap::is_empty) => Access::Optional,
            _ => Access::Required,
        };
        let for_guests = meta.security.iter().any(|schemes| schemes.contains_key(security::GUEST));
        let limit = lists(&meta.responses).then(Param::limit);
        Self {
            id: meta.operation_id.unwrap_or("unnamed"),
            tag,
            access,
            for_guests,
            class: class(tag, &meta.method),
            method: meta.method,
            params: meta.params.into_iter().filter_map(Param::new).chain(limit).collect(),
        }
    }

    /// The scope that a personal access token needs.
    pub fn scope(&self) -> String {
        security::scope(self.tag, &self.method)
    }
}

/// Whether the answer is a page of a list.
fn lists(responses: &MetaResponses) -> bool {
    let media = responses.responses.iter().flat_map(|response| &response.content);
    media.into_iter().any(|media| match &media.schema {
        MetaSchemaRef::Reference(name) => name.ends_with("Page"),
        MetaSchemaRef::Inline(_) => false,
    })
}

fn class(tag: &str, method: &Method) -> RateClass {
    match (tag, method.is_safe()) {
        ("auth", _) | ("system" | "guests", false) => RateClass::Auth,
        ("audio" | "realtime", true) => RateClass::Stream,
        (_, true) => RateClass::Read,
        (_, false) => RateClass::Write,
    }
}

/// What every operation stands on.
pub struct Foundation {
    /// Says who carries a token and whether the instance is set up.
    pub gate: Arc<dyn Gate>,
    /// Counts requests.
    pub limiter: Limiter,
    /// Seals cursors.
    pub cursors: Arc<CursorKey>,
    /// The schemas of the document.
    pub schemas: Arc<Schemas>,
    /// What was answered since the last write.
    pub answers: Answers,
}

/// An API whose operations run inside the frame.
pub struct Framed<A> {
    api: A,
    foundation: Arc<Foundation>,
}

impl<A: OpenApi> Framed<A> {
    /// Wraps an API.
    pub fn new(api: A, foundation: Arc<Foundation>) -> Self {
        Self { api, foundation }
    }
}

impl<A: OpenApi> OpenApi for Framed<A> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(self, table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        let operations = operations::<A>();
        let mut inner = HashMap::new();
        self.api.add_routes(&mut inner);
        for (path, endpoints) in inner {
            let methods = table.entry(path.clone()).or_default();
            let allow = allow(&endpoints);
            for (method, endpoint) in endpoints {
                let operation = &operations[&(shape(&path), method.clone())];
                let framed = Arc::new(FramedEndpoint {
                    operation: Arc::clone(operation),
                    inner: endpoint,
                    foundation: Arc::clone(&self.foundation),
                });
                if method == Method::GET {
                    methods.insert(Method::HEAD, Arc::clone(&framed).map_to_response().boxed());
                }
                methods.insert(method, framed.map_to_response().boxed());
            }
            for method in METHODS {
                methods
                    .entry(method)
                    .or_insert_with(|| NotThatMethod(allow.clone()).map_to_response().boxed());
            }
        }
    }
}

/// Every operation by path (with parameters made alike) and method.
fn operations<A: OpenApi>() -> HashMap<(String, Method), Arc<Operation>> {
    let paths = A::meta().into_iter().flat_map(|api| api.paths);
    let operations = paths.flat_map(|path| {
        let shape = shape(&path.path);
        path.operations.into_iter().map(move |meta| {
            let key = (shape.clone(), meta.method.clone());
            (key, Arc::new(Operation::describe(meta)))
        })
    });
    operations.collect()
}

/// `/a/{b}/c` and `/a/:param0/c` both become `/a/*/c`.
fn shape(path: &str) -> String {
    let segments = path.split('/').map(|part| if part.starts_with([':', '{']) { "*" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

/// The methods that are answered with 405 where a path does not know them.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];

fn allow(endpoints: &HashMap<Method, BoxEndpoint<'static>>) -> HeaderValue {
    let mut names: Vec<_> = endpoints.keys().map(Method::as_str).collect();
    if endpoints.contains_key(&Method::GET) {
        names.push("HEAD");
    }
    names.sort_unstable();
    HeaderValue::from_str(&names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("GET"))
}

struct NotThatMethod(HeaderValue);

impl Endpoint for NotThatMethod {
    type Output = Response;
    async fn call(&self, _request: Request) -> poem::Result<Response> {
        Err(Failure::new(Code::MethodNotAllowed).header(header::ALLOW, self.0.clone()).into())
    }
}

struct FramedEndpoint {
    operation: Arc<Operation>,
    inner: BoxEndpoint<'static>,
    foundation: Arc<Foundation>,
}

impl Endpoint for FramedEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut response = match self.answer(request).await {
            Ok(response) => response,
            Err(error) => poem::Error::from(Failure::from_poem(error)).into_response(),
        };
        response.set_data(Arc::clone(&self.operation));
        Ok(response)
    }
}

impl FramedEndpoint {
    async fn answer(&self, request: Request) -> poem::Result<Response> {
        let exchange = request.extensions().get::<Exchange>().cloned();
        let exchange = exchange.ok_or_else(|| Failure::internal("an operation runs outside of the frame"))?;
        self.check_setup(&request).await?;
        let caller = self.identify(&exchange, &request).await?;
        let mut allowance = None;
        for bucket in buckets(&caller, exchange.address).into_iter().flatten() {
            allowance = self.foundation.limiter.draw(self.operation.class, &bucket)?;
        }
        let conditions = self.operation.method.is_safe().then(|| request.headers().clone());
        let mut response = self.asked(&exchange, caller, request).await?;
        if let Some(conditions) = conditions {
            response = conditional::not_modified(&conditions, response);
        }
        if let Some(allowance) = allowance {
            allowance.write(response.headers_mut());
        }
        Ok(response)
    }

    /// The answer to this question, from memory if nothing was written since it was asked.
    async fn asked(
        &self,
        exchange: &Exchange,
        caller: Caller,
        mut request: Request,
    ) -> poem::Result<Response> {
        let Foundation { gate, answers, .. } = &*self.foundation;
        let (generation, question) = (gate.generation(), answers::question(&caller, &request));
        if let Some(response) = question.as_ref().and_then(|asked| answers.recall(generation, asked)) {
            return Ok(response);
        }
        self.check_params(&request)?;
        let mut cx = exchange.ctx(caller);
        cx.idempotency = self.idempotency(&cx, &mut request).await?;
        request.set_data(cx);
        request.set_data(Arc::clone(&self.foundation.schemas));
        request.set_data(Arc::clone(&self.foundation.cursors));
        let response = self.inner.call(request).await?.into_response();
        if let Some(question) = question {
            answers.keep(generation, question, &response);
        }
        Ok(response)
    }

    async fn check_setup(&self, request: &Request) -> Answer<()> {
        // The operator makes the first administrator too.
        let operator = request.extensions().get::<TrustedCaller>().is_some();
        if operator || TAGS_BEFORE_SETUP.contains(&self.operation.tag) {
            return Ok(());
        }
        Ok(self.foundation.gate.require_setup().await?)
    }

    /// Who calls. Failed tries draw from the address, so that tokens cannot be guessed at full speed.
    async fn identify(&self, exchange: &Exchange, request: &Request) -> Answer<Caller> {
        let caller = security::identify(&*self.foundation.gate, &self.operation, request, exchange.now).await;
        if let (Err(_), Some(address)) = (&caller, exchange.address) {
            self.foundation.limiter.draw(self.operation.class, &Bucket::address(address))?;
        }
        caller
    }

    /// Every faulty query parameter at once.
    fn check_params(&self, request: &Request) -> Answer<()> {
        if self.operation.params.is_empty() {
            return Ok(());
        }
        let query: Vec<(String, String)> = request.params().unwrap_or_default();
        let params = self.operation.params.iter();
        let faults: Vec<_> = params.flat_map(|param| param.check(&self.foundation.schemas, &query)).collect();
        if faults.is_empty() { Ok(()) } else { Err(Failure::invalid(model::Violations(faults))) }
    }

    /// How to recognise a repeat of this POST. Not on requests that are no JSON: their bodies are not held in memory.
    async fn idempotency(&self, cx: &Ctx, request: &mut Request) -> Answer<Option<Idempotency>> {
        let Some(key) = request.headers().get(&IDEMPOTENCY_KEY).cloned() else { return Ok(None) };
        let known = cx.principal().is_ok() && self.operation.method == Method::POST;
        let empty = request.content_type().is_none();
        let json = request.content_type().is_some_and(body::is_json);
        if !known || !(json || empty) {
            return Ok(None);
        }
        let text = key.to_str().unwrap_or_default();
        if text.is_empty() || text.chars().count() > limits::IDEMPOTENCY_KEY_CHARS_MAX {
            return Err(conditional::malformed("Idempotency-Key"));
        }
        let mut hash = blake3::Hasher::new();
        // Neither a method nor an address has a line end in it, so no two requests read the same.
        let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
        hash.update(request.method().as_str().as_bytes()).update(b"\n");
        hash.update(address.as_bytes()).update(b"\n");
        if json {
            let taken = request.take_body();
            let bytes = body::read(request, taken).await?;
            hash.update(&bytes);
            request.set_data(Buffered(bytes));
        }
        Ok(Some(Idempotency {
            operation: self.operation.id,
            key: *blake3::hash(text.as_bytes()).as_bytes(),
            fingerprint: *hash.finalize().as_bytes(),
        }))
    }
}

/// The buckets that a request draws from. Whoever has a share link is as many guests as they like: they draw from their address
/// too.
fn buckets(caller: &Caller, address: Option<IpAddr>) -> [Option<Bucket>; 2] {
    let address = address.map(Bucket::address);
    match caller {
        Caller::User(login) => [Some(Bucket::User(login.user_id)), None],
        Caller::Guest(visitor) => [address, Some(Bucket::Guest(visitor.guest_id))],
        Caller::Anonymous => [address, None],
        Caller::System => [None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::limit::RateLimits;
    use model::{GuestId, ProjectId, Timestamp, ports::Clock};
    use service::Visitor;
    use uuid::Uuid;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp(1_000_000)
        }
    }

    #[test]
    fn many_guests_of_one_address_share_its_bucket() {
        let clock: Arc<dyn Clock> = Arc::new(Still);
        let limiter = Limiter::new(RateLimits::On, &clock);
        let draw = |guest: u32, address: [u8; 4]| {
            let visitor = Visitor {
                guest_id: GuestId::new(Uuid::from_u128(guest.into())),
                project_id: ProjectId::new(Uuid::nil()),
            };
            let buckets = buckets(&Caller::Guest(visitor), Some(address.into()));
            buckets.iter().flatten().all(|bucket| limiter.draw(RateClass::Write, bucket).is_ok())
        };
        for guest in 0..limits::RATE_WRITE_PER_MINUTE {
            assert!(draw(guest, [192, 0, 2, 7]), "guest {guest}");
        }
        assert!(!draw(9_999, [192, 0, 2, 7]), "a new guest is no new allowance");
        assert!(draw(9_999, [192, 0, 2, 8]));
    }
}
