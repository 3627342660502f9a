//! JSON as the wire has it: bodies with duplicate keys refused and int or float told by notation, and answers.
mod lexer;
mod parse;
mod place;
mod tags;
mod write;

use crate::{RecordId, Result, Value};

pub(crate) use lexer::{Lexer, Number, Problem, Refusal};
pub(crate) use tags::resolve;
pub(crate) use write::{Coordinates, Form, write_geometry, write_object_entries};

/// A parsed body, before `$` keys have a meaning. Objects keep the order of the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Parses a body; a byte order mark before it is skipped. Syntax, UTF-8, duplicate keys and more than 64 levels or 1,000,000 values and keys are `BAD_REQUEST` with line and column; an int outside i64, a magnitude beyond f64 and NUL in text are `VALIDATION_FAILED` with the path of the field.
pub fn parse(body: &[u8]) -> Result<Json> {
    parse::parse(body)
}

/// What reads the text of a `$record`: the parser of the language, which this crate does not know (`ddb_darshjql::parse_record_id`).
pub type ParseRecordId = fn(&str) -> Result<RecordId>;

/// The value that `json` stands for, its typed tags resolved; any other key that begins with `$` is 422. `path` names the place in errors (`address.city`).
pub fn to_value(json: Json, path: &str, parse_record_id: ParseRecordId) -> Result<Value> {
    tags::to_value(json, path, parse_record_id)
}

/// Whether a key is the tag of a typed value, which stands alone in its object.
pub fn is_tag(key: &str) -> bool {
    tags::is_tag(key)
}

/// Appends the plain form: ints without and floats with a point or exponent, NaN and infinities as `"NaN"`, `"inf"`, `"-inf"`; decimals,
/// datetimes, durations, uuids, tables, record ids and ranges (`1..=4`) as strings, bytes as base64, sets as arrays, geometries as GeoJSON.
/// NONE is left out of objects and is `null` elsewhere.
pub fn write_plain(value: &Value, out: &mut Vec<u8>) {
    write::write_plain(value, out);
}

/// Appends the typed form, which `to_value` reads back losslessly (where it nests at most 64 levels, as bodies do).
pub fn write_typed(value: &Value, out: &mut Vec<u8>) {
    write::write_tagged(value, Form::Typed, out);
}

/// Appends a JSON string literal.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    write::write_string(text, out);
}
