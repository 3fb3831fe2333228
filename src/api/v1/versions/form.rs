//! A whole version in one form: the file, and beside it the fields of `createVersion` except the upload.
//!
//! The file goes to disk while it arrives, wherever in the form it stands. If anything is wrong, nothing stays behind.

use crate::{
    http::body::Input,
    problem::{Answer, Failure},
    v1::{
        dto::version::{CarryComments, CreateVersion},
        uploads::content_length,
    },
};
use futures::StreamExt;
use model::{TrackId, UploadId, Violations, limits, text::FileName, violation::Fault};
use poem::{
    FromRequest, Request, RequestBody, Result,
    web::{Field, Multipart},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::{ParseFromParameter, Type},
};
use service::{Ctx, Service, version_create::NewVersion};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// The name of the form in the document.
const SCHEMA: &str = "UploadVersion";
/// Fields of a form; more are refused.
const FIELDS_MAX: usize = 16;

/// A form that brings a version.
pub struct VersionForm {
    parts: Multipart,
    length: Option<u64>,
}

impl<'a> ApiExtractor<'a> for VersionForm {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(SCHEMA.to_owned(), schema);
    }

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Reference(SCHEMA.to_owned());
        let content = vec![MetaMediaType { content_type: "multipart/form-data", schema }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let parts = <Multipart as FromRequest>::from_request(request, body).await?;
        Ok(Self { parts, length: content_length(request) })
    }
}

fn schema(registry: &mut Registry) -> MetaSchema {
    CarryComments::register(registry);
    let inline = |schema: MetaSchema| MetaSchemaRef::Inline(Box::new(schema));
    let text =
        |description| inline(MetaSchema { description: Some(description), ..MetaSchema::new("string") });
    MetaSchema {
        description: Some("A new version with its recording."),
        required: vec!["file"],
        properties: vec![
            ("file", inline(MetaSchema::new_with_format("string", "binary"))),
            ("label", text("What the band calls it: 1 to 80 characters.")),
            ("changelog", text("What changed, in Markdown: up to 10,000 characters.")),
            ("parent_version_id", inline(MetaSchema::new_with_format("string", "uuid"))),
            ("make_current", inline(MetaSchema::new("boolean"))),
            ("carry_comments", CarryComments::schema_ref()),
        ],
        ..MetaSchema::new("object")
    }
}

/// What a form said so far.
#[derive(Default)]
struct Read {
    upload: Option<UploadId>,
    label: Option<String>,
    changelog: Option<String>,
    parent_version_id: Option<Uuid>,
    make_current: Option<bool>,
    carry_comments: CarryComments,
    faults: Violations,
}

impl VersionForm {
    /// Takes the file in and reads the fields.
    ///
    /// # Errors
    /// Those of the upload; 422 with every faulty field. Then the upload is dropped.
    pub async fn receive(mut self, service: &Service, cx: &Ctx, track: TrackId) -> Answer<NewVersion> {
        let mut read = Read::default();
        let outcome = match self.read(service, cx, track, &mut read).await {
            Ok(()) => read.finish(),
            Err(failure) => Err(failure),
        };
        if let (Err(_), Some(upload)) = (&outcome, read.upload) {
            // What is wrong with the form matters more than that an upload stays until it lapses.
            drop(service.delete_upload(cx, upload).await);
        }
        outcome
    }

    async fn read(&mut self, service: &Service, cx: &Ctx, track: TrackId, read: &mut Read) -> Answer<()> {
        for _ in 0..FIELDS_MAX {
            let field = self.parts.next_field().await.map_err(|_| broken())?;
            let Some(field) = field else { return Ok(()) };
            let name = field.name().unwrap_or_default().to_owned();
            if name != "file" {
                let text = text(field).await?;
                read.field(&name, text);
            } else if read.upload.is_some() {
                return Err(Failure::fault("/file", "repeated", "must be given once"));
            } else {
                let filename = FileName::parse(field.file_name().unwrap_or("recording"));
                let filename = filename.map_err(|fault| fault_at("/file", fault))?;
                let upload = service.open_form_upload(cx, track, filename, self.length).await?;
                read.upload = Some(upload.row.id);
                let bytes = ReaderStream::with_capacity(field.into_async_read(), limits::BLOB_READ_BYTES);
                service.put_form_content(cx, upload.row.id, bytes.boxed()).await?;
            }
        }
        Err(broken())
    }
}

impl Read {
    fn field(&mut self, name: &str, text: String) {
        let pointer = format!("/{name}");
        match name {
            "label" => self.label = Some(text),
            "changelog" => self.changelog = Some(text),
            "parent_version_id" => {
                let id = Uuid::parse_str(&text).map_err(|_| Fault::new("wrong_type", "must be a UUID"));
                self.parent_version_id = self.faults.check(&pointer, id);
            }
            "make_current" => {
                let yes = text.parse().map_err(|_| Fault::new("wrong_type", "must be true or false"));
                self.make_current = self.faults.check(&pointer, yes);
            }
            "carry_comments" => {
                let carry = CarryComments::parse_from_parameter(&text)
                    .map_err(|_| Fault::new("unknown_value", "must be unresolved or none"));
                self.carry_comments = self.faults.check(&pointer, carry).unwrap_or_default();
            }
            _ => self.faults.0.push(Fault::new("unknown_field", "is not a field of this form").at(pointer)),
        }
    }

    fn finish(&mut self) -> Answer<NewVersion> {
        let mut faults = std::mem::take(&mut self.faults);
        let Some(upload) = self.upload else {
            faults.0.push(Fault::new("required", "is missing").at("/file"));
            return Err(faults.into());
        };
        let fields = CreateVersion {
            upload_id: upload.uuid(),
            label: self.label.take(),
            changelog: self.changelog.take(),
            parent_version_id: self.parent_version_id,
            make_current: self.make_current.unwrap_or(true),
            carry_comments: self.carry_comments,
        };
        match fields.parse() {
            Ok(new) if faults.0.is_empty() => Ok(new),
            Ok(_) => Err(faults.into()),
            Err(others) => {
                faults.0.extend(others.0);
                Err(faults.into())
            }
        }
    }
}

/// A field of text, in bounds.
async fn text(field: Field) -> Answer<String> {
    let mut text = String::new();
    let mut bounded = field.into_async_read().take(limits::FORM_EXTRA_BYTES_MAX);
    bounded.read_to_string(&mut text).await.map_err(|_| broken())?;
    Ok(text)
}

fn broken() -> Failure {
    Failure::new(crate::codes::Code::MalformedRequest).detail("the form cannot be read")
}

fn fault_at(pointer: &str, fault: Fault) -> Failure {
    Failure::fault(pointer, fault.code, fault.detail)
}
