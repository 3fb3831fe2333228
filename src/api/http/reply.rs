//! What operations return: a JSON body with its status and headers. One success shape for each operation.

use crate::http::{
    answers::OfRows,
    conditional::{counted_tag, revision_tag},
};
use bytes::Bytes;
use poem::{
    IntoResponse, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use service::Done;

/// Says that a repeat of a request was answered with what the first one made.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// 200 with a JSON body.
pub struct Reply<T>(pub T);

/// 200 with a JSON body and the entity tag of its revision.
pub struct Tagged<T> {
    body: T,
    revision: u64,
    counts: Counts,
    source: Source,
}

/// What a body is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Rows,
    Anything,
}

/// Whether a body contains counts that are not part of its revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Absent,
    Present,
}

impl<T> Tagged<T> {
    /// A body that changes exactly when its revision does.
    pub fn exact(revision: u64, body: T) -> Self {
        Self { body, revision, counts: Counts::Absent, source: Source::Anything }
    }
    /// A body that also contains counts, roles or unread marks.
    pub fn counted(revision: u64, body: T) -> Self {
        Self { body, revision, counts: Counts::Present, source: Source::Anything }
    }
    /// Says that the body is made of rows alone, so that it may be given again until something is written.
    pub fn of_rows(self) -> Self {
        Self { source: Source::Rows, ..self }
    }
}

/// 201 with the new resource, its tag and its address.
pub struct Created<T> {
    tagged: Tagged<T>,
    location: String,
    repeat: Repeat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    First,
    Replayed,
}

impl<T> Created<T> {
    /// What was made, and where it is found: a path such as `/api/v1/projects/…`.
    pub fn new(location: String, tagged: Tagged<T>) -> Self {
        Self { tagged, location, repeat: Repeat::First }
    }
    /// The same for a method that remembers its requests.
    pub fn done<R>(done: Done<R>, describe: impl FnOnce(R) -> (String, Tagged<T>)) -> Self {
        let (thing, repeat) = match done {
            Done::Now(thing) => (thing, Repeat::First),
            Done::Before(thing) => (thing, Repeat::Replayed),
        };
        let (location, tagged) = describe(thing);
        Self { tagged, location, repeat }
    }
}

/// 201 with something that has no address of its own: a login, a link.
pub struct Issued<T>(pub T);

/// 202 with what was started: a job, or a sentence.
pub struct Accepted<T>(pub T);

/// 204.
pub struct NoContent;

fn json<T: ToJSON>(body: &T) -> Bytes {
    body.to_json_string().into()
}

fn respond(status: StatusCode, body: Bytes) -> Response {
    Response::builder().status(status).content_type("application/json").body(body)
}

impl<T: ToJSON> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        respond(StatusCode::OK, json(&self.0))
    }
}

impl<T: ToJSON> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let body = json(&self.body);
        let tag = match self.counts {
            Counts::Absent => revision_tag(self.revision),
            Counts::Present => counted_tag(self.revision, &body),
        };
        let mut response = respond(StatusCode::OK, body.clone());
        if self.source == Source::Rows {
            response.set_data(OfRows(body));
        }
        set(&mut response, header::ETAG, &tag);
        set(&mut response, header::CACHE_CONTROL, "private, no-cache");
        response
    }
}

impl<T: ToJSON> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = self.tagged.into_response();
        response.set_status(StatusCode::CREATED);
        set(&mut response, header::LOCATION, &self.location);
        if self.repeat == Repeat::Replayed {
            set(&mut response, IDEMPOTENCY_REPLAYED, "true");
        }
        response
    }
}

impl<T: ToJSON> IntoResponse for Issued<T> {
    fn into_response(self) -> Response {
        respond(StatusCode::CREATED, json(&self.0))
    }
}

impl<T: ToJSON> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        respond(StatusCode::ACCEPTED, json(&self.0))
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        Response::builder().status(StatusCode::NO_CONTENT).finish()
    }
}

/// Sets a header; a value that no header can hold is left out.
fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn meta(
    status: u16,
    description: &'static str,
    schema: Option<MetaSchemaRef>,
    headers: &[&str],
) -> MetaResponses {
    let content = schema.map(|schema| MetaMediaType { content_type: "application/json", schema });
    let header = |name: &&str| MetaHeader {
        name: (*name).to_owned(),
        description: None,
        required: false,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    };
    MetaResponses {
        responses: vec![MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: content.into_iter().collect(),
            headers: headers.iter().map(header).collect(),
        }],
    }
}

macro_rules! api_response {
    ($($name:ident = $status:literal, $description:literal, [$($header:literal),*];)+) => {$(
        impl<T: Type> ApiResponse for $name<T> {
            fn meta() -> MetaResponses {
                meta($status, $description, Some(T::schema_ref()), &[$($header),*])
            }
            fn register(registry: &mut Registry) {
                T::register(registry);
            }
        }
    )+};
}

api_response! {
    Reply = 200, "Done.", [];
    Tagged = 200, "Done.", ["ETag"];
    Created = 201, "Created.", ["ETag", "Location", "Idempotency-Replayed"];
    Issued = 201, "Created.", [];
    Accepted = 202, "Accepted; it goes on in the background.", [];
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        meta(204, "Done; there is nothing to say.", None, &[])
    }
    fn register(_registry: &mut Registry) {}
}
