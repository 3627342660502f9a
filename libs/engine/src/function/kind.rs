//! Kinds: which a value is of, and making others.
use std::borrow::Cow;

use ddb_core::{Geometry, RecordId, RecordKey, TableName, Value};
use ddb_darshjql::{GeometryKind, Kind, parse_path};

use super::{Arguments, Function, Outcome, function};
use crate::cast::cast;
use crate::kind::{is_number, is_of_kind};
use crate::path::from_row;
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[Function] = &[
    function("type::array", 1, 1, |arguments| made(arguments, &Kind::Array(Box::new(Kind::Any), None))),
    function("type::bool", 1, 1, |arguments| made(arguments, &Kind::Bool)),
    function("type::bytes", 1, 1, |arguments| made(arguments, &Kind::Bytes)),
    function("type::datetime", 1, 1, |arguments| made(arguments, &Kind::Datetime)),
    function("type::decimal", 1, 1, |arguments| made(arguments, &Kind::Decimal)),
    function("type::duration", 1, 1, |arguments| made(arguments, &Kind::Duration)),
    function("type::field", 1, 1, field),
    function("type::fields", 1, 1, fields),
    function("type::float", 1, 1, |arguments| made(arguments, &Kind::Float)),
    function("type::geometry", 1, 1, |arguments| made(arguments, &Kind::Geometry(Vec::new()))),
    function("type::int", 1, 1, |arguments| made(arguments, &Kind::Int)),
    function("type::is_array", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Array(_)))),
    function("type::is_bool", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Bool(_)))),
    function("type::is_bytes", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Bytes(_)))),
    function("type::is_collection", 1, 1, |arguments| is_geometry(arguments, GeometryKind::Collection)),
    function("type::is_datetime", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Datetime(_)))),
    function("type::is_decimal", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Decimal(_)))),
    function("type::is_duration", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Duration(_)))),
    function("type::is_float", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Float(_)))),
    function("type::is_geometry", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Geometry(_)))),
    function("type::is_int", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Int(_)))),
    function("type::is_line", 1, 1, |arguments| is_geometry(arguments, GeometryKind::Line)),
    function("type::is_multiline", 1, 1, |arguments| is_geometry(arguments, GeometryKind::MultiLine)),
    function("type::is_multipoint", 1, 1, |arguments| is_geometry(arguments, GeometryKind::MultiPoint)),
    function("type::is_multipolygon", 1, 1, |arguments| is_geometry(arguments, GeometryKind::MultiPolygon)),
    function("type::is_none", 1, 1, |arguments| is(arguments, Value::is_none)),
    function("type::is_null", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Null))),
    function("type::is_number", 1, 1, |arguments| is(arguments, is_number)),
    function("type::is_object", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Object(_)))),
    function("type::is_point", 1, 1, |arguments| is_geometry(arguments, GeometryKind::Point)),
    function("type::is_polygon", 1, 1, |arguments| is_geometry(arguments, GeometryKind::Polygon)),
    function("type::is_range", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Range(_)))),
    function("type::is_record", 1, 2, is_record),
    function("type::is_set", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Set(_)))),
    function("type::is_string", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::String(_)))),
    function("type::is_table", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Table(_)))),
    function("type::is_uuid", 1, 1, |arguments| is(arguments, |value| matches!(value, Value::Uuid(_)))),
    function("type::number", 1, 1, |arguments| made(arguments, &Kind::Number)),
    function("type::of", 1, 1, |arguments| Ok(Value::from(arguments.value()?.kind_name()))),
    function("type::point", 1, 2, point),
    function("type::range", 1, 1, |arguments| made(arguments, &Kind::Range)),
    function("type::record", 1, 2, record),
    function("type::set", 1, 1, |arguments| made(arguments, &Kind::Set(Box::new(Kind::Any), None))),
    function("type::string", 1, 1, |arguments| made(arguments, &Kind::String)),
    function("type::string_lossy", 1, 1, string_lossy),
    function("type::table", 1, 1, table),
    function("type::uuid", 1, 1, |arguments| made(arguments, &Kind::Uuid)),
];

fn made(arguments: &mut Arguments<'_>, kind: &Kind) -> Outcome {
    let value = arguments.value()?.into_owned();
    Ok(cast(value, kind, arguments.budget())?)
}

fn is(arguments: &mut Arguments<'_>, predicate: fn(&Value) -> bool) -> Outcome {
    Ok(Value::Bool(predicate(arguments.value()?.as_ref())))
}

fn is_geometry(arguments: &mut Arguments<'_>, kind: GeometryKind) -> Outcome {
    Ok(Value::Bool(is_of_kind(arguments.value()?.as_ref(), &Kind::Geometry(vec![kind]))))
}

/// A record id, of a table where one is named.
fn is_record(arguments: &mut Arguments<'_>) -> Outcome {
    let value = arguments.value()?;
    let table = arguments.optional(table_name)?;
    Ok(Value::Bool(match value.as_ref() {
        Value::Record(id) => table.is_none_or(|table| id.table == table),
        _ => false,
    }))
}

/// A field of the row by its path as a string.
fn field(arguments: &mut Arguments<'_>) -> Outcome {
    let text = arguments.text()?;
    at_path(&text, arguments)
}

fn at_path(text: &str, arguments: &Arguments<'_>) -> Outcome {
    let path = parse_path(text).map_err(|error| Failure::invalid(error.message))?;
    let scope = *arguments.scope;
    Ok(from_row(&path, &scope)?.into_owned())
}

fn fields(arguments: &mut Arguments<'_>) -> Outcome {
    let mut values = Vec::new();
    for path in arguments.items()? {
        match path {
            Value::String(text) => values.push(at_path(&text, arguments)?),
            other => return Err(arguments.mismatch("an array of strings", &format!("one with {}", other.kind_name()))),
        }
    }
    Ok(Value::Array(values))
}

/// Longitude and latitude, as two numbers or as an array of them.
fn point(arguments: &mut Arguments<'_>) -> Outcome {
    if arguments.len() == 2 {
        let (longitude, latitude) = (arguments.float()?, arguments.float()?);
        return Ok(Value::Geometry(Geometry::Point((longitude, latitude))));
    }
    match arguments.geometry()? {
        point @ Geometry::Point(_) => Ok(Value::Geometry(point)),
        _ => Err(arguments.mismatch("a point", "another geometry")),
    }
}

/// The id of a table's name and a key, which is taken as it is; or of `table:key`.
fn record(arguments: &mut Arguments<'_>) -> Outcome {
    let refused = |error: ddb_core::Error| Failure::invalid(error.message());
    if arguments.len() == 1 {
        return made(arguments, &Kind::Record(Vec::new()));
    }
    let table = table_name(arguments)?;
    let key = match arguments.value()?.into_owned() {
        Value::Record(id) => id.key,
        value => RecordKey::from_value(value).map_err(refused)?,
    };
    Ok(RecordId::new(table, key).into())
}

fn table_name(arguments: &mut Arguments<'_>) -> Result<TableName, Failure> {
    let value: Cow<'_, Value> = arguments.value()?;
    match value.as_ref() {
        Value::Table(table) => Ok(table.clone()),
        Value::Record(id) => Ok(id.table.clone()),
        Value::String(name) => TableName::parse(name).map_err(|_| arguments.mismatch("the name of a table", "another string")),
        other => Err(arguments.mismatch("the name of a table", other.kind_name())),
    }
}

fn table(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Table(table_name(arguments)?))
}

/// Bytes as text; what is no UTF-8 becomes U+FFFD.
fn string_lossy(arguments: &mut Arguments<'_>) -> Outcome {
    match arguments.value()?.as_ref() {
        Value::Bytes(bytes) => Ok(Value::String(String::from_utf8_lossy(bytes).into_owned())),
        other => Ok(cast(other.clone(), &Kind::String, arguments.budget())?),
    }
}
