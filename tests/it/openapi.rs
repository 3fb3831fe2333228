//! What every client generator needs from the document, and that the committed one is the one this program serves.

use crate::{admin::administrator, support::App};
use serde_json::Value;
use std::{collections::BTreeSet, path::Path};

/// An id that nothing has.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

fn document() -> Value {
    serde_json::from_str(api::openapi::json()).expect("the document is JSON")
}

/// Every operation: its method and path, and its description.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    operations.collect()
}

/// Calls `visit` with every object of the document and the path to it.
fn walk<'a>(value: &'a Value, at: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
    match value {
        Value::Object(object) => {
            visit(at, value);
            object.iter().for_each(|(name, inner)| walk(inner, &format!("{at}/{name}"), visit));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, inner)| walk(inner, &format!("{at}/{index}"), visit));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[track_caller]
fn none(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<_> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let served = api::openapi::json();
    if std::env::var_os("BACKLINE_BLESS").is_some() {
        std::fs::write(&path, served).expect("the document can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == served,
        "openapi/openapi.json is stale: run this test with BACKLINE_BLESS=1 and review the diff"
    );
}

#[test]
fn it_is_openapi_3_0() {
    assert!(document()["openapi"].as_str().is_some_and(|version| version.starts_with("3.0.")));
}

#[test]
fn every_operation_has_a_unique_name_one_tag_a_summary_and_a_text() {
    let document = document();
    let mut names = BTreeSet::new();
    none(operations(&document).into_iter().flat_map(|(place, operation)| {
        let text = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
        let (name, summary) = (text("operationId"), text("summary"));
        let camel = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        let rules = [
            (camel, "needs a camelCase operationId"),
            (names.insert(name), "repeats an operationId"),
            (operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "needs exactly one tag"),
            (
                !summary.is_empty() && summary.len() <= 80 && !summary.ends_with('.'),
                "needs a summary of one line",
            ),
            (text("description").lines().count() > 1, "needs a description that says who may call it"),
        ];
        rules
            .into_iter()
            .filter(|(kept, _)| !kept)
            .map(|(_, rule)| format!("{place}: {rule}"))
            .collect::<Vec<_>>()
    }));
}

#[test]
fn every_operation_succeeds_in_one_shape_and_fails_as_a_problem() {
    let document = document();
    none(operations(&document).into_iter().flat_map(|(place, operation)| {
        let responses = operation["responses"].as_object().expect("responses");
        // A WebSocket succeeds by becoming another protocol.
        let succeeds = |status: &str| status.starts_with('2') || status == "101";
        let successes: BTreeSet<_> = responses
            .iter()
            .filter(|(status, _)| succeeds(status))
            .map(|(_, it)| it["content"].to_string())
            .collect();
        let others: Vec<_> =
            responses.keys().filter(|status| !succeeds(status) && *status != "default").collect();
        let problem = &responses["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        let rules = [
            (successes.len() == 1, format!("{} success shapes", successes.len())),
            (others.is_empty(), format!("failures beside `default`: {others:?}")),
            (problem == "#/components/schemas/Problem", "`default` is not a Problem".to_owned()),
        ];
        rules
            .into_iter()
            .filter(|(kept, _)| !kept)
            .map(|(_, rule)| format!("{place}: {rule}"))
            .collect::<Vec<_>>()
    }));
}

#[test]
fn every_object_and_enum_is_a_named_schema() {
    let document = document();
    let mut complaints = Vec::new();
    walk(&document, "", &mut |at, value| {
        let parts: Vec<_> = at.split('/').collect();
        let named = parts.len() == 4 && parts[1..3] == ["components", "schemas"];
        let key_of_a_map = matches!(parts.last(), Some(&"properties"));
        let shaped = ["properties", "enum", "oneOf", "anyOf"].iter().any(|key| value.get(key).is_some());
        if shaped && !named && !key_of_a_map && (at.contains("/schema") || at.contains("/schemas/")) {
            complaints.push(format!("{at} has a shape without a name"));
        }
    });
    none(complaints);
}

#[test]
fn every_reference_leads_somewhere_and_nothing_lies_unused() {
    let document = document();
    let mut used = BTreeSet::new();
    walk(&document, "", &mut |_, value| used.extend(value.get("$ref").and_then(Value::as_str)));
    let known: Vec<_> = document["components"]["schemas"].as_object().expect("schemas").keys().collect();
    let dangling = used.iter().filter(|name| document.pointer(name.trim_start_matches('#')).is_none());
    let unused = known.iter().filter(|name| !used.contains(&*format!("#/components/schemas/{name}")));
    none(
        dangling
            .map(|name| format!("{name} does not exist"))
            .chain(unused.map(|name| format!("{name} is not used"))),
    );
}

#[test]
fn numbers_have_formats_that_every_language_knows() {
    let document = document();
    let mut complaints = Vec::new();
    walk(&document, "", &mut |at, value| {
        let format = value["format"].as_str();
        let good = match value["type"].as_str() {
            Some("integer") => matches!(format, Some("int32" | "int64")),
            Some("number") => matches!(format, Some("float" | "double")),
            _ => true,
        };
        if !good {
            complaints.push(format!("{at}: {format:?}"));
        }
    });
    none(complaints);
}

#[test]
fn names_in_json_and_paths_follow_the_house() {
    let document = document();
    let snake = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let mut complaints: Vec<_> = operations(&document)
        .into_iter()
        .flat_map(|(place, operation)| {
            let params = operation["parameters"].as_array().into_iter().flatten();
            let odd = params
                .filter(|param| param["in"] != "header")
                .map(|param| param["name"].as_str().unwrap_or_default());
            odd.filter(|name| !snake(name)).map(|name| format!("{place}: {name}")).collect::<Vec<_>>()
        })
        .collect();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let fields = schema["properties"].as_object().into_iter().flatten().map(|(field, _)| field);
        complaints.extend(fields.filter(|field| !snake(field)).map(|field| format!("{name}.{field}")));
    }
    none(complaints);
}

/// The schema of the JSON body of an operation, if it takes one.
fn body_of<'a>(document: &'a Value, operation: &Value) -> Option<&'a Value> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    document.pointer(schema["$ref"].as_str()?.trim_start_matches('#'))
}

#[test]
fn every_json_body_has_an_example_that_names_its_fields() {
    let document = document();
    none(operations(&document).into_iter().filter_map(|(place, operation)| {
        let schema = body_of(&document, operation)?;
        let Some(example) = schema["example"].as_object() else {
            return Some(format!("{place}: no example"));
        };
        let needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let missing: Vec<_> = needed.filter(|name| !example.contains_key(*name)).collect();
        (!missing.is_empty() || example.is_empty()).then(|| format!("{place}: the example lacks {missing:?}"))
    }));
}

/// What is wrong with an example shows when it is sent: what it is about may be missing, but its body is read first.
#[tokio::test]
async fn every_example_is_understood_by_the_server() {
    let app = App::start().await;
    let boss = administrator(&app, "boss").await;
    let document = document();
    let mut complaints = Vec::new();
    for (place, operation) in operations(&document) {
        let Some(schema) = body_of(&document, operation) else { continue };
        let (method, path) = place.split_once(' ').expect("a method and a path");
        let path = path.split('/').map(|part| if part.starts_with('{') { NOBODY } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        let asked = boss.ask(method.parse().expect("a method"), &path).json(&schema["example"]).await;
        let faults = if asked.status == 422 { asked.json()["errors"].clone() } else { Value::Null };
        // No example knows the password of whoever sends it.
        let wrong = faults.as_array().into_iter().flatten().any(|fault| fault["code"] != "wrong_password");
        if wrong || matches!(asked.status, 400 | 415 | 500..) {
            complaints.push(format!("{place}: {}", asked.text()));
        }
    }
    none(complaints);
}
