//! Query parameters against the document: every faulty one is reported at once, with the pointer `?name`.

use crate::http::schema::Schemas;
use model::{Violation, limits::PAGE_MAX};
use poem_openapi::registry::{MetaOperationParam, MetaParamIn, MetaSchema, MetaSchemaRef};
use serde_json::Value;

/// A query parameter of an operation.
#[derive(Debug)]
pub struct Param {
    name: String,
    schema: MetaSchemaRef,
    required: bool,
}

impl Param {
    /// The parameter, if it stands in the query. Path parameters are ids: a wrong one names nothing and answers 404.
    pub fn new(meta: MetaOperationParam) -> Option<Self> {
        match meta.in_type {
            MetaParamIn::Query => {
                Some(Self { name: meta.name, schema: meta.schema, required: meta.required })
            }
            MetaParamIn::Header
            | MetaParamIn::Path
            | MetaParamIn::Cookie
            | MetaParamIn::CookiePrivate
            | MetaParamIn::CookieSigned => None,
        }
    }

    /// The `limit` of a list, whose page the frame reads itself.
    pub fn limit() -> Self {
        let schema = MetaSchema {
            minimum: Some(1.0),
            maximum: Some(PAGE_MAX as f64),
            ..MetaSchema::new_with_format("integer", "int32")
        };
        Self { name: "limit".to_owned(), schema: MetaSchemaRef::Inline(Box::new(schema)), required: false }
    }

    /// Its faults in this query.
    pub fn check(&self, schemas: &Schemas, query: &[(String, String)]) -> Vec<Violation> {
        let pointer = format!("?{}", self.name);
        let given: Vec<_> =
            query.iter().filter(|(name, _)| *name == self.name).map(|(_, text)| text.as_str()).collect();
        let value = match (given.as_slice(), schemas.is_array(&self.schema)) {
            ([], _) if self.required => return vec![Violation::new(pointer, "required", "is missing")],
            ([], _) => return vec![],
            (many, true) => {
                Value::Array(many.iter().map(|text| schemas.item_from_text(&self.schema, text)).collect())
            }
            ([one], false) => schemas.from_text(&self.schema, one),
            (_, false) => return vec![Violation::new(pointer, "repeated", "must be given once")],
        };
        schemas.check(&self.schema, &value, &pointer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem_openapi::registry::Registry;

    fn faults(schema: MetaSchema, query: &[&str]) -> Vec<(String, &'static str)> {
        let schema = MetaSchemaRef::Inline(Box::new(schema));
        let param = Param { name: "q".to_owned(), schema, required: true };
        let query: Vec<_> = query.iter().map(|text| ("q".to_owned(), (*text).to_owned())).collect();
        let faults = param.check(&Schemas::new(Registry::new()), &query);
        faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn texts_are_read_as_what_the_schema_says() {
        let integer = || MetaSchema { minimum: Some(1.0), ..MetaSchema::new("integer") };
        assert_eq!(faults(integer(), &["7"]), vec![]);
        assert_eq!(faults(integer(), &["0"]), vec![("?q".to_owned(), "out_of_range")]);
        assert_eq!(faults(integer(), &["x"]), vec![("?q".to_owned(), "wrong_type")]);
        assert_eq!(faults(integer(), &[]), vec![("?q".to_owned(), "required")]);
        assert_eq!(faults(integer(), &["1", "2"]), vec![("?q".to_owned(), "repeated")]);
        assert_eq!(faults(MetaSchema::new("boolean"), &["true"]), vec![]);
        assert_eq!(faults(MetaSchema::new("string"), &["7"]), vec![]);
        let choice = MetaSchema { enum_items: vec!["a".into(), "b".into()], ..MetaSchema::new("string") };
        assert_eq!(faults(choice, &["c"]), vec![("?q".to_owned(), "unknown_value")]);
    }

    #[test]
    fn lists_are_given_by_repeating() {
        let items = Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::new("integer")))));
        let list = || MetaSchema { items: items.clone(), ..MetaSchema::new("array") };
        assert_eq!(faults(list(), &["1", "2"]), vec![]);
        assert_eq!(faults(list(), &["1", "x"]), vec![("?q/1".to_owned(), "wrong_type")]);
    }
}
