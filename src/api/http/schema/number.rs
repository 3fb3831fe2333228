//! Numbers against `type`, `format`, `minimum`, `maximum` and `multipleOf`.

use poem_openapi::registry::MetaSchema;
use serde_json::Number;

/// Whether the number fits; otherwise the name of the fault and what would be accepted.
pub(super) fn in_bounds(schema: &MetaSchema, number: &Number) -> Result<(), (&'static str, String)> {
    if schema.ty == "integer" && !is_whole(schema.format, number) {
        return Err(("wrong_type", format!("must be an integer ({})", schema.format.unwrap_or("int64"))));
    }
    let value = number.as_f64().unwrap_or(f64::NAN);
    let above = schema.minimum.is_none_or(|min| match schema.exclusive_minimum {
        Some(true) => value > min,
        Some(false) | None => value >= min,
    });
    let below = schema.maximum.is_none_or(|max| match schema.exclusive_maximum {
        Some(true) => value < max,
        Some(false) | None => value <= max,
    });
    let step = schema.multiple_of.is_none_or(|step| value % step == 0.0);
    if above && below && step { Ok(()) } else { Err(("out_of_range", range(schema))) }
}

fn is_whole(format: Option<&str>, number: &Number) -> bool {
    match (format, number.as_i64()) {
        (Some("int32"), Some(value)) => i32::try_from(value).is_ok(),
        (_, Some(_)) => true,
        (_, None) => false,
    }
}

fn range(schema: &MetaSchema) -> String {
    match (schema.minimum, schema.maximum, schema.multiple_of) {
        (_, _, Some(step)) => format!("must be a multiple of {step}"),
        (Some(min), Some(max), None) => format!("must be between {min} and {max}"),
        (Some(min), None, None) => format!("must be at least {min}"),
        (None, Some(max), None) => format!("must be at most {max}"),
        (None, None, None) => "is out of range".to_owned(),
    }
}
