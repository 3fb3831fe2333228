//! Lists: `?limit=&cursor=`, answered with `{items, next_cursor}` and `Link: …; rel="next"`.
//!
//! A cursor is opaque: the place in the list, sealed with a keyed BLAKE3 hash that also covers the caller, the path and
//! every other parameter. A cursor of another list, filter or person is refused.

use crate::{
    problem::{Answer, Failure},
    security,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::limits;
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response, Result};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};
use serde_json::{Value, json};
use service::page::PageRequest;
use std::{borrow::Cow, sync::Arc};

/// The length of the seal, in bytes.
const SEAL_BYTES: usize = 16;

/// The key that seals cursors.
pub struct CursorKey([u8; 32]);

impl CursorKey {
    /// Derives the key from a secret of the instance.
    pub fn derive(secret: &[u8; 32]) -> Self {
        Self(blake3::derive_key("backline 2026-11 list cursors", secret))
    }
}

/// How much of a list the client asks for, and from where.
pub struct Paging {
    /// Items to return at most: 1 to [`limits::PAGE_MAX`].
    pub limit: usize,
    /// The place after which to go on: what [`Self::page`] was given for the page before.
    pub after: Option<Vec<u8>>,
    sealer: Sealer,
}

impl<'a> FromRequest<'a> for Paging {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        let key = request.extensions().get::<Arc<CursorKey>>();
        let key = key.ok_or_else(|| Failure::internal("an operation runs outside of its frame"))?;
        let cx = security::ctx(request)?;
        let caller = cx.principal().map(|who| who.uuid().to_string()).unwrap_or_default();
        let query: Vec<(String, String)> = request.params().unwrap_or_default();
        let sealer = Sealer { key: Arc::clone(key), binding: binding(&caller, request.uri().path(), &query) };
        Ok(Self::parse(sealer, &query)?)
    }
}

impl Paging {
    fn parse(sealer: Sealer, query: &[(String, String)]) -> Answer<Self> {
        let find = |name| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let limit = match find("limit") {
            None => limits::PAGE_DEFAULT,
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=limits::PAGE_MAX).contains(limit)).ok_or_else(|| {
                    Failure::fault(
                        "?limit",
                        "out_of_range",
                        format!("must be between 1 and {}", limits::PAGE_MAX),
                    )
                })?
            }
        };
        let invalid =
            || Failure::fault("?cursor", "invalid_cursor", "is not a cursor of this list with these filters");
        let after = match find("cursor") {
            None => None,
            Some(text) => Some(sealer.open(text).ok_or_else(invalid)?),
        };
        Ok(Self { limit, after, sealer })
    }

    /// The same in the words of the service.
    pub fn request(&self) -> PageRequest {
        PageRequest { limit: self.limit, after: self.after.clone() }
    }

    /// The cursor of a page that begins after this place.
    pub fn cursor(&self, place: &[u8]) -> String {
        self.sealer.seal(place)
    }

    /// The page. `next` is the place after the last item, if there is more.
    pub fn page<T>(&self, items: impl IntoIterator<Item = impl Into<T>>, next: Option<&[u8]>) -> Page<T> {
        let items = items.into_iter().map(Into::into).collect();
        Page { items, next_cursor: next.map(|place| self.sealer.seal(place)) }
    }
}

struct Sealer {
    key: Arc<CursorKey>,
    binding: blake3::Hash,
}

impl Sealer {
    fn tag(&self, place: &[u8]) -> [u8; SEAL_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key.0);
        let mut tag = [0; SEAL_BYTES];
        hasher.update(self.binding.as_bytes()).update(place).finalize_xof().fill(&mut tag);
        tag
    }
    fn seal(&self, place: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode([&self.tag(place), place].concat())
    }
    fn open(&self, text: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tag, place) = bytes.split_first_chunk::<SEAL_BYTES>()?;
        let (given, ours) = (blake3::hash(tag), blake3::hash(&self.tag(place)));
        (given == ours).then(|| place.to_owned())
    }
}

/// What a cursor belongs to: who asks for which list with which filters.
fn binding(caller: &str, path: &str, query: &[(String, String)]) -> blake3::Hash {
    let mut filters: Vec<_> =
        query.iter().filter(|(name, _)| !matches!(name.as_str(), "cursor" | "limit")).collect();
    filters.sort();
    let mut hasher = blake3::Hasher::new();
    let words = [caller, path]
        .into_iter()
        .chain(filters.into_iter().flat_map(|(name, value)| [name.as_str(), value]));
    for word in words {
        hasher.update(&(word.len() as u64).to_be_bytes()).update(word.as_bytes());
    }
    hasher.finalize()
}

/// One page of a list.
pub struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

/// The cursor of the next page, for the frame, which knows the address to put it into.
#[derive(Clone, Debug)]
pub struct NextCursor(pub String);

impl<T: Type> Type for Page<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }
    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }
    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
            T::register(registry);
            let inline = |schema| MetaSchemaRef::Inline(Box::new(schema));
            let items = MetaSchema { items: Some(Box::new(T::schema_ref())), ..MetaSchema::new("array") };
            let cursor = MetaSchema {
                nullable: true,
                description: Some("Send it as `cursor` for the next page; null on the last one."),
                ..MetaSchema::new("string")
            };
            MetaSchema {
                description: Some("One page of a list."),
                required: vec!["items", "next_cursor"],
                properties: vec![("items", inline(items)), ("next_cursor", inline(cursor))],
                ..MetaSchema::new("object")
            }
        });
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: ToJSON> ToJSON for Page<T> {
    fn to_json(&self) -> Option<Value> {
        let items: Vec<_> = self.items.iter().map(|item| item.to_json().unwrap_or_default()).collect();
        Some(json!({"items": items, "next_cursor": self.next_cursor}))
    }
}

impl<T: ToJSON> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let mut response = crate::http::reply::Reply(&self).into_response();
        if let Some(cursor) = self.next_cursor {
            response.set_data(NextCursor(cursor));
        }
        response
    }
}

impl<T: Type> ApiResponse for Page<T> {
    fn meta() -> MetaResponses {
        <crate::http::reply::Reply<Self> as ApiResponse>::meta()
    }
    fn register(registry: &mut Registry) {
        <Self as Type>::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer(caller: &str, path: &str, query: &[(&str, &str)]) -> Sealer {
        let query: Vec<_> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Sealer { key: Arc::new(CursorKey::derive(&[7; 32])), binding: binding(caller, path, &query) }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(place in proptest::collection::vec(any::<u8>(), 0..64)) {
            let sealer = sealer("ada", "/projects", &[]);
            prop_assert_eq!(sealer.open(&sealer.seal(&place)), Some(place));
        }

        #[test]
        fn a_changed_cursor_does_not_open(place in proptest::collection::vec(any::<u8>(), 0..64), at in 0usize..80, bit in 0u8..8) {
            let sealer = sealer("ada", "/projects", &[]);
            let mut bytes = URL_SAFE_NO_PAD.decode(sealer.seal(&place)).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(sealer.open(&URL_SAFE_NO_PAD.encode(bytes)), None);
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_caller_list_and_filter() {
        let cursor = sealer("ada", "/projects", &[("filter", "my"), ("q", "a")]).seal(b"place");
        let opens = |sealer: Sealer| sealer.open(&cursor).is_some();
        assert!(opens(sealer("ada", "/projects", &[("q", "a"), ("limit", "3"), ("filter", "my")])));
        assert!(!opens(sealer("ben", "/projects", &[("filter", "my"), ("q", "a")])));
        assert!(!opens(sealer("ada", "/tracks", &[("filter", "my"), ("q", "a")])));
        assert!(!opens(sealer("ada", "/projects", &[("filter", "all"), ("q", "a")])));
        assert!(!opens(sealer("ada", "/projects", &[("filter", "my")])));
    }

    #[test]
    fn limits_are_refused_outside_of_their_bounds() {
        for (text, good) in
            [("1", true), ("200", true), ("0", false), ("201", false), ("x", false), ("-1", false)]
        {
            let query = [("limit".to_owned(), text.to_owned())];
            assert_eq!(Paging::parse(sealer("", "", &[]), &query).is_ok(), good, "{text}");
        }
    }
}
