//! What explains the server to people and tools: the document, Swagger UI, a page for each problem, the front page.
//!
//! Everything is embedded: a self-hosted server may be offline.

pub mod home;

use crate::{codes::Code, openapi, problem::Answer, problem::Failure, v1::Tag};
use bytes::Bytes;
use poem::{IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse, OpenApi, OpenApiService,
    param::Path,
    payload::Html,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use std::sync::OnceLock;

const PROBLEM_PAGE: &str = include_str!("docs/problem.html");
/// Pages that explain load nothing but themselves.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                           media-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// The document and the pages about it.
pub struct DocsApi;

#[OpenApi(tag = "Tag::System")]
impl DocsApi {
    /// This document
    ///
    /// OpenAPI 3.0. Anybody.
    #[oai(path = "/api/openapi.json", method = "get", operation_id = "getOpenapiJson")]
    async fn get_openapi_json(&self) -> Document {
        Document
    }

    /// What a problem code means
    ///
    /// The page that `type` of a problem points to. Anybody.
    #[oai(path = "/problems/:code", method = "get", operation_id = "getProblemDoc")]
    async fn get_problem_doc(
        &self,
        /// The code, such as `revision_conflict`.
        code: Path<String>,
    ) -> Answer<Html<String>> {
        let code = Code::parse(&code.0).ok_or_else(|| Failure::new(Code::NotFound))?;
        Ok(Html(problem_page(code)))
    }
}

fn problem_page(code: Code) -> String {
    // The table's texts are ours: nothing in them needs escaping but what a test would find.
    PROBLEM_PAGE
        .replace("{{code}}", code.as_str())
        .replace("{{title}}", code.title())
        .replace("{{status}}", &code.status().to_string())
        .replace("{{explanation}}", code.explanation().trim())
}

struct Document;

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let response = Response::builder().content_type("application/json");
        response
            .header(header::CACHE_CONTROL, "no-cache")
            .body(Bytes::from_static(openapi::json().as_bytes()))
    }
}

impl ApiResponse for Document {
    fn meta() -> MetaResponses {
        let schema = MetaSchemaRef::Reference("OpenApiDocument".to_owned());
        let response = MetaResponse {
            description: "The document.",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType { content_type: "application/json", schema }],
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }
    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>("OpenApiDocument".to_owned(), |_| MetaSchema {
            description: Some("An OpenAPI 3.0 document."),
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
            ..MetaSchema::new("object")
        });
    }
}

/// A page of our own.
pub fn page(html: impl Into<Bytes>) -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)
        .header(header::CACHE_CONTROL, "no-cache")
        .body(html.into())
}

/// Swagger UI with the document loaded from this server and a working Authorize button.
pub fn swagger_ui() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(|| {
        let service = OpenApiService::new((), "Backline", env!("CARGO_PKG_VERSION"));
        let page = service.swagger_ui_html();
        page.replace(
            "spec: spec,",
            "url: '/api/openapi.json', persistAuthorization: true, displayOperationId: true,",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swagger_ui_reads_our_document_and_nothing_from_elsewhere() {
        let page = swagger_ui();
        assert!(page.contains("url: '/api/openapi.json'"));
        assert!(!page.contains("<script src") && !page.contains("<link"));
    }

    #[test]
    fn every_code_has_a_page_without_holes() {
        for code in Code::ALL {
            let page = problem_page(*code);
            assert!(page.contains(code.explanation().trim()) && !page.contains("{{"), "{}", code.as_str());
            assert!(!code.explanation().contains(['<', '&']), "{}", code.as_str());
        }
    }
}
