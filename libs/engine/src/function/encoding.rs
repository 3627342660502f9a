//! Other forms of values.
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ddb_core::{Value, json};
use ddb_darshjql::parse_record_id;

use super::{Arguments, Function, Outcome, function};
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[Function] = &[
    function("encoding::base64::decode", 1, 1, base64_decode),
    function("encoding::base64::encode", 1, 2, base64_encode),
    function("encoding::json::decode", 1, 1, json_decode),
    function("encoding::json::encode", 1, 1, json_encode),
];

/// Without padding, unless the second argument asks for it.
fn base64_encode(arguments: &mut Arguments<'_>) -> Outcome {
    let bytes = arguments.read("bytes or a string", |value| match value {
        Value::Bytes(bytes) => Some(bytes.clone()),
        Value::String(text) => Some(text.clone().into_bytes()),
        _ => None,
    })?;
    let padded = arguments.optional(|arguments| {
        arguments.read("a bool", |value| match value {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        })
    })?;
    arguments.budget().use_bytes(bytes.len() as u64 * 4 / 3)?;
    Ok(Value::String(if padded == Some(true) { STANDARD.encode(bytes) } else { STANDARD_NO_PAD.encode(bytes) }))
}

fn base64_decode(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    STANDARD_NO_PAD.decode(text.trim_end_matches('=')).map(Value::Bytes).map_err(|_| Failure::invalid("the string is not base64"))
}

fn json_encode(arguments: &mut Arguments<'_>) -> Outcome {
    let value = arguments.value()?;
    arguments.budget().use_bytes(crate::operator::size(&value).saturating_mul(2))?;
    let mut out = Vec::new();
    json::write_plain(&value, &mut out);
    String::from_utf8(out).map(Value::String).map_err(|_| Failure::invalid("JSON has no form for this value"))
}

fn json_decode(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    // A node takes 32 bytes, however short its text is.
    arguments.budget().use_bytes((text.len() as u64).saturating_mul(16))?;
    let parsed = json::parse(text.as_bytes()).and_then(|parsed| json::to_value(parsed, "", parse_record_id));
    parsed.map_err(|_| Failure::invalid("the string is not JSON"))
}
