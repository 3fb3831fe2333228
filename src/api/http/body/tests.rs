//! Bodies: every fault in one answer.

use super::*;
use model::text::{ProjectName, Prose};
use poem_openapi::{Object, types::Type};
use serde_json::json;

#[derive(Object)]
struct Draft {
    name: String,
    bpm: Option<f64>,
    #[oai(nullable)]
    description: MaybeUndefined<String>,
}

impl Input for Draft {
    type Value = (ProjectName, Option<f64>, Option<Option<Prose>>);

    fn example() -> Value {
        json!({"name": "Song", "bpm": 120})
    }

    fn parse(self) -> Result<Self::Value, Violations> {
        let mut faults = Violations::default();
        let name = faults.check("/name", ProjectName::parse(&self.name));
        let bpm = faults.optional("/bpm", self.bpm, model::text::parse_bpm);
        let description = faults.patch("/description", self.description, |text| Prose::parse(&text));
        faults.finish(name.map(|name| (name, bpm, description)))
    }
}

fn read_draft(text: &str) -> Answer<<Draft as Input>::Value> {
    let mut registry = Registry::new();
    Draft::register(&mut registry);
    parse::<Draft>(&Schemas::new(registry), text.as_bytes())
}

fn faults(value: &Value) -> Vec<(String, &'static str)> {
    let failure = read_draft(&value.to_string()).unwrap_err();
    assert_eq!(failure.code(), Code::ValidationFailed);
    let mut faults: Vec<_> =
        failure.errors().iter().map(|fault| (fault.pointer.clone(), fault.code)).collect();
    faults.sort();
    faults
}

#[test]
fn a_good_body_becomes_values() {
    let (name, bpm, description) = read_draft(r#"{"name":" Song ","description":null}"#).unwrap();
    assert_eq!((name.as_str(), bpm, description), ("Song", None, Some(None)));
}

#[test]
fn faults_of_shape_and_of_value_stand_in_one_answer() {
    assert_eq!(
        faults(&json!({"name": "", "bpm": 5000, "description": 3, "nmae": "x"})),
        vec![
            ("/bpm".to_owned(), "out_of_range"),
            ("/description".to_owned(), "wrong_type"),
            ("/name".to_owned(), "too_short"),
            ("/nmae".to_owned(), "unknown_field"),
        ]
    );
}

#[test]
fn a_field_with_a_stand_in_is_reported_once() {
    assert_eq!(
        faults(&json!({"bpm": 1})),
        vec![("/bpm".to_owned(), "out_of_range"), ("/name".to_owned(), "required")]
    );
}

#[test]
fn broken_json_is_malformed_and_says_where() {
    let failure = read_draft("{\"name\": }").unwrap_err();
    assert_eq!(failure.code(), Code::MalformedRequest);
}

#[test]
fn json_media_types() {
    assert!(is_json("application/json") && is_json("Application/JSON; charset=utf-8"));
    assert!(is_json("application/merge-patch+json"));
    assert!(!is_json("text/json") && !is_json("application/x-www-form-urlencoded"));
}
