//! What somebody types to find something.

use model::limits;
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseFromParameter, ParseResult, Type},
};
use std::borrow::Cow;

/// Words to search for: up to [`limits::SEARCH_CHARS_MAX`] characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(pub String);

impl Type for Words {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_words".into()
    }
    fn schema_ref() -> MetaSchemaRef {
        let max_length = Some(limits::SEARCH_CHARS_MAX);
        MetaSchemaRef::Inline(Box::new(MetaSchema { max_length, ..MetaSchema::new("string") }))
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromParameter for Words {
    /// Their length is checked against the schema, with all other parameters.
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(value.to_owned()))
    }
}
