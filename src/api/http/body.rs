//! `Body<T>`: a JSON body, parsed into what the service takes, or refused with every fault at once.
//!
//! First the schema of the DTO is checked (types, missing and unknown fields), then the DTO parses its values; faults of
//! both stand in one answer. What cannot be read at all is 400, another media type 415, too many bytes 413.

use crate::{
    codes::Code,
    http::schema::Schemas,
    problem::{Answer, Failure},
};
use bytes::Bytes;
use model::{Violation, Violations, limits, violation::Fault};
use poem::{Request, RequestBody, Result, error::ReadBodyError, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::{MaybeUndefined, ParseFromJSON},
};
use serde_json::Value;
use std::{ops::Deref, sync::Arc, time::Duration};

/// How long a JSON body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A DTO that can be sent: its fields are what the document shows, its `Value` is what the service takes.
///
/// ```
/// use api::http::body::{Checks, Input};
/// use model::{Violations, text::{Label, Prose}};
/// use poem_openapi::{Object, types::MaybeUndefined};
/// use serde_json::{Value, json};
///
/// struct NewBand { name: Label, note: Option<Prose> }
/// struct BandChange { name: Option<Label>, note: Option<Option<Prose>> }
///
/// /// What a new band needs.
/// #[derive(Object)]
/// struct CreateBand {
///     /// What it is called: 1 to 80 characters.
///     name: String,
///     /// A note for its members.
///     note: Option<String>,
/// }
///
/// impl Input for CreateBand {
///     type Value = NewBand;
///     fn example() -> Value {
///         json!({"name": "The Band", "note": "Tuesdays at eight."})
///     }
///     fn parse(self) -> Result<NewBand, Violations> {
///         let mut faults = Violations::default();
///         let name = faults.check("/name", Label::parse(&self.name));
///         let note = faults.optional("/note", self.note, |text| Prose::parse(&text));
///         faults.finish(name.map(|name| NewBand { name, note }))
///     }
/// }
///
/// /// What may change: a JSON merge patch. A field that can be cleared is `MaybeUndefined` and `nullable`.
/// #[derive(Object)]
/// struct UpdateBand {
///     name: Option<String>,
///     #[oai(nullable)]
///     note: MaybeUndefined<String>,
/// }
///
/// impl Input for UpdateBand {
///     type Value = BandChange;
///     fn example() -> Value {
///         json!({"note": null})
///     }
///     fn parse(self) -> Result<BandChange, Violations> {
///         let mut faults = Violations::default();
///         let name = faults.optional("/name", self.name, |text| Label::parse(&text));
///         let note = faults.patch("/note", self.note, |text| Prose::parse(&text));
///         faults.finish(Some(BandChange { name, note }))
///     }
/// }
/// ```
///
/// A handler is then (`Tagged`, `Created`, `NoContent`: [`crate::http::reply`]; lists: [`crate::http::cursor`]):
///
/// ```ignore
/// /// Change a band
/// ///
/// /// Editors and owners.
/// #[oai(path = "/bands/:band_id", method = "patch", operation_id = "updateBand")]
/// async fn update_band(&self, cx: Auth, band_id: Path<Uuid>, if_match: IfMatch, body: Body<UpdateBand>) -> Answer<Tagged<Band>> {
///     let band = self.service.update_band(&cx, band_id.0.into(), if_match.0, body.0).await?;
///     Ok(Tagged::exact(band.rev, band.row.into()))
/// }
/// ```
pub trait Input: ParseFromJSON + Send + 'static {
    /// What the service takes.
    type Value: Send;
    /// A request as somebody might send it, for the document. A test sends each of them.
    fn example() -> Value;
    /// Parses every field.
    ///
    /// # Errors
    /// Every fault, with JSON pointers.
    fn parse(self) -> Result<Self::Value, Violations>;
}

/// A parsed JSON body. `*body` and `body.0` are the value.
pub struct Body<T: Input>(pub T::Value);

impl<T: Input> Deref for Body<T> {
    type Target = T::Value;
    fn deref(&self) -> &T::Value {
        &self.0
    }
}

impl<'a, T: Input> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
        if let Some(schema) = registry.schemas.get_mut(T::name().as_ref()) {
            schema.example = Some(T::example());
        }
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let bytes = match request.extensions().get::<Buffered>() {
            Some(Buffered(bytes)) => bytes.clone(),
            None => read(request, body.take()?).await?,
        };
        let schemas = request.extensions().get::<Arc<Schemas>>();
        let schemas = schemas.ok_or_else(|| Failure::internal("an operation runs outside of its frame"))?;
        Ok(Self(parse::<T>(schemas, &bytes)?))
    }
}

/// A body that was read before the operation took it, because its hash was needed.
#[derive(Clone)]
pub struct Buffered(pub Bytes);

/// Reads a whole JSON body, in bounds and in time.
///
/// # Errors
/// 415 for another media type, 413 beyond the limit, 408 when it does not arrive, 400 when the connection breaks.
pub async fn read(request: &Request, body: poem::Body) -> Answer<Bytes> {
    if !request.content_type().is_some_and(is_json) {
        return Err(Failure::new(Code::UnsupportedMediaType).detail("send application/json"));
    }
    let limit = limits::JSON_BODY_BYTES_MAX;
    let too_large =
        || Failure::new(Code::PayloadTooLarge).detail(format!("at most {limit} bytes are accepted"));
    let declared = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIMEOUT, body.into_bytes_limit(limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(too_large()),
        Ok(Err(_)) => Err(Failure::new(Code::MalformedRequest).detail("the body broke off")),
        Err(_) => Err(Failure::new(Code::RequestTimeout)),
    }
}

/// Whether a media type is JSON: `application/json`, with any parameters, or `…+json` such as `application/merge-patch+json`.
pub fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Parses JSON text into the value of a DTO.
fn parse<T: Input>(schemas: &Schemas, bytes: &[u8]) -> Answer<T::Value> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::new(Code::MalformedRequest).detail(format!("the JSON is broken at {place}"))
    })?;
    let schema = T::schema_ref();
    let faults = schemas.check(&schema, &value, "");
    if faults.is_empty() {
        return Ok(from_json::<T>(value)?.parse()?);
    }
    let mended = schemas.mend(&schema, &value, &faults);
    let others = mended.and_then(|value| from_json::<T>(value).ok()?.parse().err());
    Err(Failure::invalid(join(faults, others)))
}

/// The faults of the schema and those of the values, without the ones that only a stand-in has.
fn join(mut faults: Vec<Violation>, others: Option<Violations>) -> Violations {
    let top = |pointer: &str| pointer.split('/').nth(1).unwrap_or_default().to_owned();
    let known: Vec<_> = faults.iter().map(|fault| top(&fault.pointer)).collect();
    faults
        .extend(others.into_iter().flat_map(|it| it.0).filter(|fault| !known.contains(&top(&fault.pointer))));
    Violations(faults)
}

fn from_json<T: ParseFromJSON>(value: Value) -> Answer<T> {
    T::parse_from_json(Some(value)).map_err(|error| Failure::fault("", "invalid", error.into_message()))
}

/// Checks for fields that may be absent.
pub trait Checks {
    /// An optional field: `None` if it is absent (or faulty, which is noted).
    fn optional<T, U>(
        &mut self,
        pointer: &str,
        value: Option<T>,
        parse: impl FnOnce(T) -> Result<U, Fault>,
    ) -> Option<U>;

    /// A field of a merge patch that can be cleared: `None` = leave it, `Some(None)` = clear it.
    fn patch<T, U>(
        &mut self,
        pointer: &str,
        value: MaybeUndefined<T>,
        parse: impl FnOnce(T) -> Result<U, Fault>,
    ) -> Option<Option<U>>;

    /// A list, with a pointer for each item.
    fn each<T, U>(
        &mut self,
        pointer: &str,
        values: Vec<T>,
        parse: impl FnMut(T) -> Result<U, Fault>,
    ) -> Vec<U>;
}

impl Checks for Violations {
    fn optional<T, U>(
        &mut self,
        pointer: &str,
        value: Option<T>,
        parse: impl FnOnce(T) -> Result<U, Fault>,
    ) -> Option<U> {
        value.and_then(|value| self.check(pointer, parse(value)))
    }

    fn patch<T, U>(
        &mut self,
        pointer: &str,
        value: MaybeUndefined<T>,
        parse: impl FnOnce(T) -> Result<U, Fault>,
    ) -> Option<Option<U>> {
        match value {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(value) => self.check(pointer, parse(value)).map(Some),
        }
    }

    fn each<T, U>(
        &mut self,
        pointer: &str,
        values: Vec<T>,
        mut parse: impl FnMut(T) -> Result<U, Fault>,
    ) -> Vec<U> {
        let items = values.into_iter().enumerate();
        items.filter_map(|(index, value)| self.check(&format!("{pointer}/{index}"), parse(value))).collect()
    }
}

#[cfg(test)]
mod tests;
