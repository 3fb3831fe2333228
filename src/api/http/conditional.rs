//! Conditional requests on JSON resources: `If-Match` names a revision, `If-None-Match` saves a body.
//!
//! An entity tag is `"r7"`, revision 7, or `"r7-8f3c…"` where the body also contains counts that are not part of the
//! revision. `If-Match` compares the revision alone; `If-None-Match` compares the whole tag.

use crate::{codes::Code, problem::Failure};
use poem::{
    Request, RequestBody, Response, Result,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

/// A revision that no row has: what a tag of another kind compares as.
const NO_REVISION: u64 = u64::MAX;
/// Hexadecimal digits of the content hash in a tag.
const HASH_DIGITS: usize = 16;

/// The revision that the client expects; `None` without `If-Match` and for `*`.
pub struct IfMatch(pub Option<u64>);

impl<'a> ApiExtractor<'a> for IfMatch {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }
    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))))
    }
    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        match request.headers().get(header::IF_MATCH) {
            None => Ok(Self(None)),
            Some(value) => {
                let text = value.to_str().map_err(|_| malformed("If-Match"))?;
                Ok(Self(expected_revision(text)?))
            }
        }
    }
}

/// The refusal of a header that is not what its definition says.
pub fn malformed(name: &str) -> Failure {
    Failure::new(Code::MalformedRequest).detail(format!("the header {name} is malformed"))
}

/// The revision an `If-Match` names. Of several tags the highest decides: revisions only grow, so a client that knows two has
/// seen the later one. Weak tags and tags of other kinds never match (RFC 9110 §13.1.1).
fn expected_revision(text: &str) -> Result<Option<u64>, Failure> {
    if text.trim() == "*" {
        return Ok(None);
    }
    let tags = parse_tags(text).ok_or_else(|| malformed("If-Match"))?;
    let revisions =
        tags.iter().filter(|tag| tag.strength == Strength::Strong).filter_map(|tag| revision(tag.opaque));
    Ok(Some(revisions.max().unwrap_or(NO_REVISION)))
}

fn revision(opaque: &str) -> Option<u64> {
    let digits = opaque.strip_prefix('r')?;
    digits.split('-').next()?.parse().ok()
}

/// One entity tag of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTag<'a> {
    /// Whether it stands for these very bytes.
    pub strength: Strength,
    /// What stands between the quotes.
    pub opaque: &'a str,
}

/// Whether a tag stands for these very bytes or for something as good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// `"…"`
    Strong,
    /// `W/"…"`
    Weak,
}

/// A list of entity tags (RFC 9110 §8.8.3); `None` if it is not one.
pub fn parse_tags(text: &str) -> Option<Vec<EntityTag<'_>>> {
    let mut tags = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (strength, after) = match rest.strip_prefix("W/") {
            Some(after) => (Strength::Weak, after),
            None => (Strength::Strong, rest),
        };
        let (opaque, after) = after.strip_prefix('"')?.split_once('"')?;
        tags.push(EntityTag { strength, opaque });
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => {}
            None => return None,
        }
    }
    (!tags.is_empty()).then_some(tags)
}

/// Whether `If-None-Match` names this tag, by weak comparison (RFC 9110 §13.1.2).
pub fn none_match_names(value: &HeaderValue, opaque: &str) -> bool {
    let Ok(text) = value.to_str() else { return false };
    text.trim() == "*" || parse_tags(text).is_some_and(|tags| tags.iter().any(|tag| tag.opaque == opaque))
}

/// The tag of a revision.
pub fn revision_tag(revision: u64) -> String {
    format!("\"r{revision}\"")
}

/// The tag of a revision whose body also contains counts.
pub fn counted_tag(revision: u64, body: &[u8]) -> String {
    let hash = blake3::hash(body).to_hex();
    format!("\"r{revision}-{}\"", &hash[..HASH_DIGITS])
}

/// Turns a 200 into a 304 where `If-None-Match` names its tag. Headers that describe the resource stay (RFC 9110 §15.4.5).
pub fn not_modified(request: &HeaderMap, response: Response) -> Response {
    let tag =
        response.header(header::ETAG).map(|tag| tag.trim_start_matches("W/").trim_matches('"').to_owned());
    let (Some(condition), Some(tag), StatusCode::OK) =
        (request.get(header::IF_NONE_MATCH), tag, response.status())
    else {
        return response;
    };
    if !none_match_names(condition, &tag) {
        return response;
    }
    let (mut parts, _body) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, poem::Body::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_names_a_revision() {
        for (header, expected) in [
            ("*", None),
            (r#""r7""#, Some(7)),
            (r#""r7-0123456789abcdef""#, Some(7)),
            (r#""r5", "r7""#, Some(7)),
            (r#"W/"r7""#, Some(NO_REVISION)),
            (r#""something else""#, Some(NO_REVISION)),
        ] {
            assert_eq!(expected_revision(header).unwrap(), expected, "{header}");
        }
        for header in ["r7", r#""r7"#, "", r#""r7" "r8""#] {
            assert!(expected_revision(header).is_err(), "{header}");
        }
    }

    fn answer(condition: &'static str, tag: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(condition));
        not_modified(
            &headers,
            Response::builder().header(header::ETAG, tag).content_type("application/json").body("{}"),
        )
    }

    #[test]
    fn if_none_match_saves_the_body() {
        let response = answer(r#"W/"r7", "r8""#, r#""r8""#);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.header(header::ETAG), Some(r#""r8""#));
        assert_eq!(response.header(header::CONTENT_TYPE), None);
        assert_eq!(answer("*", r#""r8""#).status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn another_count_is_another_body() {
        let old = counted_tag(7, b"1 track");
        assert_ne!(old, counted_tag(7, b"2 tracks"));
        assert_eq!(answer(r#""r7""#, &old).status(), StatusCode::OK);
    }
}
