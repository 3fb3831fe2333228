//! What a client reads when something fails: `application/problem+json` (RFC 9457), the same shape on every failure.
//!
//! Operations return [`Failure`]; the frame adds the request id and the path and writes the [`Problem`]. Nothing else makes
//! an error body. A 5xx tells a client nothing but the request id; the cause goes to the log, once.

use crate::codes::Code;
use model::{Violation, Violations};
use poem::{
    Error, Response, error as poem_error,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Object, error as oai,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::{Any, ToJSON, Type},
};
use serde_json::Value;
use std::{borrow::Cow, fmt, sync::Arc};
use uuid::Uuid;

/// The media type of every failure.
pub const PROBLEM_JSON: &str = "application/problem+json";
/// How long a client should wait when nothing better is known, in seconds.
const RETRY_AFTER_S: u64 = 1;

/// What an operation answers.
pub type Answer<T> = Result<T, Failure>;

/// A failure as clients read it (RFC 9457).
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// Where this kind of problem is explained: `/problems/{code}` on this server.
    pub r#type: String,
    /// A few words that are the same for every problem of this code.
    pub title: String,
    /// The HTTP status.
    pub status: i32,
    /// What went wrong this time, for people.
    pub detail: Option<String>,
    /// The path of the request.
    pub instance: String,
    /// The stable machine name.
    pub code: Code,
    /// The id under which the server logged the request.
    pub request_id: String,
    /// Every fault of the input.
    pub errors: Option<Vec<FieldError>>,
    /// The job to wait for, with code `processing`.
    pub job_id: Option<Uuid>,
    /// The resource as it is now, with code `revision_conflict`.
    pub current: Option<Any<Value>>,
}

/// One fault of the input.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct FieldError {
    /// A JSON pointer into the body (RFC 6901), or `?name` for a parameter.
    pub pointer: String,
    /// The stable machine name of the fault, such as `too_long`.
    pub code: String,
    /// What would be accepted, for people.
    pub detail: String,
}

impl From<&Violation> for FieldError {
    fn from(fault: &Violation) -> Self {
        Self { pointer: fault.pointer.clone(), code: fault.code.to_owned(), detail: fault.detail.to_string() }
    }
}

/// Why an operation failed: the one error type of the HTTP layer.
#[derive(Clone)]
pub struct Failure(Arc<Cause>);

#[derive(Clone)]
struct Cause {
    code: Code,
    detail: Option<Cow<'static, str>>,
    errors: Vec<Violation>,
    job_id: Option<Uuid>,
    current: Option<Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    private: Option<String>,
}

impl Failure {
    /// A failure of this kind; the title says it all.
    pub fn new(code: Code) -> Self {
        let cause = Cause {
            code,
            detail: None,
            errors: vec![],
            job_id: None,
            current: None,
            headers: vec![],
            private: None,
        };
        let failure = Self(Arc::new(cause));
        match code.status() {
            StatusCode::UNAUTHORIZED => failure.header(header::WWW_AUTHENTICATE, challenge(code)),
            StatusCode::SERVICE_UNAVAILABLE => failure.retry_after(RETRY_AFTER_S),
            _ => failure,
        }
    }

    /// The input is wrong in these places.
    pub fn invalid(violations: Violations) -> Self {
        let detail = match violations.0.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            many => format!("{} values are not acceptable", many.len()),
        };
        Self::new(Code::ValidationFailed).detail(detail).edit(|cause| cause.errors = violations.0)
    }

    /// The input is wrong in one place.
    pub fn fault(
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::invalid(Violations(vec![Violation::new(pointer, code, detail)]))
    }

    /// Something of ours broke; `why` is for the log alone.
    pub fn internal(why: impl fmt::Display) -> Self {
        Self::new(Code::InternalError).edit(|cause| cause.private = Some(why.to_string()))
    }

    /// Says what went wrong this time.
    #[must_use]
    pub fn detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        self.edit(|cause| cause.detail = Some(detail))
    }
    /// Adds a response header.
    #[must_use]
    pub fn header(self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        let value = value.into();
        self.edit(|cause| cause.headers.push((name, value)))
    }
    /// Says when to try again, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.edit(|cause| {
            cause.headers.retain(|(name, _)| name != header::RETRY_AFTER);
            cause.headers.push((header::RETRY_AFTER, seconds.into()));
        })
    }
    /// Shows the resource as it is now.
    #[must_use]
    pub fn current(self, current: Value) -> Self {
        self.edit(|cause| cause.current = Some(current))
    }
    fn edit(mut self, change: impl FnOnce(&mut Cause)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// What is wrong, or else what this kind of failure is called.
    pub fn sentence(&self) -> &str {
        self.0.detail.as_deref().unwrap_or_else(|| self.0.code.title())
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }
    /// The cause that only the log may know.
    pub fn private(&self) -> Option<&str> {
        self.0.private.as_deref()
    }
    /// The faults of the input.
    pub fn errors(&self) -> &[Violation] {
        &self.0.errors
    }

    /// The response that a client reads.
    pub fn respond(&self, request_id: &str, path: &str) -> Response {
        let cause = &*self.0;
        let problem = Problem {
            r#type: format!("/problems/{}", cause.code.as_str()),
            title: cause.code.title().to_owned(),
            status: cause.code.status().as_u16().into(),
            detail: cause.detail.as_ref().map(ToString::to_string),
            instance: path.to_owned(),
            code: cause.code,
            request_id: request_id.to_owned(),
            errors: (!cause.errors.is_empty()).then(|| cause.errors.iter().map(FieldError::from).collect()),
            job_id: cause.job_id,
            current: cause.current.clone().map(Any),
        };
        let mut response = Response::builder()
            .status(cause.code.status())
            .content_type(PROBLEM_JSON)
            .header(header::CACHE_CONTROL, "no-store")
            .body(problem.to_json_string());
        for (name, value) in &cause.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    }
}

/// RFC 6750 §3: what kind of credentials would help.
fn challenge(code: Code) -> HeaderValue {
    HeaderValue::from_static(match code {
        Code::TokenExpired => {
            r#"Bearer realm="backline", error="invalid_token", error_description="expired""#
        }
        _ => r#"Bearer realm="backline""#,
    })
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("code", &self.0.code)
            .field("errors", &self.0.errors)
            .finish_non_exhaustive()
    }
}

/// A failure travels as data of a response, so that layers that turn errors into responses cannot lose it.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let mut error = Self::from_response(Response::builder().status(failure.code().status()).finish());
        error.set_data(failure);
        error
    }
}

impl Failure {
    /// What a failure of poem or poem-openapi means.
    pub fn from_poem(error: Error) -> Self {
        if let Some(failure) = error.data::<Self>() {
            return failure.clone();
        }
        if let Some(error) = error.downcast_ref::<oai::ParseParamError>() {
            return Self::fault(format!("?{}", error.name), "invalid", "is not acceptable");
        }
        if error.is::<oai::ParsePathError>() || error.is::<poem_error::ParsePathError>() {
            return Self::new(Code::NotFound);
        }
        if error.is::<oai::ParseRequestPayloadError>() || error.is::<oai::ParseMultipartError>() {
            return Self::new(Code::MalformedRequest).detail("the body cannot be read");
        }
        let code = Code::of_status(error.status());
        if code == Code::InternalError { Self::internal(error) } else { Self::new(code) }
    }
}

impl From<Violations> for Failure {
    fn from(violations: Violations) -> Self {
        Self::invalid(violations)
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        use service::Error as E;
        let detail = error.to_string();
        let failed = |code| Self::new(code).detail(detail);
        match error {
            E::Unauthenticated => failed(Code::Unauthenticated),
            E::TokenExpired => failed(Code::TokenExpired),
            E::WrongLogin => failed(Code::WrongLogin),
            E::SharePassword(_) => failed(Code::SharePasswordRequired),
            E::Forbidden(_) => failed(Code::Forbidden),
            E::NotFound(_) => failed(Code::NotFound),
            E::Gone(_) => failed(Code::Gone),
            E::Invalid(violations) => Self::invalid(violations),
            E::Conflict(_) => failed(Code::Conflict),
            E::OrderConflict => failed(Code::OrderConflict),
            E::AnalysisOff => failed(Code::AnalysisOff),
            E::ProjectArchived => failed(Code::ProjectArchived),
            E::LastOwner => failed(Code::LastOwner),
            E::Processing { job } => failed(Code::Processing)
                .retry_after(RETRY_AFTER_S)
                .edit(|cause| cause.job_id = Some(job.uuid())),
            E::RevisionConflict { .. } => failed(Code::RevisionConflict),
            E::IdempotencyMismatch => failed(Code::IdempotencyMismatch),
            E::QuotaExceeded { .. } => failed(Code::QuotaExceeded),
            E::PayloadTooLarge { .. } => failed(Code::PayloadTooLarge),
            E::Audio { code, .. } => failed(Code::parse(&code).unwrap_or(Code::UnsupportedAudio)),
            E::ChecksumMismatch => failed(Code::ChecksumMismatch),
            E::RateLimited { retry_after_s } => failed(Code::RateLimited).retry_after(retry_after_s),
            E::SetupRequired => failed(Code::SetupRequired),
            E::StorageFull => failed(Code::StorageFull),
            E::Overloaded => failed(Code::Overloaded),
            E::OutcomeUnknown => failed(Code::OutcomeUnknown),
            E::Store(source) => Self::internal(chain(&source)),
            E::Internal(why) => Self::internal(why),
        }
    }
}

/// An error and its causes on one line, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl ApiResponse for Failure {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: PROBLEM_JSON, schema: Problem::schema_ref() }];
        let response = MetaResponse {
            description: "It failed; `code` says why.",
            status: None,
            status_range: None,
            content,
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }
    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}
