//! The one table of problem codes: name, status, title and the sentence of its documentation page.
//!
//! The error enum, the `ProblemCode` schema and `/problems/{code}` all come from here. A code never changes its meaning.

use poem::http::StatusCode;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::Value;
use std::borrow::Cow;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $status:ident, $title:literal;)+) => {
        /// The stable machine name of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name),+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The name in JSON.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text),+ } }
            /// The status it is answered with.
            pub const fn status(self) -> StatusCode { match self { $(Self::$name => StatusCode::$status),+ } }
            /// A few words that are the same for every occurrence.
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title),+ } }
            /// What it means and what to do about it.
            pub const fn explanation(self) -> &'static str { match self { $(Self::$name => concat!($($doc),+)),+ } }
        }
    };
}

codes! {
    /// The request cannot be read: the JSON is broken, a header is malformed. Correct it; sending it again unchanged will not help.
    MalformedRequest = "malformed_request", BAD_REQUEST, "The request cannot be read";
    /// Nobody is logged in, or the token is unknown, revoked or of another server. Log in and send `Authorization: Bearer …`.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Log in first";
    /// The access token has lapsed. Ask `POST /api/v1/auth/refresh` for a new one and repeat the request.
    TokenExpired = "token_expired", UNAUTHORIZED, "The access token has lapsed";
    /// The e-mail address or the password is wrong. Which of them is deliberately not said.
    WrongLogin = "wrong_login", UNAUTHORIZED, "Wrong e-mail address or password";
    /// The account asks for a second factor. Repeat the login with `totp`.
    MfaRequired = "mfa_required", UNAUTHORIZED, "A second factor is needed";
    /// This share link asks for a password.
    SharePasswordRequired = "share_password_required", UNAUTHORIZED, "The link asks for a password";
    /// You may see this and may not do that with it: your role, or the scopes of your token, do not allow it.
    Forbidden = "forbidden", FORBIDDEN, "Not allowed";
    /// There is no such thing, or you may not know that there is. Things in the trash answer this too.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// Emotion analysis is switched off for this project or on this server.
    AnalysisOff = "analysis_off", NOT_FOUND, "Analysis is off";
    /// This path exists and does not answer that method. `Allow` lists the methods it answers.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The request body did not arrive in time.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The request took too long to arrive";
    /// The current state does not allow this; the detail says why.
    Conflict = "conflict", CONFLICT, "Conflicts with the current state";
    /// The order you sent names other tracks than there are. Read the tracks again and order those.
    OrderConflict = "order_conflict", CONFLICT, "The tracks changed meanwhile";
    /// The recording is still being processed. `job_id` names the job; try again after `Retry-After` seconds.
    Processing = "processing", CONFLICT, "Still being processed";
    /// A project keeps at least one owner. Make somebody else an owner first.
    LastOwner = "last_owner", CONFLICT, "A project needs an owner";
    /// An archived project is read-only. Take it out of the archive first.
    ProjectArchived = "project_archived", CONFLICT, "The project is archived";
    /// This link or single-use token was used, was revoked or has lapsed.
    Gone = "gone", GONE, "No longer valid";
    /// `If-Match` names another revision than the one there is. `current` is the resource as it is now: merge, and try again with its `ETag`.
    RevisionConflict = "revision_conflict", PRECONDITION_FAILED, "It was changed meanwhile";
    /// A condition of the request (`If-Match`, `If-Unmodified-Since`) does not hold for this file.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "The condition does not hold";
    /// The body is larger than this operation accepts; the detail names the limit.
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "Too large";
    /// Your quota has no room for this. Delete something, or ask the administrator for more.
    QuotaExceeded = "quota_exceeded", PAYLOAD_TOO_LARGE, "The quota is used up";
    /// The body has another media type than this operation reads. Most read `application/json`.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Media type not accepted";
    /// None of the ranges asked for lies inside the file. `Content-Range` tells its length.
    RangeNotSatisfiable = "range_not_satisfiable", RANGE_NOT_SATISFIABLE, "No such range";
    /// Values are missing, unknown or out of bounds. `errors` lists every one with a JSON pointer into the body, or `?name` for a parameter.
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY, "Some values are not acceptable";
    /// This `Idempotency-Key` was used with another body. Use a new key for a new request.
    IdempotencyMismatch = "idempotency_mismatch", UNPROCESSABLE_ENTITY, "The key was used for another request";
    /// The upload is no recording that Backline can read. WAV, AIFF, FLAC, MP3, Ogg Vorbis, Opus and M4A/AAC are known.
    UnsupportedAudio = "unsupported_audio", UNPROCESSABLE_ENTITY, "Not a recording we can read";
    /// The recording is damaged; the detail says where.
    CorruptAudio = "corrupt_audio", UNPROCESSABLE_ENTITY, "The recording is damaged";
    /// The bytes that arrived do not have the SHA-256 you declared. Send them again.
    ChecksumMismatch = "checksum_mismatch", UNPROCESSABLE_ENTITY, "The bytes are not the ones declared";
    /// Too many requests, or too many failed tries. Wait for `Retry-After` seconds.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    /// Something went wrong inside the server. Tell the administrator the `request_id`: the log has the rest.
    InternalError = "internal_error", INTERNAL_SERVER_ERROR, "Something went wrong inside the server";
    /// The disk failed while a change was written, and it is not known whether it was kept. Look before you try again.
    OutcomeUnknown = "outcome_unknown", INTERNAL_SERVER_ERROR, "It is not known whether the change was kept";
    /// The server has too much to do at this moment. Try again after `Retry-After` seconds.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "The server is busy";
    /// This instance has no administrator yet. Open the setup link that the server printed, or run `backline admin create-user`.
    SetupRequired = "setup_required", SERVICE_UNAVAILABLE, "The server is not set up yet";
    /// The disk of the server is full. Reading and deleting still work; writing works again once there is room.
    StorageFull = "storage_full", INSUFFICIENT_STORAGE, "The disk of the server is full";
}

impl Code {
    /// The code of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// The code for a failure of which only the status is known.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::GONE => Self::Gone,
            StatusCode::PRECONDITION_FAILED => Self::PreconditionFailed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::RANGE_NOT_SATISFIABLE => Self::RangeNotSatisfiable,
            StatusCode::UNPROCESSABLE_ENTITY => Self::ValidationFailed,
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimited,
            StatusCode::SERVICE_UNAVAILABLE => Self::Overloaded,
            StatusCode::INSUFFICIENT_STORAGE => Self::StorageFull,
            status if status.is_client_error() => Self::MalformedRequest,
            _ => Self::InternalError,
        }
    }
}

impl Type for Code {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "ProblemCode".into()
    }
    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }
    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |_| MetaSchema {
            description: Some(
                "The stable machine name of a problem. More may be added; `/problems/{code}` explains each.",
            ),
            enum_items: Self::ALL.iter().map(|code| Value::from(code.as_str())).collect(),
            ..MetaSchema::new("string")
        });
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToJSON for Code {
    fn to_json(&self) -> Option<Value> {
        Some(self.as_str().into())
    }
}

impl ParseFromJSON for Code {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let code = value.as_ref().and_then(Value::as_str).and_then(Self::parse);
        code.ok_or_else(|| ParseError::custom("unknown problem code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_parse_back() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| Code::parse(code.as_str()) == Some(*code)));
    }

    #[test]
    fn every_status_of_the_table_maps_to_a_code_of_that_status() {
        for code in Code::ALL {
            assert_eq!(Code::of_status(code.status()).status(), code.status(), "{}", code.as_str());
        }
    }
}
