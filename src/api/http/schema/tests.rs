//! The schema check: every fault, each with its pointer.

use super::*;
use poem_openapi::{
    Enum, Object,
    types::{MaybeUndefined, Type},
};
use serde_json::json;

#[derive(Object)]
struct Take {
    #[oai(validator(max_length = 5))]
    name: String,
    bpm: Option<f64>,
    count: Option<i32>,
    mood: Option<Mood>,
    tags: Option<Vec<String>>,
    parent_id: Option<Uuid>,
    #[oai(nullable)]
    notes: MaybeUndefined<String>,
    inner: Option<Inner>,
}

#[derive(Object)]
struct Inner {
    deep: bool,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum Mood {
    Calm,
    VeryCalm,
}

fn check(value: Value) -> Vec<(String, &'static str)> {
    let mut registry = Registry::new();
    Take::register(&mut registry);
    let schemas = Schemas::new(registry);
    let mut faults = schemas.check(&Take::schema_ref(), &value, "");
    faults.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

fn at(pointer: &str, code: &'static str) -> (String, &'static str) {
    (pointer.to_owned(), code)
}

#[test]
fn a_good_value_has_no_fault() {
    let value = json!({"name": "take", "bpm": 120, "count": 3, "mood": "very_calm", "tags": ["a"],
        "parent_id": "0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f", "notes": null, "inner": {"deep": true}});
    assert_eq!(check(value), vec![]);
}

#[test]
fn every_fault_is_found_at_once_with_its_pointer() {
    let value = json!({"bpm": "fast", "count": 1.5, "mood": "wild", "tags": ["a", 2], "parent_id": "x", "inner": {"deep": 1},
        "surp/rise": 1});
    assert_eq!(
        check(value),
        vec![
            at("/bpm", "wrong_type"),
            at("/count", "wrong_type"),
            at("/inner/deep", "wrong_type"),
            at("/mood", "unknown_value"),
            at("/name", "required"),
            at("/parent_id", "invalid_id"),
            at("/surp~1rise", "unknown_field"),
            at("/tags/1", "wrong_type"),
        ]
    );
}

#[test]
fn null_is_refused_where_the_document_does_not_allow_it() {
    assert_eq!(check(json!({"name": "take", "bpm": null, "notes": null})), vec![at("/bpm", "not_nullable")]);
}

#[test]
fn bounds_hold_for_length_and_integer_width() {
    assert_eq!(
        check(json!({"name": "longer", "count": 3_000_000_000_i64})),
        vec![at("/count", "wrong_type"), at("/name", "too_long")]
    );
}

#[test]
fn what_is_not_an_object_is_one_fault() {
    assert_eq!(check(json!([1])), vec![at("", "wrong_type")]);
}

#[test]
fn a_mended_value_has_no_fault_and_keeps_what_was_right() {
    let mut registry = Registry::new();
    Take::register(&mut registry);
    let schemas = Schemas::new(registry);
    let value = json!({"name": 7, "bpm": "fast", "count": 3, "other": 1});
    let faults = schemas.check(&Take::schema_ref(), &value, "");
    let mended = schemas.mend(&Take::schema_ref(), &value, &faults).unwrap();
    assert_eq!(mended, json!({"name": "x", "count": 3}));
    assert_eq!(schemas.check(&Take::schema_ref(), &mended, ""), vec![]);
}
