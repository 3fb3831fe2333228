//! `PictureBody`: the raw bytes of a picture, in bounds and in time. What they are is found by looking at them.

use crate::{
    codes::Code,
    problem::{Answer, Failure},
};
use bytes::Bytes;
use futures::StreamExt;
use model::limits;
use poem::{Body, Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};
use std::time::Duration;

/// How long a picture may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// How much of a picture that is too large is still taken in, in bytes.
const DRAINED_BYTES_MAX: usize = 4 * limits::IMAGE_BYTES_MAX;

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
        match tokio::time::timeout(BODY_TIMEOUT, read(body.take()?)).await {
            Ok(read) => Ok(Self(read?)),
            Err(_) => Err(Failure::new(Code::RequestTimeout).into()),
        }
    }
}

/// Reads a picture. Of one that is too large it still takes in a bounded part: most clients send everything before they
/// read the answer.
async fn read(body: Body) -> Answer<Bytes> {
    let limit = limits::IMAGE_BYTES_MAX;
    let mut stream = body.into_bytes_stream();
    let (mut bytes, mut arrived) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Failure::new(Code::MalformedRequest).detail("the body broke off"))?;
        arrived += chunk.len();
        if arrived > DRAINED_BYTES_MAX {
            break;
        }
        if arrived <= limit {
            bytes.extend_from_slice(&chunk);
        }
    }
    if arrived > limit {
        let detail = format!("a picture may have at most {limit} bytes");
        return Err(Failure::new(Code::PayloadTooLarge).detail(detail));
    }
    Ok(bytes.into())
}
