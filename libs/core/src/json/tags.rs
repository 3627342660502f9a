//! Typed tags: `{"$datetime": "…"}` and the like.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Json, ParseRecordId};
use crate::value::{MAX_DEPTH, push_index, push_key};
use crate::{Bound, Datetime, Duration, Error, Geometry, Object, Range, RecordId, RecordKey, Result, TableName, Uuid, Value};

/// What is wrong with a tag's content; the caller knows where it stands.
type Resolved<T> = Result<T, String>;

pub(super) fn to_value(json: Json, path: &str, ids: ParseRecordId) -> Result<Value> {
    let mut path = path.to_owned();
    value(json, &mut path, 0, ids)
}

/// `path` is lent to the values inside and comes back as it was.
fn value(json: Json, path: &mut String, levels: usize, ids: ParseRecordId) -> Result<Value> {
    match json {
        Json::Null => Ok(Value::Null),
        Json::Bool(flag) => Ok(Value::Bool(flag)),
        Json::Int(int) => Ok(Value::Int(int)),
        Json::Float(float) => Ok(Value::Float(float)),
        Json::String(text) => Ok(Value::String(text)),
        Json::Array(items) => {
            let levels = deeper(levels, path)?;
            let mut values = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                values.push(inside(path, |path| push_index(path, index), |path| value(item, path, levels, ids))?);
            }
            Ok(Value::Array(values))
        }
        Json::Object(entries) => match <[(String, Json); 1]>::try_from(entries) {
            Ok([(tag, content)]) if tag.starts_with('$') => tagged(&tag, content, path, levels, ids),
            Ok(entry) => object(entry, path, levels, Dollar::Refused, ids),
            Err(entries) => object(entries, path, levels, Dollar::Refused, ids),
        },
    }
}

/// Whether a key may begin with `$`: only within `$object`.
#[derive(Clone, Copy, PartialEq)]
enum Dollar {
    Literal,
    Refused,
}

fn object(
    entries: impl IntoIterator<Item = (String, Json)>,
    path: &mut String,
    levels: usize,
    dollar: Dollar,
    ids: ParseRecordId,
) -> Result<Value> {
    let levels = deeper(levels, path)?;
    let mut object = Object::new();
    for (key, json) in entries {
        if dollar == Dollar::Refused && key.starts_with('$') {
            push_key(path, &key);
            return Err(unknown_tag(path));
        }
        let value = inside(path, |path| push_key(path, &key), |path| value(json, path, levels, ids))?;
        object.insert(key, value);
    }
    Ok(Value::Object(object))
}

fn tagged(tag: &str, mut content: Json, path: &mut String, levels: usize, ids: ParseRecordId) -> Result<Value> {
    if !is_tag(tag) {
        push_key(path, tag);
        return Err(unknown_tag(path));
    }
    if let ("$object", Json::Object(entries)) = (tag, &mut content) {
        return object(std::mem::take(entries), path, levels, Dollar::Literal, ids);
    }
    let content = value(content, path, levels, ids)?;
    let resolved = match (tag, content) {
        ("$record", Value::String(text)) => ids(&text).map(Value::from).map_err(|error| error.message().to_owned()),
        // A link to what no record can be would dangle for ever, and its text would not read back.
        ("$record", Value::Object(object)) => record(object, RecordKey::from_value).map(Value::from),
        (tag, content) => resolve(tag, content),
    };
    resolved.map_err(|message| Error::invalid(path.clone(), "TAG", message))
}

fn inside<T>(path: &mut String, push: impl FnOnce(&mut String), within: impl FnOnce(&mut String) -> Result<T>) -> Result<T> {
    let length = path.len();
    push(path);
    let result = within(path);
    path.truncate(length);
    result
}

fn deeper(levels: usize, path: &str) -> Result<usize> {
    match levels < MAX_DEPTH {
        true => Ok(levels + 1),
        false => Err(Error::invalid(path, "DEPTH", format!("a value nests at most {MAX_DEPTH} levels"))),
    }
}

fn unknown_tag(path: &str) -> Error {
    Error::invalid(
        path,
        "TAG",
        "a key that begins with `$` is a type tag, and this one is not known or does not stand alone in its object. The tags are $none, $float, $decimal, \
         $duration, $datetime, $uuid, $set, $object, $geometry, $bytes, $table, $record, $range and $string; {\"$object\":{…}} stores an object with such keys",
    )
}

pub(super) fn is_tag(key: &str) -> bool {
    matches!(
        key,
        "$none"
            | "$string"
            | "$float"
            | "$decimal"
            | "$duration"
            | "$datetime"
            | "$uuid"
            | "$set"
            | "$object"
            | "$geometry"
            | "$bytes"
            | "$table"
            | "$record"
            | "$range"
    )
}

/// The value that `{tag: content}` stands for in a document, the content already being a value. `$object` keeps what it holds.
pub(crate) fn resolve(tag: &str, content: Value) -> Resolved<Value> {
    match (tag, content) {
        ("$none", Value::Bool(true)) => Ok(Value::None),
        ("$none", _) => Err("`$none` is written `{\"$none\":true}`".to_owned()),
        ("$set", Value::Array(items)) => Ok(Value::set(items)),
        ("$set", _) => Err("`$set` holds an array".to_owned()),
        ("$object", object @ Value::Object(_)) => Ok(object),
        ("$object", _) => Err("`$object` holds an object".to_owned()),
        ("$geometry", Value::Object(object)) => {
            Geometry::from_geojson(object).map(Value::Geometry).map_err(|problem| format!("`$geometry` holds GeoJSON: {problem}"))
        }
        ("$range", Value::Object(object)) => range(object).map(Value::from),
        ("$record", Value::Object(object)) => record(object, RecordKey::of_kind).map(Value::from),
        (tag, Value::String(text)) => of_text(tag, text),
        (tag, _) => Err(format!("`{tag}` holds {}", what_it_holds(tag))),
    }
}

fn what_it_holds(tag: &str) -> &'static str {
    match tag {
        "$float" => "the string \"NaN\", \"inf\", \"-inf\" or \"-0.0\"; other floats are numbers with a point",
        "$decimal" => "a string of digits such as \"1.50\"",
        "$duration" => "a string such as \"1h30m\"",
        "$datetime" => "a string such as \"2026-11-22T10:00:00Z\"",
        "$uuid" => "a string such as \"018f8b8c-ffff-7000-8000-000000000000\"",
        "$bytes" => "a string of base64",
        "$table" => "a string, the name of a table",
        "$record" => "a string `table:key`, or an object of `table` and `key`",
        "$geometry" => "an object, a GeoJSON geometry",
        "$range" => "an object of `begin` and `end`",
        "$string" => "a string",
        _ => "something else",
    }
}

fn of_text(tag: &str, text: String) -> Resolved<Value> {
    let message = |error: Error| error.message().to_owned();
    match tag {
        "$string" => Ok(Value::String(text)),
        "$float" => match text.as_str() {
            "NaN" => Ok(Value::Float(f64::NAN)),
            "inf" => Ok(Value::Float(f64::INFINITY)),
            "-inf" => Ok(Value::Float(f64::NEG_INFINITY)),
            "-0.0" => Ok(Value::Float(-0.0)),
            _ => Err(format!("`$float` holds {}", what_it_holds(tag))),
        },
        "$decimal" => crate::decimal::parse(&text)
            .map(Value::Decimal)
            .ok_or_else(|| "`$decimal` holds digits such as \"1.50\", without an exponent: at most 28 of them after the point, about 28 in all".to_owned()),
        "$duration" => Duration::parse(&text).map(Value::Duration).map_err(message),
        "$datetime" => Datetime::parse(&text).map(Value::Datetime).map_err(message),
        "$uuid" => Uuid::try_parse(&text).map(Value::Uuid).map_err(|_| format!("`$uuid` holds {}", what_it_holds(tag))),
        "$bytes" => STANDARD.decode(&text).map(Value::Bytes).map_err(|_| "`$bytes` holds base64 with the letters A-Z a-z 0-9 + / and padded with =".to_owned()),
        "$table" => TableName::parse(&text).map(Value::Table).map_err(message),
        "$record" => RecordId::parse(&text).map(Value::from).map_err(message),
        other => Err(format!("`{other}` holds {}", what_it_holds(other))),
    }
}

/// `{"table": …, "key": …}`: the form of ids whose key is an array or an object; other keys may be written so, too.
fn record(mut object: Object, key: fn(Value) -> Result<RecordKey>) -> Resolved<RecordId> {
    let (Some(Value::String(table)), Some(of), true) = (object.remove("table"), object.remove("key"), object.is_empty()) else {
        return Err(format!("`$record` holds {}", what_it_holds("$record")));
    };
    let table = TableName::parse(&table).map_err(|error| error.message().to_owned())?;
    let key = key(of).map_err(|error| error.message().to_owned())?;
    Ok(RecordId { table, key })
}

/// `{"begin": {"included": …}, "end": {"excluded": …}}`; a side that is open is left out.
fn range(mut object: Object) -> Resolved<Range> {
    let begin = object.remove("begin").map_or(Ok(Bound::Unbounded), bound)?;
    let end = object.remove("end").map_or(Ok(Bound::Unbounded), bound)?;
    match object.is_empty() {
        true => Ok(Range { begin, end }),
        false => Err("`$range` holds `begin` and `end`".to_owned()),
    }
}

fn bound(value: Value) -> Resolved<Bound> {
    if let Value::Object(object) = value
        && object.len() == 1
        && let Some((side, value)) = object.into_iter().next()
    {
        match side.as_str() {
            "included" => return Ok(Bound::Included(value)),
            "excluded" => return Ok(Bound::Excluded(value)),
            _ => {}
        }
    }
    Err("a bound of `$range` is {\"included\": …} or {\"excluded\": …}".to_owned())
}
