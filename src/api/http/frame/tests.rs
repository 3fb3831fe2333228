//! The frame around a small API of its own: what holds for every operation.

use crate::{
    app::{Deps, HttpConfig, endpoint_over},
    http::{
        body::{Body, Input},
        conditional::IfMatch,
        cors::Origins,
        cursor::{Page, Paging},
        limit::RateLimits,
        reply::{Created, NoContent, Reply, Tagged},
    },
    problem::Answer,
    security::{Anonymous, Auth, Gate},
};
use async_trait::async_trait;
use model::{
    Timestamp, UserId, Violations,
    account::InstanceRole,
    limits,
    ports::{Clock, IdGen},
};
use poem::{
    Endpoint, IntoEndpoint, Request, Response,
    http::{HeaderName, Method, StatusCode, header},
};
use poem_openapi::{
    Object, OpenApi, Tags,
    param::{Path, Query},
    payload::Html,
};
use serde_json::{Value, json};
use service::{Caller, Login, Via};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[derive(Tags)]
#[oai(rename_all = "snake_case")]
enum Tag {
    Bands,
    Auth,
}

/// A band.
#[derive(Object)]
struct Band {
    name: String,
}

impl Input for Band {
    type Value = String;

    fn example() -> Value {
        json!({"name": "The Band"})
    }

    fn parse(self) -> Result<String, Violations> {
        let mut faults = Violations::default();
        let name = faults.check("/name", model::text::Label::parse(&self.name));
        faults.finish(name.map(|name| name.as_str().to_owned()))
    }
}

struct BandApi;

#[OpenApi(tag = "Tag::Bands")]
impl BandApi {
    #[oai(path = "/bands", method = "get", operation_id = "listBands")]
    async fn list_bands(
        &self,
        _cx: Auth,
        paging: Paging,
        loud: Query<Option<bool>>,
        size: Query<Option<i32>>,
    ) -> Answer<Page<Band>> {
        let _ = (loud, size);
        let first = paging.after.as_ref().map_or(0, |place| usize::from(place[0]));
        let names = (first..5).take(paging.limit).map(|at| Band { name: at.to_string() });
        let next = first + paging.limit;
        let place = [u8::try_from(next).unwrap_or_default()];
        Ok(paging.page(names, (next < 5).then_some(&place)))
    }

    #[oai(path = "/bands", method = "post", operation_id = "createBand")]
    async fn create_band(&self, cx: Auth, body: Body<Band>) -> Answer<Created<Band>> {
        let remembered = cx.idempotency.as_ref().map_or("none", |it| it.operation);
        let name = format!("{} {remembered}", *body);
        Ok(Created::new("/bands/1".to_owned(), Tagged::exact(1, Band { name })))
    }

    #[oai(path = "/bands/:id", method = "get", operation_id = "getBand")]
    async fn get_band(&self, _cx: Auth, id: Path<Uuid>) -> Answer<Tagged<Band>> {
        Ok(Tagged::exact(7, Band { name: id.0.to_string() }))
    }

    #[oai(path = "/bands/:id", method = "patch", operation_id = "updateBand")]
    async fn update_band(
        &self,
        _cx: Auth,
        _id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<Band>,
    ) -> Answer<Tagged<Band>> {
        match if_match.0 {
            Some(revision) if revision != 7 => Err(service::Error::RevisionConflict { current: 7 }.into()),
            Some(_) | None => Ok(Tagged::exact(8, Band { name: body.0 })),
        }
    }

    #[oai(path = "/bands/:id", method = "delete", operation_id = "deleteBand")]
    async fn delete_band(&self, _cx: Auth, _id: Path<Uuid>) -> Answer<NoContent> {
        Ok(NoContent)
    }

    #[oai(path = "/panic", method = "get", operation_id = "panicBand")]
    async fn panic_band(&self, _cx: Anonymous) -> Answer<Reply<Band>> {
        panic!("secret reason")
    }

    #[oai(path = "/broken", method = "get", operation_id = "breakBand")]
    async fn break_band(&self) -> Answer<Html<String>> {
        Err(service::Error::Internal("secret reason".to_owned()).into())
    }
}

struct DoorApi;

#[OpenApi(tag = "Tag::Auth")]
impl DoorApi {
    #[oai(path = "/door", method = "post", operation_id = "knock")]
    async fn knock(&self, cx: Anonymous) -> Answer<Reply<Band>> {
        Ok(Reply(Band { name: cx.client.ip.clone().unwrap_or_default() }))
    }
}

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct Ids;

impl IdGen for Ids {
    fn uuid(&self, _now: Timestamp) -> Uuid {
        Uuid::from_u128(1)
    }
    fn secret(&self, out: &mut [u8]) {
        out.fill(1);
    }
}

struct Doorman(Via);

#[async_trait]
impl Gate for Doorman {
    async fn authenticate(&self, bearer: &str, _now: Timestamp) -> service::Result<Caller> {
        match bearer {
            "ada" => Ok(Caller::User(Login {
                user_id: UserId::new(Uuid::from_u128(7)),
                role: InstanceRole::Admin,
                security_version: 0,
                via: self.0.clone(),
            })),
            "old" => Err(service::Error::TokenExpired),
            _ => Err(service::Error::Unauthenticated),
        }
    }
    async fn require_setup(&self) -> service::Result<()> {
        Ok(())
    }
    fn generation(&self) -> u64 {
        0
    }
}

struct House {
    endpoint: Box<dyn poem::endpoint::DynEndpoint<Output = Response>>,
    clock: Arc<Hand>,
}

impl House {
    fn new(config: HttpConfig) -> Self {
        Self::for_token(config, Via::ControlSocket)
    }

    fn for_token(config: HttpConfig, via: Via) -> Self {
        let clock = Arc::new(Hand(AtomicI64::new(1_000_000)));
        let deps = Deps {
            gate: Arc::new(Doorman(via)),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::new(Ids),
            secret: [3; 32],
            metrics: prometheus_client::registry::Registry::default(),
            shutdown: CancellationToken::new(),
        };
        let endpoint = endpoint_over((BandApi, DoorApi), config, deps).into_endpoint();
        Self { endpoint: Box::new(poem::endpoint::ToDynEndpoint(endpoint)), clock }
    }

    async fn ask(&self, method: Method, uri: &str, headers: &[(HeaderName, &str)], body: &str) -> Heard {
        let request = Request::builder().method(method).uri_str(uri);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(name.clone(), *value));
        let response = self.endpoint.call(request.body(body.to_owned())).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = body.into_string().await.unwrap();
        Heard { parts, text }
    }

    async fn get(&self, uri: &str) -> Heard {
        self.ask(Method::GET, uri, &[ADA], "").await
    }

    async fn send(&self, method: Method, uri: &str, headers: &[(HeaderName, &str)], body: Value) -> Heard {
        let all: Vec<_> = [ADA, JSON].into_iter().chain(headers.iter().cloned()).collect();
        self.ask(method, uri, &all, &body.to_string()).await
    }
}

impl Default for House {
    fn default() -> Self {
        Self::new(HttpConfig { rate_limits: RateLimits::Off, ..HttpConfig::default() })
    }
}

const ADA: (HeaderName, &str) = (header::AUTHORIZATION, "Bearer ada");
const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
const BAND: &str = "/bands/00000000-0000-0000-0000-000000000009";

struct Heard {
    parts: poem::ResponseParts,
    text: String,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {:?}", self.text))
    }
    fn header(&self, name: &str) -> &str {
        self.parts.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    /// It is a complete problem with this code; returns its pointers.
    fn problem(&self, code: &str) -> Vec<String> {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], self.parts.status.as_u16());
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(problem["title"].is_string() && problem["instance"].is_string());
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn every_failure_is_a_problem() {
    let house = House::default();
    house.get("/nowhere").await.problem("not_found");
    house.get("/bands/not-an-id").await.problem("not_found");
    let heard = house.ask(Method::PUT, "/bands", &[ADA], "").await;
    heard.problem("method_not_allowed");
    assert_eq!(heard.header("allow"), "GET, HEAD, POST");
    house
        .ask(Method::POST, "/bands", &[ADA, (header::CONTENT_TYPE, "text/plain")], "x")
        .await
        .problem("unsupported_media_type");
    house.ask(Method::POST, "/bands", &[ADA], "").await.problem("unsupported_media_type");
    house.ask(Method::POST, "/bands", &[ADA, JSON], "{").await.problem("malformed_request");
    house.ask(Method::POST, "/bands", &[ADA, JSON], "").await.problem("malformed_request");
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(limits::JSON_BODY_BYTES_MAX));
    house.ask(Method::POST, "/bands", &[ADA, JSON], &large).await.problem("payload_too_large");
    let faults = house.send(Method::POST, "/bands", &[], json!({"name": "", "other": 1})).await;
    assert_eq!(faults.problem("validation_failed"), ["/other", "/name"]);
    let faults = house.get("/bands?loud=maybe&size=big&limit=7").await;
    assert_eq!(faults.problem("validation_failed"), ["?loud", "?size"]);
    assert_eq!(house.get("/bands?limit=0").await.problem("validation_failed"), ["?limit"]);
}

#[tokio::test]
async fn a_failure_of_ours_tells_nothing_but_the_request_id() {
    let house = House::default();
    for path in ["/panic", "/broken"] {
        let heard = house.get(path).await;
        heard.problem("internal_error");
        assert!(!heard.text.contains("secret"), "{}", heard.text);
    }
}

#[tokio::test]
async fn who_is_not_logged_in_learns_how() {
    let house = House::default();
    let heard = house.ask(Method::GET, BAND, &[], "").await;
    heard.problem("unauthenticated");
    assert_eq!(heard.header("www-authenticate"), "Bearer realm=\"backline\"");
    house.ask(Method::GET, BAND, &[(header::AUTHORIZATION, "Bearer old")], "").await.problem("token_expired");
}

#[tokio::test]
async fn request_ids_go_in_and_out() {
    let house = House::default();
    let id = |value: &'static str| (super::X_REQUEST_ID, value);
    assert_eq!(house.ask(Method::GET, "/x", &[id("abc-1")], "").await.header("x-request-id"), "abc-1");
    let made = Uuid::from_u128(1).to_string();
    assert_eq!(
        house.ask(Method::GET, "/x", &[id("spaces are not ids")], "").await.header("x-request-id"),
        made
    );
}

#[tokio::test]
async fn tags_save_bodies_and_guard_changes() {
    let house = House::default();
    let heard = house.get(BAND).await;
    assert_eq!((heard.parts.status, heard.header("etag")), (StatusCode::OK, "\"r7\""));
    let heard = house.ask(Method::GET, BAND, &[ADA, (header::IF_NONE_MATCH, "\"r7\"")], "").await;
    assert_eq!((heard.parts.status, &*heard.text), (StatusCode::NOT_MODIFIED, ""));
    let late = [(header::IF_MATCH, "\"r6\"")];
    let heard = house.send(Method::PATCH, BAND, &late, json!({"name": "b"})).await;
    heard.problem("revision_conflict");
    assert_eq!(heard.json()["current"]["name"], "00000000-0000-0000-0000-000000000009");
    let heard = house.send(Method::PATCH, BAND, &[(header::IF_MATCH, "\"r7\"")], json!({"name": "b"})).await;
    assert_eq!((heard.parts.status, heard.header("etag")), (StatusCode::OK, "\"r8\""));
    house
        .send(Method::PATCH, BAND, &[(header::IF_MATCH, "r7")], json!({"name": "b"}))
        .await
        .problem("malformed_request");
}

#[tokio::test]
async fn creating_says_where_and_recognises_repeats() {
    let house = House::default();
    let heard = house.send(Method::POST, "/bands", &[], json!({"name": "x"})).await;
    assert_eq!((heard.parts.status, heard.header("location")), (StatusCode::CREATED, "/bands/1"));
    assert_eq!(heard.json()["name"], "x none");
    let key = (crate::http::operation::IDEMPOTENCY_KEY, "k");
    let heard = house.send(Method::POST, "/bands", &[key], json!({"name": "x"})).await;
    assert_eq!(heard.json()["name"], "x createBand");
    let long = "k".repeat(256);
    let key = (crate::http::operation::IDEMPOTENCY_KEY, &*long);
    house.send(Method::POST, "/bands", &[key], json!({"name": "x"})).await.problem("malformed_request");
}

#[tokio::test]
async fn pages_lead_to_the_next_and_end() {
    let house = House::default();
    let (mut names, mut uri) = (vec![], "/bands?limit=2&loud=true".to_owned());
    loop {
        let heard = house.get(&uri).await;
        let page = heard.json();
        names.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        uri = format!("/bands?limit=2&loud=true&cursor={cursor}");
        assert_eq!(heard.header("link"), format!("<{uri}>; rel=\"next\""));
    }
    assert_eq!(names, ["0", "1", "2", "3", "4"]);
    let foreign = uri.replace("loud=true", "loud=false");
    assert_eq!(house.get(&foreign).await.problem("validation_failed"), ["?cursor"]);
}

#[tokio::test]
async fn too_many_requests_are_turned_away_until_time_passes() {
    let house = House::new(HttpConfig::default());
    let knock = || house.ask(Method::POST, "/door", &[], "");
    let first = house.get(BAND).await;
    assert_eq!(first.header("ratelimit-policy"), "\"read\";q=1200;w=60");
    assert_eq!(first.header("ratelimit"), "\"read\";r=1199;t=0");
    // Requests without an address (the control socket) are not counted; a person is.
    assert_eq!(knock().await.parts.status, StatusCode::OK);
    for _ in 0..limits::RATE_WRITE_PER_MINUTE {
        assert_eq!(house.ask(Method::DELETE, BAND, &[ADA], "").await.parts.status, StatusCode::NO_CONTENT);
    }
    let heard = house.ask(Method::DELETE, BAND, &[ADA], "").await;
    heard.problem("rate_limited");
    assert_eq!((heard.header("retry-after"), heard.header("ratelimit")), ("1", "\"write\";r=0;t=60"));
    house.clock.0.fetch_add(1000, Ordering::SeqCst);
    assert_eq!(house.ask(Method::DELETE, BAND, &[ADA], "").await.parts.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn other_origins_need_to_be_on_the_list() {
    let origins = Origins::new(["https://band.example".to_owned()]);
    let house = House::new(HttpConfig { origins, rate_limits: RateLimits::Off, ..HttpConfig::default() });
    let headers =
        [(header::ORIGIN, "https://band.example"), (header::ACCESS_CONTROL_REQUEST_METHOD, "PATCH")];
    let heard = house.ask(Method::OPTIONS, BAND, &headers, "").await;
    assert_eq!(heard.header("access-control-allow-origin"), "https://band.example");
    let heard = house.ask(Method::GET, BAND, &[ADA, (header::ORIGIN, "https://band.example")], "").await;
    assert_eq!(heard.header("access-control-allow-origin"), "https://band.example");
    let heard = house.ask(Method::GET, BAND, &[ADA, (header::ORIGIN, "https://evil.example")], "").await;
    assert_eq!((heard.parts.status, heard.header("access-control-allow-origin")), (StatusCode::OK, ""));
}

#[tokio::test]
async fn metrics_count_operations_for_administrators() {
    let house = House::default();
    house.get(BAND).await;
    house.get("/secret-looking-path").await;
    house.ask(Method::GET, "/metrics", &[], "").await.problem("unauthenticated");
    let metrics = house.get("/metrics").await.text;
    assert!(metrics.contains("http_requests_total{operation=\"getBand\",status=\"200\"} 1"), "{metrics}");
    assert!(metrics.contains("http_requests_total{operation=\"none\",status=\"404\"} 1"), "{metrics}");
    assert!(!metrics.contains("secret-looking-path"));
}

#[tokio::test]
async fn head_answers_like_get() {
    let house = House::default();
    let heard = house.ask(Method::HEAD, BAND, &[ADA], "").await;
    assert_eq!((heard.parts.status, heard.header("etag")), (StatusCode::OK, "\"r7\""));
}
