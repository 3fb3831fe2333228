//! Checks a JSON value against the schema that the document shows, and finds every fault at once.
//!
//! poem-openapi's own parser stops at the first fault and ignores unknown fields. Checking against the registered schema
//! means that what the document says and what the server accepts cannot drift apart.

use crate::http::schema::number::in_bounds;
use model::Violation;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use serde_json::{Map, Value};
use std::borrow::Cow;
use uuid::Uuid;

mod number;

/// Faults reported for one body; a client that made more will come back.
const FAULTS_MAX: usize = 100;

/// The schemas of every type in the document.
pub struct Schemas(Registry);

impl Schemas {
    /// The schemas that were registered.
    pub fn new(registry: Registry) -> Self {
        Self(registry)
    }

    /// The schema behind a reference.
    fn resolve<'a>(&'a self, schema: &'a MetaSchemaRef) -> Option<&'a MetaSchema> {
        match schema {
            MetaSchemaRef::Inline(schema) => Some(schema),
            MetaSchemaRef::Reference(name) => self.0.schemas.get(name),
        }
    }

    /// Every fault of `value` at `pointer`.
    pub fn check(&self, schema: &MetaSchemaRef, value: &Value, pointer: &str) -> Vec<Violation> {
        let mut faults = Faults(Vec::new());
        self.visit(schema, value, pointer, &mut faults);
        faults.0
    }

    /// The same object without what is wrong in it: faulty optional fields are left out, faulty required ones get a value that
    /// fits the schema. It exists so that the faults of the other fields can be found too; it is never acted upon.
    pub fn mend(&self, schema: &MetaSchemaRef, value: &Value, faults: &[Violation]) -> Option<Value> {
        let (schema, object) = (self.resolve(schema)?, value.as_object()?);
        let mut mended: Map<String, Value> = object
            .iter()
            .filter(|(name, _)| !faults.iter().any(|fault| concerns(&fault.pointer, name)))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for name in &schema.required {
            if !mended.contains_key(*name) {
                let (_, field) = schema.properties.iter().find(|(field, _)| field == name)?;
                mended.insert((*name).to_owned(), self.stand_in(field)?);
            }
        }
        Some(Value::Object(mended))
    }

    /// Whether the schema is a list.
    pub fn is_array(&self, schema: &MetaSchemaRef) -> bool {
        self.resolve(schema).is_some_and(|schema| schema.ty == "array")
    }

    /// The value that a text in a query stands for.
    pub fn from_text(&self, schema: &MetaSchemaRef, text: &str) -> Value {
        let Some(schema) = self.resolve(schema) else { return text.into() };
        match schema.ty {
            "" => schema.all_of.first().map_or_else(|| text.into(), |part| self.from_text(part, text)),
            "integer" | "number" | "boolean" => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
            _ => text.into(),
        }
    }

    /// The same for an item of a list.
    pub fn item_from_text(&self, schema: &MetaSchemaRef, text: &str) -> Value {
        let items = self.resolve(schema).and_then(|schema| schema.items.as_deref());
        items.map_or_else(|| text.into(), |item| self.from_text(item, text))
    }

    fn visit(&self, schema: &MetaSchemaRef, value: &Value, pointer: &str, faults: &mut Faults) {
        let Some(schema) = self.resolve(schema) else { return };
        if value.is_null() {
            if !schema.nullable && !schema.ty.is_empty() {
                faults.add(pointer, "not_nullable", "must not be null; leave it out instead");
            }
            return;
        }
        for part in &schema.all_of {
            self.visit(part, value, pointer, faults);
        }
        let choices = if schema.one_of.is_empty() { &schema.any_of } else { &schema.one_of };
        if !choices.is_empty() && !choices.iter().any(|choice| self.check(choice, value, pointer).is_empty())
        {
            faults.add(pointer, "no_match", "must have one of the shapes in the document");
        }
        if !schema.enum_items.is_empty() && !schema.enum_items.contains(value) {
            faults.add(pointer, "unknown_value", format!("must be one of {}", list(&schema.enum_items)));
            return;
        }
        match (schema.ty, value) {
            ("", _) | ("boolean", Value::Bool(_)) => {}
            ("string", Value::String(text)) => check_text(schema, text, pointer, faults),
            ("integer" | "number", Value::Number(number)) => {
                if let Err((code, detail)) = in_bounds(schema, number) {
                    faults.add(pointer, code, detail);
                }
            }
            ("array", Value::Array(items)) => self.visit_items(schema, items, pointer, faults),
            ("object", Value::Object(object)) => self.visit_fields(schema, object, pointer, faults),
            (expected, _) => faults.add(pointer, "wrong_type", format!("must be {}", article(expected))),
        }
    }

    fn visit_items(&self, schema: &MetaSchema, items: &[Value], pointer: &str, faults: &mut Faults) {
        if schema.max_items.is_some_and(|max| items.len() > max) {
            let max = schema.max_items.unwrap_or_default();
            return faults.add(pointer, "too_many", format!("must have at most {max} items"));
        }
        if schema.min_items.is_some_and(|min| items.len() < min) {
            let min = schema.min_items.unwrap_or_default();
            faults.add(pointer, "too_few", format!("must have at least {min} items"));
        }
        let Some(item_schema) = &schema.items else { return };
        for (index, item) in items.iter().enumerate() {
            self.visit(item_schema, item, &format!("{pointer}/{index}"), faults);
        }
    }

    fn visit_fields(
        &self,
        schema: &MetaSchema,
        object: &Map<String, Value>,
        pointer: &str,
        faults: &mut Faults,
    ) {
        for name in &schema.required {
            if !object.contains_key(*name) {
                faults.add(&format!("{pointer}/{name}"), "required", "is missing");
            }
        }
        for (name, value) in object {
            let at = format!("{pointer}/{}", escape(name));
            match (schema.properties.iter().find(|(known, _)| known == name), &schema.additional_properties) {
                (Some((_, field)), _) => self.visit(field, value, &at, faults),
                (None, Some(other)) => self.visit(other, value, &at, faults),
                (None, None) => faults.add(&at, "unknown_field", "is not a field of this request"),
            }
        }
    }

    /// Any value that fits.
    fn stand_in(&self, schema: &MetaSchemaRef) -> Option<Value> {
        let schema = self.resolve(schema)?;
        if let Some(part) = schema.all_of.first() {
            return self.stand_in(part);
        }
        if let Some(choice) = schema.enum_items.first() {
            return Some(choice.clone());
        }
        Some(match (schema.ty, schema.format) {
            ("string", Some("uuid")) => Uuid::nil().to_string().into(),
            ("string", Some("date-time")) => "1970-01-01T00:00:00Z".into(),
            ("string", _) => "x".repeat(schema.min_length.unwrap_or(1)).into(),
            ("integer", _) => (schema.minimum.unwrap_or_default() as i64).into(),
            ("number", _) => schema.minimum.unwrap_or_default().into(),
            ("boolean", _) => false.into(),
            ("array", _) => Value::Array(vec![]),
            ("object", _) => {
                let fields = schema.required.iter().filter_map(|name| {
                    let (_, field) = schema.properties.iter().find(|(field, _)| field == name)?;
                    Some(((*name).to_owned(), self.stand_in(field)?))
                });
                Value::Object(fields.collect())
            }
            _ => return None,
        })
    }
}

/// Whether a fault at `pointer` lies in the top-level field `name`.
fn concerns(pointer: &str, name: &str) -> bool {
    let name = escape(name);
    pointer
        .strip_prefix('/')
        .and_then(|rest| rest.strip_prefix(name.as_ref()))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn check_text(schema: &MetaSchema, text: &str, pointer: &str, faults: &mut Faults) {
    let length = text.chars().count();
    if let Some(max) = schema.max_length.filter(|max| length > *max) {
        return faults.add(pointer, "too_long", format!("must have at most {max} characters"));
    }
    if let Some(min) = schema.min_length.filter(|min| length < *min) {
        return faults.add(pointer, "too_short", format!("must have at least {min} character(s)"));
    }
    match schema.format {
        Some("uuid") if Uuid::parse_str(text).is_err() => {
            faults.add(pointer, "invalid_id", "must be an id such as 0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f");
        }
        Some("date-time") if chrono::DateTime::parse_from_rfc3339(text).is_err() => {
            faults.add(pointer, "invalid_time", "must be an instant such as 2026-11-22T10:42:00Z");
        }
        _ => {}
    }
}

struct Faults(Vec<Violation>);

impl Faults {
    fn add(&mut self, pointer: &str, code: &'static str, detail: impl Into<Cow<'static, str>>) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(Violation::new(pointer, code, detail));
        }
    }
}

/// A field name inside a JSON pointer (RFC 6901 §3).
fn escape(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1").into() } else { name.into() }
}

fn list(items: &[Value]) -> String {
    let names: Vec<_> =
        items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
    names.join(", ")
}

fn article(ty: &str) -> String {
    match ty {
        "integer" | "array" | "object" => format!("an {ty}"),
        _ => format!("a {ty}"),
    }
}

#[cfg(test)]
mod tests;
