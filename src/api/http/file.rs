//! Files and other bytes with everything HTTP knows about them: validators, conditions, ranges, safe headers.
//!
//! The order of conditions is that of RFC 9110 §13.2.2. Who may read was decided before: a file reaches this module only
//! through the service. Private audio is revalidated on every use, so that a revoked member's browser asks again.

mod blocks;
mod disposition;
mod multipart;
mod preconditions;

pub use disposition::Disposition;
pub use preconditions::Conditions;

use crate::{
    codes::Code,
    http::{
        file::{blocks::Blocks, preconditions::Verdict},
        ranges::{Selection, select},
    },
    problem::Failure,
};
use bytes::Bytes;
use model::Timestamp;
use poem::{
    Body, IntoResponse, Response,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use std::{fs::File, marker::PhantomData, ops::Range, sync::Arc};

/// What a browser may do with bytes that a user uploaded: show or play them, and nothing else.
const SANDBOX: &str =
    "sandbox; default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'";
const CACHING: &str = "private, no-cache";

/// Where the bytes are.
#[derive(Clone, Debug)]
pub enum Source {
    /// In an open file, which is closed as soon as the body is sent or the client goes away.
    File(Arc<File>),
    /// In memory.
    Memory(Bytes),
}

/// Bytes that stand still, and what there is to say about them.
#[derive(Clone, Debug)]
pub struct Representation {
    /// The bytes.
    pub source: Source,
    /// How many.
    pub length: u64,
    /// What identifies exactly these bytes, such as their SHA-256 in hexadecimal: the strong entity tag without its quotes.
    pub tag: String,
    /// When they came to be.
    pub modified: Timestamp,
    /// Their media type.
    pub content_type: String,
    /// Whether they are shown or saved, and under which name.
    pub disposition: Disposition,
}

/// Which media type the document names.
pub trait Media: Send {
    /// Such as `audio/*`.
    const DOCUMENTED: &'static str;
}

macro_rules! media {
    ($($(#[$doc:meta])* $name:ident = $media:literal;)+) => {$(
        $(#[$doc])*
        pub struct $name;
        impl Media for $name { const DOCUMENTED: &'static str = $media; }
    )+};
}

media! {
    /// A recording.
    Audio = "audio/*";
    /// A picture.
    Image = "image/*";
    /// A drawing.
    Svg = "image/svg+xml";
    /// Bytes for programs.
    Octets = "application/octet-stream";
    /// An archive.
    Tar = "application/x-tar";
    /// JSON that is stored as bytes.
    StoredJson = "application/json";
}

/// The answer to GET or HEAD on a file.
pub struct FileReply<M> {
    representation: Representation,
    conditions: Conditions,
    media: PhantomData<M>,
}

impl<M: Media> FileReply<M> {
    /// Answers with (part of) these bytes, as the conditions of the request say.
    pub fn new(conditions: Conditions, representation: Representation) -> Self {
        Self { representation, conditions, media: PhantomData }
    }
}

impl<M: Media> IntoResponse for FileReply<M> {
    fn into_response(self) -> Response {
        answer(&self.conditions, self.representation)
    }
}

fn answer(conditions: &Conditions, file: Representation) -> Response {
    match conditions.judge(&file.tag, file.modified) {
        Verdict::PreconditionFailed => refuse(Failure::new(Code::PreconditionFailed)),
        Verdict::NotModified => described(&file, StatusCode::NOT_MODIFIED).body(()),
        Verdict::Whole => whole(conditions, file),
        Verdict::Range(range) => match select(&range, file.length) {
            Selection::Whole => whole(conditions, file),
            Selection::Unsatisfiable => refuse(unsatisfiable(file.length)),
            Selection::Spans(spans) => part(file, spans),
        },
    }
}

fn refuse(failure: Failure) -> Response {
    poem::Error::from(failure).into_response()
}

fn unsatisfiable(length: u64) -> Failure {
    let failure = Failure::new(Code::RangeNotSatisfiable).detail(format!("the file has {length} bytes"));
    match HeaderValue::from_str(&format!("bytes */{length}")) {
        Ok(value) => failure.header(header::CONTENT_RANGE, value),
        Err(_) => failure,
    }
}

fn whole(conditions: &Conditions, file: Representation) -> Response {
    let response = described(&file, StatusCode::OK)
        .content_type(&file.content_type)
        .header(header::CONTENT_LENGTH, file.length);
    if conditions.method == Method::HEAD {
        return response.body(());
    }
    let span = 0..file.length;
    response.body(body(file.source, vec![Piece::Span(span)]))
}

fn part(file: Representation, spans: Vec<Range<u64>>) -> Response {
    let response = described(&file, StatusCode::PARTIAL_CONTENT);
    match spans.as_slice() {
        [span] => {
            let range = format!("bytes {}-{}/{}", span.start, span.end - 1, file.length);
            response
                .content_type(&file.content_type)
                .header(header::CONTENT_RANGE, range)
                .header(header::CONTENT_LENGTH, span.end - span.start)
                .body(body(file.source, vec![Piece::Span(span.clone())]))
        }
        many => {
            let parts = multipart::byteranges(&file, many);
            response
                .content_type(&parts.content_type)
                .header(header::CONTENT_LENGTH, parts.length)
                .body(body(file.source, parts.pieces))
        }
    }
}

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// Bytes of ours.
    Text(Bytes),
    /// Bytes of the file.
    Span(Range<u64>),
}

fn body(source: Source, pieces: Vec<Piece>) -> Body {
    match source {
        Source::File(file) => Body::from_bytes_stream(Blocks::new(file, pieces)),
        Source::Memory(bytes) => {
            let cut = |span: Range<u64>| {
                let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
                bytes.slice(at(span.start)..at(span.end))
            };
            let chunks: Vec<_> = pieces
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text,
                    Piece::Span(span) => cut(span),
                })
                .collect();
            match chunks.as_slice() {
                [one] => Body::from_bytes(one.clone()),
                many => Body::from_vec(many.concat()),
            }
        }
    }
}

/// The headers that every answer about a file has, 304 too.
fn described(file: &Representation, status: StatusCode) -> poem::ResponseBuilder {
    let headers: [(HeaderName, String); 6] = [
        (header::ETAG, format!("\"{}\"", file.tag)),
        (header::LAST_MODIFIED, preconditions::http_date(file.modified)),
        (header::CACHE_CONTROL, CACHING.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CONTENT_SECURITY_POLICY, SANDBOX.to_owned()),
        (header::CONTENT_DISPOSITION, file.disposition.to_string()),
    ];
    headers
        .into_iter()
        .fold(Response::builder().status(status), |response, (name, value)| response.header(name, value))
}

impl<M: Media> ApiResponse for FileReply<M> {
    fn meta() -> MetaResponses {
        let response = |status, description, names: &[&str]| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: M::DOCUMENTED,
                schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary"))),
            }],
            headers: names.iter().map(|name| response_header(name)).collect(),
        };
        MetaResponses {
            responses: vec![
                response(200, "All of it.", &["ETag", "Last-Modified", "Accept-Ranges"]),
                response(206, "The range asked for.", &["ETag", "Last-Modified", "Content-Range"]),
            ],
        }
    }
    fn register(_registry: &mut Registry) {}
}

fn response_header(name: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: None,
        required: false,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    }
}

#[cfg(test)]
mod tests;
