//! The OpenAPI document: what poem-openapi derives, and what it leaves out.
//!
//! Added here, once for all operations: the parameters that the frame reads (`limit`, `cursor`, `Idempotency-Key`), who may
//! call and how often, and that unknown fields of a request are refused.

use crate::{
    http::operation::{Access, Operation},
    v1::Apis,
};
use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    LicenseObject, OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    marker::PhantomData,
    sync::OnceLock,
};

const DESCRIPTION: &str = "The self-hosted backend for people who make music together.\n\n\
    Log in, press Authorize, paste `access_token`. Failures are `application/problem+json`; `code` is the name to program \
    against, and `/problems/{code}` explains it. Lists answer `{items, next_cursor}`.";

/// The document as it is served and committed: pretty, with a line feed at the end.
pub fn json() -> &'static str {
    static JSON: OnceLock<String> = OnceLock::new();
    JSON.get_or_init(|| format!("{:#}\n", document::<Apis>()))
}

/// The document of these APIs.
pub fn document<A: OpenApi>() -> Value {
    let service = OpenApiService::new(Shape::<A>(PhantomData), "Backline", env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .server("/");
    let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
    for path in A::meta().into_iter().flat_map(|api| api.paths) {
        for meta in path.operations {
            let pointer =
                format!("/paths/{}/{}", path.path.replace('/', "~1"), meta.method.as_str().to_lowercase());
            if let Some(target) = document.pointer_mut(&pointer).and_then(Value::as_object_mut) {
                complete(target, &Operation::describe(meta));
            }
        }
    }
    refuse_unknown_fields(&mut document);
    simplify(&mut document);
    document
}

/// An API without its handlers.
struct Shape<A>(PhantomData<A>);

impl<A: OpenApi> OpenApi for Shape<A> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }
    fn register(registry: &mut Registry) {
        A::register(registry);
    }
    fn add_routes(self, _table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// Adds to an operation what the frame knows of it.
fn complete(target: &mut Map<String, Value>, operation: &Operation) {
    let needs = match operation.access {
        Access::Open => "Needs no token.".to_owned(),
        Access::Optional => format!(
            "Answers without a token where a signed URL or ticket stands in; token scope `{}`.",
            operation.scope()
        ),
        Access::Required => format!("Token scope `{}`.", operation.scope()),
    };
    let class = operation.class;
    let limits = format!("Rate class `{}`: {} a minute.", class.as_str(), class.per_minute());
    let text = target.get("description").and_then(Value::as_str).unwrap_or_default();
    let text =
        [text, &needs, &limits].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
    target.insert("description".to_owned(), text.into());

    let failure = json!({"description": "It failed; `code` says why.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
    if let Some(responses) = target["responses"].as_object_mut() {
        responses.entry("default").or_insert(failure);
    }
    let creates = target["responses"].get("201").is_some();
    let multipart =
        target.get("requestBody").is_some_and(|body| body["content"].get("application/json").is_none());
    let success = target["responses"].pointer("/200/content/application~1json/schema/$ref");
    let lists = success.and_then(Value::as_str).is_some_and(|name| name.ends_with("Page"));
    let params = target.entry("parameters").or_insert_with(|| json!([]));
    let Some(params) = params.as_array_mut() else { return };
    for param in params.iter_mut() {
        if param["name"] == "if_match" {
            param["name"] = "If-Match".into();
            param["description"] =
                "Change it only if this is still its `ETag`; otherwise 412 `revision_conflict`.".into();
        }
    }
    if lists {
        params.push(
            json!({"name": "limit", "in": "query", "required": false, "description": "Items at most.",
            "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": model::limits::PAGE_MAX,
                "default": model::limits::PAGE_DEFAULT}}),
        );
        params.push(json!({"name": "cursor", "in": "query", "required": false, "schema": {"type": "string"},
            "description": "`next_cursor` of the page before, with the same filters."}));
    }
    if creates && !multipart && operation.access == Access::Required {
        params.push(json!({"name": "Idempotency-Key", "in": "header", "required": false,
            "schema": {"type": "string", "maxLength": model::limits::IDEMPOTENCY_KEY_CHARS_MAX},
            "description": "Makes it safe to repeat this request for 24 h: the same key answers with what the first one made."}));
    }
    if params.is_empty() {
        target.remove("parameters");
    }
}

/// Marks every object that a JSON request reaches as closed, because the server refuses unknown fields.
fn refuse_unknown_fields(document: &mut Value) {
    let mut names = BTreeSet::new();
    let operations =
        document["paths"].as_object().into_iter().flatten().filter_map(|(_, path)| path.as_object());
    let mut queue: Vec<Value> = operations
        .flat_map(|path| path.values())
        .filter_map(|operation| operation.pointer("/requestBody/content/application~1json/schema").cloned())
        .collect();
    while let Some(schema) = queue.pop() {
        for name in references(&schema) {
            if names.insert(name.clone()) {
                queue.push(document["components"]["schemas"][&name].clone());
            }
        }
    }
    for name in names {
        let schema = &mut document["components"]["schemas"][&name];
        if schema["type"] == "object" && schema.get("additionalProperties").is_none() {
            schema["additionalProperties"] = false.into();
        }
    }
}

/// The component schemas that a value names, at any depth.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|text| text.strip_prefix("#/components/schemas/")).map(str::to_owned);
            own.into_iter().chain(object.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![],
    }
}

/// poem-openapi writes a described reference as `allOf: [{$ref}, {description}]`; generators want `allOf: [{$ref}]` with the
/// description beside it, and make a nameless type of everything else.
fn simplify(value: &mut Value) {
    if let Some(parts) = value.get_mut("allOf").and_then(Value::as_array_mut) {
        let known = ["description", "nullable", "default", "deprecated", "example"];
        parts.retain(|part| {
            part.get("$ref").is_some()
                || part.as_object().is_none_or(|it| it.keys().any(|key| !known.contains(&key.as_str())))
        });
    }
    match value {
        Value::Object(object) => object.values_mut().for_each(simplify),
        Value::Array(items) => items.iter_mut().for_each(simplify),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
