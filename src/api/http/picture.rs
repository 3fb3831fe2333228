//! `PictureBody`: the raw bytes of a picture, in bounds and in time. What they are is found by looking at them.

use crate::{codes::Code, problem::Failure};
use bytes::Bytes;
use model::limits;
use poem::{Request, RequestBody, Result, error::ReadBodyError, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};
use std::time::Duration;

/// How long a picture may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// The bytes of a picture.
pub struct PictureBody(pub Bytes);

impl<'a> ApiExtractor<'a> for PictureBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        let content = vec![MetaMediaType { content_type: "application/octet-stream", schema }];
        let description = Some("The picture; `image/*` is accepted too.");
        Some(MetaRequest { description, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let content_type = request.content_type().unwrap_or_default().to_ascii_lowercase();
        if !content_type.starts_with("image/") && !content_type.starts_with("application/octet-stream") {
            let detail = "send the bytes as image/* or application/octet-stream";
            return Err(Failure::new(Code::UnsupportedMediaType).detail(detail).into());
        }
        let limit = limits::IMAGE_BYTES_MAX;
        let too_large = || {
            Failure::new(Code::PayloadTooLarge).detail(format!("a picture may have at most {limit} bytes"))
        };
        let declared = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        if declared.is_some_and(|length| length > limit as u64) {
            return Err(too_large().into());
        }
        match tokio::time::timeout(BODY_TIMEOUT, body.take()?.into_bytes_limit(limit)).await {
            Ok(Ok(bytes)) => Ok(Self(bytes)),
            Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(too_large().into()),
            Ok(Err(_)) => Err(Failure::new(Code::MalformedRequest).detail("the body broke off").into()),
            Err(_) => Err(Failure::new(Code::RequestTimeout).into()),
        }
    }
}
