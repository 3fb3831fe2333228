//! A body of bytes that is read while it arrives. Its media type is not looked at: what the bytes are shows later.

use bytes::Bytes;
use futures::stream::BoxStream;
use poem::{Request, RequestBody, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};
use std::io;

/// The bytes of a request.
pub struct Octets {
    /// How many there are, if the client says so.
    pub length: Option<u64>,
    /// As they arrive.
    pub bytes: BoxStream<'static, io::Result<Bytes>>,
}

impl<'a> ApiExtractor<'a> for Octets {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        let content = vec![MetaMediaType { content_type: "application/octet-stream", schema }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self { length: content_length(request), bytes: Box::pin(body.take()?.into_bytes_stream()) })
    }
}

/// What the client says about the length of the body.
pub fn content_length(request: &Request) -> Option<u64> {
    request.header(header::CONTENT_LENGTH)?.parse().ok()
}
